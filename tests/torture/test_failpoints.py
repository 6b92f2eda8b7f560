"""Each call that changes the disk fails: once, for good, halfway. It is refused in words, and what was told holds."""

from __future__ import annotations

import errno
import random
from pathlib import Path

import pytest

from ..limits import examples
from . import shim

ERRORS = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS, 0)
"""0: a write takes half of its bytes."""
OPS = ("open", "write", "trunc", "fsync", "unlink", "rename")
POINTS = [(op, at, code, count) for op in OPS for at in range(1, 25) for code in ERRORS for count in (1, 0)]
DRAWN = min(8, examples(20))
"""Of these points in an ordinary test; torture takes as many as it has tries, in the order of its seed."""


def drawn() -> list[tuple[str, int, int, int]]:
    points = [one for one in POINTS if one[2] or one[0] == "write"]
    random.Random(shim.SEED).shuffle(points)
    return points[: max(DRAWN, shim.TRIES)]


@pytest.mark.parametrize("point", drawn(), ids=lambda one: ":".join(map(str, one)))
def test_a_call_that_fails_is_refused_and_loses_nothing_that_was_acknowledged(
    tmp_path: Path, point: tuple[str, int, int, int]
) -> None:
    library = shim.library(tmp_path)
    root = tmp_path / "root"
    root.mkdir()
    done, told = shim.worked(library, root, 2, {"WK_FAIL": ":".join(map(str, point))})
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    lines = [*told, *(one for one in done.stdout.splitlines() if one.startswith("refused"))]
    assert lines, "either it was told or it was refused"
    (root / "told").write_text("".join(f"{one}\n" for one in told))
    assert shim.kept(root) == ""
