"""One target in every form that users have it in, as a row of the kind the model was fitted on."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp

from forcing.models.rows import as_row, as_single, with_rows

FRAME = pd.DataFrame(
    {
        "age": [30, 40, 50],
        "size": [1.5, 2.5, 3.5],
        "colour": pd.Categorical(["red", "blue", "red"]),
        "member": [True, False, True],
        "since": pd.to_datetime(["2020-01-01", "2021-01-01", "2022-01-01"]),
        "word": ["a", "b", "c"],
    }
)
ROW = FRAME.iloc[1]
POLARS = pl.DataFrame(
    {
        "age": [30, 40, 50],
        "size": [1.5, 2.5, 3.5],
        "colour": pl.Series(["red", "blue", "red"], dtype=pl.Enum(["red", "blue"])),
        "member": [True, False, True],
    }
)


@pytest.mark.parametrize(
    "x",
    [
        ROW,
        ROW.iloc[::-1],
        FRAME.iloc[[1]],
        FRAME.iloc[[1]][list(FRAME.columns[::-1])],
        FRAME.iloc[[1]].assign(label="yes"),
        ROW.to_dict(),
        list(ROW),
        tuple(ROW),
        [list(ROW)],
        ROW.to_numpy(),
        ROW.to_numpy()[None],
        ROW.reset_index(drop=True),
    ],
    ids=lambda x: type(x).__name__,
)
def test_any_form_is_the_same_pandas_row(x):
    row = as_single(x, FRAME)
    pd.testing.assert_frame_equal(
        row.reset_index(drop=True), FRAME.iloc[[1]].reset_index(drop=True)
    )


@pytest.mark.parametrize(
    "x",
    [
        POLARS[1],
        POLARS[1].select("member", "colour", "size", "age"),
        POLARS.row(1),
        list(POLARS.row(1)),
        POLARS.row(1, named=True),
        pd.Series(POLARS.row(1, named=True)),
        np.array(POLARS.row(1), dtype=object),
    ],
    ids=lambda x: type(x).__name__,
)
def test_any_form_is_the_same_polars_row(x):
    row = as_single(x, POLARS)
    assert row.equals(POLARS[1])
    assert row.schema == POLARS.schema


@pytest.mark.parametrize(
    ("column", "value"),
    [("age", 40.9), ("colour", "green"), ("member", "no"), ("member", 0.5)],
)
def test_a_cast_never_changes_the_target(column, value):
    given = {**ROW.to_dict(), column: value}
    assert as_single(given, FRAME)[column].item() == value
    named = {**POLARS.row(1, named=True), column: value}
    assert as_single(named, POLARS)[column].item() == value


@pytest.mark.parametrize("column", ["age", "member", "size"])
def test_a_missing_value_stays_missing(column):
    """An imputer before the model may fill it, whatever the dtype of the training column."""
    row = as_single({**ROW.to_dict(), column: np.nan}, FRAME)
    assert row[column].isna().item()
    named = as_single({**POLARS.row(1, named=True), column: None}, POLARS)
    assert named[column].item() is None
    assert named.schema == POLARS.schema


def test_texts_that_are_numbers_are_read_as_such():
    row = as_single(np.array(["40", "2.5"]), FRAME[["age", "size"]])
    assert row.to_numpy().tolist() == [[40, 2.5]]


@pytest.mark.parametrize("X", [FRAME, POLARS], ids=["pandas", "polars"])
def test_a_missing_column_is_named(X):
    with pytest.raises(ValueError, match=r"x has no column 'size'.*all columns of X"):
        as_single({"age": 1, "colour": "red", "member": True, "since": None, "word": "a"}, X)


def test_a_duplicated_column_is_no_trouble():
    X = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], columns=["a", "a"])
    assert as_single(X.iloc[1], X).to_numpy().tolist() == [[3.0, 4.0]]


@pytest.mark.parametrize(
    "x",
    [[1.0, 0.0], np.array([1.0, 0.0]), pd.Series([1.0, 0.0]), sp.csr_array([[1.0, 0.0]])],
    ids=lambda x: type(x).__name__,
)
@pytest.mark.parametrize("X", [sp.eye_array(2, format="csr"), np.eye(2), [[1.0, 0.0]]])
def test_a_row_of_numbers_gets_two_dimensions(X, x):
    row = as_single(x, X)
    dense = row.toarray() if hasattr(row, "toarray") else np.asarray(row)
    assert dense.tolist() == [[1.0, 0.0]]


def test_words_and_numbers_stay_apart_in_an_object_array():
    X = np.array([["red", 1.0], ["blue", 2.0]], dtype=object)
    assert as_single(["red", 1.0], X).tolist() == [["red", 1.0]]


@pytest.mark.parametrize("x", ["b c", ["b c"], np.array(["b c"]), pd.DataFrame({"t": ["b c"]})])
@pytest.mark.parametrize("X", [["a", "b"], pd.Series(["a", "b"]), np.array(["a", "b"])])
def test_a_text(X, x):
    assert list(as_single(x, X)) == ["b c"]


def test_a_mapping_where_rows_are_mappings():
    assert as_single({"a": 1}, [{"a": 2}, {"b": 1}]) == [{"a": 1}]


@pytest.mark.parametrize(
    ("x", "X"),
    [
        (["a", "b"], ["a", "b", "c"]),
        (np.eye(2), np.eye(2)),
        ([[1, 2], [3, 4]], np.eye(2)),
        (FRAME.iloc[:2], FRAME),
        (POLARS[:2], POLARS),
        (sp.eye_array(2), sp.eye_array(2)),
        ("a", np.eye(2)),
        (3.0, np.eye(2)),
    ],
)
def test_more_or_less_than_a_row_is_refused(x, X):
    with pytest.raises(ValueError, match="x must be one row, got"):
        as_single(x, X)


NAMES = np.array(["age", "size"], dtype=object)


@pytest.mark.parametrize(
    "x",
    [
        [40, 2.5],
        pd.Series([40, 2.5]),
        ROW[["size", "age"]],
        FRAME.iloc[[1]][["size", "age"]],
        FRAME.iloc[[1]],
        POLARS[1].select("size", "age"),
        {"size": 2.5, "age": 40},
    ],
    ids=lambda x: type(x).__name__,
)
def test_numbers_are_taken_by_name(x):
    assert as_row(x, 2, NAMES).tolist() == [40.0, 2.5]


def test_numbers_without_names_are_taken_in_order():
    assert as_row(ROW[["size", "age"]], 2).tolist() == [2.5, 40.0]
    with pytest.raises(ValueError, match="x is a dict, but X has no column names"):
        as_row({"size": 2.5, "age": 40}, 2)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (ROW[["size"]], "x has no column 'age'"),
        ([1.0], "x has 1 columns, the model was fitted on 2"),
        (["red", 1.0], "x must hold numbers"),
        ([1.0, [2.0, 3.0]], "x must hold numbers"),
        ([1.0, np.nan], "x has NaN or infinity"),
    ],
)
def test_rows_that_are_no_numbers_are_refused(x, words):
    with pytest.raises(ValueError, match=words):
        as_row(x, 2, NAMES)


def test_rows_stand_below_an_array_that_stays_as_it_is():
    X = np.arange(6, dtype=np.int64).reshape(3, 2)
    rows = [np.array([[7.0, 8.0]]), np.array([[7.5, 8.0]]), np.array([[1.0]])]
    joined, added = with_rows(X, rows)
    assert added == [0]  # 7.5 is no whole number, and the last has one column
    assert joined.dtype == X.dtype
    assert joined.tolist() == [*X.tolist(), [7, 8]]
    single, added = with_rows(X.astype(np.float32), rows[:2])
    assert (single.dtype, added) == (np.float32, [0, 1])


def test_longer_words_below_words_are_whole():
    joined, added = with_rows(np.array([["a", "b"]]), [np.array([["longer", "c"]])])
    assert (joined.tolist(), added) == ([["a", "b"], ["longer", "c"]], [0])


@pytest.mark.parametrize("kind", [sp.csr_matrix, sp.csr_array])
def test_rows_stand_below_a_sparse_matrix(kind):
    X = kind(np.eye(3, dtype=np.float32))
    joined, added = with_rows(X, [as_single(np.array([0.0, 2.0, 0.0]), X)] * 2)
    assert added == [0, 1]
    assert joined.dtype == np.float32
    assert joined.toarray()[3:].tolist() == [[0, 2, 0]] * 2


def test_rows_stand_below_a_frame_unless_a_column_would_change():
    X = pd.DataFrame({"n": [1, 2], "c": pd.Categorical(["a", "b"])}, index=[7, 9])
    rows = [as_single(row, X) for row in ([3, "a"], [3, "z"], [3.5, "a"])]
    joined, added = with_rows(X, rows)
    assert added == [0]
    assert joined.dtypes.tolist() == X.dtypes.tolist()
    assert joined["n"].tolist() == [1, 2, 3]
    texts, added = with_rows(pd.Series(["one", "two"]), [pd.Series(["three"])])
    assert (texts.tolist(), added) == (["one", "two", "three"], [0])


def test_rows_stand_below_a_frame_of_polars():
    X = pl.DataFrame({"n": [1, 2], "w": ["a", "b"]})
    joined, added = with_rows(X, [as_single(row, X) for row in ([3, "c"], [3.5, "c"])])
    assert added == [0]
    assert joined.rows() == [(1, "a"), (2, "b"), (3, "c")]
    assert len(X) == 2


def test_rows_stand_below_a_list_and_below_texts():
    assert with_rows(["one"], [["two"]]) == (["one", "two"], [0])
    X = np.array(["one", "two"], dtype=object)
    joined, added = with_rows(X, [as_single("three", X)])
    assert (joined.tolist(), added) == (["one", "two", "three"], [0])


def test_nothing_is_added_to_what_is_not_known():
    class Own:
        shape = (2, 2)

    X = Own()
    assert with_rows(X, [np.zeros((1, 2))]) == (X, [])
