"""The two ways to keep a run: to start it, and to go on where an earlier keeper was killed.

The working directory is the run directory. Each returns the exit status for the keeper itself.
"""

from __future__ import annotations

import os
import time
from signal import SIGTERM

from . import (
    child,
    digests,
    exit_record,
    gpu_pipe,
    guard,
    hosts,
    lock,
    log_part,
    main_process,
    members,
    nodes,
    oom,
    procfs,
    records,
    seal,
    usage,
)
from .ending import Ending, close, reserve
from .lines import Lines
from .main_process import Main
from .signals import Signals, complain
from .spec import Spec
from .tree import Tree, log_of, wall_of
from .watch import Watch, stop_asked

START_TRIES = 5
NO_COPY = "The copy could not be put in the place of the workspace, which a run that is played again must not write to"


def launch(log_descriptor: int) -> int:
    """Start the run and stay with it. Leaves at once if another keeper has the run or had it.

    :raises OSError: if the disk or the system has no room. Nothing was started then, and it can be tried again.
    """
    signals = Signals()
    held = lock.take(records.LOCK)
    if held is None or os.path.lexists(records.START) or os.path.lexists(records.EXIT):
        return 0
    _sign(held)
    reserve()
    try:
        record = records.read(records.SPEC) or {}
        spec = Spec(record)
    except records.DamagedRecord as error:
        return _never_started(f"{error}.")
    stop = stop_asked(spec)
    if stop is not None:
        return _never_started("It was stopped before it began.", stop)
    if spec.nodes > 1:
        spec.head_of(nodes.srun(spec.nodes), os.environ)
    if spec.adopted:
        return _take_over(spec, record, log_descriptor, signals)
    return _start(spec, record, log_descriptor, signals)


def _take_over(spec: Spec, record: dict[str, object], log_descriptor: int, signals: Signals) -> int:
    """Watch a process that somebody else started. Nothing is written to its log, and it has no limit."""
    pid, start_ticks, log_begin = spec.adopted
    main = main_process.adopt(pid, start_ticks)
    if main is None:
        return _never_started(f"Process {pid} had ended before its keeper came.")
    start = _start_record(spec, main, log_descriptor, log_begin)
    since_s = start_ticks / procfs.TICKS_PER_S
    start |= {
        "adopted": True,
        "started_at": round(time.time() - (usage.boottime_s() - since_s), 3),
        "started_boottime_s": round(since_s, 3),
        "deadline_boottime_s": None,
        "nonce": spec.nonce,
        "spec_sha256": digests.of(_content(records.SPEC)),
        "guard": "unavailable: it was running before",
    }
    if refusal := _not_written(start):
        return _never_started(refusal)
    family = Tree(b"", members=[(pid, start_ticks)])
    meter = usage.Meter(spec.sample_s, log_descriptor, lines=Lines())
    return _watch(spec, record, start, main, family, meter, signals)


def attach(log_descriptor: int) -> int:
    """Stay with the run whose keeper was killed. Leaves at once if it has a keeper or its end is recorded."""
    signals = Signals()
    held = lock.take(records.LOCK)
    if held is None or os.path.isfile(records.EXIT):
        return 0
    start = records.read(records.START)
    if start is None or records.text(start, "boot_id") != procfs.boot_id() or hosts.elsewhere(start):
        return 0
    for prepare in (lambda: _sign(held), reserve):
        try:
            prepare()
        except (OSError, records.DamagedRecord) as error:
            complain(f"{error}")  # what the first keeper set aside is there, or the end waits for room
    record = records.read(records.SPEC) or {}
    spec = Spec(record)
    pid, start_ticks = records.whole(start, "pid") or 0, records.whole(start, "start_ticks") or 0
    last = _last_sample()
    main = main_process.adopt(pid, start_ticks)
    if main is None:
        return _ended_unseen(start, last)
    known = [(pid, start_ticks), *members.read(records.MEMBERS)]
    family = Tree(spec.marker_bytes, members=known, log=log_of(start), wall=_wall(spec, record, start))
    lines = Lines(records.text(records.part(last, "witness"), "head"))
    floor_s = records.number(last, "cpu_s") or 0.0
    several = _several(spec)
    others = several.figures if several is not None else None
    meter = usage.Meter(spec.sample_s, _same_log(log_descriptor, start), floor_s, lines=lines, others=others)
    return _watch(spec, record, start, main, family, meter, signals, several)


