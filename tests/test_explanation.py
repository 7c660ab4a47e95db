from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forcing
from fake_study import REFINED, ROWS, STEPS, FakeStudy, noisy_run, unstable_run, whole_run
from forcing.display import Images, Texts
from forcing.explanation import Explanation, load
from forcing.explanation.page import page
from forcing.explanation.report import fragment
from forcing.explanation.sentence import percent
from forcing.protocol.context import Context
from forcing.records import Bound, Decision, End, Progress, Refined, Start, Verified


def explained(records=None, x=None, **study):
    context = Context.of(FakeStudy(**study), np.zeros(3) if x is None else x, name="X_test[17]")
    return Explanation.gather(context, iter(records or whole_run()))


def without(*kinds):
    return [record for record in whole_run() if not isinstance(record, kinds)]


def public(explanation):
    """Everything public, comparable."""
    rankings = {
        name: (r.rows.tolist(), r.scores.tolist(), r.flips_at, r.tried, r.curve, r.seconds)
        for name, r in explanation.rankings.items()
    }
    names = [
        "claim",
        "status",
        "reason",
        "steps",
        "size",
        "flipped",
        "verified",
        "irreducible",
        "lower_bound",
        "method",
        "searched",
        "seconds",
        "verification",
        "retrained",
        "band",
        "stability",
        "agreement",
        "control",
    ]
    arrays = [explanation.supports.tolist(), explanation.confidence.tolist(), rankings]
    return [getattr(explanation, name) for name in names] + arrays


def test_what_a_run_found():
    found = explained()
    assert found.supports.tolist() == [4, 6]
    assert found.supports.dtype == np.intp
    assert (found.size, found.flipped, found.verified, found.irreducible) == (2, True, True, True)
    assert (found.lower_bound, found.status, found.searched) == (2, "flipped", 5)
    assert found.steps == REFINED
    assert found.confidence.tolist() == [0.8, 0.6, 0.48]
    assert list(found.rankings) == ["influence"]


def test_flipped_is_what_the_verification_found():
    records = whole_run()
    place = next(k for k, record in enumerate(records) if isinstance(record, Verified))
    records[place] = Verified(
        Decision("good", 0.51, 0.04), flipped=False, irreducible=None, put_back=(), by="", seconds=0
    )
    found = explained(records)
    assert found.steps[-1].margin < 0
    assert (found.flipped, found.verified, found.irreducible) == (False, False, None)


def test_without_verification_flipped_is_what_the_engine_tracked():
    found = explained(without(Verified))
    assert (found.flipped, found.verified, found.irreducible) == (True, None, None)
    assert explained(without(Verified, Refined)[:4]).flipped is False


def test_what_retrainings_found():
    found = explained(noisy_run())
    assert (found.stability, found.agreement, found.control) == (1.0, 2 / 3, 0.0)
    assert found.band[-1] == (4, 0.45, 0.4, 0.52)
    assert found.retrained.tally.of == 3
    assert (found.flipped, found.verified, found.irreducible) == (True, True, None)
    plain = explained()
    assert (plain.stability, plain.agreement, plain.control, plain.band) == (None, None, None, ())


def test_where_chance_decides_there_is_no_set():
    found = explained(unstable_run())
    assert (found.status, found.size, found.flipped) == ("unstable", 0, False)
    assert found.stability == pytest.approx(1 / 3)
    assert found.agreement is None
    assert "is unstable: 2 of 3 retrainings on the same rows say bad" in repr(found)


def test_a_run_that_was_closed_early_counts_as_cancelled():
    found = explained(whole_run()[:4])
    assert found.status == "cancelled"
    assert found.steps == STEPS[:2]


def test_nothing_to_explain():
    with pytest.raises(ValueError, match="begins with a Start"):
        explained([Progress("prepare", 0)])


def test_errors_of_the_run_pass_through():
    def broken():
        yield whole_run()[0]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Explanation.gather(Context.of(FakeStudy(), np.zeros(3)), broken())


