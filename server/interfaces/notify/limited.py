"""Runs one program for so many seconds at most, also when whoever asked for it is killed meanwhile.

Run as a file, with `-I -S`: `limited.py SECONDS PROGRAM ARGUMENT…`; standard input is the program's.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

TOO_LONG, NO_PROGRAM = 124, 127


def main(seconds: float, command: list[str]) -> int:
    """Return the program's exit status, or what there is instead of one; a signal counts as 128 and its number."""
    try:
        process = subprocess.Popen(command, start_new_session=True)  # noqa: S603 (the caller's argument list)
    except OSError:
        return NO_PROGRAM
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # not yet waited for, so the number is still its own
        process.wait()
        return TOO_LONG
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
