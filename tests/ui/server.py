"""One Jupyter server in a temporary folder, for both JupyterLab and Notebook 7."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LOOPBACK = "127.0.0.1"
START_TIMEOUT = 60.0
STOP_TIMEOUT = 10.0

# Each of these would else point at the folders of whoever runs the tests.
FOLDERS = (
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
    "IPYTHONDIR",
)
# Asks outside the machine, and covers the page.
NO_NEWS = ("@jupyterlab/apputils-extension", "notification.jupyterlab-settings")


@dataclass
class Server:
    """A running server: where it listens, and the folder of its notebooks."""

    url: str
    root: Path
    log: Path
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Stop it and its kernels."""
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def start_server(home: Path) -> Server:
    """Start a server whose every file lies under `home`, and wait until it answers."""
    environment = os.environ | {name: str(home / name.lower()) for name in FOLDERS}
    settings = home / "jupyterlab_settings_dir" / NO_NEWS[0]
    settings.mkdir(parents=True)
    (settings / NO_NEWS[1]).write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))
    root = home / "notebooks"
    root.mkdir()
    port = _free_port()
    command = [
        *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
        f"--ip={LOOPBACK}",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=",
        f"--ServerApp.root_dir={root}",
        "--LabApp.extension_manager=readonly",
        "--LabApp.expose_app_in_browser=True",
        "--JupyterNotebookApp.expose_app_in_browser=True",
    ]
    log = home / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=root, stdout=output, stderr=output, start_new_session=True
        )
    server = Server(f"http://{LOOPBACK}:{port}", root, log, process)
    try:
        _wait_until_up(server)
    except BaseException:
        server.stop()
        raise
    return server


def _wait_until_up(server: Server) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{server.url}/api", timeout=1):  # noqa: S310 -- our own
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    msg = f"The Jupyter server did not start:\n{server.log.read_text()[-3000:]}"
    raise RuntimeError(msg)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
