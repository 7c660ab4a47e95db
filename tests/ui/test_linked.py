"""What is picked in a view, linked to other widgets in the browser."""

from __future__ import annotations

from playwright.sync_api import expect

from ui import samples
from ui.conftest import OpenNotebook
from ui.notebook_page import NotebookPage

TWO_VIEWS = """\
import forcing, ipywidgets
study = forcing.Study(model, X_train, y_train)
one, other = (study.view(X_test.iloc[0], freeze=False, baselines=()) for _ in range(2))
ipywidgets.jslink((one, "selected"), (other, "selected"))
one
"""


def test_jslink_carries_a_click_to_another_widget_and_back(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(
        samples.LOAD,
        samples.BREAST_CANCER,
        samples.FIT,
        TWO_VIEWS,
        "other",
        # "Verified" is on the screen before the run has ended.
        "print(one.selected == other.selected == one.wait().supports[:1].tolist())",
    )
    notebook.run_to_end(0, 1, 2, 3, 4)
    first, second = (notebook.output(index).locator(".row[data-place]") for index in (3, 4))
    for output in (notebook.output(3), notebook.output(4)):
        expect(output.get_by_text("Verified")).to_be_visible()
    first.nth(0).click()
    expect(first.nth(0)).to_have_attribute("aria-current", "true")
    expect(second.nth(0)).to_have_attribute("aria-current", "true")
    # A click goes to the kernel beside the cells: one that is run at once may come before it.
    notebook.poll(lambda: printed(notebook, 5) == "True")
    second.nth(1).click()
    expect(first.nth(1)).to_have_attribute("aria-current", "true")
    expect(first.nth(0)).not_to_have_attribute("aria-current", "true")


def printed(notebook: NotebookPage, index: int) -> str:
    notebook.run_to_end(index)
    text: str = notebook.outputs(index)[0].get("text", "")
    return text.strip()
