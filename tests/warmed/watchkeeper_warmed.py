"""What the process that tests/warm.py forks from has done: imported a server and commands, and each act once.

Imported by that process alone, by a name that stands on its path for as long as this takes. What it forks finds the
modules there, the patterns compiled, the readers made; all that a process knows of its own workspace is its own.
"""

import contextlib
import gc
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.remove(str(Path(__file__).parent))
os.environ.pop("PYTHONPATH")
gc.disable()

from watchkeeper import prompts, tools  # noqa: E402 (the path first)
from watchkeeper.server.interfaces.commands import cli  # noqa: E402 (the same)
from watchkeeper.server.interfaces.mcp import thin_sdk  # noqa: E402 (the same)

thin_sdk.thin()  # as `serve` does it before it imports the SDK

from watchkeeper.server.interfaces.mcp import app, stdio  # noqa: E402 (after the SDK was made thin)
from watchkeeper.server.interfaces.web import service  # noqa: E402 (the same)

IMPORTED = (app, prompts, service, stdio, tools)
POLICY = "[full]\nmin_hours = 0.00004\nmax_hours = 0.25\n[compute]\nmin_cores = 0.01\n"
ENDS_S = 300.0
ENTRY = ("--struggle", "it broke", "--investigation", "a test", "--fix", "a fix.", "--why", "a cause")
ACTS: tuple[tuple[str, ...], ...] = (
    ("start", "1", "quick"),
    ("poll", "1-quick-1", "--until", "end", "--wait", "3600"),
    ("report", "broken", "--run", "1-quick-1"),
    ("verify", "1-quick-1"),
    ("poll", "--wait", "0"),
    ("diary", "1", "--run", "1-quick-1", *ENTRY),
)


def act() -> None:
    """Do each act once by the command line, in a workspace that is gone then."""
    with tempfile.TemporaryDirectory(prefix="watchkeeper-warmed-") as folder:
        Path(folder, "watchkeeper.toml").write_text(POLICY, encoding="utf-8")
        script = Path(folder, "output/implementation/code/model_1.py")
        script.parent.mkdir(parents=True)
        script.write_text("print('loading')\nraise ValueError('Input X contains NaN')\n", encoding="utf-8")
        for words in ACTS:
            said = io.StringIO()
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                status = cli.main(["--workspace", folder, *words])
            assert status == 0, f"watchkeeper {' '.join(words)} ended with {status}: {said.getvalue()}"
        wait_until(lambda: not named(folder), "the run's keeper ends")


def named(folder: str) -> bool:
    """Whether a process names a folder in its command line."""
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if folder.encode() in one.read_bytes():
                return True
    return False


def wait_until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + ENDS_S
    while not true():
        assert time.monotonic() < deadline, f"not in {ENDS_S:g} s: {what}"
        time.sleep(0.02)


def alone() -> bool:
    """Whether this process has one thread: what has more cannot be forked as it is."""
    return len(os.listdir("/proc/self/task")) == 1


act()
tempfile.tempdir = None  # as TMPDIR says where each command is called
wait_until(alone, "an act that is done leaves no thread")
gc.collect()
gc.freeze()
gc.enable()