def test_the_frame_has_a_line_for_each_support():
    frame = explained(row_ids=[f"id-{k}" for k in range(ROWS)]).to_frame()
    assert frame["row"].tolist() == [4, 6]
    assert frame["name"].tolist() == ["id-4", "id-6"]
    assert frame["change"].tolist() == pytest.approx([-0.2, -0.12])
    assert frame["put_back"].tolist() == [0.55, 0.52]


@pytest.mark.parametrize("records", [whole_run(), whole_run()[:1]], ids=["whole", "empty"])
def test_the_frame_has_names_only_where_rows_have_some(records):
    columns = list(explained(records).to_frame().columns)
    assert "name" not in columns
    assert columns[:2] == ["row", "label"]


@pytest.mark.parametrize(
    "records",
    [
        whole_run(),
        without(Verified),
        without(Refined),
        whole_run()[:5],
        whole_run()[:1],
        noisy_run(),
        unstable_run(),
        [replace(whole_run()[0], one_run=True), *whole_run()[1:]],
    ],
    ids=["whole", "unverified", "unrefined", "cancelled", "empty", "noisy", "unstable", "one run"],
)
def test_a_saved_file_reads_back_the_same(tmp_path, records):
    found = explained(records, row_ids=list(range(100, 100 + ROWS)))
    again = forcing.load(found.save(tmp_path / "one.mfs.json"))
    assert public(again) == public(found)
    assert again.to_dict() == found.to_dict()
    assert repr(again) == repr(found)
    # And a file saved from what was loaded.
    assert load(again.save(tmp_path / "two.mfs.json")).to_dict() == found.to_dict()


@pytest.mark.parametrize("labels", [[0, 1], [False, True], ["0", "1"], [-1.5, 2.0]])
def test_class_labels_keep_their_type(tmp_path, labels):
    study = FakeStudy()
    study.classes = np.array(labels)
    study.class_names = ["no", "yes"]
    study.y = np.array(labels * (ROWS // 2))
    start, one = whole_run()[0], STEPS[0]
    claim = replace(start.claim, favoured=study.classes[1], rival=study.classes[0])
    step = replace(one, row=3, label=study.classes[1])
    found = Explanation.gather(
        Context.of(study, np.zeros(3)), [Start(claim, "mfs", 7), step, whole_run()[-1]]
    )
    again = load(found.save(tmp_path / "labels.mfs.json"))
    assert type(again.claim.favoured) is type(labels[1])
    assert (again.claim.favoured, again.steps[0].label) == (labels[1], labels[1])
    assert "Yes (80" in repr(again)


def test_pictures_are_saved_and_read_back(tmp_path):
    images = np.random.default_rng(0).random((ROWS, 8, 8))
    found = explained(display=Images(images), x=images[0].ravel())
    saved = found.to_dict()
    assert set(saved["images"]) >= {"target", "row:4", "row:6"}
    assert all(url.startswith("data:image/png;base64,") for url in saved["images"].values())
    again = load(found.save(tmp_path / "pictures.mfs.json"))
    assert again.to_dict() == saved


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "it is not JSON"),
        ("[" * 200_000, "it is not JSON"),
        ("9" * 5_000, "it is not JSON"),
        ("[1]", "would be a JSON object"),
        ('{"schema": "forcing.v9"}', "pip install --upgrade forcing"),
        ('{"schema": "forcing.v1"}', "lacks start"),
    ],
)
def test_files_that_hold_no_explanation(tmp_path, text, message):
    path = tmp_path / "bad.mfs.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        load(path)


