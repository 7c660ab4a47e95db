"""The renderer that is given a run which it already shows."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from ui import saved
from ui.conftest import OpenNotebook


def test_the_same_run_told_anew_keeps_the_view(open_notebook: OpenNotebook) -> None:
    state = saved.table_bundle()[saved.MIME_TYPE]
    changed = state | {"steps": state["steps"][:5]}
    show = (
        "import json\nfrom IPython.display import display\n"
        f"shown = display({{{saved.MIME_TYPE!r}: json.loads({json.dumps(state)!r})}},"
        " raw=True, display_id=True)"
    )
    update = f"shown.update({{{saved.MIME_TYPE!r}: json.loads({json.dumps(changed)!r})}}, raw=True)"
    notebook = open_notebook(show, update)
    notebook.run_to_end(0)
    headline = notebook.output(0).locator(".headline")
    expect(headline).to_contain_text(f"{len(state['steps'])} of")
    headline.evaluate("node => { node.dataset.kept = 'yes'; }")
    notebook.run_to_end(1)
    expect(headline).to_contain_text("5 of")
    expect(headline).to_have_attribute("data-kept", "yes")
