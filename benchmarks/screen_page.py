"""A page with the shipped widget in a real browser, and what the browser's trace says of it."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from forcing.jupyter.bundle import BUNDLE

PAGE = Path(__file__).parent.parent / "js" / "bench"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CATEGORIES = [
    "__metadata",
    "benchmark",
    "blink.user_timing",
    "devtools.timeline",
    "disabled-by-default-devtools.timeline",
    "v8",
]
DUE = 1000 / 60
"""Milliseconds between two frames."""

LAYOUT = {"UpdateLayoutTree", "Layout", "ParseAuthorStyleSheet", "RecalculateStyles"}
PAINT = {"PrePaint", "Paint", "Layerize", "Commit", "UpdateLayer", "CompositeLayers"}
SCRIPT = {
    "FunctionCall",
    "EvaluateScript",
    "FireAnimationFrame",
    "TimerFire",
    "EventDispatch",
    "RunMicrotasks",
    "v8.callFunction",
    "v8.run",
}


@dataclass(frozen=True)
class Trace:
    """Of one stretch of one page, between its two marks."""

    frames: float
    """Animation frames a second."""
    median: float
    """Milliseconds between two animation frames; so are the next ones."""
    p95: float
    worst: float
    dropped: float
    """Share of frames that the browser says it could not present in time."""
    each: float
    """Milliseconds of processor time of the page's main thread for each frame."""
    busy: float
    """Processor time of the page's main thread, as a share of the time; so are the next ones."""
    longest: float
    """Milliseconds of processor time of its longest task."""
    script: float
    """Ours, with the garbage that it leaves."""
    layout: float
    paint: float
    raster: float
    """Other threads and processes, which draw what the page says."""


@contextmanager
def served() -> Iterator[str]:
    """The address of the measuring page, with the widget as it is installed."""
    with tempfile.TemporaryDirectory() as folder:
        for file in [*PAGE.iterdir(), BUNDLE]:
            shutil.copy(file, folder)
        handler = functools.partial(_Quiet, directory=folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/index.html"
        finally:
            server.shutdown()
            server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def chromium() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, address: str) -> Iterator[Page]:
    """A page of the usual width, ready to measure; its errors are raised."""
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    errors: list[Any] = []
    page.on("pageerror", lambda error: errors.append(error))  # noqa: PLW0108 - it is marked
    page.goto(address)
    page.wait_for_function("() => 'bench' in globalThis")
    yield page
    page.close()
    if errors:
        raise RuntimeError(f"The page failed: {errors[0]}")


def traced(browser: Browser, page: Page, script: str) -> Trace:
    """What a call of the page, which returns the times of its frames, costs."""
    browser.start_tracing(page=page, categories=CATEGORIES)
    times = page.evaluate(f"() => {script}")
    events = json.loads(browser.stop_tracing())["traceEvents"]
    return read(events, times)


def wheeled(browser: Browser, page: Page, pixels: int, speed: int) -> Trace:
    """The same while a wheel turns over the list, in pixels and pixels a second."""
    place = page.evaluate("() => bench.place()")
    session = page.context.new_cdp_session(page)
    browser.start_tracing(page=page, categories=CATEGORIES)
    page.evaluate("() => { globalThis.going = bench.begin(); }")
    page.wait_for_timeout(500)
    gesture = {"yDistance": -pixels, "speed": speed, "gestureSourceType": "mouse"}
    session.send("Input.synthesizeScrollGesture", place | gesture)
    times = page.evaluate("() => { going.done(); return going.times; }")
    events = json.loads(browser.stop_tracing())["traceEvents"]
    session.detach()
    return read(events, times)


def read(events: list[dict[str, Any]], times: list[float]) -> Trace:
    marks = {e["name"]: e for e in events if e["name"] in ("bench-begin", "bench-end")}
    begin, end = marks["bench-begin"]["ts"], marks["bench-end"]["ts"]
    here = marks["bench-begin"]["pid"], marks["bench-begin"]["tid"]
    length = end - begin
    within = [e for e in events if begin <= e.get("ts", 0) < end]
    spans = [e for e in within if e["ph"] == "X"]
    main = [e for e in spans if (e["pid"], e["tid"]) == here]
    # Processor time: what else runs on the machine is not ours.
    main = [e | {"ts": e["tts"], "dur": e["tdur"]} for e in main if "tts" in e and "tdur" in e]
    tasks = [e["dur"] for e in main if e["name"] == "RunTask"]
    kinds = _by_kind(main)
    elsewhere = [
        e.get("tdur", 0)
        for e in spans
        if (e["pid"], e["tid"]) != here and e["name"] in ("RunTask", "RasterTask")
    ]
    gaps = np.diff(times)
    return Trace(
        1000 * len(gaps) / (times[-1] - times[0]),
        float(np.median(gaps)),
        float(np.quantile(gaps, 0.95)),
        float(gaps.max()),
        _dropped(within),
        sum(tasks) / 1000 / len(gaps),
        sum(tasks) / length,
        max(tasks) / 1000,
        kinds["script"] / length,
        kinds["layout"] / length,
        kinds["paint"] / length,
        sum(elsewhere) / length,
    )


def _dropped(events: list[dict[str, Any]]) -> float:
    states = [
        report["state"]
        for e in events
        if e["name"] == "PipelineReporter" and (report := e.get("args", {}).get("frame_reporter"))
    ]
    late = sum(state == "STATE_DROPPED" for state in states)
    return float(late / max(1, len(states)))


def _by_kind(spans: list[dict[str, Any]]) -> dict[str, float]:
    """Microseconds of each kind of work, each moment to the innermost span that has a kind."""
    told = {"script": 0.0, "layout": 0.0, "paint": 0.0, "other": 0.0}
    stack: list[tuple[float, str]] = []
    last = 0.0

    def until(moment: float) -> None:
        nonlocal last
        while stack and stack[-1][0] <= moment:
            close, kind = stack.pop()
            told[kind] += max(0.0, close - last)
            last = max(last, close)
        if stack:
            told[stack[-1][1]] += max(0.0, moment - last)
        last = max(last, moment)

    for span in sorted(spans, key=lambda e: (e["ts"], -e["dur"])):
        until(span["ts"])
        outer = stack[-1][1] if stack else "other"
        stack.append((span["ts"] + span["dur"], _kind(span["name"]) or outer))
    until(float("inf") if not stack else max(close for close, _ in stack))
    return told


def _kind(name: str) -> str | None:
    if name in LAYOUT:
        return "layout"
    if name in PAINT:
        return "paint"
    return "script" if name in SCRIPT or "GC" in name else None


def heap(page: Page) -> dict[str, float]:
    """After the garbage is collected: MB of script objects, DOM nodes, listeners."""
    session: CDPSession = page.context.new_cdp_session(page)
    session.send("HeapProfiler.enable")
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
        page.wait_for_timeout(50)
    session.send("Performance.enable")
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return {
        "heap": metrics["JSHeapUsedSize"] / 1e6,
        "nodes": metrics["Nodes"],
        "listeners": metrics["JSEventListeners"],
    }
