"""One sentence for each state of a run, the same in Python and on the screen."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fake_study import FakeStudy, whole_run
from forcing.explanation.figures import quantity
from forcing.explanation.sentence import answer, checks, headline
from forcing.protocol import Encoder
from forcing.protocol.context import Context
from forcing.protocol.messages import end
from forcing.protocol.state import StateBuilder, empty_state

JS = Path(__file__).parent.parent / "js"
THREE, SCORES = {"classes": 3}, {"cut": 170.0, "prediction": 181.0}


def run(size: int, confidence: float = 0.497, **change: Any) -> Any:
    """The state of a run that removed `size` rows and has not ended."""
    builder, encoder = StateBuilder(), Encoder(Context.of(FakeStudy(), np.zeros(3), name="X[17]"))
    builder.apply(encoder.encode(whole_run()[0]))
    state = builder.state | {"images": {}}
    state["start"] |= {"rows": 7896} | change.get("start", {})
    claim = {"favoured": "good credit", "rival": "bad credit", "confidence": 0.74, "margin": 1.046}
    state["start"]["claim"] |= claim | change.get("claim", {})
    first = state["start"]["claim"]["confidence"]
    for n in range(1, size + 1):
        p = first + (confidence - first) * n / size
        margin = change.get("margin", float(np.log(p / (1 - p))))
        state["steps"].append(
            {"n": n, "row": n, "positive": True, "confidence": p, "margin": margin}
            | {"gap": None, "seconds": 0.1}
        )
    return state


def checked(label: str = "bad credit", confidence: float = 0.48, **change: Any) -> Any:
    verified = {"type": "verified", "flipped": True, "label": label, "confidence": confidence}
    verified |= {"irreducible": True, "put_back": [], "by": "LogisticRegression()", "seconds": 0.2}
    return verified | change


def ended(state: Any, status: str = "flipped", reason: str = "", **change: Any) -> Any:
    return state | {"end": end(status, reason, 1.0)} | change


def least(rows: int) -> Any:
    return {"type": "bound", "rows": rows, "seconds": 0.1}


def tally(flips: int, of: int = 11) -> Any:
    return {"flips": flips, "confidences": [0.4] * flips + [0.6] * (of - flips)}


def stable(flips: int = 0) -> Any:
    return {"type": "stability", "leave_out": 0.01, "seconds": 1.0} | tally(flips)


def again(flips: int = 10, control: int | None = 0, **change: Any) -> Any:
    """Verified by fresh retrainings."""
    told = {"agreement": tally(flips), "irreducible": None}
    if control is not None:
        told["control"] = tally(control)
    return checked(**told | change)


RELABEL = {"method": "relabel"}
# What a reader meets, by name: the state, and the whole answer with "_" for a thin space.
TABLE: dict[str, tuple[Any, str]] = {
    "finished": (
        ended(run(11), verified=checked(), bound=least(6)),
        ("Good credit (74_%) stands on 11 of 7_896 training rows. Retrained without them: "
        "bad credit (52_%). At least 6 are needed."),
    ),
    "smallest": (
        ended(run(2), verified=checked(), bound=least(2)),
        ("Good credit (74_%) stands on 2 of 7_896 training rows. Retrained without them: "
        "bad credit (52_%). No smaller set flips it."),
    ),
    "one row": (
        ended(run(1), verified=checked(), bound=least(1)),
        ("Good credit (74_%) stands on 1 of 7_896 training rows. Retrained without it: "
        "bad credit (52_%)."),
    ),
    "not checked": (
        ended(run(3)),
        ("Good credit (74_%) stands on 3 of 7_896 training rows. Without them: "
        "bad credit (50.3_%)."),
    ),
    "not confirmed": (
        ended(run(3), verified=checked("good credit", 0.504, flipped=False)),
        ("Good credit (74_%) stays without 3 of 7_896 training rows. Retrained without them: "
        "good credit (50.4_%)."),
    ),
    "robust": (
        ended(run(325), verified=checked(confidence=0.4999), bound=least(23)),
        ("Good credit (74_%) is robust: no handful of rows carries it. It takes 325 of 7_896 "
        "training rows to reach bad credit (50.01_%). At least 23 are needed."),
    ),
    "unflippable": (
        ended(run(5, 0.6), "unflippable", "Every supporting row was removed."),
        ("Good credit (74_%) cannot be flipped by removing rows. Tried without 5 of 7_896 "
        "training rows. Every supporting row was removed."),
    ),
    "unflippable at once": (
        ended(run(0), "unflippable", "The target has nothing that the model weighs."),
        ("Good credit (74_%) cannot be flipped by removing rows. "
        "The target has nothing that the model weighs."),
    ),
    "waiting": (empty_state(), "Waiting for the first numbers."),
    "never began": (ended(empty_state(), "failed", "No."), ("The run ended before it began. "
                    "Failed: No.")),
    "begun": (
        run(0),
        "Good credit (74_%) stands on which training rows? Below 50_% it is bad credit.",
    ),
    "running": (
        run(4, 0.612),
        ("Good credit (74_%) is down to 61.2_% without 4 of 7_896 training rows. "
        "Below 50_% it is bad credit."),
    ),
    "paused": (
        run(4, 0.612) | {"paused": True},
        ("Good credit (74_%) is down to 61.2_% without 4 of 7_896 training rows. "
        "Below 50_% it is bad credit. Paused."),
    ),
    "over while running": (
        run(4),
        ("Good credit (74_%) stands on 4 of 7_896 training rows or fewer. Without them: "
        "bad credit (50.3_%)."),
    ),
    "cancelled": (
        ended(run(4, 0.612), "cancelled", "Stopped at step 4."),
        ("Good credit (74_%) was down to 61.2_% without 4 of 7_896 training rows. "
        "Stopped at step 4."),
    ),
    "cancelled at once": (
        ended(run(0), "cancelled", "Stopped at step 0."),
        "Good credit (74_%): stopped before the first training row was removed.",
    ),
    "cancelled among the comparisons": (
        ended(run(11), "cancelled", "Stopped at step 11.", verified=checked()),
        ("Good credit (74_%) stands on 11 of 7_896 training rows. Retrained without them: "
        "bad credit (52_%). Stopped at step 11."),
    ),
    "limit": (
        ended(run(4, 0.612), "limit", "After 4 rows the decision is the same.", bound=least(9)),
        ("Good credit (74_%) was down to 61.2_% without 4 of 7_896 training rows. "
        "At least 9 are needed to flip it. After 4 rows the decision is the same."),
    ),
    "exited": (
        ended(run(1, 0.9), "exited", "The loss gap fell to 0 nats."),
        ("Good credit (74_%) was at 90.0_% without 1 of 7_896 training rows. "
        "The loss gap fell to 0 nats."),
    ),
    "failed": (
        ended(run(2, 0.7), "failed", "MemoryError: out of memory"),
        ("Good credit (74_%) was down to 70.0_% without 2 of 7_896 training rows. "
        "Failed: MemoryError: out of memory"),
    ),
    "saturated": (
        run(1, 1 - 2e-7, claim={"confidence": 1 - 1e-7, "margin": 16.118}, margin=15.425),
        ("Good credit (> 99.999_%) is still at > 99.999_% without 1 of 7_896 training rows. "
        "The log-odds went from 16.12 to 15.43."),
    ),
    "several classes": (
        ended(run(3, start=THREE, claim={"favoured": "3", "rival": "8"}), verified=checked("8")),
        ("Class 3 (74_% against class 8) stands on 3 of 7_896 training rows. Retrained without "
        "them: class 8 (52_%)."),
    ),
    "several classes, begun": (
        run(0, start=THREE),
        ("Good credit (74_% against bad credit) stands on which training rows? "
        "Next in line is bad credit."),
    ),
    "regression": (
        ended(run(3, claim=SCORES | {"favoured": "above 170", "rival": "below 170"}),
              verified=checked("below 170", 0.49)),
        ("Above 170 (181) stands on 3 of 7_896 training rows. Retrained without them: "
        "below 170 (169.6)."),
    ),
    "regression, running": (
        run(3, 0.6, claim=SCORES | {"favoured": "above 170", "rival": "below 170"}),
        "Above 170 (181) is at 174.3 without 3 of 7_896 training rows. Until it is below 170.",
    ),
    "relabel": (
        ended(run(3, start=RELABEL), verified=checked()),
        ("Good credit (74_%) would be bad credit if 3 of 7_896 training labels were changed. "
        "Retrained with them changed: bad credit (52_%)."),
    ),
    "relabel, robust": (
        ended(run(120, start=RELABEL), verified=checked()),
        ("Good credit (74_%) is robust: no handful of labels carries it. It takes other labels "
        "for 120 of 7_896 training rows to reach bad credit (52_%)."),
    ),
    "relabel, unflippable": (
        ended(run(2, 0.6, start=RELABEL), "unflippable", "All were tried."),
        ("Good credit (74_%) cannot be flipped by changing labels. Tried with 2 of 7_896 "
        "training labels changed. All were tried."),
    ),
    "retrained": (
        ended(run(16), verified=again(), stability=stable(), bound=least(2)),
        ("Good credit (74_%) stands on about 16 of 7_896 training rows. Retrained without them, "
        "10 of 11 models say bad credit. At least 2 are needed."),
    ),
    "retrained, few": (
        ended(run(3), verified=again(11), bound=least(3)),
        ("Good credit (74_%) stands on 3 of 7_896 training rows. Retrained without them, "
        "11 of 11 models say bad credit."),
    ),
    "retrained, one row and one retraining": (
        ended(run(1), verified=again(1, agreement=tally(1, 1))),
        ("Good credit (74_%) stands on 1 of 7_896 training rows. Retrained without it, "
        "1 of 1 models says bad credit."),
    ),
    "retrained, several classes": (
        ended(run(3, start=THREE), verified=again()),
        ("Good credit (74_% against bad credit) stands on 3 of 7_896 training rows. "
        "Retrained without them, 10 of 11 models decide otherwise."),
    ),
    "retrained, robust": (
        ended(run(160), verified=again()),
        ("Good credit (74_%) is robust: no handful of rows carries it. It takes about 160 of "
        "7_896 training rows: without them 10 of 11 models say bad credit."),
    ),
    "retrained, relabel": (
        ended(run(12, start=RELABEL), verified=again()),
        ("Good credit (74_%) would be bad credit if about 12 of 7_896 training labels were "
        "changed. Retrained with them changed, 10 of 11 models say bad credit."),
    ),
    "retrained, relabel, robust": (
        ended(run(120, start=RELABEL), verified=again()),
        ("Good credit (74_%) is robust: no handful of labels carries it. It takes other labels "
        "for about 120 of 7_896 training rows: with them 10 of 11 models say bad credit."),
    ),
    "any rows do": (
        ended(run(12), verified=again(control=8, alike=True)),
        ("Good credit (74_%) does not stand on particular rows. Without 12 random rows of the "
        "same classes 8 of 11 models say bad credit too; without the set of 12, 10 of 11."),
    ),
    "any labels do": (
        ended(run(12, start=RELABEL), verified=again(control=8, alike=True)),
        ("Good credit (74_%) does not stand on particular labels. With 12 random labels of the "
        "same classes changed 8 of 11 models say bad credit too; with the set of 12 changed, "
        "10 of 11."),
    ),
    "most are not known to": (
        ended(run(160), "limit", "The budget is spent.", verified=again(6, flipped=False)),
        ("Good credit (74_%): most retrainings without 160 of 7_896 training rows are not known "
        "to decide otherwise. 6 of 11 say bad credit. The budget is spent."),
    ),
    "unstable": (
        ended(run(0), "unstable", "A reason.", stability=stable(4)),
        ("Good credit (74_%) is unstable: 4 of 11 retrainings on the same rows say bad credit. "
        "Chance decides here, not a set of rows."),
    ),
    "unstable, the exception": (
        ended(run(0), "unstable", "A reason.", stability=stable(10)),
        ("Good credit (74_%) is unstable: 10 of 11 retrainings on the same rows say bad credit. "
        "The model at hand is the exception: chance made it, not a set of rows."),
    ),
    "unstable, several classes": (
        ended(run(0, start=THREE), "unstable", "A reason.", stability=stable(1)),
        ("Good credit (74_% against bad credit) is unstable: 1 of 11 retrainings on the same "
        "rows decides otherwise. Chance decides here, not a set of rows."),
    ),
    "stable, begun": (
        run(0) | {"stability": stable()},
        "Good credit (74_%) stands on which training rows? Below 50_% it is bad credit.",
    ),
    "one run": (
        ended(run(3, start={"one_run": True}), verified=checked()),
        ("Good credit (74_%) stands on 3 of 7_896 training rows. Retrained once without them: "
        "bad credit (52_%); another training run may decide otherwise."),
    ),
    "one run, not checked": (
        ended(run(3, start={"one_run": True})),
        ("Good credit (74_%) stands on 3 of 7_896 training rows. Without them: "
        "bad credit (50.3_%)."),
    ),
    "pictures": (
        run(0, start={"display": {"kind": "image"}}),
        "Good credit (74_%) stands on which training images? Below 50_% it is bad credit.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_what_is_said_of_a_state(name):
    state, said = TABLE[name]
    assert answer(state).replace("\u202f", "_") == said
    assert answer(state).startswith(headline(state))


@pytest.fixture(scope="module")
def screen(tmp_path_factory):
    """What the screen says: headline, answer and what is heard, for each state."""
    if shutil.which("node") is None or not (JS / "node_modules").exists():
        pytest.skip("needs Node and js/node_modules: run `make` in a checkout")
    bundle = tmp_path_factory.mktemp("sentences") / "sentences.mjs"
    command = ["npx", "--no-install", "esbuild", "test/sentences.ts", "--bundle"]
    command += ["--platform=node", "--format=esm", f"--outfile={bundle}", "--log-level=error"]
    subprocess.run(command, cwd=JS, check=True)

    def said(states: list[tuple[Any, bool]]) -> list[list[str]]:
        text = json.dumps([{"state": state, "live": live} for state, live in states])
        done = subprocess.run(
            ["node", str(bundle)], input=text, capture_output=True, text=True, check=True
        )
        told: list[list[str]] = json.loads(done.stdout)
        return told

    return said


def test_the_screen_says_the_same(screen):
    states = [(state, True) for state, _ in TABLE.values()]
    for name, (state, _), (head, whole, heard) in zip(TABLE, states, screen(states), strict=True):
        assert (name, head) == (name, headline(state))
        assert (name, whole) == (name, answer(state))
        # A thin space would make two numbers of 7 896 for whoever listens.
        assert (name, heard) == (name, answer(state).replace("7\u202f896", "7896"))


def combinations() -> list[tuple[Any, bool]]:
    """Ends with kinds of claims, sizes, checks and bounds, also those that never meet."""
    kinds = (
        {},
        {"start": THREE},
        {"start": RELABEL},
        {"start": RELABEL | THREE},
        {"start": {"display": {"kind": "text"}}},
        {"claim": SCORES},
        {"claim": {"cut": 2.5, "prediction": -31250.0}},
        {"claim": {"confidence": 1 - 1e-9, "margin": 20.7}},
        {"claim": {"threshold": 0.3, "favoured": "TRUE", "rival": ""}},
        {"claim": {"favoured": "iPhone " * 9, "rival": "-2.5"}},
        {"claim": {"favoured": "", "rival": "ärger", "confidence": 0.502}},
        {"start": {"one_run": True}},
        {"start": RELABEL | {"one_run": True}},
    )
    sizes = ((0, 0.5), (1, 0.499), (3, 0.61), (3, 0.9), (10, 0.4), (99, 0.49999), (100, 0.2))
    ends = ("flipped", "unflippable", "limit", "cancelled", "exited", "failed", "unstable", None)
    verdicts = (
        None,
        checked(),
        checked("third", 0.123),
        checked("good credit", 0.5004, flipped=False),
        again(),
        again(1, 9, alike=True),
        again(11, None, alike=True, label="third"),
        again(6, flipped=False, label="good credit"),
    )
    every = list(
        itertools.product(kinds, sizes, ends, verdicts, (None, least(1), least(3), least(1200)))
    )
    some = [every[k] for k in np.random.default_rng(0).choice(len(every), 1500, replace=False)]
    made = []
    for place, (kind, (size, p), status, verified, bound) in enumerate(some):
        state = run(size, p, **kind) | {"verified": verified, "bound": bound}
        state["stability"] = (None, stable(), stable(4), stable(11))[place % 4]
        state = state if status is None else ended(state, status, "A reason.")
        made.append((state, True))
        if status is None:
            made += [(state, False), (state | {"paused": True}, True)]
    return made


def test_the_screen_says_the_same_of_whatever_may_come(screen):
    states = combinations()
    told = screen(states)
    wrong = [
        (said[:2], mine)
        for (state, live), said in zip(states, told, strict=True)
        if said[:2] != (mine := [headline(state, live=live), answer(state, live=live)])
    ]
    assert wrong[:3] == []
    assert len({said[1] for said in told}) > 200


CHECKS: dict[str, tuple[Any, list[str]]] = {
    "confirmed": (
        ended(
            run(160),
            stability=stable(),
            verified=again(candidates=2, sizes=[150, 170], note="Single rows are noise."),
        ),
        [
            "confirmed by 10 of 11 fresh retrainings",
            "not chance: 160 random rows of the same classes flip 0 of 11",
            "stable: 11 of 11 retrainings on all rows decide as the model",
            "150 to 170 rows cannot be told apart",
            "2 candidates were put to the test",
            "Single rows are noise",
        ],
    ),
    "irreducible all the same": (
        ended(run(1), verified=again(1, agreement=tally(1, 1), irreducible=True, note="No.")),
        [
            "confirmed by 1 of 1 fresh retrainings",
            "not chance: 1 random row of the same class flips 0 of 11",
            "irreducible: put it back and it is good credit again",
        ],
    ),
    "alike": (
        ended(run(12, start=RELABEL), verified=again(control=8, alike=True, sizes=[12, 12])),
        [
            "confirmed by 10 of 11 fresh retrainings",
            "no different from chance: 12 random labels of the same classes, changed, flip 8 of 11",
        ],
    ),
    "not confirmed": (
        ended(run(12), "limit", stability=stable(1), verified=again(6, flipped=False)),
        [
            "not confirmed: 6 of 11 fresh retrainings decide otherwise",
            "for comparison: 12 random rows of the same classes flip 0 of 11",
            "stable: 10 of 11 retrainings on all rows decide as the model",
        ],
    ),
    "one run": (
        ended(run(3, start={"one_run": True}), verified=checked(irreducible=None)),
        ["verified by one training run: refitting LogisticRegression()"],
    ),
    "not checked": (
        ended(run(3), stability=stable()),
        [
            "not checked by retraining",
            "stable: 11 of 11 retrainings on all rows decide as the model",
        ],
    ),
}


@pytest.mark.parametrize("name", CHECKS)
def test_what_was_checked(name):
    state, phrases = CHECKS[name]
    assert checks(state) == phrases


@pytest.mark.parametrize(
    ("value", "edge", "text"),
    [
        (181.0, 170, "181"),
        (181.25, 170, "181.3"),
        (-181.25, 170, "−181.3"),
        (169.97, 170, "169.97"),
        (169.99999, 170, "169.99999"),
        (181_234.0, 170, "181_200"),
        (12_345_678.9, None, "12_350_000"),
        (0.00012, None, "0.00012"),
        (0.000012, None, "1.2e-5"),
        (-3.21e12, None, "−3.21e+12"),
        (0.0, 0.0, "0"),
        (-0.0, None, "0"),
    ],
)
def test_a_prediction_has_the_digits_that_tell_it_from_the_threshold(value, edge, text):
    assert quantity(value, edge).replace("\u202f", "_") == text


def test_predictions_read_the_same_on_the_screen(tmp_path):
    if shutil.which("node") is None or not (JS / "node_modules").exists():
        pytest.skip("needs Node and js/node_modules: run `make` in a checkout")
    rng = np.random.default_rng(0)
    scales = 10.0 ** rng.uniform(-7, 12, 2000)
    values = [*(rng.normal(size=2000) * scales), *(rng.integers(-40_000, 40_000, 500) / 8)]
    pairs = [(float(v), float(np.round(v, 1))) for v in values] + [(float(v), None) for v in values]
    module = tmp_path / "format.mjs"
    bundle = ["npx", "--no-install", "esbuild", "src/format.ts", "--format=esm"]
    subprocess.run([*bundle, f"--outfile={module}", "--log-level=error"], cwd=JS, check=True)
    script = f"""import {{ quantity }} from {json.dumps(module.as_uri())};
        const pairs = {json.dumps(pairs)};
        console.log(JSON.stringify(pairs.map(([v, edge]) => quantity(v, edge))));"""
    command = ["node", "--input-type=module", "-"]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=True)
    assert [quantity(*pair) for pair in pairs] == json.loads(done.stdout)
