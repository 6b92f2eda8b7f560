"""`watchkeeper top` as a process in a real terminal: what it draws there, and what it leaves behind."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from contextlib import suppress

import pytest

from ...limits import HANG_S
from ...play import Place
from ...runtime.keeper.helpers import until

ROWS_COLUMNS = (36, 120)
COLOURED = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;0-9]*m")


def copied(keyboard: int, drawn: bytearray) -> None:
    """Take what is drawn until the terminal is closed."""
    with suppress(OSError):
        while part := os.read(keyboard, 1 << 16):
            drawn += part


@pytest.mark.parametrize(("no_colour", "ended_by"), [({}, None), ({"NO_COLOR": "1"}, signal.SIGTERM)])
def test_it_draws_the_overview_and_leaves_the_terminal_as_it_was(
    shared: Place, no_colour: dict[str, str], ended_by: signal.Signals | None
) -> None:
    keyboard, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", *ROWS_COLUMNS, 0, 0))
    before = termios.tcgetattr(inside)
    words = [sys.executable, "-P", "-m", "watchkeeper.server", "--workspace", str(shared.root), "top"]
    plain = {name: text for name, text in os.environ.items() if name not in ("NO_COLOR", "COLORTERM")}
    environment = {**plain, "TERM": "xterm-256color", **no_colour}
    process = subprocess.Popen(
        words, stdin=inside, stdout=inside, stderr=inside, env=environment, start_new_session=True
    )
    drawn = bytearray()
    reader = threading.Thread(target=copied, args=(keyboard, drawn), daemon=True)
    reader.start()
    try:
        until(
            lambda: b"3-r2" in drawn and b"2-quick-1" in drawn and b"1 waiting for an answer" in drawn, "the overview"
        )
        assert termios.tcgetattr(inside) != before
        if ended_by is None:
            os.write(keyboard, b"q")
        else:
            process.send_signal(ended_by)
        assert process.wait(HANG_S) == (128 + ended_by if ended_by else 0)
        assert termios.tcgetattr(inside) == before
    finally:
        process.kill()
        process.wait(HANG_S)
        os.close(inside)
        reader.join(HANG_S)
        os.close(keyboard)
    for begun, over in (
        (b"\x1b[?1049h", b"\x1b[?1049l"),
        (b"\x1b[?25l", b"\x1b[?25h"),
        (b"\x1b[?1000h", b"\x1b[?1000l"),
    ):
        assert 0 <= drawn.rfind(begun) < drawn.rfind(over)
    assert bool(COLOURED.search(drawn)) == (not no_colour)
