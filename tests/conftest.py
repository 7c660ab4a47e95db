"""What the tests of every part share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def _folder(variable: str) -> Path:
    if not (value := os.environ.get(variable)):
        pytest.skip(f"needs real data: set {variable} to their folder")
    return Path(value)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Real data sets that the project does not ship (FORCING_DATA)."""
    return _folder("FORCING_DATA")


@pytest.fixture(scope="session")
def reference_folder() -> Path:
    """Sizes and orders to compare with (FORCING_REFERENCE)."""
    return _folder("FORCING_REFERENCE")
