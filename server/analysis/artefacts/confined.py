"""Reading one artefact in a child process that may do next to nothing: the only door of this room.

The child gets an open descriptor, never a name. It has limits of memory, CPU and open files, may write no file, and on
Linux with Landlock may open nothing but that descriptor, Python and shared libraries (`confine`). Whatever goes wrong
in it becomes NotInspected.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from pathlib import Path

from .chain_facts import CHAINS, ChainFacts
from .decode import from_json
from .facts import Container, NotInspected
from .search_facts import SearchFacts, Wanted, as_text

_SERVER_FOLDER = Path(__file__).resolve().parent.parent
_CODE = "import sys; sys.path.append(sys.argv[1]); from artefacts.child import main; main(sys.argv[2:])"
_LAST_NAME_CHARACTERS = 64
_CPU_SIGNALS = {signal.SIGXCPU, signal.SIGALRM}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What reading one artefact may cost.

    :ivar memory_bytes: address space. A small trace needs between 256 and 384 MB of it, one of 4 x 1000 x 1000 draws up
        to 512 MB, a table less than 64 MB.
    :ivar output_bytes: of the facts as JSON.
    """

    memory_bytes: int = 2 << 30
    cpu_s: int = 60
    wall_s: float = 120.0
    output_bytes: int = 4 << 20


def search_container(
    descriptor: int, name: str, wanted: Sequence[Wanted], limits: Limits | None = None
) -> SearchFacts | NotInspected:
    """Return where values stand in an artefact; as `read_container`."""
    found = _asked(descriptor, name, limits or Limits(), as_text(wanted))
    if isinstance(found, SearchFacts | NotInspected):
        return found
    return NotInspected(reason="The reading process answered with something else.", cause="crashed")


def draw_chains(descriptor: int, name: str, limits: Limits | None = None) -> ChainFacts | NotInspected:
    """Return how the chains of a trace look; as `read_container`."""
    found = _asked(descriptor, name, limits or Limits(), CHAINS)
    if isinstance(found, ChainFacts | NotInspected):
        return found
    return NotInspected(reason="The reading process answered with something else.", cause="crashed")


def read_container(descriptor: int, name: str, limits: Limits | None = None) -> Container:
    """Return what is inside an artefact. Blocks for at most `limits.wall_s` and a moment.

    :param descriptor: the file, or the folder of a Zarr store, open for reading; stays open, its offset stays.
    :param name: its name, of which only the suffix counts, and only where the content does not say.
    :raises OSError: if `descriptor` is not open.
    """
    return _asked(descriptor, name, limits or Limits())


def _asked(descriptor: int, name: str, limits: Limits, *wanted: str) -> Container:
    os.fstat(descriptor)
    try:
        with _child(descriptor, name, limits, *wanted) as child:
            output, too_long = _collect(child, limits)
            status = child.wait() if not too_long else None
    except OSError as error:
        return NotInspected(reason=f"No process could be started to read it: {error.strerror}.", cause="crashed")
    if too_long:
        return too_long
    return _understood(output, status, limits)


@contextmanager
def _child(descriptor: int, name: str, limits: Limits, *wanted: str) -> Generator[subprocess.Popen[bytes]]:
    numbers = [str(number) for number in (descriptor, *astuple(limits)[:3])]
    tail = "".join(character for character in name[-_LAST_NAME_CHARACTERS:] if character.isprintable())
    command = [sys.executable, "-I", "-X", "utf8", "-c", _CODE, str(_SERVER_FOLDER), *numbers, tail, *wanted]
    child = subprocess.Popen(  # noqa: S603 # an argument list of our own
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=[descriptor],
        env=_environment(),
        cwd="/",
        start_new_session=True,
    )
    try:
        yield child
    finally:
        _end(child)


def _environment() -> dict[str, str]:
    """Return all that the child inherits; one thread and one arena, because each takes address space."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MALLOC_ARENA_MAX"), "1")
    # "::" keeps HDF5 from loading filters out of files; Arrow's own allocators reserve gigabytes.
    libraries = {"HDF5_PLUGIN_PRELOAD": "::", "HDF5_USE_FILE_LOCKING": "FALSE", "ARROW_DEFAULT_MEMORY_POOL": "system"}
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **threads, **libraries, **kept}


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill it if it still runs, with whatever it started, and take it from the process table."""
    if child.poll() is None:
        # Not waited for yet, so that neither its pid nor its group can belong to another by now.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if child.stdout is not None:
        child.stdout.close()


def _collect(child: subprocess.Popen[bytes], limits: Limits) -> tuple[bytes, NotInspected | None]:
    """Return what the child wrote until it ended, or why it has to be ended."""
    deadline = time.monotonic() + limits.wall_s
    output = bytearray()
    with _watched(child) as selector:
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                return b"", NotInspected(reason=f"Reading it took more than {limits.wall_s:g} s.", cause="time")
            for key, _ in ready:
                block = os.read(key.fd, 1 << 16) if key.data == "output" else b""
                output += block
                if not block:
                    selector.unregister(key.fileobj)
            if len(output) > limits.output_bytes:
                reason = f"Its facts are longer than {limits.output_bytes} bytes."
                return b"", NotInspected(reason=reason, cause="too large")
    return bytes(output), None


@contextmanager
def _watched(child: subprocess.Popen[bytes]) -> Generator[selectors.BaseSelector]:
    """Select on the child's output and, where the system has it, on its end: a pipe may close long before."""
    assert child.stdout is not None  # noqa: S101 # for the type checker: it was opened as a pipe
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout.fileno(), selectors.EVENT_READ, "output")
        if sys.platform != "linux":
            yield selector
            return
        process = os.pidfd_open(child.pid)
        try:
            selector.register(process, selectors.EVENT_READ, "end")
            yield selector
            if process in selector.get_map():
                signal.pidfd_send_signal(process, signal.SIGKILL)
        finally:
            os.close(process)


def _understood(output: bytes, status: int | None, limits: Limits) -> Container:
    if status == 0:
        try:
            return from_json(output)
        except ValueError as error:
            return NotInspected(reason=f"The reading process answered with something else: {error}.", cause="crashed")
    if status is None or status >= 0:
        return NotInspected(reason=f"The reading process ended with exit status {status}.", cause="crashed")
    if -status in _CPU_SIGNALS:
        return NotInspected(reason=f"Reading it took more than {limits.cpu_s} s of CPU time.", cause="time")
    if -status == signal.SIGKILL:
        return NotInspected(reason="The reading process was killed, probably for want of memory.", cause="memory")
    reason = f"The reading process crashed ({signal.Signals(-status).name}); the file may be damaged."
    return NotInspected(reason=reason, cause="crashed")
