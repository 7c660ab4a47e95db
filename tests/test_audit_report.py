"""The report on an audit: one file to hand over."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB

import forcing
from forcing.study import audit_charts, audit_looks, audit_run, audit_scales, audit_tables
from support import digits, moons, unflippable

HOSTILE = "<script>alert('\"&{{title}}')</script>"
VOID = {"meta", "link", "img", "br"}


class Page(HTMLParser):
    """Elements and texts of a page; refuses tags that do not close in their order."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.texts = [], [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):  # <path .../> of a drawing
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def words(self):
        return " ".join(" ".join(self.texts).replace("\u202f", " ").split())


def written(audit, tmp_path, **options):
    path = audit.to_html(tmp_path / "report.html", **options)
    html = path.read_text(encoding="utf-8")
    return html, Page(html)


def lines_of(html, heading):
    """The cells of the first table below a heading, as texts."""
    table = html.split(f"<h2>{heading}</h2>")[1].split("<tbody>")[1].split("</tbody>")[0]
    return [
        [re.sub(r"<[^>]*>", " ", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", line)]
        for line in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    ]


@pytest.fixture(scope="module")
def pictures():
    """An audit of 40 digits with some wrong decisions, whose rows are pictures."""
    X, y, _ = digits()
    noisy = y[:200].copy()
    bad = np.random.default_rng(0).choice(200, 30, replace=False)
    noisy[bad] = np.where(noisy[bad] == "three", "eight", "three")
    model = LogisticRegression().fit(X[:200], noisy)
    display = forcing.Images(X[:200].reshape(-1, 8, 8))
    study = forcing.Study(model, X[:200], noisy, display=display)
    return study.audit(X[200:240], y[200:240], progress=False)


@pytest.fixture(scope="module")
def tables():
    """An audit of 30 moons, half of whose labels are guessed, so that many are wrong."""
    X, y, model = moons()
    frame = pd.DataFrame(X, columns=["east", "north"])
    study = forcing.Study(model.fit(frame, y), frame, y, class_names=["inner", "outer"])
    guessed = np.random.default_rng(1).integers(0, 2, 30)
    return study.audit(frame[:30], guessed, progress=False)


def test_it_is_one_file_that_asks_nothing_of_the_network(pictures, tmp_path):
    html, page = written(pictures, tmp_path)
    assert pictures.wrong.any()
    assert not re.search(
        r"https?:|//\w|@import|<script|\bon\w+=", re.sub(r"base64,[^\"]*", "", html)
    )
    assert "default-src 'none'" in html
    told = [value for name, value in page.attributes if name in {"src", "href"}]
    assert told
    assert all(value.startswith("data:") for value in told)
    assert len(html.encode()) < 1_000_000


def test_it_says_what_was_audited(tables, tmp_path):
    _, page = written(tables, tmp_path)
    wrong = int(tables.wrong.sum())
    assert f"Audit of 30 decisions {wrong} of them wrong; half stand on" in page.words
    for words in (
        "LogisticRegression",
        "100: 50 inner, 50 outer",
        f"Wrong decisions {wrong}",
        "Verified 30",
        f"forcing {forcing.__version__}",
        tables.asked.study.data_hash,
    ):
        assert words in page.words


def test_decisions_come_with_the_fewest_rows_first(tables, tmp_path):
    html, _ = written(tables, tmp_path)
    lines = lines_of(html, "The decisions on fewest rows")
    assert len(lines) == audit_tables.CLOSE  # the others are folded below
    sizes = [int(line[3]) for line in lines]
    assert sizes == sorted(sizes)
    for line, size in zip(lines, sizes, strict=True):
        target = int(line[0])
        outcome = tables[target]
        assert size == len(outcome.supports)
        assert line[1].startswith("inner" if outcome.claim.favoured == 0 else "outer")
        assert line[2].endswith("✕") == tables.wrong[target]
        for row in outcome.supports[: audit_tables.NAMED]:
            assert re.search(rf"row {row}\b", line[-1])
    every = html.split("<h2>The decisions")[1].split("<h2>")[0]
    assert every.count("<tr>") == 30 + 2  # a head for each part


def test_rows_of_a_table_are_told_by_their_values(tables, tmp_path):
    html, page = written(tables, tmp_path)
    first = lines_of(html, "Training rows to look through")[0]
    row = int(first[0].removeprefix("row "))
    frame = tables.suspects()
    assert row == frame[frame["wrong"] > 0]["row"].iloc[0]
    values = tables.asked.study.X.iloc[row]
    for name in ("east", "north"):
        assert name in first[3]
        assert f"{values[name]:.4g}".replace("-", "−") in first[3]
    assert page.tags.count("details") >= len({r for s in tables.supports for r in s[:1]}) > 3


def test_suspects_are_those_of_the_audit(pictures, tmp_path):
    html, page = written(pictures, tmp_path)
    lines = lines_of(html, "Training rows to look through")
    frame = pictures.suspects()
    frame = frame[frame["wrong"] > 0]
    told = [int(line[0].removeprefix("row ")) for line in lines]
    assert told == frame["row"].tolist()[: len(told)]
    assert [int(line[4]) for line in lines] == frame["wrong"].tolist()[: len(told)]
    assert [int(line[6]) for line in lines] == frame["sets"].tolist()[: len(told)]
    for line, row in zip(lines, told, strict=True):
        on = [t for t in np.flatnonzero(pictures.wrong) if row in pictures.supports[t]]
        assert {int(t) for t in re.findall(r"\d+", line[5].split(" and ")[0])} <= set(map(int, on))
    alts = [value for name, value in page.attributes if name == "alt"]
    assert f"row {told[0]}" in alts
    assert any(alt.startswith("target ") for alt in alts)


def test_charts_tell_wrong_decisions_by_shape(pictures, tmp_path):
    html, _ = written(pictures, tmp_path)
    assert html.count('<path class="cross"') == pictures.wrong.sum()
    assert html.count('<circle class="right"') == (~pictures.wrong).sum()
    bars = re.findall(r"<title>(.+?) rows?: (\d+) decisions, (\d+) of them wrong", html)
    assert sum(int(total) for _, total, _ in bars) == 40
    assert sum(int(wrong) for *_, wrong in bars) == pictures.wrong.sum()
    assert html.count('role="img"') == 2


def test_a_large_audit_is_drawn_in_part_with_all_its_wrong_decisions(monkeypatch):
    monkeypatch.setattr(audit_charts, "DRAWN", 50)
    monkeypatch.setattr(audit_charts, "NAMED", 100)
    wrong = np.arange(500) % 50 == 0
    drawn = audit_charts.scatter(
        np.linspace(0, 5, 500), np.arange(1, 501), wrong, ticks={}, label="x", said=["?"] * 500
    )
    assert drawn.count('class="cross"') == 10
    assert drawn.count("<circle") == 40
    assert "<title>" not in drawn


def test_text_from_data_is_text(tmp_path):
    X, y, _ = moons()
    frame = pd.DataFrame(X, columns=[HOSTILE, "\ud800 lone"])
    labels = np.where(y == 1, HOSTILE, "{{body}}")
    model = LogisticRegression().fit(X, labels)
    study = forcing.Study(
        model, frame, labels, row_ids=[f"{HOSTILE}{i}" for i in range(100)],
        class_names=[f"<img src=x> {HOSTILE}", '"><i>'],
    )  # fmt: skip
    audit = study.audit(frame[:12], labels[::-1][:12], progress=False)
    assert audit.wrong.any()
    html, page = written(audit, tmp_path, names=[f"<b>{HOSTILE}"] * 12)
    assert {"script", "i", "img"}.isdisjoint(page.tags)
    assert "<b><script" not in html
    assert HOSTILE in page.words
    assert html.count("<h1>") == 1
    assert "\ufffd lone" in page.words
    assert "alert" not in {name for name, _ in page.attributes}


@pytest.mark.parametrize("labels", [True, False])
def test_texts_are_shown_as_texts(labels, tmp_path):
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.pipeline import make_pipeline

    rng = np.random.default_rng(0)
    words = ["red <b>", "green", "blue", "round", "square"]
    texts = [" ".join(rng.choice(words, 4)) for _ in range(60)]
    y = np.array(["warm" if "red" in text else "cold" for text in texts])
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, y)
    audit = forcing.Study(model, texts, y).audit(
        texts[:6], y[::-1][:6] if labels else None, progress=False
    )
    _, page = written(audit, tmp_path)
    first = audit[0].supports[0]
    assert texts[first].split("<b>")[0].strip() in page.words


def test_nothing_is_suspected_where_nothing_is_wrong(tmp_path):
    X, y, model = moons()
    right = np.flatnonzero(model.predict(X) == y)[:12]
    audit = forcing.Study(model, X, y).audit(X[right], y[right], progress=False)
    html, page = written(audit, tmp_path)
    assert "None of them is wrong; half" in page.words
    assert "No decision is wrong: there is no row to suspect." in page.words
    assert "cross" not in html.split("</style>")[1]


def test_without_true_labels_rows_are_counted_over_all_decisions(tmp_path):
    X, y, model = moons()
    audit = forcing.Study(model, X, y).audit(X[:12], progress=False)
    html, page = written(audit, tmp_path)
    assert "without true labels" in page.words
    assert "wrong" not in page.words.split("How to read it")[0].lower()
    assert "True label" not in page.words
    lines = lines_of(html, "Training rows to look through")
    first = next(row for row in audit.suspect_rows() if any(row in s for s in audit.supports))
    assert lines[0][0] == f"row {first}"
    assert int(lines[0][4]) == sum(first in s for s in audit.supports)


def test_a_model_known_by_its_refits_is_reported_with_its_notes(tmp_path):
    X, y, _ = moons()
    study = forcing.Study(GaussianNB().fit(X, y), X, y)
    audit = study.audit(X[:3], y[:3], progress=False)
    _, page = written(audit, tmp_path)
    assert "GaussianNB" in page.words
    assert study.notes
    assert all(note in page.words for note in study.notes)


def test_a_regression_is_told_by_its_predictions(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    y = X @ [1.0, 2.0, 0.5] + rng.normal(size=80)
    study = forcing.Study(Ridge().fit(X, y), X, y)
    audit = study.audit(X[:20], y[:20], threshold=0.5, progress=False)
    _, page = written(audit, tmp_path)
    assert "distance of the prediction from the threshold" in page.words
    assert "threshold=0.5" in page.words
    assert "class" not in page.words.replace("classes", "")


def test_an_audit_that_was_interrupted_says_so(tmp_path, monkeypatch):
    X, y, model = moons()
    real, calls = audit_run.explain_chunk, []

    def second_time_interrupted(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return (yield from real(*arguments))

    monkeypatch.setattr(audit_run, "explain_chunk", second_time_interrupted)
    study = forcing.Study(model, X, y)
    with pytest.raises(KeyboardInterrupt):
        study.audit(X[:20], y[:20], chunk=5, progress=False)
    _, page = written(study.interrupted_audit, tmp_path, names=[f"case {i}" for i in range(20)])
    assert "Audit of 5 decisions" in page.words
    assert "15 more were not done: the audit was interrupted" in page.words
    assert "case 4" in page.words
    assert "case 5" not in page.words


def test_decisions_without_a_set_stand_by_their_reason(tmp_path):
    X, y, model = unflippable()
    audit = forcing.Study(model, X, y).audit(X[:3], y[:3], progress=False)
    html, page = written(audit, tmp_path)
    assert "No set was found" in page.words.replace("no set", "No set")
    (line,) = lines_of(html, "Decisions without a set")
    assert line == [audit[0].reason, "3", "0, 1, 2"]
    assert "<svg" not in html


def test_targets_that_failed_do_not_stop_the_report(tmp_path):
    X, y, model = moons()
    mixed = X[:4].copy()
    mixed[1, 0] = np.nan
    audit = forcing.Study(model, X, y).audit(mixed, y[:4], progress=False)
    html, _ = written(audit, tmp_path)
    assert lines_of(html, "Decisions without a set")[0][1:] == ["1", "1"]


def test_long_tables_end_and_say_so(tables, tmp_path, monkeypatch):
    monkeypatch.setattr(audit_tables, "LINES", 28)
    html, page = written(tables, tmp_path)
    assert "and 2 more decisions: audit.frame.to_csv has all" in page.words
    assert "row" in lines_of(html, "Training rows to look through")[0][0]


def test_pictures_end_before_the_file_grows_too_large(pictures, tmp_path, monkeypatch):
    whole, _ = written(pictures, tmp_path)
    monkeypatch.setattr(audit_looks, "PICTURES", 5_000)
    html, page = written(pictures, tmp_path)
    assert 0 < html.count("<img") < whole.count("<img")
    assert re.search(r"\d+ pictures are left out, to keep the file small", page.words)
    assert sum(len(url) for url in re.findall(r'src="([^"]*)"', html)) <= 5_000


def test_targets_may_be_named_and_shown(pictures, tmp_path):
    names = [f"case {i}" for i in range(40)]
    shown = [np.full((8, 8), 0.5)] * 40
    html, page = written(pictures, tmp_path, names=names, target_displays=shown)
    assert "case 7" in page.words
    targets = re.findall(r'src="([^"]*)" alt="target', html)
    assert len(set(targets)) == 1
    for what in ("names", "target_displays"):
        with pytest.raises(ValueError, match=rf"{what} must have one entry for each of the 40"):
            pictures.to_html(tmp_path / "x.html", **{what: names[:3]})


def test_an_audit_of_unknown_origin_has_a_report_too(pictures, tmp_path):
    from dataclasses import replace

    html, page = written(replace(pictures, asked=None), tmp_path)
    assert "<img" not in html
    assert "Audit of 40 decisions" in page.words


def test_bars_hold_every_size():
    assert audit_scales.bars(3) == {"1": 1, "2": 2, "3": 3}
    assert audit_scales.bars(1) == {"1": 1}
    assert list(audit_scales.bars(40)) == ["1", "2–3", "4–7", "8–15", "16–31", "32–63"]
    assert list(audit_scales.bars(40).values()) == [1, 2, 4, 8, 16, 32]


def test_what_the_notebook_shows_calls_classes_by_their_names(tables):
    html = tables._repr_html_()
    assert "class 1" not in html
    assert "inner (" in html
    assert "(outer)" in repr(tables) or "(inner)" in repr(tables)