def _start(spec: Spec, record: dict[str, object], log_descriptor: int, signals: Signals) -> int:
    log_begin = 0 if spec.member is not None else log_part.begin(log_descriptor, spec, time.time())
    several = _several(spec)
    others = several.figures if several is not None else None
    meter = usage.Meter(spec.sample_s, log_descriptor, lines=Lines(), others=others)
    try:
        wall, word = guard.tried(spec.guarded, spec.writable, spec.mounts)
        wall = wall if several is None else guard.Guard(None, ())  # srun needs none; the members guard their trainings
        if spec.mounts and word != guard.ON:
            return _never_started(f"{NO_COPY} ({word}).")
        gate = child.fork(spec, log_descriptor, wall)
    except OSError as error:
        return _never_started(f"There was no room for another process: {error}.")
    # A child that has not been waited for keeps its pid, so these two cannot miss it.
    main = main_process.Child(gate.pid, _start_ticks(gate.pid), os.pidfd_open(gate.pid))
    outcome = wall.settle(gate.pid)
    if spec.mounts and outcome != guard.ON:
        gate.refuse(f"{NO_COPY} ({outcome}).")
        return _refused(main.pid, f"{NO_COPY} ({outcome}).")
    start = _start_record(spec, main, log_descriptor, log_begin)
    start |= {"nonce": spec.nonce, "spec_sha256": digests.of(_content(records.SPEC))}
    start["guard"] = outcome if word == guard.ON and several is None else word
    if refusal := _not_written(start):
        gate.refuse(refusal)
        return _refused(main.pid, refusal)
    if not gate.open():
        return _refused(main.pid, "Its keeper could not let it go.")
    family = Tree(spec.marker_bytes, ancestors=[os.getpid()], wall=_wall(spec, record, start))
    return _watch(spec, record, start, main, family, meter, signals, several)


def _several(spec: Spec) -> nodes.Nodes | None:
    return nodes.Nodes(spec.nodes, spec.nonce, spec.sample_s) if spec.nodes > 1 else None


def _wall(spec: Spec, record: dict[str, object], start: dict[str, object]) -> bytes:
    """Return the run's own mount; none where its members count what lives behind it."""
    return wall_of(record, start) if spec.nodes == 1 else b""


def _not_written(start: dict[str, object]) -> str:
    """Write the start record; return why that cannot be, empty when it is on disk."""
    refusal = ""
    for tried in range(START_TRIES):
        try:
            records.write(records.START, start)
        except OSError as error:
            refusal = f"Its start could not be written down: {error}."
            time.sleep(0.02 * tried)
        else:
            return ""
    return refusal


def _refused(pid: int, reason: str) -> int:
    """Wait for a child that was not let go; what it could not write down is written here."""
    os.waitpid(pid, 0)
    return child.NO_STATUS if os.path.isfile(records.EXIT) else _never_started(reason)


def _last_sample() -> dict[str, object] | None:
    try:
        return usage.last(records.USAGE)
    except (OSError, records.DamagedRecord):
        return None


def _watch(
    spec: Spec,
    record: dict[str, object],
    start: dict[str, object],
    main: Main,
    family: Tree,
    meter: usage.Meter,
    signals: Signals,
    several: nodes.Nodes | None = None,
) -> int:
    deadline_s = records.number(start, "deadline_boottime_s")
    # What was played again left nothing in the workspace that could be sealed.
    unsealed = bool(spec.mounts) or spec.member is not None  # the head seals what all members left
    ending = Ending(start, main, meter, lambda: {} if unsealed else seal.make(record, start, meter.lines))
    Watch(spec, deadline_s, main, family, meter, ending, gpu_pipe.Teller(), several).to_the_end(signals)
    status = main.wait_status
    if status is None:
        return child.NO_STATUS
    if several is not None and ending.cause:
        return 128 + SIGTERM  # srun ends well where all members were stopped
    # A scheduler believes the keeper's own status; shells report a signal as 128 and its number.
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _start_record(spec: Spec, main: Main, log_descriptor: int, log_begin: int) -> dict[str, object]:
    now_s = usage.boottime_s()
    log = os.fstat(log_descriptor)
    return {
        "run": spec.run,
        **hosts.here(),
        "pid": main.pid,
        "start_ticks": main.start_ticks,
        "started_at": round(time.time(), 3),
        "started_boottime_s": round(now_s, 3),
        "deadline_boottime_s": None if spec.limit_s is None else round(now_s + spec.limit_s, 3),
        "log_begin": log_begin,
        "log_device": log.st_dev,
        "log_inode": log.st_ino,
        "keeper": {"pid": os.getpid(), "start_ticks": _start_ticks(os.getpid())},
        "oom_before": oom.counters(main.pid),
        "exit_inodes": [os.stat(name).st_ino for name in records.EXIT_RESERVED],
    }


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _sign(held: int) -> None:
    """Say in the lock who keeps the run now, so that it can be signalled. Its signals are caught before that."""
    pid = os.getpid()
    lock.sign(held, {**hosts.here(), "pid": pid, "start_ticks": _start_ticks(pid)})


def _start_ticks(pid: int) -> int:
    found = procfs.stat(pid)
    if found is None:
        raise ProcessLookupError(f"process {pid} is not in /proc")
    return found.start_ticks


def _same_log(descriptor: int, start: dict[str, object]) -> int | None:
    log = os.fstat(descriptor)
    recorded = (records.whole(start, "log_device"), records.whole(start, "log_inode"))
    return descriptor if recorded == (log.st_dev, log.st_ino) else None


def _never_started(reason: str, stop: dict[str, object] | None = None) -> int:
    run = os.path.basename(os.getcwd())
    close(exit_record.never_started(run, reason, time.time(), stop))
    return child.NO_STATUS


def _ended_unseen(start: dict[str, object], last: dict[str, object] | None) -> int:
    at = records.number(last, "at") or records.number(start, "started_at") or time.time()
    reason = "Its keeper was killed, and it ended before another one came."
    close(exit_record.unknown(records.text(start, "run"), reason, at))
    return child.NO_STATUS
