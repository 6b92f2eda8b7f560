"""`watchkeeper hook stop` and `watchkeeper hook session-start`: what a client's hooks ask, and what they are answered.

Input and output are those of Claude Code's hooks (docs/clients.md); Gemini CLI and Codex understand the same answer.
A hook that fails must let the agent stop: whatever goes wrong ends with exit status 0 (2 would block) and a line on
standard error. Imports nothing that is slow, the ledger only where there is one, and makes no file in a folder that has
no record.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ...vocabulary.runs import Role

if TYPE_CHECKING:
    from ...storage.record import Finding, Ledger, Report, Run

COMMAND = "hook"
EVENTS = ("stop", "session-start")
USUAL_HOLDS = 3
"""How often in a row a turn is held where the policy names no other number ([watch] hook_holds)."""
USUAL_DEADLINE_MINUTES = 30.0
"""How long a failure holds turns where the policy names no other number ([report] deadline_minutes)."""
LONGEST_BACKGROUND_S = 1_700
"""Seconds that a command in the background may wait: Claude Code ends those of half an hour (docs/clients.md)."""
LONGEST_INPUT_BYTES = 16 << 20
LONGEST_POLICY_BYTES = 1_000_000
LATELY_S = 120.0
"""As long ago a trainer's poll may have begun that still waits in a server over HTTP."""
BUSY_S = 0.5
"""How long the hook waits for another writer of the ledger before it lets the agent stop."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client says when its agent wants to end its turn.

    :ivar continuing: the turn already goes on because a hook held it (`stop_hook_active`).
    """

    session: str
    folder: str
    continuing: bool


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that keeps a trainer from ending its turn: what it is, and the run that it is about.

    :ivar lasting: it holds later turns too: a run goes on, or a deadline runs; otherwise only an answer waits.
    :ivar call: what to call for it; a poll where it is empty.
    """

    id: str
    run: str
    what: str
    lasting: bool = True
    call: str = ""


@dataclass(frozen=True, slots=True)
class Holds:
    """How often in a row one session was held for the same duties.

    :ivar at: unix time of the last hold.
    :ivar let_go: the row is over, the agent was allowed to end its turn.
    """

    duties: str = ""
    count: int = 0
    at: float = 0.0
    let_go: bool = False


def stop(workspace: str | None) -> int:
    """Answer the Stop hook on standard input: `{}`, or `{"decision": "block", "reason": …}`; always return 0.

    :param workspace: the folder as named on the command line, if it was.
    """
    answer: dict[str, str] = {}
    try:
        asked = parsed(given_on_standard_input())
        reason = _reason_to_stay(asked, _folder(asked, workspace))
        if reason:
            answer = {"decision": "block", "reason": reason}
    except Exception as error:  # whatever is wrong with us, the agent must be able to stop
        sys.stderr.write(f"watchkeeper: the hook lets the agent stop: {type(error).__name__}: {error}\n")
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


def opening(brief: str) -> str:
    """Return the answer to a SessionStart hook: the brief as context; empty when there is nothing to tell."""
    if not brief:
        return ""
    output = {"hookEventName": "SessionStart", "additionalContext": brief}
    return json.dumps({"hookSpecificOutput": output}, ensure_ascii=False)


def parsed(given: bytes) -> Asked:
    """Return what the client handed to the hook.

    :raises ValueError: it is no JSON object.
    """
    said: object = json.loads(given)
    if not isinstance(said, dict):
        raise ValueError("the hook's input is no JSON object")
    fields = cast("Mapping[str, object]", said)
    session, folder = (str(fields.get(name) or "") for name in ("session_id", "cwd"))
    return Asked(session[:64], folder, fields.get("stop_hook_active") is True)


def given_on_standard_input() -> bytes:
    """Return the hook's input; nothing when a person typed the command."""
    return b"{}" if sys.stdin.isatty() else sys.stdin.buffer.read(LONGEST_INPUT_BYTES)


def folder_on_record(workspace: str | None) -> Path | None:
    """Return the workspace that the hook on standard input is about, None when it keeps no record.

    :raises ValueError: the input is no JSON object.
    """
    folder = _folder(parsed(given_on_standard_input()), workspace)
    return folder if _ledger_of(folder).is_file() else None


