from __future__ import annotations

import re
import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from traitlets import HasTraits, Int, List

import forcing
from fake_study import FakeStudy, whole_run
from forcing import Study
from forcing.explanation import Explanation, load
from forcing.jupyter.plots import (
    boundary,
    confidence,
    orders,
    pictures,
    plane,
    points,
    sizes,
)
from forcing.jupyter.plots import lines as plots_lines
from forcing.jupyter.plots.boundaries import _trace
from forcing.protocol.context import Context

bqplot = pytest.importorskip("bqplot")

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 2))
y = np.where(X @ [1.0, -0.5] + rng.normal(size=60) / 3 > 0, "yes", "no")


@pytest.fixture
def explanation():
    return Explanation.gather(Context.of(FakeStudy(), np.zeros(3)), whole_run())


def lines(figure):
    return {mark.labels[0]: mark for mark in figure.marks if isinstance(mark, bqplot.Lines)}


def test_confidence_of_one_with_its_rankings(explanation):
    drawn = lines(confidence(explanation))
    assert set(drawn) == {"", "forcing set", "influence"}
    assert drawn["forcing set"].y.tolist() == [0.8, 0.6, 0.48]
    assert drawn["influence"].x.tolist() == [0, 1, 2, 3, 5]
    assert drawn[""].y.tolist() == [0.5, 0.5]


def test_confidence_of_several(explanation):
    assert set(lines(confidence({"one": explanation, "two": explanation}))) == {"", "one", "two"}


def test_bare_confidences(explanation):
    drawn = lines(confidence({"mine": [0.9, 0.6], "theirs": explanation}))
    assert drawn["mine"].y.tolist() == [0.9, 0.6]
    assert drawn["theirs"].y.tolist() == [0.8, 0.6, 0.48]
    assert lines(confidence({"mine": [0.9]}, threshold=0.3))[""].y.tolist() == [0.3, 0.3]


def test_a_linear_boundary_is_traced_exactly():
    low, high = np.array([-2.0, -2.0]), np.array([2.0, 2.0])
    (line,) = _trace(lambda p: p @ [1.0, -0.5] - 0.3, low, high)
    on_it = line @ [1.0, -0.5] - 0.3
    assert np.abs(on_it).max() < 1e-12
    # The whole line is there: its ends are on the frame.
    assert line[:, 1].min() == pytest.approx(-2)
    assert line[:, 1].max() == pytest.approx(2)


def test_a_closed_boundary_has_its_length():
    (line,) = _trace(lambda p: (p**2).sum(axis=1) - 1, np.array([-2.0, -2.0]), np.array([2.0, 2.0]))
    assert np.linalg.norm(np.diff(line, axis=0), axis=1).sum() == pytest.approx(2 * np.pi, rel=0.01)


def test_panels_before_and_after():
    model = LogisticRegression().fit(X, y)
    without = [0, 1, 2]
    box = boundary(
        model, X, y, X[5], {"retrained": without, "one step": (without, lambda p: p[:, 0])}
    )
    before, after, step = box.children
    assert [figure.title for figure in box.children] == ["all 60 rows", "retrained", "one step"]
    refitted = LogisticRegression().fit(X[3:], y[3:])
    for figure, fitted in ((before, model), (after, refitted)):
        edge = figure.marks[0]
        points = np.stack([edge.x.ravel(), edge.y.ravel()], axis=1)
        assert np.abs(fitted.decision_function(points)).max() < 1e-10
    assert np.abs(step.marks[0].x).max() < 1e-12
    assert before.axes[0].scale is after.axes[0].scale
    assert np.flatnonzero(np.array(after.marks[1].opacities) < 0.5).tolist() == without


def test_models_without_a_decision_function_and_without_a_boundary():
    neighbours = KNeighborsClassifier().fit(X, y)
    assert len(boundary(neighbours, X, y, X[0]).children) == 1
    far = (np.array([0]), lambda p: np.ones(len(p)))
    assert len(boundary(neighbours, X, y, X[0], {"far": far}).children[1].marks) == 2


def test_more_than_two_columns():
    with pytest.raises(ValueError, match="two columns"):
        boundary(LogisticRegression(), np.zeros((5, 3)), np.zeros(5), np.zeros(3))


def test_without_bqplot(monkeypatch, explanation):
    monkeypatch.setitem(sys.modules, "bqplot", None)
    with pytest.raises(ImportError, match=r"forcing\[plots\]"):
        confidence(explanation)


def wide_study():
    X = rng.normal(size=(90, 3))
    y = np.array(["a", "b", "c"])[np.argmax(X + rng.normal(size=(90, 3)) / 3, axis=1)]
    model = LogisticRegression().fit(X, y)
    return Study(model, X, y, feature_names=["one", "two", "three"])


