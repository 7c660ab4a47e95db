from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_study import (
    RANKING,
    STEPS,
    FakeStudy,
    noisy_run,
    step,
    unstable_run,
    whole_run,
)
from forcing.protocol import Encoder, events_message, finite, guards, merge, messages, state_message
from forcing.protocol.context import Context
from forcing.protocol.messages import end
from forcing.protocol.state import StateBuilder, empty_state
from forcing.protocol.text import clean
from forcing.records import Decision, End, Progress, Ranking, Start

JS = Path(__file__).parent.parent / "js"


def encoded(records=None, **study):
    encoder = Encoder(Context.of(FakeStudy(**study), np.zeros(3), name="X_test[17]", label="bad"))
    return [encoder.encode(record) for record in records or whole_run()]


def by_type(events, kind):
    return next(event for event in events if event["type"] == kind)


def test_every_event_is_strict_json_with_plain_numbers():
    events = encoded()
    assert json.loads(json.dumps(events, allow_nan=False)) == events
    assert {event["type"] for event in events} == {
        *("start", "step", "refined", "verified", "bound", "ranking", "progress", "end")
    }


def test_labels_are_class_names():
    study = FakeStudy()
    study.class_names = ["bad credit", "good credit"]
    encoder = Encoder(Context.of(study, np.zeros(3), label="bad"))
    start, *_, verified, _, ranking, _ = (encoder.encode(record) for record in whole_run())
    assert start["claim"]["favoured"] == "good credit"
    assert start["target"]["label"] == "bad credit"
    assert verified["label"] == "bad credit"
    assert {row["label"] for row in ranking["rows"].values()} == {"good credit", "bad credit"}


def test_a_row_is_sent_once():
    kinds = ("step", "refined", "ranking")
    rows = [row for event in encoded() if event["type"] in kinds for row in event["rows"]]
    assert sorted(rows, key=int) == ["2", "4", "5", "6", "7", "8", "9", "10", "11"]


def test_ranking_entries_have_places_signs_and_changes():
    ranking = by_type(encoded(), "ranking")["ranking"]
    # Rows 11, 10, 9, ... with scores from 1 down; the last six do not support the decision.
    assert [entry["row"] for entry in ranking["positive"]] == [10, 8, 6]
    assert [entry["row"] for entry in ranking["negative"]] == [11, 9, 7]
    assert [entry["place"] for entry in ranking["positive"]] == [2, 4, 6]
    # The curve knows 1, 2 and 3 but neither 4 nor 6.
    assert ranking["positive"][0]["change"] == pytest.approx(-0.05)
    assert ranking["positive"][1]["change"] is None
    assert ranking["negative"][0]["change"] == pytest.approx(-0.1)


def test_what_retrainings_say_is_sent_only_where_there_were_some():
    start, stability, *_, band, _, verified, _ = encoded(noisy_run())
    assert stability == {
        "type": "stability",
        "flips": 0,
        "confidences": [0.79, 0.8, 0.83],
        "leave_out": 0.01,
        "seconds": 0.4,
    }
    assert band["points"][-1] == [4, 0.45, 0.4, 0.52]
    assert verified["agreement"] == {"flips": 2, "confidences": [0.45, 0.48, 0.51]}
    assert verified["control"]["flips"] == 0
    assert (verified["candidates"], verified["sizes"]) == (2, [3, 5])
    assert "alike" not in verified
    plain = by_type(encoded(), "verified")
    assert {"agreement", "control", "candidates", "sizes", "note"}.isdisjoint(plain)
    assert "one_run" not in start
    assert encoded([replace(whole_run()[0], one_run=True)])[0]["one_run"] is True


def test_the_state_of_a_noisy_run():
    builder = StateBuilder()
    for event in encoded(noisy_run()):
        builder.apply(event)
    assert builder.state["stability"]["leave_out"] == 0.01
    assert [k for k, *_ in builder.state["band"]] == [0, 2, 4]
    assert len(builder.state["steps"]) == 4
    builder.apply(encoded()[0])
    assert (builder.state["stability"], builder.state["band"]) == (None, [])