def _folder(asked: Asked, workspace: str | None) -> Path:
    """Return the named folder, else the client's, else the one that the agent works in."""
    names = (os.environ.get(name) for name in ("WATCHKEEPER_WORKSPACE", "CLAUDE_PROJECT_DIR"))
    return Path(next(filter(None, (workspace, *names, asked.folder)), os.curdir))


def _ledger_of(folder: Path) -> Path:
    return folder / ".watchkeeper" / "ledger.sqlite3"


def _reason_to_stay(asked: Asked, folder: Path) -> str:
    """Return why the turn must go on; empty when it may end. A hold is on record before the client hears of it."""
    path = _ledger_of(folder)
    if not path.is_file():
        return ""
    from ...storage.record import Ledger  # noqa: PLC0415 (most turns end in a folder without one)

    with closing(Ledger(path, busy_timeout_s=BUSY_S)) as ledger:
        now = time.time()
        limit, deadline_s = _rules(folder / "watchkeeper.toml")
        found = duties(ledger, now, deadline_s)
        lately = now - _watched_at(ledger, found) < LATELY_S
        if found and somebody_waits(path, over_http=lately):
            found = [one for one in found if one.call]  # who waits sees to all but what has to be told
        if not found:
            return ""
        before = _kept(ledger, asked.session)
        holds = held(before, found, _watched_at(ledger, found), now=now, limit=limit, continuing=asked.continuing)
        if holds != before:
            ledger.take_note(_key(asked.session), json.dumps(asdict(holds)))
    return "" if holds.let_go else told(found, holds.count, limit)


def duties(ledger: Ledger, now: float, deadline_s: float = USUAL_DEADLINE_MINUTES * 60) -> list[Duty]:
    """Return what a trainer has still to see to: failures to report, answers to wait for and to carry out, runs.

    A failure holds until its deadline, whether it is not reported yet or not answered; beyond it the run is left out
    as well, because then the agent was told to end its turn.

    :param deadline_s: seconds that a failure nobody reported has, counted from when it was found.
    """
    reports = ledger.reports(open_only=True)
    waiting = [one for one in reports if one.status == "open"]
    overdue = {one.run for one in waiting if now > one.deadline_at}
    awaited = [one for one in waiting if now <= one.deadline_at]
    failed = _unreported(ledger, now - deadline_s)
    spoken_for = overdue | {one.run for one in (*awaited, *failed)}
    runs = [one for one in ledger.runs(open_only=True) if one.id not in spoken_for]
    answered = [one for one in reports if one.status == "answered"]
    return [
        *map(_failure_duty, failed),
        *map(_report_duty, awaited),
        *map(_run_duty, runs),
        *map(_answer_duty, answered),
    ]


def _unreported(ledger: Ledger, since: float) -> list[Finding]:
    """Return the oldest unreported failure of each run, where it was found not too long ago."""
    first: dict[str, Finding] = {}
    for one in ledger.findings(open_only=True):
        if one.at >= since:
            first.setdefault(one.run, one)
    return list(first.values())


def _failure_duty(finding: Finding) -> Duty:
    call = f"report_error(run={finding.run!r}, finding={finding.id!r}, what_happened=…)"
    return Duty(finding.id, finding.run, f"A failure of run {finding.run} is not reported.", call=call)


def _report_duty(report: Report) -> Duty:
    return Duty(
        f"{report.id}:open", report.run, f"Report {report.id} waits for the director's answer, and nobody waits for it."
    )


def _run_duty(run: Run) -> Duty:
    return Duty(run.id, run.id, f"Run {run.id} goes on, or its end was not seen yet, and nobody watches it.")


def _answer_duty(report: Report) -> Duty:
    action = report.answer.action if report.answer else "an answer"
    what = f"The director answered report {report.id} ({action}) and that is not carried out."
    return Duty(report.id, report.run, what, lasting=False)


def held(before: Holds, found: Sequence[Duty], watched_at: float, *, now: float, limit: int, continuing: bool) -> Holds:
    """Return the row of holds with this one added, or let go. Pure.

    A row begins anew for other duties, when the watch was taken up since the last hold, and in a later turn after the
    agent was let go; not for an answer alone, which would hold every turn of a project that was given up.

    :param watched_at: unix time at which a trainer last looked at what the duties are about.
    :param limit: holds in a row; 0 for none.
    """
    names = " ".join(one.id for one in found)
    later_turn = before.let_go and not continuing and any(one.lasting for one in found)
    anew = before.duties != names or watched_at > before.at or later_turn
    row = Holds(names) if anew else before
    if row.count >= limit:
        return replace(row, let_go=True)
    return replace(row, count=row.count + 1, at=now)


