"""`python -m benchmarks`: print the results as Markdown, and write them to RESULTS.md."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

from .sizes import sizes
from .speed import speed


def main() -> None:
    packages = ", ".join(f"{p} {metadata.version(p)}" for p in ("numpy", "scipy", "scikit-learn"))
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    lines = f"""# Results

As printed by `make bench`. Absolute times depend on the machine; ratios are within one run.

Machine: {machine}, {packages}, forcing {metadata.version("forcing")}.
""".splitlines()
    print("\n".join(lines))
    for part in (sizes, speed):
        for line in part():
            print(line, flush=True)
            lines.append(line)
    (Path(__file__).parent / "RESULTS.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
