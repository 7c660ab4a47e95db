"""Linear models behind preprocessing of every kind, on rows of every kind."""

import json
from gzip import open as gzip_open

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

import forcing
from linear_cases import three_blobs, two_moons

HEADS = [
    (
        LogisticRegression(),
        LogisticRegression(solver="newton-cholesky", tol=1e-10, max_iter=1000),
    ),
    (RidgeClassifier(), RidgeClassifier(solver="sparse_cg", tol=1e-12)),
    (LinearSVC(), LinearSVC(dual=False, tol=1e-10, max_iter=100_000)),
]


def confirm(model, again, X, y, x, row):
    """A set for the target x, which is `row` in a container of one."""
    study = forcing.Study(model, X, y)
    before = model.predict(row)[0]
    ex = study.explain(x, bound=False)
    assert ex.claim.favoured == before
    assert ex.verified
    Z, kept = model[:-1].transform(X), np.setdiff1d(np.arange(len(y)), ex.supports)
    Z = Z.tocsr() if sp.issparse(Z) else np.asarray(Z)
    refitted = clone(again).fit(Z[kept], y[kept])
    z = model[:-1].transform(row)
    assert refitted.predict(z if sp.issparse(z) else np.asarray(z))[0] != before
    return study, ex


def people(n=80):
    """Numbers with gaps, words, and a class that follows both."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 10, n),
            "colour": rng.choice(["red", "green", "blue"], n),
            "size": rng.exponential(2, n),
        }
    )
    score = (frame.age - 40) / 10 + (frame.colour == "red") + rng.normal(0, 0.8, n)
    y = np.where(score > 0.3, "member", "guest")
    frame.loc[::9, "age"] = np.nan
    return frame, y


def prepared(**settings):
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    return ColumnTransformer(
        [
            ("numbers", numbers, ["age", "size"]),
            ("words", OneHotEncoder(handle_unknown="ignore"), ["colour"]),
        ],
        **settings,
    )


@pytest.mark.parametrize(("head", "again"), HEADS, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("dense", [0.0, 1.0])
def test_columns_of_several_kinds(head, again, dense):
    X, y = people()
    model = make_pipeline(prepared(sparse_threshold=dense), clone(head)).fit(X, y)
    study, _ = confirm(model, again, X, y, X.iloc[5], X.iloc[[5]])
    assert study.feature_names == ["age", "colour", "size"]
    assert study.weights_for_display() is None
    assert study.notes[0] == "Preprocessing (ColumnTransformer) stays as fitted on all rows."


def test_polars_frames():
    X, y = people()
    frame = pl.from_pandas(X[["age", "size"]].fillna(40.0))
    model = make_pipeline(StandardScaler(), RidgeClassifier()).fit(frame, y)
    study, _ = confirm(model, RidgeClassifier(), frame, y, frame[7], frame[7])
    assert study.feature_names == ["age", "size"]
    assert study.weights_for_display().shape == (2,)


def test_frames_between_the_steps_are_taken_by_name():
    X, y = people()
    X = X[["age", "size"]].fillna(40.0)
    scaler = StandardScaler().set_output(transform="pandas")
    model = make_pipeline(scaler, LinearSVC()).fit(X, y)
    confirm(model, HEADS[2][1], X, y, X.iloc[3][::-1], X.iloc[[3]])


def test_torch_tensors():
    torch = pytest.importorskip("torch")
    X, y = two_moons()
    for model in (LinearSVC(), make_pipeline(StandardScaler(), RidgeClassifier())):
        model.fit(X, y)
        study = forcing.Study(model, torch.asarray(X), y)
        plain = forcing.Study(model, X, y)
        found = study.explain(torch.asarray(X[4]), bound=False).supports
        assert found.tolist() == plain.explain(X[4], bound=False).supports.tolist()


def halved(X):
    return np.asarray(X) / 2


def test_steps_that_change_select_or_pass_on_inside_one_another():
    X, y = three_blobs()
    wide = np.column_stack([X, np.random.default_rng(0).normal(size=(len(y), 3))])
    inner = make_pipeline(FunctionTransformer(halved), "passthrough", SelectKBest(k=3))
    model = make_pipeline(inner, make_pipeline(StandardScaler(), RidgeClassifier())).fit(wide, y)
    study = forcing.Study(model, wide, y)
    assert study.model_description == "RidgeClassifier in a Pipeline"
    ex = study.explain(wide[5], bound=False)
    kept = np.setdiff1d(np.arange(len(y)), ex.supports)
    Z = model[1][0].transform(model[0].transform(wide))
    assert ex.verified
    refitted = RidgeClassifier().fit(Z[kept], y[kept])
    assert refitted.predict(Z[[5]])[0] != model.predict(wide[[5]])[0]


def test_a_pipeline_without_a_model_is_refused():
    X, y = two_moons()
    model = make_pipeline(StandardScaler(), "passthrough").fit(X, y)
    with pytest.raises(forcing.UnsupportedModelError, match="ends in no model"):
        forcing.Study(model, X, y)


WORDS = ["cheap", "offer", "meeting", "lunch", "price", "agenda", "win", "team", "now", "notes"]


def mails(n=60):
    rng = np.random.default_rng(1)
    y = np.where(np.arange(n) % 2, "spam", "ham")
    lean = np.where(np.arange(10) % 2 == 0, 0.14, 0.06)
    chances = {"spam": lean, "ham": lean[::-1]}
    return [" ".join(rng.choice(WORDS, 12, p=chances[label])) for label in y], y


@pytest.mark.parametrize(("head", "again"), HEADS, ids=lambda m: type(m).__name__)
def test_texts(head, again):
    texts, y = mails()
    model = make_pipeline(TfidfVectorizer(), clone(head)).fit(texts, y)
    confirm(model, again, texts, y, texts[8], [texts[8]])
    model = make_pipeline(CountVectorizer(), TruncatedSVD(4, random_state=0), clone(head))
    confirm(model.fit(texts, y), again, texts, y, texts[8], [texts[8]])


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        RidgeClassifier(),
        LinearSVC(),
        SGDClassifier(loss="log_loss", alpha=0.1, random_state=0),
        Ridge(),
    ],
    ids=lambda m: type(m).__name__,
)
@pytest.mark.parametrize("kind", [sp.csr_array, sp.csc_matrix])
def test_sparse_rows_are_explained_as_dense_ones(model, kind):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 8)) * (rng.random((50, 8)) < 0.4)
    y = X @ rng.normal(size=8) + 0.5 * rng.normal(size=50)
    options = {"threshold": 0.2} if isinstance(model, Ridge) else {}
    y = y if options else y > 0
    model = clone(model).fit(X, y)
    answers = [
        forcing.Study(model, rows, y).explain(x, **options)
        for rows, x in ((X, X[0]), (kind(X), kind(X[[0]])), (kind(X), X[0]))
    ]
    assert answers[0].verified
    for other in answers[1:]:
        assert other.verified
        assert other.supports.tolist() == answers[0].supports.tolist()


@pytest.fixture
def never_dense(monkeypatch):
    """Refuse to turn more than a few sparse rows of many columns into an array."""

    def watched(original):
        def toarray(self, *args, **options):
            assert self.shape[0] < 1000 or self.shape[1] < 5000, f"{self.shape} made dense"
            return original(self, *args, **options)

        return toarray

    for kind in (sp.csr_matrix, sp.csr_array, sp.csc_matrix, sp.csc_array, sp.coo_array):
        for name in ("toarray", "todense"):
            monkeypatch.setattr(kind, name, watched(getattr(kind, name)))


def wide_texts(n=1000, columns=6000):
    rng = np.random.default_rng(0)
    X = sp.random_array((n, columns), density=0.003, rng=rng, format="csr")
    y = np.where(X @ rng.normal(size=columns) + 0.5 * rng.normal(size=n) > 0, "a", "b")
    return X, y


@pytest.mark.parametrize(
    "head",
    [LogisticRegression(), RidgeClassifier(), SGDClassifier(loss="log_loss")],
    ids=lambda m: type(m).__name__,
)
def test_many_sparse_columns_stay_sparse(head, never_dense):  # noqa: ARG001 - a watch
    X, y = wide_texts()
    model = clone(head).fit(X, y)
    study = forcing.Study(model, X, y)
    scores = np.abs(model.decision_function(X[:100]))
    for i in np.argsort(scores):
        try:
            ex = study.explain(X[[i]], max_removals=50, bound=False)
        except forcing.TrainingMismatchError:  # stochastic descent may decide otherwise
            continue
        assert ex.verified
        break


def test_mails_by_tf_idf(data_folder, never_dense):  # noqa: ARG001 - a watch
    with gzip_open(data_folder / "enron1.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file]
    texts, y = [row["text"] for row in rows], np.array([row["label"] for row in rows])
    train = np.arange(len(y)) % 4 != 0
    held_out = [text for text, used in zip(texts, train, strict=True) if not used]
    texts = [text for text, used in zip(texts, train, strict=True) if used]
    y = y[train]
    model = make_pipeline(TfidfVectorizer(min_df=3, sublinear_tf=True), LogisticRegression(C=10))
    model.fit(texts, y)
    Z = model[0].transform(texts)
    assert Z.shape[1] > 10_000
    study = forcing.Study(model, texts, y)
    order = np.argsort(model.predict_proba(held_out).max(axis=1))
    for i in (order[5], order[30]):
        ex = study.explain(held_out[i], bound=False)
        kept = np.setdiff1d(np.arange(len(y)), ex.supports)
        refitted = LogisticRegression(C=10, tol=1e-10, max_iter=10_000).fit(Z[kept], y[kept])
        z = model[0].transform([held_out[i]])
        assert ex.verified
        assert refitted.predict(z)[0] != model[1].predict(z)[0]
