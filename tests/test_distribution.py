"""What is published installs where there is no Node, and says the same version everywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import forcing

ROOT = Path(__file__).parents[1]
CHECK = """
import forcing
from pathlib import Path
print(forcing.__version__, Path(forcing.__file__).parent)
"""


def test_versions_agree() -> None:
    package = json.loads((ROOT / "js" / "package.json").read_text())
    assert package["version"] == forcing.__version__


@pytest.mark.package
def test_sdist_installs_without_node(tmp_path: Path) -> None:
    _run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path, cwd=ROOT)
    (sdist,) = tmp_path.glob("forcing-*.tar.gz")

    fresh = tmp_path / "fresh"
    venv.create(fresh)
    # What the package needs comes from here, so that the test asks no package index.
    site = next(fresh.glob("lib/python*/site-packages"))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    nowhere = {"PATH": str(tmp_path / "nowhere")}
    options = ("--no-deps", "--no-build-isolation", "--no-cache-dir", "--ignore-installed", "-q")
    _run(sys.executable, "-m", "pip", "install", *options, "--prefix", fresh, sdist, env=nowhere)

    said = _run(fresh / "bin" / "python", "-I", "-c", CHECK, env=nowhere, cwd=tmp_path)
    version, folder = said.split(maxsplit=1)
    assert version == forcing.__version__
    installed = Path(folder.strip())
    assert installed == site / "forcing"
    assert (installed / "static" / "widget.js").stat().st_size > 0
    assert (installed / "py.typed").exists()
    extension = fresh / "share" / "jupyter" / "labextensions" / "forcing-lab"
    assert (extension / "install.json").exists()
    entry = json.loads((extension / "package.json").read_text())["jupyterlab"]["_build"]["load"]
    assert (extension / entry).exists()


def _run(*command: object, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    # The Makefile builds the bundles itself and tells pip so; a user's pip is not told.
    environment = {**os.environ, **(env or {})}
    environment.pop("SKIP_JUPYTER_BUILDER", None)
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
