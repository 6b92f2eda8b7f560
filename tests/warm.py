"""Commands and servers in processes of their own, forked from one that has imported and done all of it already.

They do the same, cold or warm; but an interpreter that starts and imports takes ten times as long as most commands do,
and a server that does an act for the first time three times as long as later. What a test says of the start itself, of
signals, pipes or parents it says of a command launched cold.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import pytest

from .limits import HANG_S

HERE = Path(__file__).parent
CODE = HERE / "forked_command.py"
COLD = (sys.executable, "-P", "-m", "watchkeeper.server")
"""How a client or a shell launches a command; its words follow."""
CONTEXT = multiprocessing.get_context("forkserver")
BEFORE_TESTS = dict(os.environ)
"""No test has put its folder into it yet, for whose processes it would wait as for its own."""
LONGEST_LINE = 1 << 14
"""The bytes of a command line that may be put in the place of that of the process which is forked."""


@functools.cache
def ready() -> None:
    """Wait until the process to fork from has imported and done everything; the first time, that is a second of CPU."""
    nothing = "_" * LONGEST_LINE  # has a place in the line, which is what it is for, and cannot be imported
    CONTEXT.set_forkserver_preload(["watchkeeper_warmed", nothing])
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - BEFORE_TESTS.keys():
            patch.delenv(name)
        for name, text in BEFORE_TESTS.items():
            patch.setenv(name, text)
        patch.setenv(
            "PYTHONPATH", str(HERE / "warmed")
        )  # what it imports is no package, and pytest's path is not its own
        forkserver.ensure_running()
    first = CONTEXT.Process(target=os.getpid)
    first.start()
    first.join(HANG_S)
    assert first.exitcode == 0, "what commands are forked from could not be made: see the standard error of the tests"
    first.close()


def forked(
    words: tuple[str, ...],
    files: Sequence[str | Connection],
    folder: str,
    environment: Mapping[str, str],
    ignored: Sequence[int] = (),
) -> BaseProcess:
    """Fork a process that runs a command, in a session of its own.

    :param files: its standard input, output and error: paths, or ends of pipes.
    :param ignored: the signals that it ignores from the beginning, as under nohup.
    """
    ready()
    facts = {"cold": COLD, "words": words, "folder": folder, "files": files, "ignored": ignored}
    given = {"GIVEN": {**facts, "environment": dict(environment)}}
    process = CONTEXT.Process(target=runpy.run_path, args=(str(CODE), given, "__main__"), daemon=True)
    process.start()
    return process


class Begun:
    """A command that goes on in a process of its own; as a context manager it leaves none behind.

    :param given: what it reads from its standard input. :param folder: where it is called.
    :param environment: the whole of it; None for that of this process. :param ignored: signals, as under nohup.
    :ivar pid: its process.
    """

    def __init__(
        self,
        *words: str,
        given: str = "",
        folder: Path | str = "/",
        environment: Mapping[str, str] | None = None,
        ignored: Sequence[int] = (),
    ) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._files = [Path(self._folder.name, name) for name in ("in", "out", "err")]
        for one in self._files:
            one.write_text(given if one.name == "in" else "", encoding="utf-8")
        files = [str(one) for one in self._files]
        given_environment = os.environ if environment is None else environment
        self._forked = forked(words, files, str(folder), given_environment, ignored)
        self.pid = cast("int", self._forked.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.status is None:
            self._forked.kill()
        self._forked.join(HANG_S)
        self._forked.close()
        self._folder.cleanup()

    @property
    def out(self) -> str:
        """What it printed to its standard output so far."""
        return self._files[1].read_text(encoding="utf-8")

    @property
    def err(self) -> str:
        """What it printed to its standard error so far."""
        return self._files[2].read_text(encoding="utf-8")

    @property
    def status(self) -> int | None:
        """How it ended, as `subprocess` tells it; None while it goes on."""
        return self._forked.exitcode

    def send(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def ends(self) -> int:
        """Wait until it has ended and return its exit status."""
        self._forked.join(HANG_S)
        assert self.status is not None, f"it did not end: {self.err[-500:]}"
        return self.status


def run(
    *words: str, given: str = "", folder: str = "/", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; it is given what `Begun` takes."""
    with Begun(*words, given=given, folder=folder, environment=environment) as begun:
        return subprocess.CompletedProcess(["watchkeeper", *words], begun.ends(), begun.out, begun.err)
