"""A terminal for a program that does some things only where a person could sit."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import shutil
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from ..limits import HANG_S
from .programs import Home

ROWS_COLUMNS = (50, 160)


@dataclass(frozen=True, slots=True)
class Terminal:
    """A program in a terminal.

    :ivar screen: the file with everything that it drew.
    """

    process: subprocess.Popen[bytes]
    screen: Path
    _keyboard: int

    def types(self, text: str) -> None:
        os.write(self._keyboard, text.encode())

    def children(self, words: str) -> list[psutil.Process]:
        """Return the processes below it whose command has these words, the innermost of each chain."""
        below = psutil.Process(self.process.pid).children(recursive=True)
        return [one for one in below if words in " ".join(_command(one)) and _command(one)[0] != "/bin/sh"]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline() or [""]
    except psutil.Error:
        return [""]


@contextmanager
def in_terminal(home: Home, command: Sequence[str]) -> Generator[Terminal]:
    """Give a command that runs in a terminal of its own; with the block ends whatever it started."""
    keyboard, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", *ROWS_COLUMNS, 0, 0))
    words = [shutil.which(command[0], path=home.environment["PATH"]) or command[0], *command[1:]]
    environment = {**home.environment, "TERM": "xterm-256color"}
    process = subprocess.Popen(
        words, cwd=home.project, env=environment, stdin=inside, stdout=inside, stderr=inside, start_new_session=True
    )
    os.close(inside)
    screen = home.home / "screen"
    reader = threading.Thread(target=_copy, args=(keyboard, screen), daemon=True)
    reader.start()
    try:
        yield Terminal(process, screen, keyboard)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(HANG_S)
        reader.join(HANG_S)
        os.close(keyboard)


def _copy(keyboard: int, screen: Path) -> None:
    """Write down what is drawn until the terminal is closed."""
    with screen.open("wb", buffering=0) as out, suppress(OSError):
        while drawn := os.read(keyboard, 1 << 16):
            out.write(drawn)


def known_to_claude_code(home: Home) -> Home:
    """Return the home of somebody who has answered the questions of a first session: colours, key, trust."""
    file = home.home / ".claude.json"
    settings: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    key = home.settings["ANTHROPIC_API_KEY"]
    settings |= {"hasCompletedOnboarding": True, "theme": "dark"}
    settings["customApiKeyResponses"] = {"approved": [key[-20:]], "rejected": []}
    trusted = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
    projects: dict[str, Any] = settings.setdefault("projects", {})
    projects[str(home.project)] = {**projects.get(str(home.project), {}), **trusted}
    file.write_text(json.dumps(settings), encoding="utf-8")
    without = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"}  # its Monitor tool counts as such
    return replace(home, settings={name: text for name, text in home.settings.items() if name not in without})