def told(found: Sequence[Duty], count: int, limit: int) -> str:
    """Return the reason for a hold, with the exact next call. Pure."""
    first = found[0]
    more = f" {len(found) - 1} more wait besides." if len(found) > 1 else ""
    alone = len(found) == 1 and first.run
    call = first.call or (f"poll_training(run={first.run!r})" if alone else "poll_training()")
    return (
        f"{first.what}{more} Do not end your turn: call {call} now, then exactly the call in its `next`. "
        f"Without these tools, run `{_command(first, alone=bool(alone))}`. (held {count} of {limit} times in a row)"
    )


def _command(first: Duty, *, alone: bool) -> str:
    """Return the shell's twin of a call; a poll for one run blocks, no longer than a client lets it."""
    if first.call:
        return f"watchkeeper report … --run {first.run} --finding {first.id}"
    return f"watchkeeper poll {first.run} --until event --wait {LONGEST_BACKGROUND_S}" if alone else "watchkeeper poll"


def _watched_at(ledger: Ledger, found: Sequence[Duty]) -> float:
    return max((ledger.watched(one.run, Role.TRAINER) or 0.0 for one in found), default=0.0)


def _key(session: str) -> str:
    return f"hook:{session}"


def _kept(ledger: Ledger, session: str) -> Holds:
    text = ledger.note(_key(session))
    return Holds(**json.loads(text)) if text else Holds()


def _rules(policy: Path) -> tuple[int, float]:
    """Return the policy's number of holds and seconds of a deadline; the usual ones where the file names none."""
    tables: Mapping[str, object] = {}
    if policy.is_file() and policy.stat().st_size <= LONGEST_POLICY_BYTES:
        import tomllib  # noqa: PLC0415 (takes a fifth of the hook's time)

        with suppress(OSError, ValueError):  # the server tells what is wrong with the policy
            tables = tomllib.loads(policy.read_text("utf-8-sig"))
    holds = _number(tables, "watch", "hook_holds", USUAL_HOLDS)
    return int(holds), _number(tables, "report", "deadline_minutes", USUAL_DEADLINE_MINUTES) * 60


def _number(tables: Mapping[str, object], table: str, key: str, usual: float) -> float:
    found = tables.get(table)
    value = cast("Mapping[str, object]", found).get(key) if isinstance(found, dict) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else usual


def somebody_waits(ledger: Path, *, over_http: bool = False) -> bool:
    """Whether a trainer's poll waits at this moment, in this session or another.

    Seen by what a waiting poll does (`waker`): it watches the ledger's file through inotify, and the kernel names the
    watched inode in /proc/PID/fdinfo (proc(5)). False where there is no such thing, which costs a needless hold.

    :param over_http: whether a poll in a server over HTTP counts; such a server has polls of every role.
    """
    wanted = f" ino:{ledger.stat().st_ino:x} ".encode()
    with suppress(OSError):
        own = str(os.getpid())
        processes = [one for one in os.listdir("/proc") if one.isdigit() and one != own]
        return any(_may_poll(one, over_http=over_http) and _watches(one, wanted) for one in processes)
    return False


def _may_poll(process: str, *, over_http: bool) -> bool:
    """Whether a process is a server or a poll of ours, and not a director's or an observer's."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    ours = any(b"watchkeeper" in word for word in words[:5])
    if any(word.partition(b"=")[0] == b"--http" for word in words) and not over_http:
        return False
    named = {word.removeprefix(b"--role=") for word in words}
    return ours and bool({b"serve", b"poll"} & named) and not {b"director", b"observer"} & named


def _watches(process: str, wanted: bytes) -> bool:
    with suppress(OSError):  # it has ended, or is somebody else's
        return any(wanted in _read(file) for file in Path(f"/proc/{process}/fdinfo").iterdir())
    return False


def _read(file: Path) -> bytes:
    """Return a descriptor's facts; nothing when it was closed meanwhile."""
    with suppress(FileNotFoundError):
        return file.read_bytes()
    return b""
