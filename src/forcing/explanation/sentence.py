"""The answer of a run in plain text, from its state: the sentences that the screen shows.

`js/src/view/sentence.ts` has the same table of states; a test holds the two together.
"""

from __future__ import annotations

from forcing.explanation import retrained
from forcing.explanation.figures import (
    THIN,
    capital,
    certainty,
    class_name,
    count,
    log_odds,
    percent,
    predicts,
)
from forcing.explanation.nouns import RELABEL, ROBUST, among, noun, relabels, them
from forcing.protocol.context import Json

__all__ = [
    "RELABEL",
    "ROBUST",
    "answer",
    "capital",
    "certainty",
    "checks",
    "count",
    "decision",
    "headline",
    "noun",
    "percent",
    "relabels",
]


def headline(state: Json, *, live: bool = True) -> str:
    """What a state says, in plain words: the claim, the set, what the retrained model decides.

    `live`: whether somebody is there who may still bring the end.
    """
    return " ".join(_sentences(state, live=live))


def answer(state: Json, *, live: bool = True) -> str:
    """The headline with what else there is to know of a run that found nothing or is held."""
    return " ".join(filter(None, [headline(state, live=live), _outcome(state, live=live)]))


def checks(state: Json) -> list[str]:
    """What was checked, a phrase each."""
    verified = state["verified"]
    steady = retrained.steadiness(state)
    if verified is None:
        return ["not checked by retraining", *steady]
    fresh = retrained.phrases(state)
    if fresh:
        found = [*fresh, *steady, *retrained.provisos(state)]
        if not verified["flipped"]:
            return found
        note = verified.get("note", "")
        return [*found, *(_irreducible(state) or ([note.rstrip(".")] if note else []))]
    if not verified["flipped"]:
        return [f"not confirmed: refitting {verified['by']} keeps the decision", *steady]
    once = "one training run: " if retrained.is_one_run(state) else ""
    phrases = [f"verified by {once}refitting {verified['by']}"]
    return [*phrases, *steady, *_irreducible(state)]


def _irreducible(state: Json) -> list[str]:
    """What single rows of the set do; nothing where that was not checked."""
    verified, labels = state["verified"], relabels(state)
    if verified["irreducible"] is None:
        return []
    if verified["irreducible"]:
        one = "it" if len(state["steps"]) == 1 else "any one"
        name = class_name(state["start"]["claim"]["favoured"])
        put = "change" if labels else "put"
        return [f"irreducible: {put} {one} back and it is {name} again"]
    back = "label can be changed back" if labels else "row can be put back"
    return [f"not irreducible: some single {back} without a change"]


def _sentences(state: Json, *, live: bool) -> list[str]:
    start, steps, end = state["start"], state["steps"], state["end"]
    if start is None:
        return [_opening(state, live=live)]
    claim, labels = start["claim"], relabels(state)
    subject, of = _opener(state), f"{count(len(steps))} of {count(start['rows'])}"
    status = None if end is None else end["status"]
    left = f"with {of} {noun(state)}s changed" if labels else f"without {of} {noun(state)}s"

    if status == "unflippable":
        by = "changing labels" if labels else "removing rows"
        return [f"{subject} cannot be flipped by {by}.", *([f"Tried {left}."] if steps else [])]
    if status == "unstable":
        return retrained.unstable(state, subject)
    agreed = retrained.agreement(state)
    if agreed is not None and steps:
        told = retrained.found(state, agreed, subject, of, left)
        return _with_bound(state, told, found=state["verified"]["flipped"])
    # The comparisons that come after the check change nothing about the set.
    confirmed = state["verified"] is not None and state["verified"]["flipped"]
    if (status == "flipped" or confirmed) and steps:
        return _with_bound(state, _flipped(state, subject, of, left), found=True)

    stopped = end is not None or not live
    if not steps:
        done = "changed" if labels else "removed"
        if stopped:
            return [f"{subject}: stopped before the first {noun(state)} was {done}."]
        asks = "changes with which" if labels else "stands on which"
        return [f"{subject} {asks} {noun(state)}s?", _outlook(start)]
    now = steps[-1]["confidence"]
    if steps[-1]["margin"] < 0 and status != "limit":
        if labels:
            return _relabelled(state, subject, of)
        first = f"{subject} stands on {of} {noun(state)}s{'' if stopped else ' or fewer'}."
        second = f"Without {them(state)}: {_decision(claim, claim['rival'], now)}."
        return _with_bound(state, [first, second], found=True)
    verb, after = "was" if stopped else "is", certainty(claim, now, 1)
    if after == certainty(claim, claim["confidence"], 1):
        # Where the confidence is saturated, only the log-odds tell how far the search has come.
        went = f"from {log_odds(claim['margin'])} to {log_odds(steps[-1]['margin'])}"
        second = f"The log-odds went {went}."
        return _with_bound(state, [f"{subject} {verb} still at {after} {left}.", second])
    way = "down to" if now < claim["confidence"] and not predicts(claim) else "at"
    outlook = [] if stopped else [_outlook(start)]
    return _with_bound(state, [f"{subject} {verb} {way} {after} {left}.", *outlook])


