"""Real data for the notebooks, from the folder that the environment variable FORCING_DATA names.

Where a file is missing, a smaller real set that scikit-learn ships stands in, and the data set
says so: `print(data.note)`. With `stand_in=False` a missing file is an error that says where to
get it.
"""

from forcing.datasets.dataset import Dataset, DatasetMissingError, folder
from forcing.datasets.images import Pictures, load_cifar10, load_digits, load_dogfish
from forcing.datasets.tables import HELOC_SPECIAL, load_breast_cancer, load_heloc
from forcing.datasets.texts import load_docstrings, load_enron

__all__ = [
    "HELOC_SPECIAL",
    "Dataset",
    "DatasetMissingError",
    "Pictures",
    "folder",
    "load_breast_cancer",
    "load_cifar10",
    "load_digits",
    "load_docstrings",
    "load_dogfish",
    "load_enron",
    "load_heloc",
]