@pytest.fixture(scope="module")
def study():
    return wide_study()


@pytest.fixture(scope="module")
def found(study):
    return study.explain(study.X[5], bound=False)


class Follower(HasTraits):
    """In place of the live widget; it counts how often its selection is set."""

    selected = List(Int())

    def __init__(self):
        super().__init__()
        self.changes = []
        self.observe(lambda change: self.changes.append(change.new), "selected")


def scatters(figure):
    """By what the legend calls them."""
    marks = [mark for mark in figure.marks if isinstance(mark, bqplot.Scatter) and mark.labels]
    return {mark.labels[0]: mark for mark in marks}


def test_a_plane_has_the_rows_the_set_the_target_and_both_boundaries(found, study):
    figure = plane(found)
    told = found.plane
    x, y = (study.feature_names.index(told[axis]["name"]) for axis in "xy")
    marks = scatters(figure)
    assert set(marks) == {found.claim.favoured, found.claim.rival, "other classes", "the set"}
    for label in (found.claim.favoured, found.claim.rival):
        points = np.stack([marks[label].x, marks[label].y], axis=1)
        assert points == pytest.approx(study.X[study.y == label][:, [x, y]], abs=1e-2)
    ring = np.stack([marks["the set"].x, marks["the set"].y], axis=1)
    expected = study.X[np.sort(found.supports)][:, [x, y]]
    assert ring == pytest.approx(expected, abs=1e-2)
    assert [axis.label for axis in figure.axes] == [told["x"]["name"], told["y"]["name"]]
    edges = [mark for mark in figure.marks if isinstance(mark, bqplot.Lines)]
    assert len(edges) == len(told["before"]) + len(told["after"])
    assert {edge.line_style for edge in edges} == {"solid", "dashed"}
    target = figure.marks[-1]
    assert [target.x[0], target.y[0]] == pytest.approx(study.X[5, [x, y]], abs=1e-2)


def test_a_plane_of_other_axes_or_of_a_file(found, tmp_path):
    figure = plane(found, axes=("three", "one"))
    assert [axis.label for axis in figure.axes] == ["three", "one"]
    assert "component 1" in plane(found, axes="components").axes[0].label
    with pytest.raises(ValueError, match="no axis 'four'; there are"):
        plane(found, axes=("one", "four"))
    again = load(found.save(tmp_path / "one.mfs.json"))
    assert len(plane(again).marks) == len(plane(found).marks)
    with pytest.raises(ValueError, match="from a file"):
        plane(again, axes=("three", "one"))


def test_what_is_no_explanation():
    with pytest.raises(TypeError, match="not a list"):
        plane([1, 2])

    class Early:
        explanation = None

    with pytest.raises(ValueError, match="wait"):
        plane(Early())


def test_rows_picked_in_a_plane_and_in_the_widget_are_the_same(found, study):
    widget = Follower()
    marks = scatters(plane(found, widget=widget))
    favoured, rival = (marks[label] for label in (found.claim.favoured, found.claim.rival))
    own, others = (
        np.flatnonzero(study.y == label).tolist()
        for label in (found.claim.favoured, found.claim.rival)
    )
    favoured.selected = np.array([2])
    assert widget.changes == [[own[2]]]
    favoured.selected = np.array([2, 4])
    assert widget.selected == [own[2], own[4]]
    # A point picked elsewhere replaces them, and no echo of that comes.
    rival.selected = np.array([1])
    assert widget.changes[2:] == [[others[1]]]
    assert favoured.selected is None
    widget.selected = [others[0], own[3], own[1]]
    assert favoured.selected.tolist() == [1, 3]
    assert rival.selected.tolist() == [0]
    assert len(widget.changes) == 4
    # One that is let go leaves the rest.
    favoured.selected = np.array([3])
    assert widget.selected == [others[0], own[3]]
    assert rival.selected.tolist() == [0]
    favoured.selected = None
    assert widget.selected == [others[0]]


def panels(shown):
    """By their titles."""
    return {figure.title: figure for figure in shown.children[0].children}


def marked(figure):
    """Of each marker and size its points, but for the specks and the target."""
    marks = [mark for mark in figure.marks if isinstance(mark, bqplot.Scatter)]
    return {
        (mark.marker, mark.default_size): np.stack([mark.x, mark.y], axis=1) for mark in marks[1:-1]
    }


