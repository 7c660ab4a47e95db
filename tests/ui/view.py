"""What our view shows in an output area."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator


def steps_shown(output: Locator) -> int:
    """How many removals the view of a search says it has seen."""
    texts = output.get_by_text(re.compile(r"Searching · step \d")).all_inner_texts()
    return int(re.findall(r"\d+", texts[0])[0]) if texts else 0


def pictures_drawn(output: Locator) -> list[bool]:
    """For every picture in an output, whether it has arrived."""
    script = "images => images.map(image => image.complete && image.naturalWidth > 0)"
    drawn: list[bool] = output.locator("img").evaluate_all(script)
    return drawn
