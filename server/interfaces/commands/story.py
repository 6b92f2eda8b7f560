"""`watchkeeper report RUN|MODEL -o FILE`: a run or a model as one file to send to somebody."""

from __future__ import annotations

import argparse
import os
import stat
import sys
import tempfile
from pathlib import Path

from ...acts.desk import Desk
from ...vocabulary.errors import Refused
from .ui import require

HELP = "write no report: write the story of the RUN or MODEL named in place of WHAT_HAPPENED, as one HTML file"


def add_option(command: argparse.ArgumentParser) -> None:
    """Add the option to `report`."""
    command.add_argument("-o", "--output", metavar="FILE", help=HELP)


def write(desk: Desk, name: str, path: Path, version: str) -> int:
    """Write the story and say where it is; `-` is standard output.

    :raises NotFound: there is no such run or model.
    :raises Refused: what draws it is not installed, or the file cannot be written.
    """
    require()
    from ..web import story  # noqa: PLC0415 (needs what the extra installs)

    text = story.of(desk, name, version)
    if str(path) == "-":
        sys.stdout.write(text)
        return 0
    try:
        _write(path, text)
    except (OSError, ValueError) as error:
        raise Refused(f"{str(path)[:200]!r} cannot be written: {error}.", "Name a file in a folder of yours.") from None
    sys.stdout.write(f"Wrote {path}: {len(text.encode()) / 1e3:.0f} kB, complete in itself.\n")
    return 0


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all, a link's target in the place of the link; into a device or pipe as it comes."""
    path = Path(os.path.realpath(path))
    if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
        with path.open("w", encoding="utf-8") as file:
            file.write(text)
        return
    _replace(path, text)


def _replace(path: Path, text: str) -> None:
    made, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(made, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            mask = os.umask(0)
            os.umask(mask)
            os.fchmod(file.fileno(), 0o666 & ~mask)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
