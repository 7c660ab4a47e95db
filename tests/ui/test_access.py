"""Access for everyone: WCAG 2.2 AA by axe-core, the keyboard, zoom, spacing, high contrast."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from ui import bare, samples, saved
from ui.axe import small_targets, violations
from ui.conftest import OpenNotebook
from ui.notebook_page import NotebookPage
from ui.view import steps_shown

KINDS = {
    "table": saved.table_bundle,
    "image": saved.image_bundle,
    "text": saved.text_bundle,
    "robust": saved.robust_bundle,
}
HIGH_CONTRAST = "JupyterLab Dark High Contrast"


def state_of(kind: str) -> dict[str, Any]:
    state: dict[str, Any] = KINDS[kind]()[saved.MIME_TYPE]
    return state


def stopped(state: dict[str, Any]) -> dict[str, Any]:
    """The same run, as if a reader had cancelled it after two steps."""
    end = {"type": "end", "status": "cancelled", "reason": "Stopped at step 2.", "seconds": 1.0}
    unknown = {"verified": None, "bound": None, "rankings": [], "refined": False}
    return {**state, **unknown, "steps": state["steps"][:2], "end": end}


def running(state: dict[str, Any]) -> dict[str, Any]:
    return {**stopped(state), "end": None}


def every_tab(view: Locator) -> list[str]:
    """What axe finds in the view behind each of its tabs, and with a row put back and help."""
    found = violations(view)
    # A reader may put a row back: the line above, and what becomes of the row, are more to read.
    back = view.get_by_role("button", name="Put back", disabled=False)
    if back.count() > 0:
        back.first.click()
    view.get_by_role("button", name="Keys").click()
    for tab in view.get_by_role("tab").all():
        tab.click()
        found += violations(view)
    found += [f"small: {line}" for line in small_targets(view)]
    view.get_by_role("button", name="Close").click()
    return found


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark", HIGH_CONTRAST])
def test_saved_views_have_no_violations(open_notebook: OpenNotebook, theme: str) -> None:
    notebook = open_notebook(*(saved.cell(make()) for make in KINDS.values()), kernel=None)
    use_theme(notebook, theme)
    for index in range(len(KINDS)):
        output = notebook.output(index)
        output.scroll_into_view_if_needed()
        expect(output.get_by_text("Verified")).to_be_visible()
        assert every_tab(output) == []
    assert notebook.output(0).locator(".stage").get_attribute("data-contrast") == (
        "more" if theme == HIGH_CONTRAST else "normal"
    )


def use_theme(notebook: NotebookPage, theme: str) -> None:
    notebook.execute("apputils:change-theme", theme=theme)
    attribute = "() => document.body.dataset.jpThemeName"
    notebook.poll(lambda: notebook.page.evaluate(attribute) == theme)


def test_a_run_has_no_violations_on_its_way_and_cancelled(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(samples.LOAD, samples.SLOW, samples.EXPLAIN_SLOWLY)
    notebook.run_to_end(0, 1, 2)
    output = notebook.output(2)
    notebook.poll(lambda: steps_shown(output) > 2)
    assert violations(output) == []
    output.get_by_role("button", name="Pause").click()
    expect(output.get_by_role("button", name="Resume")).to_be_visible()
    assert violations(output) == []
    output.get_by_role("button", name="Cancel").click()
    expect(output.locator(".checks").get_by_text("Stopped at step")).to_be_visible()
    assert every_tab(output) == []


@pytest.mark.parametrize(("width", "theme"), [(320, "light"), (600, "dark"), (1100, "light")])
@pytest.mark.parametrize("kind", KINDS)
def test_no_violations_at_any_width(page: Page, kind: str, width: int, theme: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    bare.open_page(page, theme)
    assert every_tab(bare.show(page, state_of(kind))) == []
    assert violations(bare.show(page, stopped(state_of(kind)))) == []
    assert violations(bare.show(page, running(state_of(kind)), live=True)) == []


@pytest.mark.parametrize(("width", "theme"), [(600, "light"), (1100, "dark")])
def test_groups_have_no_violations_and_say_what_they_show(
    page: Page, width: int, theme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    bare.open_page(page, theme)
    view = bare.show(page, state_of("robust"))
    view.get_by_label("Group by").select_option("feature")
    group = view.locator(".row.group button").first
    expect(group).to_have_accessible_name(re.compile(r"^\d+ .*differ most in .*together"))
    group.click()
    assert violations(view) == []


@pytest.mark.parametrize("kind", KINDS)
def test_forced_colours_keep_what_colours_say(page: Page, kind: str) -> None:
    page.emulate_media(forced_colors="active")
    bare.open_page(page)
    view = bare.show(page, state_of(kind))
    assert every_tab(view) == []
    colour = "e => getComputedStyle(e).{}"
    # The chosen tab and the bars are drawn, and not only where colours are ours.
    view.get_by_role("tab").first.click()
    chosen = view.locator("[role=tab][aria-selected=true]")
    other = view.locator("[role=tab][aria-selected=false]").first
    border = colour.format("borderBottomColor")
    assert chosen.evaluate(border) != other.evaluate(border)
    ground = view.locator("section.forcing").evaluate(colour.format("backgroundColor"))
    assert view.locator(".bar .fill").first.evaluate(colour.format("backgroundColor")) != ground


@pytest.mark.parametrize("kind", KINDS)
def test_text_at_twice_its_size_and_widely_set_is_not_cut_off(page: Page, kind: str) -> None:
    # 1280 px at 400 % are 320: nothing scrolls sideways (1.4.10), and nothing is clipped when
    # a reader sets lines, words and letters further apart (1.4.12).
    page.set_viewport_size({"width": 320, "height": 800})
    bare.open_page(page)
    view = bare.show(page, state_of(kind))
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 320
    for width in (320, 640, 1100):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(100)
        view.evaluate("""host => {
            const style = document.createElement("style");
            style.textContent = `* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
              word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }`;
            host.shadowRoot.append(style);
        }""")
        cut: list[str] = view.evaluate("""host => {
            const cut = e => e.scrollHeight > e.clientHeight + 2
              && getComputedStyle(e).overflowY === "hidden"
              && !e.matches(".canvas, .aloud, .words");
            const beyond = row => row.getBoundingClientRect().bottom + 2
              < Math.max(...[...row.children].map(e => e.getBoundingClientRect().bottom));
            const all = [...host.shadowRoot.querySelectorAll("*")];
            const rows = [...host.shadowRoot.querySelectorAll(".row, .card, .brief")];
            return [...all.filter(cut), ...rows.filter(beyond)].map(e => e.outerHTML.slice(0, 120));
        }""")
        assert cut == [], f"at {width}"


def test_keys_pressed_in_the_view_are_no_commands_of_the_notebook(
    open_notebook: OpenNotebook,
) -> None:
    notebook = open_notebook(saved.cell(saved.table_bundle()), "1 + 1", kernel=None)
    output = notebook.output(0)
    before = notebook.sources()
    for part in (
        output.get_by_role("slider"),
        output.get_by_role("button", name="Put back").first,
        output.get_by_role("tab").first,
    ):
        part.focus()
        for key in ["d", "d", "x", "a", "b", "c", "v", "m", "y", "j", "k", "Shift+M", "0", "0"]:
            notebook.page.keyboard.press(key)
    assert notebook.sources() == before
    kinds = notebook.evaluate("return [...panel.content.model.cells].map(c => c.type)")
    assert kinds == ["code", "code"]
    assert notebook.evaluate("return panel.content.activeCell.inputHidden") is False


def test_help_opens_by_its_key_and_gives_the_focus_back(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(saved.cell(saved.table_bundle()), kernel=None)
    output = notebook.output(0)
    slider = output.get_by_role("slider")
    slider.focus()
    notebook.page.keyboard.press("?")
    dialog = output.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_focused()
    expect(dialog).to_contain_text("one removal back or on")
    notebook.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(slider).to_be_focused()


def test_everything_is_reached_by_keyboard_and_shows_its_focus(page: Page) -> None:
    bare.open_page(page)
    view = bare.show(page, state_of("table"))
    active = """host => {
      const e = host.shadowRoot.activeElement;
      if (!e) return null;
      const style = getComputedStyle(e);
      const name = e.getAttribute("role") ?? e.tagName.toLowerCase();
      return [name, style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
    }"""
    reached: list[str] = []
    for _ in range(30):
        page.keyboard.press("Tab")
        now = view.evaluate(active)
        if now is None:
            break
        name, shown = now
        assert shown, f"{name} does not show its focus"
        reached.append(name)
    # One stop for the curve, one for the tabs, one for the list; arrows do the rest.
    assert reached.count("slider") == 1
    assert reached.count("tab") == 1
    assert 4 <= len(reached) <= 24
    view.get_by_role("tab").first.focus()
    page.keyboard.press("End")
    expect(view.get_by_role("tab").last).to_be_focused()
    expect(view.get_by_role("tab").last).to_have_attribute("aria-selected", "true")


def test_nothing_moves_for_who_asked_for_less(page: Page) -> None:
    bare.open_page(page)
    view = bare.show(page, running(state_of("image")), live=True)
    moving = """host => [...host.shadowRoot.querySelectorAll("*")].filter(e => {
      const style = getComputedStyle(e);
      return style.animationName !== "none" || parseFloat(style.transitionDuration) > 0;
    }).map(e => e.getAttribute("class"))"""
    assert view.evaluate(moving) == []
    # The test can tell: without the wish something turns.
    page.emulate_media(reduced_motion="no-preference")
    assert view.evaluate(moving) != []


def test_the_live_region_is_not_told_every_step(page: Page) -> None:
    bare.open_page(page)
    view = bare.show(page, running(state_of("table")), live=True)
    expect(view.locator("[aria-live=polite].aloud")).to_have_count(1)
    label = "table"
    expect(view.get_by_role("region").first).to_have_attribute(
        "aria-label", f"Forcing set{_name(state_of(label))}"
    )


def _name(state: dict[str, Any]) -> str:
    name = state["start"]["target"]["name"]
    return f" of {name}" if name else ""
