"""The two figures of an audit's report, as drawings that stand in the page itself.

Wrong decisions differ by shape as well as by colour: crosses, and bars with stripes. Colours are
those of the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from forcing.explanation.figures import count
from forcing.study import audit_scales

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 20, 48
NAMED = 1_000
"""Points up to which each says what it is to a pointer that rests on it."""
DRAWN = 4_000
"""Points that are drawn; of more, right decisions are an even sample."""

STRIPES = (
    '<pattern id="stripes" width="5" height="5" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect class="wrong" width="5" height="5"/>'
    '<path class="gap" d="M0 0V5"/></pattern>'
)


def histogram(size: NDArray[np.intp], wrong: NDArray[np.bool_] | None) -> str:
    """How many decisions stand on how many rows: (T,) each, of those that have a set."""
    named = audit_scales.bars(int(np.max(size, initial=1)))
    edges = [*named.values(), np.inf]
    every = np.histogram(size, edges)[0].tolist()
    bad = [0] * len(every) if wrong is None else np.histogram(size[wrong], edges)[0].tolist()
    most = max(every)
    each = (WIDTH - LEFT - RIGHT) / len(every)
    parts = [_rule(_up(0, most))]
    for place, (name, total, of_them) in enumerate(zip(named, every, bad, strict=True)):
        left, width = LEFT + each * (place + 0.12), each * 0.76
        middle, top, base = left + width / 2, _up(total, most), _up(0, most)
        split = _up(of_them, most)
        said = f"{name} row{'' if name == '1' else 's'}: {count(total)} decisions"
        said += f", {count(of_them)} of them wrong" if wrong is not None else ""
        bars = [_bar("right", left, top, width, split - top)] * (total > of_them)
        bars += [_bar("striped", left, split, width, base - split)] * (of_them > 0)
        parts.append(f"<g><title>{said}</title>{''.join(bars)}</g>")
        parts.append(_text(count(total), middle, top - 5) if total else "")
        parts.append(_text(name, middle, base + 17))
    parts.append(_text("rows in the set", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "name"))
    told = "; ".join(f"{name}: {count(total)}" for name, total in zip(named, every, strict=True))
    return _svg(f"Decisions by the rows in their set. {told}.", parts, f"<defs>{STRIPES}</defs>")


def scatter(
    across: NDArray[np.float64],
    size: NDArray[np.intp],
    wrong: NDArray[np.bool_] | None,
    *,
    ticks: Mapping[float, str],
    label: str,
    said: Sequence[str],
) -> str:
    """Set sizes over `across`, (T,) each; `said` is what each point is."""
    low, high = _ends([*across.tolist(), *ticks])
    most = 1.3 * int(np.max(size, initial=1))

    def right(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low)

    def up(rows: float) -> float:
        part = np.log(rows / 0.8) / np.log(most / 0.8)
        return float(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * part)

    parts = []
    for rows in audit_scales.size_ticks(most):
        parts += [_rule(up(rows)), _text(count(rows), LEFT - 8, up(rows) + 4, "end")]
    parts += [_text(escape(name), right(at), HEIGHT - BOTTOM + 17) for at, name in ticks.items()]
    bad = np.zeros(len(size), bool) if wrong is None else wrong
    for t in _drawn(bad).tolist():
        x, y = right(float(across[t])), up(int(size[t]))
        title = f"<title>{escape(said[t])}</title>" if len(size) <= NAMED else ""
        parts.append(
            f'<path class="cross" d="M{x - 4:.1f} {y - 4:.1f}l8 8m0-8l-8 8">{title}</path>'
            if bad[t]
            else f'<circle class="right" cx="{x:.1f}" cy="{y:.1f}" r="3.5">{title}</circle>'
        )
    parts.append(_text(escape(label), (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "name"))
    parts.append(_text("rows in the set", 14, (TOP + HEIGHT - BOTTOM) / 2, "name upright"))
    return _svg(f"Rows in the set of each decision over its {escape(label)}.", parts)


def _drawn(wrong: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Positions of the points, wrong ones last: they lie on top."""
    right, bad = np.flatnonzero(~wrong), np.flatnonzero(wrong)
    room = max(1, DRAWN - len(bad))
    if len(right) > room:
        right = right[np.unique(np.linspace(0, len(right) - 1, room).astype(int))]
    return np.concatenate([right, bad])


def _ends(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    edge = 0.03 * (high - low) or 1.0
    return low - edge, high + edge


def _up(number: float, most: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * number / max(1, most)


def _rule(y: float) -> str:
    return f'<path class="rule" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'


def _bar(kind: str, x: float, y: float, width: float, height: float) -> str:
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'
    )


def _text(words: str, x: float, y: float, kind: str = "") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{words}</text>'


def _svg(said: str, parts: Sequence[str], before: str = "") -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">\n'
        f"{before}{''.join(parts)}\n</svg>\n"
    )
