"""Planes in what a run tells, shows and saves."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import forcing
from fake_study import FakeStudy, whole_run
from forcing import Study
from forcing.explanation import Explanation, snapshot
from forcing.explanation import page as pages
from forcing.protocol import MIME
from forcing.protocol.context import Context
from forcing.protocol.plane import FILE_ROWS, SAVED_ROWS
from forcing.study.plane import Planes

rng = np.random.default_rng(0)


def study_of(n, **options):
    X = rng.normal(size=(n, 3))
    y = np.where(X @ [1.0, -0.5, 0.1] + rng.normal(size=n) / 2 > 0, "yes", "no")
    return Study(LogisticRegression().fit(X, y), X, y, **options)


def explained(study, **options):
    return study.explain(study.X[5], bound=False, **options)


def test_a_file_keeps_the_plane(tmp_path):
    found = explained(study_of(80))
    again = forcing.load(found.save(tmp_path / "one.mfs.json"))
    assert found.plane["kind"] == "features"
    assert again.plane == found.plane
    assert again.to_dict() == found.to_dict()
    with pytest.raises(ValueError, match="from a file"):
        again.slice(0, 1)


def test_it_is_made_when_it_is_shown_and_once(monkeypatch):
    made = []
    whole = Planes.default
    monkeypatch.setattr(Planes, "default", lambda self, *args: made.append(1) or whole(self, *args))
    found = explained(study_of(80))
    repr(found)
    found.to_frame()
    assert found.size
    assert not made
    found.to_dict()
    found._repr_mimebundle_()
    assert made == [1]


def test_other_slices_of_a_fresh_explanation():
    found = explained(study_of(80))
    assert found.slice()["kind"] == "components"
    names = found.plane["features"]
    assert [found.slice(0, 2)[axis]["name"] for axis in "xy"] == [names[0], names[2]]
    with pytest.raises(ValueError, match="two different features"):
        found.slice(1, 1)


def test_other_sets_need_no_plane(monkeypatch):
    found = explained(study_of(80))
    monkeypatch.setattr(Planes, "default", lambda *_: pytest.fail("nobody sees it"))
    assert found.alternatives(1)


@pytest.mark.parametrize("error", [ValueError, MemoryError, np.linalg.LinAlgError])
def test_a_plane_that_fails_is_left_out(monkeypatch, caplog, error):
    def fail(*_):
        raise error("no such plane")

    monkeypatch.setattr(Planes, "default", fail)
    with caplog.at_level(logging.INFO):
        found = explained(study_of(80))
        assert found.plane is None
    assert found.to_dict()["plane"] is None
    assert "no such plane" in caplog.text
    assert not [record for record in caplog.records if record.levelno > logging.INFO]
    monkeypatch.setattr(Planes, "slice", lambda *_: 1 / 0)
    with pytest.raises(ValueError, match="cannot be drawn"):
        found.slice(0, 1)


def test_stopped_runs_and_studies_without_planes_have_none():
    study = study_of(80)
    context = Context.of(study, study.X[5])
    records = list(study.events(study.X[5]))[:2]
    assert Explanation.gather(context, records, {}).plane is None
    fake = Explanation.gather(Context.of(FakeStudy(), np.zeros(3)), whole_run(), {})
    assert fake.plane is None
    with pytest.raises(ValueError, match="no planes"):
        fake.slice(0, 1)


def test_twenty_thousand_rows_keep_to_the_budgets(tmp_path):
    found = explained(study_of(20_000), max_removals=3, verify=False)
    assert len(found.plane["xs"]) == 20_000
    bundle = found._repr_mimebundle_()
    text = json.dumps(bundle, indent=1)
    assert len(text) + snapshot._DEPTH * text.count("\n") <= snapshot.BUDGET
    supports = set(found.supports.tolist())
    state = bundle[MIME]
    assert 0 < len(state["plane"]["rows"]) <= SAVED_ROWS
    assert supports <= set(state["plane"]["rows"])
    size = found.to_html(tmp_path / "page.html").stat().st_size
    assert size <= pages.BUDGET
    assert len(found.to_dict()["plane"]["xs"]) <= FILE_ROWS


def test_a_plane_that_is_all_boundary_is_not_saved_in_a_notebook():
    found = explained(study_of(80))
    state = found.protocol_state
    long = state["plane"] | {"before": [[5_000] * 40_000]}
    saved = snapshot.bundle(state | {"plane": long}, lambda _: None)[MIME]
    assert saved["plane"] is None
    assert saved["rows"] == snapshot.bundle(state, lambda _: None)[MIME]["rows"]


@pytest.mark.parametrize("key", ["ys", "roles"])
def test_a_damaged_plane(tmp_path, key):
    saved = explained(study_of(80)).to_dict()
    saved["plane"][key].pop()
    path = tmp_path / "bad.mfs.json"
    path.write_text(json.dumps(saved))
    with pytest.raises(ValueError, match=f"damaged: plane.{key}"):
        forcing.load(path)