def test_a_damaged_file(tmp_path):
    saved = explained().to_dict()
    del saved["steps"][0]["row"]
    path = tmp_path / "bad.mfs.json"
    path.write_text(json.dumps(saved))
    with pytest.raises(ValueError, match="damaged"):
        load(path)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ("steps 0 n", "<img src=x onerror=alert(1)>"),
        ("steps 0 positive", 1),
        ("steps 0 confidence", "0.5"),
        ("steps 0 confidence", float("nan")),
        pytest.param("steps 0 confidence", 10**400, id="huge"),
        ("steps 0 row", 2**70),
        ("steps 0", None),
        ("start display", None),
        ("start display kind", "film"),
        ("start display columns 0 name", 1),
        ("start target", None),
        ("start target item", None),
        ("start claim threshold", None),
        ("start made packages", {"numpy": 2}),
        ("start notes", [None]),
        ("rows 4", None),
        ("rows 4 label", None),
        ("rows 4 item values", [{}]),
        ("rows 4 item", {"kind": "text", "text": "a", "marks": [[0, 1]]}),
        ("verified confidence", "high"),
        ("verified put_back", [None]),
        ("bound rows", "2"),
        ("rankings 0 positive 0 place", "<b>1</b>"),
        ("rankings 0 flips_at", True),
        ("rankings 0 curve", [[0]]),
        ("end reason", None),
        ("images", {"target": 1}),
        ("refined", None),
        ("restore labels", []),
        ("restore labels", [["good"], "good"]),
        ("restore claim", ["good"]),
        ("restore decision", None),
        ("restore rankings", {}),
        ("restore rankings influence scores", [1.0]),
    ],
)
def test_a_file_with_a_value_of_another_kind_is_refused(tmp_path, keys, value):
    saved = explained().to_dict()
    *inner, last = (int(key) if key == "0" else key for key in keys.split())
    part = saved
    for key in inner:
        part = part[key]
    part[last] = value
    path = tmp_path / "bad.mfs.json"
    path.write_text(json.dumps(saved))
    with pytest.raises(ValueError, match=f"bad.mfs.json is damaged: {inner[0] if inner else last}"):
        load(path)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ("stability leave_out", 2),
        ("stability confidences", []),
        ("stability flips", 4),
        ("verified agreement", {"flips": 1}),
        ("verified agreement flips", -1),
        ("verified control confidences", ["0.5"]),
        ("verified alike", 1),
        ("verified candidates", "2"),
        ("verified sizes", [3]),
        ("verified note", None),
        ("band", None),
        ("band", [[1, 0.5, 0.4]]),
        ("start one_run", "yes"),
    ],
)
def test_a_file_with_damaged_retrainings_is_refused(tmp_path, keys, value):
    saved = explained(noisy_run()).to_dict()
    *inner, last = keys.split()
    part = saved
    for key in inner:
        part = part[key]
    part[last] = value
    path = tmp_path / "bad.mfs.json"
    path.write_text(json.dumps(saved))
    with pytest.raises(ValueError, match=f"bad.mfs.json is damaged: {inner[0] if inner else last}"):
        load(path)


def test_unknown_keys_of_a_file_are_kept_for_later_versions(tmp_path):
    saved = explained().to_dict()
    saved["later"] = saved["start"]["later"] = saved["steps"][0]["later"] = [1]
    path = tmp_path / "later.mfs.json"
    path.write_text(json.dumps(saved))
    assert load(path).to_dict() == saved


