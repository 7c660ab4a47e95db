"""Table I of the paper: seconds for all training rows with respect to one target."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

import forcing
from benchmarks import record
from benchmarks.machine import machine
from benchmarks.measure import in_child, row, table, timed, told
from benchmarks.problems import Data, dogfish, folder
from benchmarks.problems import cifar10 as load_cifar10
from benchmarks.settings import Settings
from forcing.baselines import rank
from forcing.errors import TrainingMismatchError, UnsupportedModelError
from forcing.study.linear import LinearExplainer

METHODS = ("MFS", "influence functions", "representer points")

PAPER = {
    "dog-fish": ("0.75 ± 0.06", "4.69 ± 0.61", "0.17 ± 0.05"),
    "CIFAR-10": ("9.71 ± 3.62", "337.59 ± 79.22", "8.93 ± 1.21"),
}

FIRST = 40
"""Rows of the paper's galleries: ten large, thirty small (figure 6)."""

ROWS = {
    f"first {FIRST} rows": ("first", "influence", "representer"),
    "until it flips": ("unverified",),
    "until it flips, verified": ("search",),
    "refined, verified": ("whole",),
}
"""Of the table: the measurements in its columns."""

EXPLAINED = f"""\
Mean and standard deviation over the targets, in seconds. The paper's row is as printed: one RTX
2080 Ti, Inception-V3 features; it does not say which targets, nor how many rows it looked for.
Here: this machine's CPU, MobileNetV2 features, the same numbers of rows, targets evenly spread over
the less confident half of 500 test rows. *First {FIRST} rows*: the search (Algorithm 1 with
drift-free updates) ends there or at the flip; *until it flips, verified*: or at the most rows that
are said, and the user's estimator refitted without them; *refined, verified*, for the first
targets that flip: to the irreducible set.
*Influence functions* are exact, with the factor that Study has; *representer points* need no
fine-tuning, since Study has brought the head to its optimum (the paper's time has it included).
Where there is a GPU, the same head runs on it as a layer of torch, and has rows of its own,
without verification, which is scikit-learn's on the CPU.
"""


@dataclass(frozen=True)
class Times:
    """What one device took."""

    device: str
    study: float
    seconds: dict[str, list[float]]
    """Of each target, by what was measured: `first`, `search`, `influence`, `representer`;
    `whole` of the first ones that flip."""
    sizes: list[int]
    """Of the sets that flip, not refined."""


@dataclass(frozen=True)
class Measured:
    shape: str
    fit: float
    """Seconds of scikit-learn's fit."""
    most: int
    """Rows at which the search ends."""
    targets: int
    devices: list[Times]
    """The CPU, and a GPU where there is one."""


def table_one(settings: Settings) -> Iterator[str]:
    yield "## Table I of the paper\n"
    if folder("FORCING_DATA") is None:
        yield "Not measured: set FORCING_DATA to the folder of the data sets.\n"
        return
    targets = 3 if settings.short else 10
    yield EXPLAINED
    cifar10 = _cifar10_short if settings.short else _cifar10
    parts: dict[str, Callable[[int], Measured]] = {"dog-fish": _dogfish, "CIFAR-10": cifar10}
    kept: dict[str, Any] = {}
    for name, part in parts.items():
        told(name)
        try:
            measured = in_child(part, targets)
        except UnsupportedModelError as error:
            yield f"{name}: not run, {error}\n"
            continue
        kept[name] = asdict(measured)
        yield from _printed(name, measured)
    if not any(len(part["devices"]) > 1 for part in kept.values()):
        yield "No GPU was there: its rows were not measured.\n"
    if not settings.short:
        record.keep("table-one", {"machine": machine(), "data": kept})


def cells(measured: dict[str, Any], paper: tuple[str, ...]) -> dict[str, list[str]]:
    """Rows of the table by their names, from `Measured` as a dict: one cell for each method."""
    found = {"paper, GPU": list(paper)}
    for times in measured["devices"]:
        there = "" if times["device"] == "CPU" else f", {times['device']}"
        for name, columns in ROWS.items():
            spread = [_spread(times["seconds"].get(what, [])) for what in columns]
            if any(spread):
                found[name + there] = spread + [""] * (len(METHODS) - len(spread))
    return found


def _printed(name: str, measured: Measured) -> Iterator[str]:
    cpu = measured.devices[0]
    found = f", with {min(cpu.sizes)} to {max(cpu.sizes)} rows" if cpu.sizes else ""
    yield (
        f"**{name}**, {measured.shape}: one fit {measured.fit:.1f} s, Study "
        f"{', '.join(f'{t.study:.1f} s ({t.device})' for t in measured.devices)}; {len(cpu.sizes)} "
        f"of {measured.targets} targets flip within {measured.most} rows and are confirmed by "
        f"refitting{found}.\n"
    )
    yield from table(["", *METHODS])
    for name_of_row, row_cells in cells(asdict(measured), PAPER[name]).items():
        yield row([name_of_row, *row_cells])
    yield ""


def _dogfish(targets: int) -> Measured:
    model = LogisticRegression(C=1.0, tol=1e-8, max_iter=10_000)
    return measured(dogfish(), model, targets, most=200, refined=3)


def _cifar10(targets: int) -> Measured:
    return measured(load_cifar10(), _ten_classes(), targets, most=200, refined=3)


