"""A process that has done each act before it forks: its servers have compiled their patterns, made their readers.

What such a server calls beneath its own workspace is what a new one calls there; an act costs it a third of the CPU.
"""

from __future__ import annotations

import io
import os
import random
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from watchkeeper.server.interfaces.commands import cli

from ..runtime.keeper.helpers import end_processes_of, until
from . import forked
from .day import Day

ENTRY = ("--struggle", "it broke", "--investigation", "a test", "--fix", "a fix.", "--why", "a cause")
ACTS: tuple[tuple[str, ...], ...] = (
    ("start", "good", "quick"),
    ("start", "bad", "quick"),
    ("start", "nan", "quick"),
    ("poll", "good-quick-1", "--wait", "5"),
    ("poll", "bad-quick-1", "--wait", "5"),
    ("poll", "nan-quick-1", "--wait", "5"),
    ("poll", "--wait", "0"),
    ("report", "broken", "--run", "bad-quick-1"),
    ("stop", "nan-quick-1", "--reason", "enough"),
    ("verify", "good-quick-1"),
    ("diary", "bad", "--run", "bad-quick-1", *ENTRY),
)


def load() -> None:
    """Import what a server may import and do each act once, by the command line, in a workspace that is gone then."""
    forked.load()
    with tempfile.TemporaryDirectory(prefix="watchkeeper-torture-warm-") as folder:
        day = Day(Path(folder), Path(folder) / "workspace", random.Random(0))
        try:
            for one in ACTS:
                _done(day.root, one)
        finally:
            end_processes_of(Path(folder))
    until(lambda: len(os.listdir("/proc/self/task")) == 1, "an act that is done leaves no thread")


def _done(root: Path, words: tuple[str, ...]) -> None:
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        status = cli.main(["--workspace", str(root), *words])
    assert status == 0, f"watchkeeper {' '.join(words)} ended with {status}: {said.getvalue()}"