def test_labels_that_json_cannot_hold_come_back_as_their_text(tmp_path):
    dates = [dt.date(2020, 1, 1), dt.date(2021, 1, 1)]
    for classes in (np.array(dates), np.array(dates, dtype="datetime64[ns]")):
        study = FakeStudy()
        study.classes, study.y = classes, np.tile(classes, ROWS // 2)
        study.class_names = [str(label) for label in classes]
        rival, favoured = classes
        start = Start(replace(whole_run()[0].claim, favoured=favoured, rival=rival), "mfs", 7)
        verified = next(record for record in whole_run() if isinstance(record, Verified))
        verified = replace(verified, decision=replace(verified.decision, label=rival))
        events = [start, replace(STEPS[0], row=3, label=favoured), verified, whole_run()[-1]]
        found = Explanation.gather(Context.of(study, np.zeros(3)), events)
        again = load(found.save(tmp_path / "dates.mfs.json"))
        assert (again.claim.favoured, again.claim.rival) == (str(favoured), str(rival))
        # What is told of one class is told alike everywhere.
        assert again.steps[0].label == again.claim.favoured
        assert again.verification.decision.label == again.claim.rival
        assert again.to_dict() == found.to_dict()


@pytest.mark.parametrize(
    ("probability", "threshold", "text"),
    [
        (0.614, 0.5, "61"),
        (0.503, 0.5, "50.3"),
        (0.49999, 0.5, "49.99"),
        (0.9, 0.5, "90"),
        (0.996, 0.5, "99.6"),
        (0.9997, 0.5, "99.97"),
        (0.9999999, 0.5, "> 99.999"),
        (0.004, 0.5, "0.4"),
        (0.00002, 0.5, "0.002"),
        (1e-9, 0.5, "< 0.001"),
        (0.0, 0.5, "0"),
        (1.0, 0.5, "100"),
        (0.9995, 0.999, "99.95"),
        (0.9985, 0.999, "99.8"),
        # Not at the threshold when it is only near it.
        (0.99004, 0.99, "99.01"),
        (0.999895, 0.9999, "99.98"),
    ],
)
def test_probabilities_are_finer_near_the_decision_and_near_certainty(probability, threshold, text):
    assert percent(probability, threshold) == f"{text}\u202f%"


def test_probabilities_read_the_same_on_the_screen(tmp_path):
    js = Path(__file__).parent.parent / "js"
    if shutil.which("node") is None or not (js / "node_modules").exists():
        pytest.skip("needs Node and js/node_modules: run `make` in a checkout")
    near = np.logspace(-8, -0.4, 300)
    values = [*near, *(1 - near), *np.arange(0, 1.0001, 0.0005), *(0.5 + near / 10)]
    pairs = [(float(min(value, 1)), edge) for value in values for edge in (0.5, 0.3, 0.75)]
    module = tmp_path / "format.mjs"
    bundle = ["npx", "--no-install", "esbuild", "src/format.ts", "--format=esm"]
    subprocess.run([*bundle, f"--outfile={module}", "--log-level=error"], cwd=js, check=True)
    script = f"""import {{ percent }} from {json.dumps(module.as_uri())};
        const pairs = {json.dumps(pairs)};
        console.log(JSON.stringify(pairs.map(([p, edge]) => percent(p, 0, edge))));"""
    command = ["node", "--input-type=module", "-"]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=True)
    assert [percent(*pair) for pair in pairs] == json.loads(done.stdout)


def test_repr_is_the_answer():
    text = repr(explained()).replace("\u202f", " ")
    assert "Good (80 %) stands on 2 of 12 training rows" in text
    assert "Retrained without them: bad (52 %). No smaller set flips it." in text
    assert "irreducible" in text
    assert "not checked by retraining" in repr(explained(without(Verified)))
    stopped = repr(explained([*whole_run()[:4], End("cancelled", "Stopped at step 2.", 1.0)]))
    assert "Stopped at step 2." in stopped
    unflippable = repr(explained([whole_run()[0], End("unflippable", "Too few rows.", 1.0)]))
    assert "cannot be flipped by removing rows. Too few rows." in unflippable


def test_that_one_row_is_needed_is_not_said():
    """A bound of 1 is none: several classes, a hinge loss, refits alone."""
    lone = [replace(r, rows=1) if isinstance(r, Bound) else r for r in whole_run()]
    assert "smaller" not in repr(explained(lone))
    assert "smaller" not in repr(explained(without(Bound)))
    assert "smaller" in repr(explained())


EVIL = '<script>alert("x")</script>'


def test_the_html_file_is_whole_and_escapes_what_comes_from_data(tmp_path):
    study = {"X": None, "feature_names": [EVIL, "<img src=x onerror=y>", "c"]}
    context = Context.of(FakeStudy(**study, row_ids=[EVIL] * ROWS), np.zeros(3), name=EVIL)
    context.study.class_names = ["<b>bad</b>", "good & fine"]
    context.study.notes = [EVIL]
    path = Explanation.gather(context, whole_run()).to_html(tmp_path / "one.html")
    text = path.read_text()
    table, state = parts_of(text)
    for part in (table, state):
        assert "<script" not in part
        assert "<img src=x" not in part
        assert "<b>bad</b>" not in part
        assert not re.search(r"https?://", part)
    assert "&lt;script&gt;" in table
    assert "good &amp; fine" in table
    assert json.loads(state)["start"]["notes"] == [EVIL]
    assert "prefers-color-scheme: dark" in text
    assert "default-src 'none'" in text
    # The state, and the script of the view.
    assert text.count("<script") == text.count("</script>") == 2