def _cifar10_short(targets: int) -> Measured:
    data = load_cifar10()
    few = Data(data.X[:2_000], data.y[:2_000], data.X_test)
    return measured(few, _ten_classes(), targets, most=50, refined=3)


def _ten_classes() -> LogisticRegression:
    """Short of its optimum, as most people's; Study goes on to it."""
    return LogisticRegression(C=0.01, max_iter=200)


def measured(
    data: Data, model: LogisticRegression, targets: int, most: int, refined: int
) -> Measured:
    """The times of a data set; of the first `refined` targets that flip, the whole too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit, model = timed(lambda: model.fit(data.X, data.y))
    told(f"fitted in {fit:.0f} s")
    made, study = timed(lambda: forcing.Study(model, data.X, data.y))
    told(f"studied in {made:.0f} s")
    chosen = _unsure(study, data.X_test[:500], targets)
    X = [data.X_test[target] for target in chosen]
    devices = [_on_the_cpu(made, study, X, most, refined)]
    if (gpu := _gpu()) is not None:
        devices.append(on_a_device(model, data, X, most, "cuda", gpu))
    return Measured(data.shape, fit, most, targets, devices)


def _on_the_cpu(made: float, study: forcing.Study, X: list[Any], most: int, refined: int) -> Times:
    times: dict[str, list[float]] = {}
    sizes = []
    for number, x in enumerate(X):
        found = _added(times, one_target(study, x, most))
        told(f"target {number}: {found.size} rows, {times['search'][-1]:.1f} s")
        if not found.flipped:
            continue
        sizes.append(found.size)
        if len(sizes) <= refined:
            seconds, whole = timed(partial(study.explain, x, max_removals=most, bound=False))
            times.setdefault("whole", []).append(seconds)
            told(f"refined from {found.size} to {whole.size} rows, {seconds:.1f} s")
    return Times("CPU", made, times, sizes)


def on_a_device(
    model: LogisticRegression, data: Data, X: list[Any], most: int, device: str, name: str
) -> Times:
    """The same targets with the head as a layer of torch, without verification.

    Its biases are penalised: a target that they decide otherwise is left out.
    """
    made, study = timed(lambda: as_layer(model, data, device))
    times: dict[str, list[float]] = {}
    sizes = []
    with contextlib.suppress(TrainingMismatchError):  # loads what is loaded when first called
        one_target(study, data.X[0], 3, verify=False)
    for x in X:
        with contextlib.suppress(TrainingMismatchError):
            found = _added(times, one_target(study, x, most, verify=False))
            sizes += [found.size] if found.flipped else []
    return Times(name, made, times, sizes)


def one_target(
    study: forcing.Study, x: Any, most: int, *, verify: bool = True
) -> tuple[dict[str, float], forcing.Explanation]:
    """Seconds of the first rows, of a set of at most `most`, of the two baselines; the set."""
    search = partial(study.explain, refine=False, bound=False)
    whole = partial(search, x, max_removals=most, verify=verify)
    runs: dict[str, Callable[[], Any]] = {
        "first": partial(search, x, max_removals=FIRST, verify=False),
        "influence": partial(_order, study, x, "influence"),
        "representer": partial(_order, study, x, "representer"),
    }
    seconds = {name: timed(run)[0] for name, run in runs.items()}
    seconds["search" if verify else "unverified"], explanation = timed(whole)
    return seconds, explanation


def _added(
    times: dict[str, list[float]], one: tuple[dict[str, float], forcing.Explanation]
) -> forcing.Explanation:
    seconds, found = one
    for name, value in seconds.items():
        times.setdefault(name, []).append(value)
    return found


def as_layer(model: LogisticRegression, data: Data, device: str) -> forcing.Study:
    """The same head as a layer of torch, so that the engine runs on the device.

    As torch's weight decay has it, its biases are penalised like its weights.
    """
    import torch

    outputs, columns = model.coef_.shape
    layer = torch.nn.Linear(columns, outputs, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.as_tensor(model.coef_))
        layer.bias.copy_(torch.as_tensor(model.intercept_))
    decay = 1.0 / (model.C * len(data.y))
    wrapped = forcing.TorchModel(torch.nn.Sequential(layer), weight_decay=decay, device=device)
    return forcing.Study(wrapped, data.X, data.y)


def _gpu() -> str | None:
    """Its name."""
    try:
        import torch
    except ImportError:
        return None
    if not torch.cuda.is_available():
        return None
    return str(torch.cuda.get_device_name())


def _unsure(study: forcing.Study, X_test: Any, targets: int) -> list[int]:
    """Without those that the model as fitted and its optimum decide differently."""
    confidence = {}
    for position, x in enumerate(X_test):
        with contextlib.suppress(TrainingMismatchError):
            confidence[position] = study.claim(x).confidence
    order = sorted(confidence, key=confidence.__getitem__)
    return [order[i] for i in np.linspace(0, len(order) // 2, targets).astype(int)]


def _order(study: forcing.Study, x: Any, method: str) -> Any:
    """The scores alone: `Study.rank` goes on to refit without the first of them."""
    explainer = study._explainer  # noqa: SLF001
    assert isinstance(explainer, LinearExplainer)
    return rank(explainer.problem(x), method)


def _spread(seconds: list[float]) -> str:
    return f"{np.mean(seconds):.3g} ± {np.std(seconds):.2g}" if seconds else ""
