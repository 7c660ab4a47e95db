"""What users pass in beside the training data: targets, rows, options, refits of their own."""

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, OneHotEncoder, StandardScaler

import forcing
from forcing.study import training
from forcing.study.options import number, probability, run_options
from forcing.study.verification import scores_of
from support import moons, study_of


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "age": rng.integers(20, 60, 80),
            "member": rng.uniform(size=80) < 0.5,
            "colour": rng.choice(["red", "blue"], 80),
        }
    )
    y = np.where(X["member"] ^ (rng.uniform(size=80) < 0.2), "yes", "no")
    return X, y


def pipeline():
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["age"]),
        (OneHotEncoder(), ["member", "colour"]),
    )
    return make_pipeline(columns, LogisticRegression())


@pytest.mark.parametrize("form", [list, tuple, dict, pd.Series, np.asarray])
@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_a_pipeline_takes_a_target_in_any_form(people, kind, form):
    X, y = people
    rows = X if kind == "pandas" else pl.DataFrame(X.to_dict("list"))
    study = forcing.Study(pipeline().fit(rows, y), rows, y)
    values = X.iloc[7] if form in {dict, pd.Series} else X.iloc[7].tolist()
    x = np.array(values, dtype=object) if form is np.asarray else form(values)
    assert study.claim(x) == study.claim(X.iloc[[7]])


@pytest.mark.parametrize("age", [40.9, np.nan])
def test_a_pipeline_sees_the_target_as_it_is(people, age):
    X, y = people
    model = pipeline().fit(X, y)
    x = X.iloc[7].copy()
    x["age"] = age
    frame = X.iloc[[7]].astype({"age": float}).assign(age=age)
    truth = model.predict_proba(frame).max()
    assert forcing.Study(model, X, y).claim(x).confidence == pytest.approx(truth, abs=1e-3)
    assert truth != pytest.approx(model.predict_proba(X.iloc[[7]]).max(), abs=1e-6)


def test_a_dense_target_on_sparse_rows():
    X, y, _ = moons()
    rows = sp.csr_array(X)
    study = forcing.Study(make_pipeline(MaxAbsScaler(), LogisticRegression()).fit(rows, y), rows, y)
    assert study.claim(X[5]) == study.claim(rows[[5]])


# A refit of one's own


def test_a_refit_gets_the_target_as_the_rows_are(people):
    X, y = people
    model = pipeline().fit(X, y)
    truth = model.decision_function(X.iloc[[7]])[0]
    for x in (X.iloc[7], X.iloc[[7]], X.iloc[7].to_dict()):
        assert np.diff(scores_of(model, x, ("no", "yes"), X))[0] == pytest.approx(truth)


@pytest.mark.parametrize("kind", [list, np.array, pd.Series])
def test_a_refit_on_texts(kind):
    texts, y = kind(["win money", "free prize", "meet me", "see you"]), [1, 1, 0, 0]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, y)
    truth = model.decision_function(["free money"])[0]
    for x in ("free money", pd.Series(["free money"])):
        assert np.diff(scores_of(model, x, (0, 1), texts))[0] == pytest.approx(truth)


class Reversed:
    """Decides the first of the study's classes where its score is positive."""

    classes_ = np.array([1, 0])

    def decision_function(self, X):
        return X[:, 0]


def test_a_refit_may_order_the_classes_its_own_way():
    X = np.array([[2.0, 0.0]])
    assert np.diff(scores_of(Reversed(), X[0], (0, 1), X))[0] == -2.0


def test_a_refit_may_know_more_classes():
    X, y, _ = moons()
    model = LogisticRegression().fit(X, np.where(np.arange(100) < 10, 2, y))
    p = model.predict_proba(X[[50]])[0]
    assert np.diff(scores_of(model, X[50], (0, 1), X))[0] == pytest.approx(math.log(p[1] / p[0]))


def test_a_refit_that_fails_says_so_itself():
    X, y, model = moons()

    def refit(rows):
        return SGDClassifier().fit(X[rows], np.zeros(len(rows)))

    with pytest.raises(ValueError, match="number of classes has to be greater than one"):
        forcing.Study(model, X, y, refit=refit).explain(X[80])


