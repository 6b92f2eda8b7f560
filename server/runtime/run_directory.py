"""What a keeper left in a run directory, and the state of the run that follows from it.

`read_facts` looks, `judge` concludes. The state is stored nowhere, so it cannot be out of date.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

from ..vocabulary.errors import NotFound
from ..vocabulary.runs import RunState
from . import engine_states, remote_silence
from .engines.words import Kind, Word
from .keeper import exit_record, hosts, lock, procfs, records
from .keeper import usage as usage_lines
from .run_records import Damage, copy_of, exit_of, lock_held, newest_sample, record
from .run_status import Facts, RunStatus
from .samples import Record, moment, seconds, size

LAUNCH_AGAIN_AFTER_S = 10.0
"""A keeper that has not come by then never does: the server was killed before it launched one."""
LAUNCH_WITHIN_S = 60.0
"""A start older than this is not launched any more: nobody expects it to begin now."""
NEVER_CAME = f"Its keeper did not come within {LAUNCH_WITHIN_S:.0f} s: nothing of it ran; start it again."
_END_IS_WRITTEN_WITHIN_S = 0.1
_LONGEST_REASON = 1000
FOREIGN = "was not written by this run's keeper: it does not carry the nonce of the recorded start"


def read_facts(run_dir: Path, nonce: str = "") -> Facts:
    """Look at a run directory and at the processes it names.

    Where the main process has just ended, waits up to 0.1 s for its keeper to write down how.

    :param nonce: that of the recorded start, where it has one: a record of another start counts as damaged.
    :raises NotFound: if there is no such run directory.
    :raises OSError: if something is there and cannot be read; that says nothing about the run.
    """
    patience_ends = time.monotonic() + _END_IS_WRITTEN_WITHIN_S
    while True:
        facts = _look(run_dir, nonce)
        just_ended = facts.start is not None and not facts.main_alive and facts.lock_held and facts.exit is None
        just_ended = just_ended and facts.same_boot
        # A main process that lived and an exit record: the end came between the two looks.
        if not (just_ended or (facts.main_alive and facts.exit is not None)) or time.monotonic() > patience_ends:
            return facts
        time.sleep(0.005)


def _look(run_dir: Path, nonce: str) -> Facts:
    """Read everything once, in an order that no keeper can make a liar of: start, process, lock, and the exit last.

    A keeper writes the exit record before it lets go of the lock. So a free lock and then no exit record mean that
    nobody is left who could write one.
    """
    damaged = Damage()
    spec, stop, warned = (record(run_dir, name, damaged) for name in (records.SPEC, records.STOP, records.WARNED))
    start = record(run_dir, records.START, damaged, nonce)
    if start is not None and (records.whole(start, "pid") or 0) <= 0:
        start = None  # what a keeper wrote names a process
        damaged.append(records.START)
    away = hosts.elsewhere(start or spec)
    same_boot = start is None or (not away and records.text(start, "boot_id") == procfs.boot_id())
    main = _main(start) if same_boot else None
    is_held = not away and lock_held(run_dir, start if same_boot else None, damaged)
    ended = exit_of(run_dir, start if is_held else None, damaged, nonce)
    now, sample = time.time(), newest_sample(run_dir, damaged)
    heard_s_ago = remote_silence.heard_s_ago(run_dir, sample, moment(start, "started_at"), now) if start else 0.0
    return Facts(
        run=run_dir.name, now=now, boottime_s=usage_lines.boottime_s(), spec_age_s=now - _written_at(run_dir),
        claimed=os.path.lexists(run_dir / records.CLAIM), warned=warned,
        spec=spec, start=start, exit=ended, stop=stop, last_sample=sample, elsewhere=away, heard_s_ago=heard_s_ago,
        same_boot=same_boot, main_alive=main is not None and main.alive, damaged=tuple(damaged),
        foreign=tuple(damaged.foreign),
        main_zombie=main is not None and not main.alive, lock_held=is_held, copy_of=copy_of(run_dir, spec),
    )  # fmt: skip


def judge(facts: Facts) -> RunStatus:
    """Return the state that follows from the facts. Pure, and defined for every combination of them."""
    if facts.copy_of and facts.exit is None:
        elsewhere = f"This is a copy of {facts.copy_of}: the run, and whatever comes of it, is that workspace's."
        return replace(_status(facts, RunState.LOST, elsewhere), elapsed_s=_last_seen_s(facts))
    if facts.main_alive and not facts.copy_of:
        return _running(facts)
    if facts.exit is not None:
        return _by_word_too(facts, _ended(facts, facts.exit))
    has_job = facts.word is not None and facts.start is not None
    if facts.lock_held or facts.main_zombie or has_job or (facts.elsewhere and facts.start is not None):
        return _about_to_be_known(facts)
    broken = [name for name in facts.damaged if name in (records.START, records.EXIT)]
    if facts.start is None and not broken:
        return _without_keeper(facts)
    return _lost(facts, _how_it_was_lost(facts, broken))


def _running(facts: Facts) -> RunStatus:
    asked = f"A stop was asked for: {records.text(facts.stop, 'reason')}" if facts.stop is not None else ""
    state = RunState.RUNNING if facts.lock_held else RunState.RUNNING_UNATTENDED
    started_s = seconds(facts.start, "started_boottime_s")
    return replace(
        _status(facts, state, asked if facts.lock_held else f"Its keeper was killed. {asked}".strip()),
        elapsed_s=0.0 if started_s is None else max(0.0, facts.boottime_s - started_s),
        needs_keeper=not facts.lock_held and facts.exit is None and facts.word is None,  # of a job the waiter attaches
    )


def _by_word(facts: Facts, word: Word) -> RunStatus:
    """It began, nobody wrote its end, and nothing of it lives here: its samples and its engine tell."""
    sample_s = _sample_s(facts)
    asked = _stop_asked_s_ago(facts)
    found = engine_states.after_start(word, facts.elsewhere, facts.heard_s_ago, sample_s, asked, facts.now)
    status = replace(_standing(facts, found), heard_s_ago=facts.heard_s_ago, elapsed_s=_last_seen_s(facts))
    return replace(status, ended_at=_last_sign(facts)) if found.state.final else status


def _by_word_too(facts: Facts, status: RunStatus) -> RunStatus:
    """Its keeper wrote its end; why it was told to stop is the engine's to say."""
    if facts.word is None or status.state is RunState.NEVER_STARTED:
        return status
    from_outside = status.state is RunState.STOPPED and records.text(status.stop, "who") == "outside"
    ended_s_ago = facts.now - (status.ended_at or 0.0)
    word = facts.word
    if word.asked_at < (status.ended_at or 0.0):
        word = replace(word, kind=Kind.UNKNOWN, interrupted=False, out_of_time=False)  # said before it ended
    found = engine_states.after_end(
        word, status.state, status.reason, ended_s_ago=ended_s_ago, from_outside=from_outside
    )
    return replace(status, state=found.state, reason=found.reason, settled=status.settled and found.settled)


