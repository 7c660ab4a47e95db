"""Tables: home equity loans, and the tumours that stand in for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sklearn import datasets
from sklearn.model_selection import train_test_split

from forcing.datasets.dataset import Dataset, check, counts, found, or_stand_in

HELOC_SPECIAL = {
    -7: "condition not met",
    -8: "no usable trades or inquiries",
    -9: "no bureau record",
}
"""What FICO's codes mean; "condition not met" is, for instance, "was never late"."""

_HELOC = (
    "It is FICO's Home Equity Line of Credit data of the Explainable Machine Learning Challenge "
    "(https://community.fico.com/s/explainable-machine-learning-challenge, for research): the "
    "file heloc_dataset_v1.csv, as it is or compressed."
)
_BAD, _GOOD = "bad credit", "good credit"


def load_heloc(*, stand_in: bool = True) -> Dataset:
    """9 871 applicants for home equity loans: were payments ever 90 days late within two years?

    Rows are frames of 23 columns in original units; codes below 0 say why a value is missing
    (`HELOC_SPECIAL`). The 588 applicants without any record are left out. A fifth is for tests.
    """
    return or_stand_in(_heloc, load_breast_cancer, stand_in)


def load_breast_cancer() -> Dataset:
    """569 tumours, 30 measurements each; scikit-learn ships it."""
    data = datasets.load_breast_cancer(as_frame=True)
    y = data.target.map({0: "malignant", 1: "benign"}).to_numpy()
    X, X_test, y, y_test = train_test_split(data.data, y, test_size=0.3, random_state=0)
    return Dataset(
        name="breast cancer",
        title="Tumours, 30 measurements each: malignant or benign?",
        X=X,
        y=y,
        X_test=X_test,
        y_test=y_test,
        axes=("worst radius", "worst concave points"),
    )


def _heloc() -> Dataset:
    file = found(["heloc.csv.gz", "heloc_dataset_v1.csv", "heloc_dataset_v1.csv.gz"], _HELOC)
    frame = _table(file)
    check(file, "columns", len(frame.columns), 24)
    check(file, "labels", counts(frame["RiskPerformance"]), {"Bad": 5459, "Good": 5000})
    columns = frame.drop(columns="RiskPerformance")
    there = ~(columns == -9).all(axis=1)
    y = frame["RiskPerformance"][there].map({"Bad": _BAD, "Good": _GOOD}).to_numpy()
    X, X_test, y, y_test = train_test_split(columns[there], y, test_size=0.2, random_state=0)
    return Dataset(
        name="heloc",
        title="Applicants for home equity loans, 23 facts each: will they pay in time?",
        X=X,
        y=y,
        X_test=X_test,
        y_test=y_test,
        axes=("ExternalRiskEstimate", "NumSatisfactoryTrades"),
    )


def _table(file: Path) -> Any:
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(f"{file.name} is read with pandas: pip install pandas") from error
    return pd.read_csv(file)