def test_first_rows_of_orders_stand_on_one_plane(found, study):
    order = np.argsort(study.X[:, 0], kind="stable")
    shown = orders(found, {"by one": order, "backwards": order[::-1]}, axes=("one", "two"),
                   first=4, following=6)  # fmt: skip
    drawn = panels(shown)
    assert list(drawn) == ["by one", "backwards"]
    for rows, figure in ((order[:10], drawn["by one"]), (order[::-1][:10], drawn["backwards"])):
        groups = marked(figure)
        for marker, label in (("circle", found.claim.favoured), ("diamond", found.claim.rival)):
            for size, part in ((64, rows[:4]), (24, rows[4:])):
                members = np.sort(part[study.y[part] == label])
                points = groups.get((marker, size), np.zeros((0, 2)))
                assert points == pytest.approx(study.X[members][:, :2], abs=1e-2)
        assert len(figure.marks[0].x) == len(study.X) - 10
        assert [axis.label for axis in figure.axes] == ["one", "two"]
        scale = figure.axes[0].scale
        assert scale.min <= study.X[rows, 0].min() + 1e-2
        assert scale.max >= study.X[rows, 0].max() - 1e-2
    assert drawn["by one"].axes[0].scale is drawn["backwards"].axes[0].scale


def test_orders_are_those_of_the_explanation_unless_others_are_given(study):
    found = study.explain(study.X[5], bound=False, baselines=["representer"])
    drawn = panels(orders(found, axes="components", first=2, following=3))
    assert list(drawn) == ["forcing set", "representer"]
    assert [axis.label for axis in drawn["representer"].axes] == ["component 1", "component 2"]
    assert sum(map(len, marked(drawn["representer"]).values())) == 5


def test_rows_picked_in_one_panel_are_picked_in_all(found, study):
    widget = Follower()
    rows = np.flatnonzero(study.y == found.claim.favoured)[:3]
    drawn = panels(orders(found, {"one": rows, "two": rows[::-1]}, first=5, widget=widget))
    one, two = (
        next(m for m in drawn[title].marks if getattr(m, "default_size", 0) == 64)
        for title in ("one", "two")
    )
    one.selected = np.array([1])
    assert widget.changes == [[rows[1]]]
    assert two.selected.tolist() == [1]


def test_removals_picked_in_the_confidence_are_rows(found):
    widget = Follower()
    widget.selected = [int(found.supports[1])]
    figure = confidence(found, widget=widget)
    points = figure.marks[-1]
    assert points.x.tolist() == list(range(1, found.size + 1))
    assert points.y == pytest.approx(found.confidence[1:])
    assert points.selected.tolist() == [1]
    points.selected = np.array([0])
    assert widget.selected == [found.supports[0]]
    outside = int(np.setdiff1d(np.arange(90), found.supports)[0])
    widget.selected = [outside]
    assert points.selected is None
    assert widget.selected == [outside]
    with pytest.raises(ValueError, match="one explanation"):
        confidence({"one": found}, widget=widget)


def test_the_live_widget_is_followed_as_it_is(study):
    shown = study.view(study.X[5], bound=False)
    found = shown.wait(20)
    row = int(np.flatnonzero(study.y == found.claim.rival)[0])
    marks = scatters(forcing.plots.plane(shown))
    points = confidence(shown).marks[-1]
    shown.selected = [row, int(found.supports[0])]
    assert marks[found.claim.rival].selected.tolist()[0] == 0
    assert points.selected.tolist() == [0]


def test_sizes_of_an_audit(study):
    audit = study.audit(study.X[:30], study.y[:30], progress=False)
    histogram, scatter = sizes(audit).children
    (bars,) = histogram.marks
    right, wrong = scatter.marks
    assert bars.y.sum(axis=1).tolist() == [len(right.x), len(wrong.x)]
    assert bars.y.sum() == sum(bool(rows) for rows in audit.supports)
    assert bars.colors[1] == wrong.colors[0]


def test_sizes_of_explanations(found, explanation):
    histogram, scatter = sizes([found, explanation, explanation]).children
    (bars,), (points,) = histogram.marks, scatter.marks
    assert sorted(points.y) == sorted([found.size, 2, 2])
    assert bars.y.sum() == 3
    assert bars.y[..., list(bars.x).index("2" if "2" in bars.x else "2–3")] >= 2
    assert len(sizes({0: found}).children) == 2
    assert len(sizes([]).children) == 2


