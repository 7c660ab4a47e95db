"""Which training rows does a prediction stand on? The smallest set, checked by refitting.

    study = forcing.Study(model, X_train, y_train)
    study.explain(X_test[17])      # an Explanation
    study.view(X_test[17])         # the live widget
    study.audit(X_test, y_test)    # all of them, and the training rows under suspicion

Everything is imported when it is first used, so that `import forcing` is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from forcing._version import __version__

if TYPE_CHECKING:
    from forcing import datasets
    from forcing.display import Images, Table, Texts
    from forcing.errors import (
        ConvergenceError,
        ForcingError,
        TrainingMismatchError,
        UnsupportedModelError,
    )
    from forcing.explanation import Comparison, Explanation, compare, load
    from forcing.jupyter import plots
    from forcing.models import AdaptedModel, TorchModel, TrainingData, register
    from forcing.study import Study, explain
    from forcing.study.audit import Audit

_MODULES = {"datasets": "forcing.datasets", "plots": "forcing.jupyter.plots"}

_HOMES = {
    "AdaptedModel": "forcing.models",
    "Audit": "forcing.study.audit",
    "Comparison": "forcing.explanation",
    "ConvergenceError": "forcing.errors",
    "Explanation": "forcing.explanation",
    "ForcingError": "forcing.errors",
    "Images": "forcing.display",
    "Study": "forcing.study",
    "Table": "forcing.display",
    "Texts": "forcing.display",
    "TorchModel": "forcing.models",
    "TrainingData": "forcing.models",
    "TrainingMismatchError": "forcing.errors",
    "UnsupportedModelError": "forcing.errors",
    "compare": "forcing.explanation",
    "explain": "forcing.study",
    "load": "forcing.explanation",
    "register": "forcing.models",
}

__all__ = [
    "AdaptedModel",
    "Audit",
    "Comparison",
    "ConvergenceError",
    "Explanation",
    "ForcingError",
    "Images",
    "Study",
    "Table",
    "Texts",
    "TorchModel",
    "TrainingData",
    "TrainingMismatchError",
    "UnsupportedModelError",
    "__version__",
    "compare",
    "datasets",
    "explain",
    "load",
    "plots",
    "register",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    if name not in _HOMES:
        raise AttributeError(f"module 'forcing' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext forcing`: the magics %mfs and %%mfs."""
    from forcing.jupyter import load_ipython_extension as load

    load(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "forcing-lab"}]
