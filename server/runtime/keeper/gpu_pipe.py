"""The way to the helper that samples GPUs: begun before there is a keeper, told which processes are the run's.

It is begun by the stage that becomes the keeper, before that is a subreaper, so it is nobody's child and no part of the
run; and only where the start noted that there is a GPU. The only thing that binds it to the keeper is a pipe: it ends
when that closes, and the keeper never waits for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from . import procfs, records

VARIABLE = "WATCHKEEPER_GPU_PIPE"
SAMPLED = "sampled"
MOST_PIDS = 400
"""A line of so many pids is shorter than what a pipe takes whole."""
_CODE = "import sys; sys.path.append(sys.argv[1]); from gpu.sampler import main; main(sys.argv[2])"


def begin(run_directory: str) -> None:
    """Begin the helper if the start asks for one, and leave the pipe's end in the environment for the next stage."""
    try:
        spec = records.read(os.path.join(run_directory, records.SPEC)) or {}
        several = (records.whole(records.part(spec, "engine"), "nodes") or 1) > 1 and "member" not in spec
        if records.text(spec, "gpu") != SAMPLED or several:  # of several nodes each member samples its own
            return
        inside, outside = os.pipe()
        if (between := os.fork()) == 0:
            _leave(inside, run_directory)
        os.waitpid(between, 0)
        os.close(inside)
    except (OSError, records.DamagedRecord):
        return  # the run is kept without
    os.set_inheritable(outside, True)
    os.environ[VARIABLE] = str(outside)


def _leave(inside: int, run_directory: str) -> None:
    """Be the process between, or the helper. Never returns."""
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        null = os.open(os.devnull, os.O_RDWR)
        for source, target in ((inside, 0), (null, 1), (null, 2)):
            os.dup2(source, target)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # the log above all: whoever holds it looks like a part of the run
        folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        # With site-packages, unlike the keeper: NVML's library for Python is an extra.
        words = [sys.executable, "-I", "-X", "utf8", "-c", _CODE, folder, run_directory]
        os.execv(sys.executable, words)  # noqa: S606 # the interpreter that runs this
    finally:
        os._exit(1)


def hide() -> None:
    """Keep the pipe from every process that the keeper starts."""
    if VARIABLE in os.environ:
        os.set_inheritable(int(os.environ[VARIABLE]), False)


class Teller:
    """Tells the helper which processes are the run's; does nothing where there is no helper."""

    def __init__(self) -> None:
        given = os.environ.pop(VARIABLE, "")
        self._pipe = int(given) if given else None
        if self._pipe is not None:
            os.set_blocking(self._pipe, False)

    def tell(self, processes: Iterable[procfs.Stat]) -> None:
        """Tell of the living ones. A helper that hangs reads nothing: the pipe fills up, and this is left out."""
        if self._pipe is None:
            return
        pids = [str(one.pid) for one in processes if one.alive][:MOST_PIDS]
        try:
            os.write(self._pipe, f"{' '.join(pids)}\n".encode())
        except BlockingIOError:
            return
        except OSError:  # it is gone
            os.close(self._pipe)
            self._pipe = None