def test_lines_have_a_band_where_there_is_a_spread():
    curves = {"a": ([1, 2, 3], [1.0, 4.0, 9.0], [0.1, 0.2, 0.3]), "b": ([1, 3], [2, 2])}
    figure = plots_lines(curves, x="rows", y="seconds")
    curved = [mark for mark in figure.marks if isinstance(mark, bqplot.Lines) and mark.labels]
    drawn = {mark.labels[0]: mark for mark in curved}
    assert drawn["a"].y.tolist() == [1, 4, 9]
    # Their names stand beside the figure, not on the curves.
    names = [mark for mark in figure.marks if isinstance(mark, bqplot.Label)]
    assert [str(mark.text[0]) for mark in names] == ["a", "b"]
    assert all(mark.x[0] > mark.scales["x"].max for mark in names)
    bands = [mark for mark in figure.marks if getattr(mark, "fill", "none") == "between"]
    assert len(bands) == 1
    assert bands[0].y.tolist() == [[0.9, 3.8, 8.7], [1.1, 4.2, 9.3]]
    assert [axis.label for axis in figure.axes] == ["rows", "seconds"]
    # No two curves look the same without their colours.
    assert drawn["a"].marker != drawn["b"].marker


def test_logarithmic_axes_leave_out_what_is_not_positive():
    curves = {"a": ([0, 10, 1000], [1, 0.1, 0.001])}
    figure = plots_lines(curves, x="n", y="s", log_x=True, log_y=True)
    assert lines(figure)["a"].x.tolist() == [10, 1000]
    assert figure.axes[0].tick_values.tolist() == [10, 20, 50, 100, 200, 500, 1000]


def test_a_level_and_per_cent():
    figure = plots_lines({"a": ([1, 2], [0.5, 0.9])}, x="n", y="precision", percent=True, level=0.7)
    assert lines(figure)[""].y.tolist() == [0.7, 0.7]
    assert figure.axes[1].tick_format == ".0%"


def test_curves_of_many_points_without_markers_and_the_diagonal():
    curves = {name: ([0, 0, 1], [0, 0.9, 1]) for name in ("size", "confidence", "a", "b")}
    figure = plots_lines(curves, x="alarms", y="caught", diagonal=True, markers=False)
    drawn = lines(figure)
    assert drawn[""].x.tolist() == drawn[""].y.tolist() == [0, 1]
    assert drawn["size"].marker is None
    # Without their markers they are told apart by their dashes, which the names say.
    assert drawn["size"].line_style != drawn["confidence"].line_style
    names = [mark for mark in figure.marks if isinstance(mark, bqplot.Label)]
    assert [str(mark.text[0]) for mark in names] == ["size", "confidence, dashed", "a, dotted", "b"]
    assert drawn[""].colors[0] not in {drawn[name].colors[0] for name in curves}


def test_points_of_two_groups_and_the_diagonal():
    figure = points({"before": ([1, 2], [3, 4]), "after": ([1], [1])}, x="a", y="b", diagonal=True)
    scatters = [mark for mark in figure.marks if isinstance(mark, bqplot.Scatter)]
    assert len({mark.marker for mark in scatters}) == 2
    assert lines(figure)[""].x.tolist() == [1, 4]


def test_points_that_are_rows_are_picked_in_the_widget_too():
    widget = Follower()
    widget.selected = [40]
    groups = {"one": ([0.5, np.nan, 2.0], [1, 2, 3]), "two": ([4, 5], [6, 7]), "other": ([1], [1])}
    figure = points(groups, x="a", y="b", crowd=(range(9), range(9)), widget=widget,
                    rows={"one": [30, 40, 50], "two": [60, 40]})  # fmt: skip
    scatters = [mark for mark in figure.marks if isinstance(mark, bqplot.Scatter)]
    crowd, marks = scatters[0], {mark.labels[0]: mark for mark in scatters if len(mark.labels)}
    assert crowd.x.tolist() == list(range(9))
    # The second point of the first group cannot be drawn, so that it is not picked either.
    assert marks["one"].selected is None
    assert marks["two"].selected.tolist() == [1]
    marks["one"].selected = np.array([1])
    assert widget.selected == [50]
    assert marks["two"].selected is None
    assert marks["other"].interactions.get("click") != "select"
    assert crowd.default_size < marks["one"].default_size


@pytest.mark.parametrize(
    ("curve", "said"),
    [
        (([1, 2],), "must be (x, y)"),
        (([1, 2], [1]), "different lengths: 2 and 1"),
        (([1], [np.nan]), "no points"),
    ],
)
def test_curves_that_cannot_be_drawn_are_named(curve, said):
    with pytest.raises(ValueError, match=f"'a'.*{re.escape(said)}"):
        plots_lines({"a": curve}, x="x", y="y")


def test_pictures_in_a_row_with_escaped_captions():
    row = pictures({"<b>base</b>": np.zeros((8, 8)), "poison": np.ones((8, 8))}, size=64)
    html = row._repr_html_()
    assert html.count("<img") == 2
    assert "&lt;b&gt;base" in html
    assert "<b>" not in html
    with pytest.raises(ValueError, match="at least one"):
        pictures({})
    with pytest.raises(ValueError, match="from 16 to 512"):
        pictures({"a": np.zeros((2, 2))}, size=5)