def _opener(state: Json) -> str:
    """The decision, of several classes with the one that the confidence is against; a sentence
    about new labels names that one anyway.
    """
    start = state["start"]
    claim = start["claim"]
    against = f" against {class_name(claim['rival'])}" if among(start) else ""
    if relabels(state):
        against = ""
    sure = certainty(claim, claim["confidence"])
    return f"{capital(class_name(claim['favoured']))} ({sure}{against})"


def decision(claim: Json, decided: Json) -> str:
    """What a refit decided, `label` and `confidence`, in words: "good credit (50.3 %)"."""
    return _decision(claim, decided["label"], decided["confidence"])


def _decision(claim: Json, label: str, confidence: float) -> str:
    """What is decided, with its confidence: "good credit (50.3 %)"."""
    if label == claim["favoured"] or predicts(claim):
        return f"{class_name(label)} ({certainty(claim, confidence)})"
    return f"{class_name(label)} ({percent(1 - confidence, 1 - claim['threshold'])})"


def _after(state: Json) -> str:
    claim, verified = state["start"]["claim"], state["verified"]
    if verified is None:
        return _decision(claim, claim["rival"], state["steps"][-1]["confidence"])
    return _decision(claim, verified["label"], verified["confidence"])


def _flipped(state: Json, subject: str, of: str, left: str) -> list[str]:
    verified, labels = state["verified"], relabels(state)
    second = f"{_lead(state)}: {_after(state)}{_proviso(state)}."
    if verified is not None and not verified["flipped"]:
        return [f"{subject} stays {left}.", second]
    if len(state["steps"]) >= ROBUST:
        what = f"{noun(state).removeprefix('training ')}s"
        takes = f"other labels for {of} training rows" if labels else f"{of} {noun(state)}s"
        return [
            f"{subject} is robust: no handful of {what} carries it.",
            f"It takes {takes} to reach {_after(state)}{_proviso(state)}.",
        ]
    if labels:
        return _relabelled(state, subject, of)
    return [f"{subject} stands on {of} {noun(state)}s.", second]


def _relabelled(state: Json, subject: str, of: str) -> list[str]:
    verified = state["verified"]
    label = state["start"]["claim"]["rival"] if verified is None else verified["label"]
    were = "was" if len(state["steps"]) == 1 else "were"
    return [
        f"{subject} would be {class_name(label)} if {of} training labels {were} changed.",
        f"{_lead(state)}: {_after(state)}{_proviso(state)}.",
    ]


def _lead(state: Json) -> str:
    those, labels = them(state), relabels(state)
    if state["verified"] is None:
        return "Then" if labels else f"Without {those}"
    again = "Retrained once" if retrained.is_one_run(state) else "Retrained"
    return f"{again} with {those} changed" if labels else f"{again} without {those}"


def _proviso(state: Json) -> str:
    return "; another training run may decide otherwise" if retrained.is_one_run(state) else ""


def _with_bound(state: Json, sentences: list[str], *, found: bool = False) -> list[str]:
    """Adds what is known of all sets; that it takes one row at least needs no saying."""
    least = 0 if state["bound"] is None else state["bound"]["rows"]
    if least < 2:
        return sentences
    if found and least >= len(state["steps"]):
        # What the noise of retraining leaves open no bound closes.
        if retrained.agreement(state) is not None:
            return sentences
        return [*sentences, "No smaller set flips it."]
    return [*sentences, f"At least {count(least)} are needed{'' if found else ' to flip it'}."]


def _outlook(start: Json) -> str:
    """What the search is after."""
    claim = start["claim"]
    rival = class_name(claim["rival"])
    if predicts(claim):
        return f"Until it is {rival}."
    if among(start):
        return f"Next in line is {rival}."
    edge = f"{100 * claim['threshold']:.2f}".rstrip("0").rstrip(".")
    return f"Below {edge}{THIN}% it is {rival}."


def _opening(state: Json, *, live: bool) -> str:
    if state["end"] is not None:
        return "The run ended before it began."
    return "Waiting for the first numbers." if live else "There is no explanation to show."


def _outcome(state: Json, *, live: bool) -> str:
    end = state["end"]
    if end is None:
        held = state["paused"] and state["start"] is not None
        lost = "Stopped: the kernel can no longer be reached."
        return lost if not live else "Paused." if held else ""
    # "Stopped at step 0." after "stopped before the first row was removed" says nothing more.
    if end["status"] == "cancelled" and not state["steps"]:
        return ""
    if end["status"] in ("flipped", "unstable"):
        return ""
    reason: str = end["reason"]
    return f"Failed: {reason}" if reason and end["status"] == "failed" else reason