def _standing(facts: Facts, found: engine_states.Stand) -> RunStatus:
    return replace(
        _status(facts, found.state, found.reason),
        needs_launch=found.needs_launch,
        needs_closing=found.needs_closing,
        stuck=found.stuck,
    )


def _stop_asked_s_ago(facts: Facts) -> float | None:
    return None if facts.stop is None else facts.now - (moment(facts.stop, "at") or facts.now)


def _elsewhere(facts: Facts) -> RunStatus:
    """Another machine has its processes: nothing here can mend it, and nothing here shows that it ended."""
    state, reason = remote_silence.stands(
        facts.elsewhere, facts.heard_s_ago, _sample_s(facts), _stop_asked_s_ago(facts)
    )
    if state is RunState.LOST:
        return _lost(facts, reason)
    asked = f" A stop was asked for: {records.text(facts.stop, 'reason')}" if facts.stop is not None else ""
    elapsed_s = _last_seen_s(facts) + (facts.heard_s_ago if state is RunState.RUNNING else 0.0)
    found = _status(facts, state, f"{reason}{asked}")
    return replace(found, elapsed_s=elapsed_s, heard_s_ago=facts.heard_s_ago)


def _sample_s(facts: Facts) -> float:
    return seconds(facts.spec, "sample_s") or 5.0


