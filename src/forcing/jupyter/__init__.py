"""The notebook side: live widget, magics, saved form. Loaded only when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """`%load_ext forcing`: the magics %mfs and %%mfs, and the line to saved views."""
    from forcing.jupyter.comms import register_target
    from forcing.jupyter.completion import install
    from forcing.jupyter.magic import ForcingMagics

    shell.register_magics(ForcingMagics)
    install(shell)
    register_target()