def test_a_ranking_sends_at_most_24_of_each_sign():
    n = 200
    study = FakeStudy(X=np.zeros((n, 3)))
    study.n_rows, study.y = n, np.array(["good", "bad"] * (n // 2))
    encoder = Encoder(Context.of(study, np.zeros(3)))
    encoder.encode(whole_run()[0])
    event = encoder.encode(Ranking("chance", np.arange(n), np.zeros(n)))
    assert len(event["ranking"]["positive"]) == len(event["ranking"]["negative"]) == 24
    assert len(event["rows"]) == 48


def test_merge_joins_neighbouring_steps_and_keeps_the_last_progress():
    records = [
        *(Progress("search", k) for k in range(3)),
        *STEPS,
        Progress("refine", 1),
        Progress("refine", 2),
    ]
    encoder = Encoder(Context.of(FakeStudy(), np.zeros(3)))
    merged = merge(encoder.encode(record) for record in records)
    assert [event["type"] for event in merged] == ["progress", "step", "progress"]
    assert [part["n"] for part in merged[1]["steps"]] == [1, 2, 3, 4]
    assert set(merged[1]["rows"]) == {"2", "4", "5", "6"}
    assert (merged[0]["done"], merged[2]["done"]) == (2, 2)


def test_no_number_is_infinite():
    assert finite(float("nan")) == 0.0
    assert finite(float("inf")) == -finite(float("-inf")) == 1e300
    event = encoded([whole_run()[0], step(1, 2, 0.5, margin=float("inf"))])[1]
    json.dumps(event, allow_nan=False)


def test_no_text_has_what_utf_8_cannot_hold():
    odd = "\ud800"
    study = FakeStudy(row_ids=[odd] * 12, feature_names=[odd, "b", "c"])
    study.class_names, study.model_description = [odd, "good"], odd
    encoder = Encoder(Context.of(study, np.zeros(3), name=odd, label="bad"))
    events = [encoder.encode(record) for record in whole_run()]
    events += [encoder.what_if(1, [], Decision("bad", 0.4, -0.3), odd), end("failed", odd, 1.0)]
    json.dumps(events, ensure_ascii=False).encode()


def test_cleaning_keeps_what_is_whole_and_its_length():
    assert clean(["a\N{PILE OF POO}\u00e9", 1, None, {"k": True}]) == [
        "a\N{PILE OF POO}\u00e9",
        1,
        None,
        {"k": True},
    ]
    assert clean({"\udc00": "a\ud800b\udfff"}) == {"\ufffd": "a\ufffdb\ufffd"}


def test_nothing_imports_jupyter_but_the_front_door():
    source = Path(guards.__file__).parent.parent
    importers = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if re.search(r"(from|import) forcing\.jupyter", path.read_text(encoding="utf-8"))
    }
    others = {path for path in importers if not path.startswith("jupyter/")}
    assert others == {"__init__.py", "study/audit.py", "study/study.py"}


def test_state_adds_the_events_up():
    builder = StateBuilder()
    for event in encoded():
        builder.apply(event)
    state = builder.state
    assert [part["row"] for part in state["steps"]] == [4, 6]
    assert (state["searched"], state["refined"]) == (5, True)
    assert state["progress"] is None
    assert state["end"]["status"] == "flipped"
    assert set(state["rows"]) == {"2", "4", "5", "6", "7", "8", "9", "10", "11"}


def test_a_snapshot_does_not_change_with_later_events():
    builder = StateBuilder()
    events = encoded()
    for event in events[:3]:
        builder.apply(event)
    snapshot = builder.snapshot()
    before = json.dumps(snapshot)
    for event in events[3:]:
        builder.apply(event)
    assert json.dumps(snapshot) == before


def test_unknown_events_change_nothing():
    builder = StateBuilder()
    builder.apply({"type": "fireworks", "rows": 3})
    assert builder.state == empty_state()


@pytest.mark.parametrize(
    ("message", "command"),
    [
        ({"type": "hello", "schema": "forcing.v1"}, guards.Hello()),
        ({"type": "hello", "schema": "forcing.v2"}, None),
        ({"type": "sync"}, guards.Sync()),
        ({"type": "pause", "more": 1}, guards.Pause()),
        ({"type": "resume"}, guards.Resume()),
        ({"type": "cancel"}, guards.Cancel()),
        ({"type": "what-if", "request": 3, "out": [4, 1, 4]}, guards.WhatIf(3, (4, 1))),
        ({"type": "what-if", "request": 3, "out": [-1]}, None),
        ({"type": "what-if", "request": 3, "out": [True]}, None),
        ({"type": "what-if", "request": "3", "out": []}, None),
        ({"type": "images", "ids": ["row:1"]}, guards.Images(("row:1",))),
        ({"type": "images", "ids": [1]}, None),
        ({"type": "select", "rows": [2]}, guards.Select((2,))),
        ({"type": "select"}, None),
        ({"type": ["cancel"]}, None),
        ("cancel", None),
    ],
)
def test_commands_are_guarded(message, command):
    assert guards.parse_command(message) == command


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
kinds = st.sampled_from(["hello", "sync", "what-if", "images", "select", "cancel"]) | json_values


@given(
    st.fixed_dictionaries(
        {"type": kinds},
        optional=dict.fromkeys(("request", "out", "ids", "rows", "schema"), json_values),
    )
    | json_values
)
def test_parsing_a_command_never_raises(message):
    guards.parse_command(message)


@pytest.fixture(scope="module")
def roundtrip(tmp_path_factory):
    """The screen's reducer as a function from messages to the final state."""
    if shutil.which("node") is None:
        pytest.skip("needs Node")
    for needed in ("node_modules", "test/roundtrip.ts"):
        if not (JS / needed).exists():
            pytest.skip(f"needs js/{needed}: run `make` in a checkout")
    bundle = tmp_path_factory.mktemp("roundtrip") / "roundtrip.mjs"
    subprocess.run(
        [
            *("npx", "--no-install", "esbuild", "test/roundtrip.ts", "--bundle"),
            *("--platform=node", "--format=esm", f"--outfile={bundle}", "--log-level=error"),
        ],
        cwd=JS,
        check=True,
    )

    def run(messages):
        text = json.dumps({"messages": messages}, allow_nan=False)
        done = subprocess.run(
            ["node", str(bundle)], input=text, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    return run


def runs():
    """Runs that end in every way."""
    stopped = End("cancelled", "Stopped at step 2.", 0.3)
    odd = Start(whole_run()[0].claim, "mfs-newton", 3)
    yield whole_run()
    yield [*whole_run()[:4], stopped]
    yield [odd, Progress("search", 0, None, "<b>&"), RANKING, RANKING]
    bare = replace(STEPS[0], loss_gap=math.nan, becomes="bad")
    yield [whole_run()[0], bare, replace(RANKING, predicted=4), stopped]
    yield noisy_run()
    yield unstable_run()
    yield [replace(odd, one_run=True), *whole_run()[1:]]


RUNS = ["whole", "cancelled", "unfinished", "added", "noisy", "unstable", "one run"]


@pytest.mark.parametrize("records", list(runs()), ids=RUNS)
def test_python_and_typescript_agree_on_the_state(roundtrip, records):
    events = encoded(records)
    builder = StateBuilder()
    for event in events:
        builder.apply(event)
    messages = [events_message(seq, [event]) for seq, event in enumerate(events, 1)]
    assert roundtrip(messages) == builder.state


def test_typescript_takes_the_state_of_a_run_that_never_began(roundtrip):
    builder = StateBuilder()
    builder.apply(encoded([End("cancelled", "Stopped at step 0.", 0.1)])[0])
    assert roundtrip([state_message(1, builder.snapshot())]) == builder.state


def test_typescript_takes_a_state_and_goes_on_from_it(roundtrip):
    events = encoded()
    builder = StateBuilder()
    for event in events[:5]:
        builder.apply(event)
    messages = [state_message(5, builder.snapshot())]
    for seq, event in enumerate(events[5:], 6):
        builder.apply(event)
        messages.append(events_message(seq, [event]))
    assert roundtrip(messages) == builder.state


def added_events():
    """The events that no record makes: between the views, the kernel and the list of targets."""
    axis = {"name": "age", "feature": 0, "low": 1.0, "high": 2.0}
    found = {
        "kind": "features",
        "x": axis,
        "y": axis | {"feature": None},
        "features": ["age"],
        "rows": [3],
        "xs": [0],
        "ys": [10_000],
        "roles": [2],
        "target": [1, 2],
        "before": [[0, 0, 1, 1]],
        "after": [],
        "note": "",
    }
    entry = {"target": 4, "name": "X[4]", "label": None, "decision": "a", "confidence": 0.7}
    entry |= {"wrong": None, "image": None, "text": "<b>", "status": None, "size": None}
    other = {"rows": [5], "shared": 0, "label": "b", "confidence": 0.4, "verified": True}
    row = {"5": {"label": "b", "name": None, "item": None}}
    return [
        messages.targets([entry, entry | {"target": 5}], 2, 4),
        *encoded()[:2],
        messages.paused(held=True),
        messages.selected([3]),
        messages.plane(found, ""),
        messages.plane(None, "no such feature", request=7),
        messages.alternatives([other], row, searching=True, note=""),
        messages.explained(4, "flipped", 3),
        messages.explained(9, "flipped", 3),
        messages.chosen(5),
    ]


def test_python_and_typescript_agree_on_events_that_no_record_makes(roundtrip):
    builder, added = StateBuilder(), added_events()
    for event in added:
        builder.apply(event)
    state = builder.state
    assert state["paused"]
    assert state["plane"]["rows"] == [3]
    assert [entry["size"] for entry in state["targets"]["entries"]] == [3, None]
    told = [events_message(seq, [event]) for seq, event in enumerate(added, 1)]
    assert roundtrip([state_message(0, StateBuilder().snapshot()), *told]) == state
    # A list of targets outlives the run that was chosen from it.
    builder.apply(encoded()[0])
    assert builder.state["targets"]["chosen"] == 5
    assert builder.state["plane"] is None
