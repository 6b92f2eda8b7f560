"""One small PNG of charts: by matplotlib in a process of its own where it is installed, else by our own writer."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

from . import matplotlib_child, png
from .charts import Chart

LONGEST_S = 30.0
"""The process ends itself after `matplotlib_child.LONGEST_CPU_S` of CPU time; so long it may wait for a processor."""
LARGEST_BYTES = 100_000
_HEAD = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


def picture(charts: Sequence[Chart]) -> bytes:
    """Return the first charts that hold numbers, one below the other, as a PNG of at most 480 x 300."""
    shown = [one for one in charts if png.known(one)][: png.MOST_CHARTS]
    return (by_matplotlib(shown) if shown and find_spec("matplotlib") else None) or png.picture(shown)


def by_matplotlib(charts: Sequence[Chart], *options: str) -> bytes | None:
    """Return a picture that matplotlib drew; None where it did not, for whatever reason: the plain one says the same.

    :param options: of the interpreter, beside those that keep it to itself.
    """
    command = [sys.executable, "-I", "-X", "utf8", *options, str(Path(matplotlib_child.__file__))]
    try:
        asked = json.dumps([asdict(one) for one in charts], allow_nan=False).encode()
        ended = subprocess.run(  # noqa: S603 (an argument list of our own)
            command,
            input=asked,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd="/",
            timeout=LONGEST_S,
            check=True,
            start_new_session=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError):  # a counter that is no number is no value of JSON
        return None
    return ended.stdout if _fits(ended.stdout) else None


def _environment() -> dict[str, str]:
    """Return all that the process inherits; the home, as matplotlib keeps a list of fonts there that takes seconds."""
    kept = ("HOME", "XDG_CACHE_HOME", "LD_LIBRARY_PATH")
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    own = {name: os.environ[name] for name in kept if name in os.environ}
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **threads, **own}


def _fits(data: bytes) -> bool:
    """Whether it is a PNG that is no larger than an agent is promised."""
    if not data.startswith(_HEAD) or len(data) > LARGEST_BYTES:
        return False
    width, height = struct.unpack(">II", data[16:24])
    return 0 < width <= png.WIDTH and 0 < height <= png.HEIGHT