def _about_to_be_known(facts: Facts) -> RunStatus:
    """A keeper is at work on the start or on the end, or there is a zombie that still knows how it ended."""
    if facts.word is not None and facts.start is not None and not facts.lock_held:
        return _by_word(facts, facts.word)
    if facts.elsewhere and facts.start is not None:
        return _elsewhere(facts)
    if facts.start is None and records.START in facts.damaged:
        return _status(facts, RunState.STARTING, "Its keeper is with it.")
    if facts.start is None:
        return _status(facts, RunState.STARTING)
    elsewhere = "A keeper on another machine, or of a time before a restart, holds it."
    reason = "Its main process has ended; how is being written down." if facts.same_boot else elsewhere
    needs_keeper = facts.main_zombie and not facts.lock_held
    return replace(_status(facts, RunState.STARTING, reason), elapsed_s=_last_seen_s(facts), needs_keeper=needs_keeper)


def _without_keeper(facts: Facts) -> RunStatus:
    """Its start was written down and no keeper has come."""
    if facts.word is not None:
        stopped = facts.stop is not None
        found = engine_states.before_start(facts.word, now=facts.now, stopped=stopped, claimed=facts.claimed)
        return _standing(facts, found)
    rebooted = facts.spec_age_s > facts.boottime_s and not facts.elsewhere
    lag_s = remote_silence.LAG_S if facts.elsewhere else 0.0  # what was written there may not be seen here yet
    if rebooted or facts.spec_age_s > LAUNCH_WITHIN_S + lag_s:
        reason = "The machine was started anew before its keeper came." if rebooted else NEVER_CAME
        return replace(_status(facts, RunState.NEVER_STARTED, reason), needs_closing=True)
    again = facts.spec is not None and facts.spec_age_s >= LAUNCH_AGAIN_AFTER_S and not facts.elsewhere
    reason = "Its keeper has not come yet." if again else ""
    return replace(_status(facts, RunState.STARTING, reason), needs_launch=again)


def _how_it_was_lost(facts: Facts, broken: list[str]) -> str:
    if broken:
        return f"{broken[0]} {'is damaged' if broken[0] not in facts.foreign else FOREIGN}."
    if not facts.same_boot:
        return "The machine was started anew while it ran."
    return "Its keeper was killed, and it ended before another one came: its exit status is unknown."


def _lost(facts: Facts, reason: str) -> RunStatus:
    found = _status(facts, RunState.LOST, reason)
    return replace(found, ended_at=_last_sign(facts), elapsed_s=_last_seen_s(facts))


def _last_sign(facts: Facts) -> float | None:
    return facts.last_sample.at if facts.last_sample is not None else moment(facts.start, "started_at")


def _ended(facts: Facts, end: Record) -> RunStatus:
    stop = records.part(end, "stop")
    state = _final_state(end)
    return replace(
        _status(facts, state, _why(state, end)),
        ended_at=moment(end, "ended_at"),
        elapsed_s=seconds(end, "wall_s") or 0.0,
        exit_code=records.whole(end, "exit_code"),
        signal=records.whole(end, "signal"),
        out_of_memory=end.get("out_of_memory") is True,
        cpu_s=seconds(end, "cpu_s"),
        cpu_is_lower_bound=end.get("cpu_is_lower_bound") is True,
        max_rss_bytes=size(end, "max_rss_bytes"),
        log_end=size(end, "log_end"),
        stop=stop,
        late_s=records.number(records.part(end, "limit"), "late_s"),
        strays=facts.strays,
        strays_total=size(end, "strays_total") or 0,
        lost_samples=records.part(end, "lost_samples"),
        seal=records.text(records.part(end, "seal"), "sha256"),
        seal_failed=records.text(records.part(end, "seal"), "failed"),
        settled=end.get("settled") is not False or not _may_be_settled(facts),
    )


def _may_be_settled(facts: Facts) -> bool:
    """Whether a keeper may still be at work on what its run left behind."""
    return remote_silence.is_heard(facts.heard_s_ago, _sample_s(facts)) if facts.elsewhere else facts.lock_held


def _final_state(end: Record) -> RunState:
    outcome = records.text(end, "outcome")
    if outcome == "never_started":
        return RunState.NEVER_STARTED
    if end.get("stop") is not None:
        return RunState.STOPPED
    if end.get("limit") is not None:
        return RunState.TIMED_OUT
    if outcome not in ("exited", "signalled"):
        return RunState.LOST
    if end.get("out_of_memory") is True:
        return RunState.OUT_OF_MEMORY
    return RunState.COMPLETED if end.get("exit_code") == 0 else RunState.FAILED


