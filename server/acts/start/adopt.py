"""A process that somebody started without us comes under watch: from now on, and as what it is.

It is no child of a keeper. What it did before is not known, no witness is in it, and its exit status belongs to its own
parent: the keeper takes it where the kernel tells it to others too (Linux 6.15), and says so where not.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ...runtime.keeper import procfs
from ...runtime.keeper.spec import MARKER
from ...storage.record import Run
from ...storage.record.records import RunStarted
from ...vocabulary.errors import NotFound, PathRefused, Refused
from ...vocabulary.runs import Phase
from ...vocabulary.sanitize import one_line
from .. import launch
from ..desk import Desk
from . import command, gate, provenance, spending, start, start_event

_APPENDS = os.O_APPEND
_WRITES = (os.O_WRONLY, os.O_RDWR)


@dataclass(frozen=True, slots=True)
class Output:
    """Where a process prints to.

    :ivar path: the log in the workspace; empty where nothing of it can be read, then `why` says so.
    :ivar begin: byte from which on it is this process's, as far as can be told.
    """

    path: str
    begin: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Adopted:
    """What came of it: the run, whether it was adopted before, and where its output is read.

    :ivar ungated: why the gate would have refused it as a start; empty where it would not. Its verdict says it too.
    """

    run: Run
    existing: bool
    output: Output
    ungated: str = ""


def adopt(desk: Desk, pid: int | None, log: str | None, model: str | None) -> Adopted:
    """Bring a process under watch; twice is once.

    :param pid: the process; None where `log` names the file that it prints to.
    :param log: path of its log, in the workspace.
    :raises NotFound: there is no such process, or none that prints to that file.
    :raises Refused: it is watched already, or belongs to somebody else; the director ended this model's phase or is
        still to answer; a budget is used up.
    """
    found = procfs.stat(pid) if pid is not None else _writer(desk, log or "")
    if found is None or not found.alive:
        raise NotFound(f"There is no process {pid} that runs.", "`ps -u $USER -o pid,etime,args` lists yours.")
    known = _known(desk, found)
    output = _output(desk, found.pid, log)
    if known is not None:
        return Adopted(known, existing=True, output=output)
    _refuse_what_is_watched(found.pid)
    adopted = _recorded(desk, found, output, model)
    if not adopted.existing:
        launch.launch(desk, adopted.run)
    return replace(adopted, ungated=gate.missed(desk, adopted.run))


def _known(desk: Desk, found: procfs.Stat) -> Run | None:
    mine = (found.pid, found.start_ticks)
    every = (one for one in desk.ledger.runs(open_only=True) if one.adopted is not None)
    return next((one for one in every if one.adopted and one.adopted[:2] == mine), None)


def _refuse_what_is_watched(pid: int) -> None:
    try:
        words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        what = f"Process {pid} belongs to somebody else: neither its files nor its end can be seen."
        raise Refused(what, "Adopt it as the user that it runs as.") from None
    mark = next((one for one in words if one.startswith(MARKER.encode() + b"=")), None)
    if mark is not None:
        run = mark.decode("utf-8", "replace").rpartition("/")[2]
        raise Refused(f"Process {pid} belongs to {one_line(run, 60)}, which is watched.", "`watchkeeper status`")


def _recorded(desk: Desk, found: procfs.Stat, output: Output, model: str | None) -> Adopted:
    """Record a process as an attempt: it counts in budgets, and the director's word holds for it as for any start.

    Only the gate does not: it runs already, and the next attempt is not compared with it (`approvals`).
    """
    argv = _words(found.pid)
    folder = Path(_link(found.pid, "cwd") or desk.workspace.root)
    script, args = command.script_in(desk, argv, folder) if argv else ("", ())
    name = desk.workspace.check_model_id(model or command.model_of(script or (argv[0] if argv else "adopted")))
    if not script:
        script, args = command.kept(desk, argv or ["?"]), tuple(argv)
    origin = provenance.collect(desk, name, script, args, python=_link(found.pid, "exe"))
    wanted = start.Request(model=name, phase=Phase.FULL, origin=origin, follows=None)
    _refuse_what_may_not(desk, wanted, found)
    opened = spending.check(desk, name)
    with desk.ledger.transaction() as transaction:
        if (same := _known(desk, found)) is not None:  # another call was first
            return Adopted(same, existing=True, output=output)
        _refuse_what_may_not(desk, wanted, found)
        spending.refuse(desk, transaction, name, opened)
        known = start.attempts(desk, name, Phase.FULL)
        run, attempt, foreign = start.numbered(desk, wanted, known)
        event = _event(desk, wanted, run, found, output)
        placed = replace(event, attempt=attempt, follows=known[-1].id if known else None, foreign=foreign)
        transaction.append(replace(placed, argv=tuple(argv) or ("?",), cwd=str(folder)), run, run=run, model=name)
        spending.take(desk, transaction, name, run)
        recorded = transaction.run(run)
    assert recorded is not None  # noqa: S101 (appended above)
    return Adopted(recorded, existing=False, output=output)


def _refuse_what_may_not(desk: Desk, wanted: start.Request, found: procfs.Stat) -> None:
    every = start.attempts(desk, wanted.model, wanted.phase)
    if active := next((one for one in every if not one.ended), None):
        what = f"{active.id} is still active; one run of a model and phase goes on at a time."
        raise Refused(what, f"Give this one another name: watchkeeper adopt {found.pid} --model NAME")
    start.check_answers(desk, wanted)


def _event(desk: Desk, wanted: start.Request, run: str, found: procfs.Stat, output: Output) -> RunStarted:
    """Return the start as the record keeps it. What lay there before is left out: it may be this process's own."""
    proof = launch.proof(desk, model=wanted.model, phase=wanted.phase, run=run)
    event = start_event.watched(desk, wanted.model, wanted.phase, wanted.origin, proof)
    return replace(event, log=output.path or event.log, adopted=(found.pid, found.start_ticks, output.begin))


