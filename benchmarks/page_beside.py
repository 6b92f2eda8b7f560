"""What a person waits for at the page, in a real Chromium, and beside trackio's dashboard where that can be had.

    python benchmarks/page_beside.py [--points 2000] [--follow-s 20] [--trackio PYTHON]

Both show a run that has told so many points and tells ten more a second. PYTHON has trackio
(`uv venv t && uv pip install --python t/bin/python trackio`). Times are those of a page that was never opened before,
in a fresh profile: first paint with content as Chromium tells it, load, bytes over the wire until then.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import anyio
import psutil
from common import Figure, load, script, show
from ledger_scale import call
from page import served
from playwright.sync_api import Browser, Page, sync_playwright
from watchkeeper.server.acts.desk import open_desk
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.vocabulary.runs import Role

PAGES, TIMES = 5, 5
Opened = tuple[psutil.Process, str, Callable[[Page], None]]
"""A server, the address of the page that is measured, and what lets a fresh profile in."""
TRAINING = """
import pathlib, time
for step in range(@POINTS@):
    print(f"step {step}/100000 loss={1 / (step + 1):.5f}")
print("ready", flush=True)
while not pathlib.Path("go").exists():
    step += 1
    print(f"step {step}/100000 loss={1 / step:.5f}", flush=True)
    time.sleep(0.1)
"""
TOLD_BY_TRACKIO = """
import pathlib, sys, time, trackio
trackio.init(project="beside", name="run")
for step in range(@POINTS@):
    trackio.log({"loss": 1 / (step + 1)})
print("ready", flush=True)
while not pathlib.Path("go").exists():
    step += 1
    trackio.log({"loss": 1 / step})
    time.sleep(0.1)
trackio.finish()
"""
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
BYTES = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .reduce((sum, one) => sum + one.transferSize, 0)"""


@contextmanager
def of_watchkeeper(folder: Path, points: int) -> Generator[Opened]:
    """Give the page's process, the address of a run's page, and what lets a fresh profile in."""
    root = folder / "workspace"
    root.mkdir()
    workspace = Workspace(root)
    workspace.ensure_state()
    script(root, TRAINING.replace("@POINTS@", str(points)))
    desk = open_desk(workspace, Role.TRAINER, who="benchmark")
    run = str(anyio.run(lambda: call(desk, "start_training", model="1", phase="quick"))["run"])
    log = root / desk.workspace.log("1", desk.ledger.runs(open_only=True)[0].phase)
    while not log.exists() or b"ready" not in log.read_bytes():
        time.sleep(0.1)
    try:
        with served(root) as (process, link):

            def enter(page: Page) -> None:
                page.goto(link)
                page.wait_for_selector('#live[data-state="live"]')

            yield process, f"{link.partition('/#')[0].rstrip('/')}/runs/{run}", enter
    finally:
        (root / "go").touch()
        anyio.run(lambda: call(desk, "stop_training", run=run, reason="measured"))


@contextmanager
def of_trackio(folder: Path, points: int, python: str) -> Generator[Opened]:
    """Give the dashboard's process and its address; nothing has to let anybody in beside the link."""
    environment = {**os.environ, "TRACKIO_DIR": str(folder / "trackio"), "PYTHONUNBUFFERED": "1"}
    telling = [python, "-c", TOLD_BY_TRACKIO.replace("@POINTS@", str(points))]
    showing = [python, "-m", "trackio.cli", "show", "--project", "beside"]
    with (
        subprocess.Popen(telling, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as teller,
        subprocess.Popen(showing, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as shower,
    ):
        try:
            assert teller.stdout is not None
            assert shower.stdout is not None
            _said(teller.stdout, "ready")
            link = _said(shower.stdout, r"http://127\S+")
            yield psutil.Process(shower.pid), link, lambda _: None
        finally:
            (folder / "go").touch()
            shower.terminate()


def _said(lines: Iterable[str], pattern: str) -> str:
    for line in lines:
        if found := re.search(pattern, line):
            return found[0]
    raise SystemExit(f"a process ended without saying {pattern}")


def measured(name: str, browser: Browser, opened: Opened, follow_s: float) -> Iterator[Figure]:
    """Yield what it takes to open the page for the first time, and what five open pages cost."""
    process, address, enter = opened
    taken: list[tuple[float, float, float]] = []
    context = browser.new_context()
    enter(context.new_page())
    cookies = context.storage_state()
    context.close()
    for _ in range(TIMES):
        context = browser.new_context(storage_state=cookies)  # let in, with nothing in its cache
        page = context.new_page()
        begun = time.perf_counter()
        page.goto(address, wait_until="load")
        loaded_ms = (time.perf_counter() - begun) * 1e3
        taken.append((page.evaluate(PAINT), loaded_ms, page.evaluate(BYTES)))
        context.close()
    paint, loaded, size = (median(column) for column in zip(*taken, strict=True))
    yield Figure(f"{name}: first paint with content, median", paint, "ms")
    yield Figure(f"{name}: load, median", loaded, "ms")
    yield Figure(f"{name}: over the wire, fresh profile", size / 1e3, "kB")
    context = browser.new_context(storage_state=cookies)
    for _ in range(PAGES):
        context.new_page().goto(address)
    before, begun = _cpu_s(process), time.monotonic()
    context.pages[0].wait_for_timeout(follow_s * 1e3)
    yield Figure(f"{name}: five pages open, CPU", 100 * (_cpu_s(process) - before) / (time.monotonic() - begun), "%")
    yield Figure(f"{name}: memory", process.memory_info().rss / 1e6, "MB")
    context.close()


def _cpu_s(process: psutil.Process) -> float:
    return sum(sum(one.cpu_times()[:2]) for one in (process, *process.children(recursive=True)))


def figures(points: int, follow_s: float, trackio: str | None) -> Iterator[Figure]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise SystemExit("no chromium on PATH; on Debian: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as folder:
        with of_watchkeeper(Path(folder), points) as ours:
            yield from in_browser("watchkeeper", chromium, ours, follow_s)
        if trackio is not None:
            with of_trackio(Path(folder), points, trackio) as theirs:
                yield from in_browser("trackio", chromium, theirs, follow_s)


def in_browser(name: str, chromium: str, opened: Opened, follow_s: float) -> list[Figure]:
    """Measure in a browser of its own; all at once, as nothing else can wait for anything while that one is open."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        taken = list(measured(name, browser, opened, follow_s))
        browser.close()
    return taken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=2_000)
    parser.add_argument("--follow-s", type=float, default=20.0)
    parser.add_argument("--trackio", metavar="PYTHON", help="an interpreter that has trackio")
    options = parser.parse_args()
    print(f"# {load()}")
    return show(figures(options.points, options.follow_s, options.trackio))


if __name__ == "__main__":
    sys.exit(main())
