"""`watchkeeper doctor`: what is wrong with a set-up and how to mend it; and the ledger made anew from the runs."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import LedgerUnreadable, WatchkeeperError
from .keeper import records
from .ledger import Kind, Ledger, SubjectKind
from .policy import read_policy
from .workspace import Workspace

LEAST_FREE_BYTES = 200 << 20


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: whether it is fine, what was seen, and how to mend it."""

    name: str
    fine: bool
    seen: str
    mend: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the check for machines."""
        return {"check": self.name, "ok": self.fine, "seen": self.seen, "mend": self.mend}


def examine(workspace: Workspace) -> list[Check]:
    """Look at everything; a check that itself fails is a finding, never a crash."""
    looks: tuple[Callable[[Workspace], Check], ...] = (
        _platform, _state, _disk, _policy, _interpreter, _ledger, _runs,
    )  # fmt: skip
    return [_safely(look, workspace) for look in looks]


def _safely(look: Callable[[Workspace], Check], workspace: Workspace) -> Check:
    name = look.__name__.strip("_")
    try:
        return look(workspace)
    except WatchkeeperError as error:
        return Check(name, False, error.what, error.do_next)
    except OSError as error:
        return Check(name, False, str(error), "Check that the file exists and that you may read and write it.")


def _platform(_: Workspace) -> Check:
    seen = f"Python {sys.version.split()[0]} on {sys.platform}"
    fine = sys.platform == "linux" and hasattr(os, "pidfd_open")
    return Check("platform", fine, seen, "" if fine else "Promises are proved on Linux 5.4 or later only.")


def _state(workspace: Workspace) -> Check:
    workspace.ensure_state()
    mode = stat.S_IMODE(workspace.state_dir.stat().st_mode)
    fine = mode & 0o077 == 0 and os.access(workspace.state_dir, os.W_OK)
    return Check(
        "state", fine, f"{workspace.state_dir} has mode {mode:04o}", "" if fine else f"chmod 700 {workspace.state_dir}"
    )


def _disk(workspace: Workspace) -> Check:
    free = shutil.disk_usage(workspace.root).free
    fine = free > LEAST_FREE_BYTES
    return Check(
        "disk", fine, f"{free >> 20} MiB free", "" if fine else "Free some space: logs and checkpoints need it."
    )


def _policy(workspace: Workspace) -> Check:
    read_policy(workspace)
    there = workspace.exists("watchkeeper.toml")
    return Check("policy", True, "watchkeeper.toml is valid" if there else "no watchkeeper.toml: the defaults hold")


def _interpreter(workspace: Workspace) -> Check:
    policy = read_policy(workspace)
    python = policy.python.interpreter or workspace.named(policy.names).interpreter() or sys.executable
    try:
        done = subprocess.run(  # noqa: S603 (an argument list; the path is the user's own)
            [python, "-c", "import sys; print(sys.version.split()[0])"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check("interpreter", False, f"{python}: {error}", "Set [python] interpreter in watchkeeper.toml.")
    fine = done.returncode == 0
    seen = f"{python} is Python {done.stdout.strip()}" if fine else f"{python} ends with status {done.returncode}"
    return Check("interpreter", fine, seen, "" if fine else "Set [python] interpreter in watchkeeper.toml.")


def _ledger(workspace: Workspace) -> Check:
    ledger = Ledger(workspace.ledger_path, busy_timeout_s=5.0)
    broken = ledger.broken()
    count, head = ledger.head()
    ledger.close()
    if broken:
        seen = f"the chain breaks at event {broken[0].seq}: {broken[0].why}"
        return Check("ledger", False, seen, "Compare with a backup; a person must decide what to believe.")
    return Check("ledger", True, f"{count} events, chain intact, head {head[:16]}")


def _runs(workspace: Workspace) -> Check:
    ledger = Ledger(workspace.ledger_path, busy_timeout_s=5.0)
    active = [one.id for one in ledger.subjects(SubjectKind.RUN, open_only=True)]
    known = {one.id for one in ledger.subjects(SubjectKind.RUN)}
    ledger.close()
    unknown = sorted(one.name for one in workspace.runs_dir.iterdir() if one.is_dir() and one.name not in known)
    seen = f"{len(known)} on record, {len(active)} active"
    if unknown:
        return Check(
            "runs", False, f"{seen}, not on record: {', '.join(unknown[:5])}", "watchkeeper doctor --rebuild-ledger"
        )
    return Check("runs", True, seen)


def report(checks: list[Check]) -> str:
    """Return the checks as lines for people."""
    lines: list[str] = []
    for one in checks:
        lines.append(f"{'ok   ' if one.fine else 'WRONG'} {one.name}: {one.seen}")
        if one.mend:
            lines.append(f"      mend: {one.mend}")
    return "\n".join(lines)


def rebuild(workspace: Workspace) -> str:
    """Record the runs whose directories exist but which the ledger does not know; the next look finds their ends.

    A ledger that cannot be read is set aside first, and kept. Reports, answers, verdicts and diary entries cannot be
    had from the directories; their Markdown files stay. Stop all servers of the workspace before.
    """
    said = _set_aside(workspace)
    ledger = Ledger(workspace.ledger_path)
    specs = [records.read(one / records.SPEC) for one in sorted(workspace.runs_dir.iterdir())]
    found = sorted((one for one in specs if one is not None), key=lambda one: records.whole(one, "attempt") or 0)
    added = [records.text(one, "run") for one in found if _recorded(ledger, one)]
    ledger.close()
    return f"{said}Recorded {len(added)} of {len(found)} runs from their directories: {', '.join(added) or 'none'}."


def _set_aside(workspace: Workspace) -> str:
    path = workspace.ledger_path
    try:
        Ledger(path, busy_timeout_s=5.0).close()
    except LedgerUnreadable:
        aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}")
        path.rename(aside)
        return f"The damaged ledger is kept as {aside.name}. "
    return ""


def _recorded(ledger: Ledger, spec: Mapping[str, Any]) -> bool:
    """Record a start from its spec unless the ledger has it; return whether it was missing."""
    body = {name: value for name, value in spec.items() if name not in ("version", "run", "workspace")}
    run = records.text(spec, "run")
    with ledger.transaction() as transaction:
        if transaction.subject(SubjectKind.RUN, run) is not None:
            return False
        transaction.append(Kind.START, run, run=run, model=records.text(spec, "model"), body=body)
    return True
