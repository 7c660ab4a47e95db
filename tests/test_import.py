"""`import forcing` is quick because it brings nothing heavy."""

import subprocess
import sys

HEAVY = ("numpy", "scipy", "sklearn", "IPython", "ipywidgets", "anywidget", "torch", "bqplot")


def loaded_after(code):
    script = f"{code}; import sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    return set(done.stdout.split())


def test_importing_brings_nothing_heavy():
    assert not set(HEAVY) & loaded_after("import forcing; forcing.__version__")


def test_a_study_brings_no_notebook_and_no_optional_package():
    loaded = loaded_after("import forcing; forcing.Study")
    assert "sklearn" in loaded
    assert not {"IPython", "ipywidgets", "anywidget", "torch", "bqplot", "dask"} & loaded


def test_figures_bring_bqplot_when_one_is_drawn():
    loaded = loaded_after("import forcing; forcing.plots.confidence")
    assert not {"ipywidgets", "anywidget", "bqplot"} & loaded