def _words(pid: int) -> list[str]:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return [one.decode("utf-8", "replace") for one in line.rstrip(b"\0").split(b"\0") if one]


def _link(pid: int, name: str) -> str:
    with suppress(OSError):
        return os.readlink(f"/proc/{pid}/{name}")
    return ""


def _output(desk: Desk, pid: int, log: str | None) -> Output:
    """Return where a process prints to: the file that was named, else that of its standard output or error."""
    if log is not None:
        path = desk.workspace.relative(_absolute(log))
        begins = [begin for _, name, begin in _written(pid) if _same(desk, name, path)]
        about = desk.workspace.about(path)
        if about is None:
            raise NotFound(f"There is no file {one_line(log, 200)}.", "Name the log by its path.")
        return Output(path, begins[0] if begins else about.size_bytes)
    for descriptor, name, begin in _written(pid):
        if descriptor in (1, 2):
            with suppress(PathRefused):
                return Output(desk.workspace.relative(name), begin)
    name = one_line(_link(pid, "fd/1"), 200) or "nowhere that can be seen"
    return Output("", why=f"it prints to {name}, which is no file of the workspace: what it prints is not read")


def _absolute(path: str) -> str:
    return os.path.abspath(path)


def _same(desk: Desk, name: str, path: str) -> bool:
    with suppress(PathRefused):
        return desk.workspace.relative(name) == path
    return False


def _written(pid: int) -> Iterator[tuple[int, str, int]]:
    """Yield (descriptor, path, byte from which on it is this process's) of the plain files that a process writes.

    A file that is appended to may hold what others wrote before: it counts from its present end on. One that was opened
    without appending began empty, as a shell's `>` makes it.
    """
    with suppress(OSError):
        for descriptor in sorted(map(int, os.listdir(f"/proc/{pid}/fd"))):
            with suppress(OSError, ValueError, StopIteration):
                about = os.stat(f"/proc/{pid}/fd/{descriptor}")
                lines = Path(f"/proc/{pid}/fdinfo/{descriptor}").read_text(encoding="ascii").splitlines()
                flags = int(next(one for one in lines if one.startswith("flags:")).split()[1], 8)
                if stat.S_ISREG(about.st_mode) and flags & os.O_ACCMODE in _WRITES:
                    begin = about.st_size if flags & _APPENDS else 0
                    yield descriptor, _link(pid, f"fd/{descriptor}"), begin


def _writer(desk: Desk, log: str) -> procfs.Stat | None:
    """Return the process that writes to a file: of several the one that began first."""
    path = desk.workspace.relative(_absolute(log))
    if desk.workspace.about(path) is None:
        raise NotFound(f"There is no file {one_line(log, 200)}.", "Name the log by its path.")
    ours = (pid for pid in procfs.pids() if any(_same(desk, name, path) for _, name, _ in _written(pid)))
    found = [one for one in (_alive(pid) for pid in ours) if one is not None]
    if not found:
        what = f"No process of yours has {path} open for writing: nothing runs that could be watched."
        raise NotFound(what, f"Name it: watchkeeper adopt PID --log {path}. To read the log: watchkeeper scan {path}")
    return min(found, key=lambda one: (one.start_ticks, one.pid))


def _alive(pid: int) -> procfs.Stat | None:
    with suppress(OSError):
        return procfs.stat(pid)
    return None
