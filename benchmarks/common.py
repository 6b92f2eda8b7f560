"""What the benchmarks share: how a figure is printed and judged, medians, a workspace, the server's command line."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from watchkeeper.server.runtime.keeper import lock, procfs, records

HEADING = f"{'figure':<46}{'measured':>14}{'budget':>14}{'reference':>30}{'ratio':>8}  "


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure beside its budget.

    :ivar measured: in `unit`.
    :ivar budget: the most that it may be, in the same unit; None where nothing is promised.
    :ivar reference: what it is compared with and that one's value, such as `bare MCPServer 0.61 s`.
    :ivar ratio: measured against that reference; None where it has no meaning.
    """

    name: str
    measured: float
    unit: str
    budget: float | None = None
    reference: str = "-"
    ratio: float | None = None

    @property
    def over(self) -> bool:
        """Whether it is over its budget."""
        return self.budget is not None and self.measured > self.budget

    def line(self) -> str:
        """Return the figure as one line: name, measured, budget, reference, ratio, OK or OVER."""
        budget = "-" if self.budget is None else f"{self.budget:g} {self.unit}"
        ratio = "-" if self.ratio is None else f"{self.ratio:.2f}"
        word = "-" if self.budget is None else "OVER" if self.over else "OK"
        measured = f"{self.measured:.4g} {self.unit}"
        return f"{self.name:<46}{measured:>14}{budget:>14}{self.reference:>30}{ratio:>8}  {word}"


def show(figures: Iterable[Figure]) -> int:
    """Print figures as they come and return the exit status: 1 when one is over its budget."""
    over = False
    for figure in figures:
        print(figure.line(), flush=True)
        over |= figure.over
    return int(over)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def load() -> str:
    """Return how busy the machine is, to be shown beside figures that depend on it."""
    one, five, _ = os.getloadavg()
    return f"load {one:.1f} (1 min) {five:.1f} (5 min) on {os.cpu_count()} cores"


def server_command(workspace: Path, role: str = "trainer") -> list[str]:
    """Return how a client launches our server."""
    return [sys.executable, "-P", "-m", "watchkeeper.server", "--workspace", str(workspace), "serve", "--role", role]


@contextmanager
def fresh_folder() -> Generator[Path]:
    """Give a folder of its own, and remove it once no keeper writes there any more.

    What is broken off, by Ctrl-C or SIGTERM too, takes its servers, keepers and trainings with it.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as name:
        try:
            yield Path(name)
            until_unkept(Path(name))
        except BaseException:
            end_all_of(Path(name))
            raise


def end_all_of(folder: Path) -> None:
    """Kill every other process that names the folder in its command line or its environment, until there is none."""
    deadline, words = time.monotonic() + 60, str(folder).encode()
    while found := [one for one in procfs.pids() if one != os.getpid() and _names(one, words)]:
        if time.monotonic() > deadline:
            raise RuntimeError(f"still there after a minute: {found}")
        for one in found:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        time.sleep(0.01)


def _names(pid: int, words: bytes) -> bool:
    with suppress(OSError):  # it has gone, or is somebody else's
        return any(words in Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ"))
    return False


def until_unkept(folder: Path) -> None:
    """Wait until every keeper of a run below the folder has left; its end is on record before it has."""
    deadline = time.monotonic() + 60
    while kept := [one.parent.name for one in folder.rglob(records.LOCK) if lock.held(one)]:
        if time.monotonic() > deadline:
            raise RuntimeError(f"still kept after a minute: {kept}")
        time.sleep(0.01)


def script(workspace: Path, source: str, model: str = "1") -> Path:
    """Write the training script of a model where the policy's defaults look for it."""
    path = workspace / "output" / "implementation" / "code" / f"model_{model}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return path
