"""`python -m benchmarks [section ...]`: print results as Markdown, and record them.

Each section is kept in `results/`, so that one can be run again without the others; RESULTS.md is
all of them, joined. Progress goes to stderr.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.measure import told
from benchmarks.settings import Settings

HERE = Path(__file__).parent

SECTIONS = {
    "sizes": "sizes",
    "speed": "speed",
    "peers": "against_peers",
    "table-one": "table_one",
    "growth": "growth",
    "proposition": "proposition",
    "any-model": "any_model",
    "retrainings": "retrainings",
    "audit": "audit",
    "audited": "audited",
    "screen": "screen",
    "loans": "loans",
    "poisoned": "poisoned",
    "debugging": "debugging",
    "galleries": "galleries",
}
"""Each a module and the function of the same name in it."""

UNMEASURED = "Not measured"
"""How a section begins to say that its data is not there."""

TITLE = """\
# Results

As printed by `make bench`. Absolute times depend on the machine; ratios are within one run.
"""


def main() -> None:
    chosen, settings = _arguments()
    for name in chosen:
        told(f"section {name}")
        function = SECTIONS[name]
        section: Callable[[Settings], Iterator[str]] = getattr(
            import_module(f"benchmarks.{function}"), function
        )
        lines = []
        for line in section(settings):
            print(line, flush=True)
            lines.append(line)
        lines.insert(1, f"{machine()}\n")
        # What was measured once is not lost on a machine without the data.
        if not settings.short and not any(line.startswith(UNMEASURED) for line in lines):
            (HERE / "results").mkdir(exist_ok=True)
            (HERE / "results" / f"{name}.md").write_text("\n".join(lines).rstrip() + "\n")
            _join()


def _join() -> None:
    files = [HERE / "results" / f"{name}.md" for name in SECTIONS]
    parts = [TITLE, *(file.read_text() for file in files if file.exists())]
    (HERE / "RESULTS.md").write_text("\n".join(parts))


def _arguments() -> tuple[list[str], Settings]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(SECTIONS))
    parser.add_argument("--data", nargs="+", default=[], help="only these data sets")
    parser.add_argument(
        "--short", action="store_true", help="3 targets, no large data; not recorded"
    )
    parser.add_argument("--targets", type=int, default=12, help="of each data set (12)")
    parser.add_argument("--budget", type=float, default=300.0, help="seconds a peer and data set")
    given = parser.parse_args()
    if unknown := set(given.sections) - set(SECTIONS):
        parser.error(f"no section {', '.join(sorted(unknown))}: choose from {', '.join(SECTIONS)}")
    settings = Settings(
        3 if given.short else given.targets, tuple(given.data), given.budget, given.short
    )
    return given.sections or list(SECTIONS), settings


if __name__ == "__main__":
    main()
