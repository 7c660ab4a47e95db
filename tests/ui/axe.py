"""axe-core on one view: what it finds against WCAG 2.2, level A and AA, and good practice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator

AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# Target sizes are measured, and 24 px of WCAG 2.5.8 asked of each without its exceptions.
SMALL = """
host => {
  const root = host.shadowRoot ?? host;
  const found = "button, [role=slider], [role=tab], input, select, a[href]";
  const all = [...root.querySelectorAll(found)];
  return all.filter(e => {
    const { width, height } = e.getBoundingClientRect();
    return width > 0 && (width < 23.5 || height < 23.5);
  }).map(e => {
    const { width, height } = e.getBoundingClientRect();
    return `${e.outerHTML.slice(0, 120)} ${width} x ${height}`;
  });
}
"""


def violations(view: Locator) -> list[str]:
    """What axe finds in an element and in the shadow roots below it, a line each."""
    if not view.page.evaluate("() => 'axe' in window"):
        view.page.evaluate(AXE.read_text())
    script = """
    async (node, tags) => {
      const options = { runOnly: tags, resultTypes: ["violations"] };
      return (await axe.run(node, options)).violations;
    }
    """
    found: list[dict[str, Any]] = view.evaluate(script, TAGS)
    return [
        f"{rule['id']}: {node['html'][:160]} ({node['failureSummary']})"
        for rule in found
        for node in rule["nodes"]
    ]


def small_targets(view: Locator) -> list[str]:
    """Controls that are narrower or lower than 24 px."""
    host = view.locator(":scope").evaluate_handle(
        "node => node.shadowRoot ? node : [...node.querySelectorAll('*')].find(e => e.shadowRoot)"
    )
    small: list[str] = host.evaluate(SMALL)
    return small