def parts_of(text):
    """The table of a page, and the state that its script draws."""
    table = text.partition("<main>")[2].partition("</main>")[0]
    state = text.partition('<script type="application/json">')[2].partition("</script>")[0]
    return table, state


def test_a_page_of_200_pictures_stays_below_a_megabyte(tmp_path):
    """Noise is what compresses worst: rows lose their pictures, and the page says how many."""
    rng = np.random.default_rng(0)
    rows = 220
    study = FakeStudy(row_ids=None, display=Images(rng.random((rows, 64, 64, 3))))
    study.X, study.y = np.zeros((rows, 3)), np.array(["good", "bad"] * (rows // 2))
    study.n_rows = rows
    steps = [replace(STEPS[0], number=k + 1, row=k) for k in range(200)]
    run = [record for record in whole_run() if isinstance(record, Start | End)]
    found = Explanation.gather(Context.of(study, np.zeros(3)), [run[0], *steps, run[1]])
    text = found.to_html(tmp_path / "large.html").read_text()
    assert 700_000 < len(text.encode()) < 1_000_000
    assert "without their content" in text
    state = json.loads(parts_of(text)[1])
    assert len(state["steps"]) == 200
    assert 0 < sum(row["item"] is not None for row in state["rows"].values()) < 200


def test_values_of_cells_are_escaped(tmp_path):
    frame = pd.DataFrame({"word": [EVIL if k % 2 else "<u>" for k in range(ROWS)]})
    text = explained(X=frame, x=frame.iloc[1]).to_html(tmp_path / "one.html").read_text()
    table, state = parts_of(text)
    for part in (table, state):
        assert "<script" not in part
        assert "<u>" not in part
    assert "word: &lt;u&gt; vs &lt;script&gt;" in table


def test_the_html_file_has_the_pictures_inline(tmp_path):
    images = np.zeros((ROWS, 8, 8))
    found = explained(display=Images(images))
    assert found.to_html(tmp_path / "one.html").read_text().count('src="data:image/png') >= 2


def test_the_html_file_marks_words(tmp_path):
    texts = ["a <i>cheap</i> \N{PILE OF POO} offer", *["dull"] * 3, "cheap", *["dull"] * 7]
    found = explained(display=Texts(texts), x="cheap offer")
    text = found.to_html(tmp_path / "one.html").read_text()
    assert "<b>cheap</b>" in text
    assert "<i>" not in text


def test_what_passes_the_check_of_a_file_is_escaped_all_the_same():
    state = explained(row_ids=[EVIL] * ROWS).to_dict()
    tag = "<img src=x onerror=y>"
    for step in state["steps"]:
        step["n"] = tag
    for entry in state["rankings"][0]["positive"]:
        entry["place"] = tag
    state["rankings"][0]["method"] = tag
    for text in (page(state, lambda _: None), fragment(state, lambda _: None, 20)):
        assert "<img" not in text
        assert "&lt;img src=x" in text


@pytest.mark.parametrize("way", ["live", "loaded"])
def test_a_lone_surrogate_from_data_is_replaced(tmp_path, way):
    odd = "b\ud800d"
    study = FakeStudy(row_ids=[odd] * ROWS, feature_names=[odd, "b", "c"])
    study.class_names, study.notes = [odd, "good"], [odd]
    found = Explanation.gather(Context.of(study, np.zeros(3), name=odd), whole_run())
    if way == "loaded":
        saved = json.dumps(found.to_dict()).replace("\\ufffd", "\\ud800")
        assert "\\ud800" in saved
        path = tmp_path / "odd.mfs.json"
        path.write_text(saved)
        found = load(path)
    text = found.to_html(tmp_path / "odd.html").read_text(encoding="utf-8")
    assert "b\ufffdd" in text
    for form in found._repr_mimebundle_().values():
        json.dumps(form, ensure_ascii=False).encode()
    repr(found).encode()
