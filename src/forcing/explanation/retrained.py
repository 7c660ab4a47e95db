"""What is said where a model was retrained several times: sentences, and phrases of checks.

`js/src/view/retrained.ts` has the same sentences; a test holds the two together.
"""

from __future__ import annotations

from typing import Any

from forcing.explanation.figures import class_name, count
from forcing.explanation.nouns import ROBUST, among, noun, relabels, them
from forcing.protocol.context import Json

ABOUT = 10
"""From this size on the noise of retraining leaves no size exact."""


def agreement(state: Json) -> Json | None:
    """What fresh retrainings without the set decide; None where none were asked."""
    verified = state["verified"]
    told: Json | None = None if verified is None else verified.get("agreement")
    return told


def is_noisy(state: Json) -> bool:
    """Whether retraining alone moves the decision: what a single row does is then below that."""
    return state.get("stability") is not None or agreement(state) is not None


def is_one_run(state: Json) -> bool:
    """Whether the check was one training run, and another may come out otherwise."""
    return bool(state["start"].get("one_run")) and state["verified"] is not None


def unstable(state: Json, subject: str) -> list[str]:
    tally = state.get("stability")
    told = "retrainings on the same rows do not agree"
    if tally is not None:
        told = f"{_of(tally)} retrainings on the same rows {_decide(state, tally)}"
    second = "Chance decides here, not a set of rows."
    if tally is not None and 4 * tally["flips"] >= 3 * len(tally["confidences"]):
        second = "The model at hand is the exception: chance made it, not a set of rows."
    return [f"{subject} is unstable: {told}.", second]


def found(state: Json, agreed: Json, subject: str, of: str, left: str) -> list[str]:
    """The sentences about a set that fresh retrainings were asked about."""
    verified, size, labels = state["verified"], len(state["steps"]), relabels(state)
    if not verified["flipped"]:
        return [
            f"{subject}: most retrainings {left} are not known to decide otherwise.",
            f"{_of(agreed)} {_decide(state, agreed)}.",
        ]
    of = f"about {of}" if size >= ABOUT else of
    say = f"{_of(agreed)} models {_decide(state, agreed)}"
    again = f"with {them(state)} changed" if labels else f"without {them(state)}"
    second = f"Retrained {again}, {say}."
    if verified.get("alike"):
        return [f"{subject} does not stand on particular {_thing(state)}s.", _chance(state, second)]
    if size >= ROBUST:
        takes = f"other labels for {of} training rows" if labels else f"{of} {noun(state)}s"
        return [
            f"{subject} is robust: no handful of {_thing(state)}s carries it.",
            f"It takes {takes}: {'with' if labels else 'without'} them {say}.",
        ]
    if labels:
        label, were = class_name(verified["label"]), "was" if size == 1 else "were"
        return [f"{subject} would be {label} if {of} {noun(state)}s {were} changed.", second]
    return [f"{subject} stands on {of} {noun(state)}s.", second]


def phrases(state: Json) -> list[str]:
    """What fresh retrainings checked, a phrase each."""
    verified, agreed = state["verified"], agreement(state)
    if agreed is None:
        return []
    fresh = f"{_of(agreed)} fresh retrainings"
    told = [f"confirmed by {fresh}"]
    if not verified["flipped"]:
        told = [f"not confirmed: {fresh} {'decides' if _one(agreed) else 'decide'} otherwise"]
    control = verified.get("control")
    if control is not None:
        change = ", changed," if relabels(state) else ""
        one = len(state["steps"]) == 1
        word = "no different from chance" if verified.get("alike") else "not chance"
        told.append(
            f"{word if verified['flipped'] else 'for comparison'}: {_random(state)}{change} "
            f"{'flips' if one else 'flip'} {_of(control)}"
        )
    return told


def steadiness(state: Json) -> list[str]:
    """What retrainings on all rows decide."""
    tally = state.get("stability")
    if tally is None:
        return []
    kept: Any = len(tally["confidences"]) - tally["flips"]
    decide = "decides" if kept == 1 else "decide"
    of = len(tally["confidences"])
    return [f"stable: {kept} of {of} retrainings on all rows {decide} as the model"]


def provisos(state: Json) -> list[str]:
    """How exact the size is, and how many sets were tested."""
    verified = state["verified"]
    told = []
    first, last = verified.get("sizes") or (0, 0)
    if first < last:
        what = _thing(state)
        told.append(f"{count(first)} to {count(last)} {what}s cannot be told apart")
    if (candidates := verified.get("candidates", 1)) > 1:
        told.append(f"{count(candidates)} candidates were put to the test")
    return told


def _chance(state: Json, otherwise: str) -> str:
    """Beside the set, what random rows do; `otherwise` where that was not asked."""
    control, agreed = state["verified"].get("control"), agreement(state)
    if control is None or agreed is None:
        return otherwise
    size = count(len(state["steps"]))
    random, changed = ("With", " changed") if relabels(state) else ("Without", "")
    return (
        f"{random} {_random(state)}{changed} {_of(control)} models {_decide(state, control)} too; "
        f"{random.lower()} the set of {size}{changed}, {_of(agreed)}."
    )


def _random(state: Json) -> str:
    size = len(state["steps"])
    if size == 1:
        return f"1 random {_thing(state)} of the same class"
    return f"{count(size)} random {_thing(state)}s of the same classes"


def _thing(state: Json) -> str:
    return noun(state).removeprefix("training ")


def _of(tally: Json) -> str:
    return f"{tally['flips']} of {len(tally['confidences'])}"


def _one(tally: Json) -> bool:
    return bool(tally["flips"] == 1)


def _decide(state: Json, tally: Json) -> str:
    """Of two classes the other one is named; of several, each retraining may have its own."""
    if among(state["start"]):
        return "decides otherwise" if _one(tally) else "decide otherwise"
    rival = class_name(state["start"]["claim"]["rival"])
    return f"{'says' if _one(tally) else 'say'} {rival}"