# Rows to leave out


@pytest.mark.parametrize("form", [list, tuple, set, np.array, pd.Series, pl.Series, iter])
def test_positions_of_any_kind(form):
    assert sorted(training.positions(form([5, 17]), 20)) == [5, 17]
    assert training.positions([], 20) == []


def test_a_mask_marks_rows():
    X, y, model = moons()
    study = study_of(X, y, model)
    mask = np.zeros(100, dtype=bool)
    mask[[5, 17, 44]] = True
    expected = study.predict_without([5, 17, 44], X[80])
    assert study.predict_without(mask, X[80]) == expected
    assert study.predict_without(mask.tolist(), X[80]) == expected
    assert study.predict_without(pd.Series(mask, dtype="boolean"), X[80]) == expected


@pytest.mark.parametrize(
    ("rows", "got"),
    [
        ([3.7], "got float64 of shape"),
        ([True, False], r"got bool of shape \(2,\)"),
        (["3"], "got <U1"),
        ([[1, 2]], r"got int64 of shape \(1, 2\)"),
        (3, r"got int64 of shape \(\)"),
        ([-1], "got -1"),
    ],
)
def test_other_rows_are_refused(rows, got):
    with pytest.raises(
        ValueError, match=f"rows must be positions from 0 to 19, or a .*mask.*{got}"
    ):
        training.positions(rows, 20)


# Options


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"slack": math.nan}, "slack must not be negative.*got nan"),
        ({"slack": math.inf}, "slack must not be negative.*got inf"),
        ({"slack": "x"}, "slack must not be negative.*got 'x'"),
        ({"slack": True}, "slack must not be negative.*got True"),
        ({"delta": math.nan}, "delta must be a number above 0.*got nan"),
        ({"delta": None}, "delta must be a number above 0.*got None"),
        ({"delta": 10**400}, "delta must be a number above 0"),
        ({"baselines": 5}, "baselines must be one of .*got 5"),
    ],
)
def test_values_that_are_no_numbers_are_named(options, words):
    with pytest.raises(ValueError, match=words):
        run_options(100, 0, **options)


@pytest.mark.parametrize("value", ["0.3", 0, 1, math.nan, True, [0.3]])
def test_what_is_no_probability(value):
    with pytest.raises(ValueError, match="threshold must be a probability between 0 and 1, got"):
        probability("threshold", value)


@pytest.mark.parametrize("value", [0, 1, 0.5, np.float32(0.5), np.int64(1)])
def test_numbers_of_any_kind(value):
    number("slack", value, 0.0, expected="must not be negative")


def test_no_baselines():
    assert run_options(100, 0, baselines=None).baselines == ()
    assert run_options(100, 0, baselines=np.array(["random"])).baselines == ("random",)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("refin", r"explain\(\) has no option 'refin'. Did you mean 'refine'\?"),
        ("treshold", "Did you mean 'threshold'"),
        ("zzz", "has no option 'zzz'. It has method, refine, "),
    ],
)
def test_a_misspelt_option_is_named(option, words):
    X, y, model = moons()
    with pytest.raises(TypeError, match=words):
        study_of(X, y, model).explain(X[0], **{option: True})


def test_an_option_of_explain_alone():
    X, y, model = moons()
    with pytest.raises(TypeError, match=r"only explain\(\) takes 'on_step'"):
        study_of(X, y, model).events(X[0], on_step=print)


def test_columns_are_found_by_name_where_a_bare_model_is_asked():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"age": rng.normal(size=60), "size": 9 * rng.normal(size=60)})
    y = (X["age"] + rng.normal(size=60) > 0).astype(int)
    study = forcing.Study(LogisticRegression().fit(X, y), X, y)
    assert study.claim(X.iloc[5][["size", "age"]]) == study.claim(X.iloc[5])


def test_solvers_that_draw_at_random_are_no_mismatch():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    y = (X[:, 0] + rng.normal(size=80) > 0).astype(int)
    for seed in range(6):
        for solver in ("sag", "saga"):
            forcing.Study(LogisticRegression(solver=solver, random_state=seed).fit(X, y), X, y)
            forcing.Study(LogisticRegression(solver=solver).fit(X, y), X, y)