def _why(state: RunState, end: Record) -> str:
    number = records.whole(end, "signal")
    if state is RunState.STOPPED:
        return records.text(records.part(end, "stop"), "reason")
    if state is RunState.TIMED_OUT:
        limit = records.part(end, "limit")
        late_s = records.number(limit, "late_s") or 0.0
        late = f", applied {late_s:.0f} s late" if late_s >= 1.0 else ""
        return f"It ran into its limit of {records.number(limit, 'limit_s') or 0.0:g} s{late}."
    if records.part(records.part(end, "members"), "first") is not None:
        return records.text(end, "reason")  # which member, and how
    if state is RunState.OUT_OF_MEMORY:
        return "The kernel's OOM killer ended it."
    if state is RunState.FAILED and number is not None:
        return f"It was ended by {exit_record.signal_name(number)}."
    return records.text(end, "reason")


def _status(facts: Facts, state: RunState, reason: str = "") -> RunStatus:
    """Return what is known in every state; the figures are those of the last sample."""
    sample = facts.last_sample
    return RunStatus(
        run=facts.run,
        state=state,
        reason=_with_damage(facts, state, reason)[:_LONGEST_REASON],
        pid=records.whole(facts.start, "pid"),
        started_at=moment(facts.start, "started_at"),
        cpu_s=sample.cpu_s if sample is not None else None,
        cpu_is_lower_bound=sample is not None,
        log_begin=size(facts.start, "log_begin"),
        guard=records.text(records.part(facts.exit, "members"), "guard") or records.text(facts.start, "guard"),
        stop=facts.stop,
        host=facts.elsewhere,
        warned=facts.warned,
    )


def _with_damage(facts: Facts, state: RunState, reason: str) -> str:
    """Say which records cannot be read; that they are lost says so by itself."""
    if not facts.damaged or state is RunState.LOST:
        return reason
    are = "is" if len(facts.damaged) == 1 else "are"
    return f"{reason} {', '.join(facts.damaged)} {are} damaged.".strip()


def _last_seen_s(facts: Facts) -> float:
    """Return how long it ran as far as its samples tell."""
    started_s = seconds(facts.start, "started_boottime_s")
    if facts.last_sample is None or started_s is None:
        return 0.0
    return max(0.0, facts.last_sample.boottime_s - started_s)


def close_never_started(run_dir: Path, nonce: str = "", word: Word | None = None) -> bool:
    """Record that the run never started, where no keeper came and none will; return whether this call did so.

    Takes the keeper's lock, so it happens once, and a keeper that comes after all leaves at once. Of a job's run the
    claim is taken too: where locks are not shared, a job that comes late finds that.

    :param word: what its engine says; None for a run of this machine.
    :raises OSError: if the record cannot be written.
    """
    held = lock.take(run_dir / records.LOCK)
    if held is None:
        return False
    try:
        # The lock is our own here, so it must not count.
        facts = read_facts(run_dir, nonce)
        status = judge(replace(facts, lock_held=False, word=word))
        if not status.needs_closing:
            return False
        if word is not None:
            ours = records.create(run_dir / records.CLAIM, {"job": "", **hosts.here()})
            if not ours and not facts.claimed:
                return False  # a job has taken it since it was looked at
        record = exit_record.never_started(run_dir.name, status.reason, time.time(), status.stop)
        record["nonce"] = nonce
        records.write(run_dir / records.EXIT, record)
    finally:
        os.close(held)
    return True


def _written_at(run_dir: Path) -> float:
    for path in (run_dir / records.SPEC, run_dir):
        try:
            return os.stat(path, follow_symlinks=path is run_dir).st_mtime  # a training may put a link there, to itself
        except FileNotFoundError:
            continue
    raise NotFound(f"There is no run directory {run_dir.name}.", "Call poll_training() to see which runs there are.")


def _main(start: Record | None) -> procfs.Stat | None:
    """Return the main process as long as /proc knows it, the zombie included."""
    pid = records.whole(start, "pid")
    found = procfs.stat(pid) if pid is not None else None
    same = found is not None and found.start_ticks == records.whole(start, "start_ticks")
    return found if same else None
