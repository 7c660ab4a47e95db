"""The screen in a real browser: frames, first card, memory, listeners, sizes of the bundles."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from dataclasses import astuple

import numpy as np
from playwright.sync_api import Browser

from benchmarks.measure import in_child, row, table, told
from benchmarks.screen_kernel import kept_in_kernel
from benchmarks.screen_notebook import in_notebook
from benchmarks.screen_page import Trace, chromium, heap, opened, served, traced, wheeled
from benchmarks.settings import Settings
from forcing.jupyter.bundle import BUNDLE

KINDS = ("table", "image", "text")
STEPS = 1_000
SUPPORTS = 10_000
VIEWS = 50

EXPLAINED = """\
The shipped widget on a page of its own, 1 000 pixels wide, fed with made-up runs as JSON; tables
have 30 columns. Medians of {repeats} traces of headless Chromium, which draws by software: nothing
here uses a graphics processor. *Streaming*: 1 000 steps in ten messages a second. *Top to bottom*:
10 000 supports in 10 s, another screenful at every frame; *wheel*: 4 000 pixels a second. *Frames
a second*: those that the page's main thread got; 60 are due, 16.7 ms apart, and what else runs on
the machine takes some of them. What follows is processor time, which it does not touch: *each*, of
the main thread for a frame; *longest*, its longest task; *busy*, its share of a core, of which
*script* is ours, *style* and *paint* the browser's on what we drew; *others*, compositing and
raster on other threads.
"""

COLUMNS = (
    "",
    "frames a second",
    "median, ms",
    "95 %, ms",
    "worst, ms",
    "dropped",
    "each, ms",
    "longest, ms",
    "busy",
    "script",
    "style",
    "paint",
    "others",
)


def screen(settings: Settings) -> Iterator[str]:
    repeats = 1 if settings.short else 3
    yield "## The screen\n"
    yield EXPLAINED.format(repeats=repeats)
    with served() as address, chromium() as browser:
        yield f"Chromium {browser.version}; load before: {os.getloadavg()[0]:.1f}.\n"
        yield from _frames(browser, address, repeats)
        yield f"\nLoad after: {os.getloadavg()[0]:.1f}.\n"
        yield from _first_cards(browser, address)
        yield from _memory(browser, address)
    told("a notebook")
    yield from in_notebook(3 if settings.short else 5, 5 if settings.short else VIEWS)
    told("a kernel")
    yield from in_child(kept_in_kernel, 10 if settings.short else VIEWS)
    yield from _bundles()


def _frames(browser: Browser, address: str, repeats: int) -> Iterator[str]:
    yield from table(COLUMNS)
    for kind in KINDS:
        for per in (10, 100):
            name = f"{kind}, streaming {per} a message"
            runs = [
                _traced(browser, address, None, f"bench.stream('{kind}', {STEPS}, {per})")
                for _ in range(repeats)
            ]
            yield _row(name, runs)
        many = f"bench.finish('{kind}', {SUPPORTS})"
        runs = [_traced(browser, address, many, "bench.scroll(10)") for _ in range(repeats)]
        yield _row(f"{kind}, top to bottom", runs)
        runs = [_wheeled(browser, address, many) for _ in range(repeats)]
        yield _row(f"{kind}, wheel", runs)
        some = f"bench.finish('{kind}', {STEPS})"
        runs = [_traced(browser, address, some, "bench.hover(4)") for _ in range(repeats)]
        yield _row(f"{kind}, pointer over the curve", runs)


def _traced(browser: Browser, address: str, before: str | None, script: str) -> Trace:
    with opened(browser, address) as page:
        if before is not None:
            page.evaluate(f"() => {before}")
        return traced(browser, page, script)


def _wheeled(browser: Browser, address: str, before: str) -> Trace:
    with opened(browser, address) as page:
        page.evaluate(f"() => {before}")
        return wheeled(browser, page, pixels=20_000, speed=4_000)


def _row(name: str, runs: list[Trace]) -> str:
    told(name)
    t = Trace(*np.median([astuple(run) for run in runs], axis=0))
    gaps = [f"{gap:.1f}" for gap in (t.median, t.p95, t.worst)]
    parts = [f"{part:.0%}" for part in (t.script, t.layout, t.paint, t.raster)]
    dropped = f"{t.dropped:.1%}"
    work = [f"{t.each:.1f}", f"{t.longest:.0f}", f"{t.busy:.0%}"]
    return row([name, f"{t.frames:.1f}", *gaps, dropped, *work, *parts])


def _first_cards(browser: Browser, address: str) -> Iterator[str]:
    yield "### First card\n"
    yield "Of 5 fresh pages, ms: from the first message to the card and to its frame.\n"
    yield from table(["", "drawn, median", "worst", "on screen, median", "worst"])
    for kind in KINDS:
        told(f"first card, {kind}")
        times = []
        for _ in range(5):
            with opened(browser, address) as page:
                times.append(page.evaluate(f"() => bench.first('{kind}')"))
        drawn, shown = np.array(times).T
        cells = [np.median(drawn), drawn.max(), np.median(shown), shown.max()]
        yield row([kind, *(f"{cell:.0f}" for cell in cells)])
    yield ""


def _memory(browser: Browser, address: str) -> Iterator[str]:
    yield f"### Memory over {VIEWS} explanations, on the page\n"
    yield (
        "After collecting the garbage. A round mounts a run, streams 100 steps, opens every tab "
        f"and disposes of the view; *kept* are {VIEWS} finished views of 50 supports on one page."
        "\n"
    )
    yield from table(["", "script, MB", "DOM nodes", "listeners"])
    with opened(browser, address) as page:
        told("memory")
        for number in range(1, VIEWS + 1):
            kind = KINDS[number % len(KINDS)]
            left = page.evaluate(f"async () => (await bench.round('{kind}', 100)).left")
            if left:
                raise RuntimeError(f"{left} callbacks are left on the model")
            if number in (3, 10, VIEWS):
                yield _held(f"after {number} rounds", heap(page))
        for _ in range(VIEWS):
            page.evaluate("() => bench.finish('table', 50, { live: false })")
        yield _held(f"{VIEWS} kept", heap(page))
        page.evaluate("() => { bench.dispose(); }")
        yield _held("and disposed of", heap(page))
    yield ""


def _held(name: str, held: dict[str, float]) -> str:
    numbers = [f"{held['heap']:.1f}", f"{held['nodes']:.0f}", f"{held['listeners']:.0f}"]
    return row([name, *numbers])


def _bundles() -> Iterator[str]:
    yield "### Bundles\n"
    yield from table(["", "kB", "compressed, kB"])
    static = BUNDLE.parent.parent / "labextension" / "static"
    parts = {"widget": [BUNDLE], "lab extension": sorted(static.glob("*.js"))}
    for name, files in parts.items():
        read = [file.read_bytes() for file in files if file.exists()]
        sizes = [sum(map(len, read)), sum(len(gzip.compress(part)) for part in read)]
        yield row([name, *(f"{size / 1000:.1f}" for size in sizes)])
    yield ""
