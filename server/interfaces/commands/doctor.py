"""`watchkeeper doctor`: what is wrong with a set-up and how to mend it."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...acts import launch
from ...acts.start import interpreter
from ...storage.files.workspace import Workspace
from ...storage.policy.policy import Policy, read_policy
from ...storage.record import Ledger, Run, rebuilding, schema
from ...storage.record.home import MOVE, Home
from ...vocabulary.errors import LedgerTooNew, LedgerUnreadable, PathRefused, WatchkeeperError
from ...vocabulary.sanitize import one_line
from . import engine_checks

LEAST_FREE_BYTES = 200 << 20
MOST_SCRIPTS = 200
LONGEST_SCRIPT_BYTES = 1 << 20
_REBUILD = (
    "Stop every server of this workspace, then `watchkeeper doctor --rebuild-ledger`: it keeps the old file aside, "
    "takes over every event whose hash holds, and records what is missing from the run directories."
)
_MOVE = f"Work there; or stop every server there, then `{MOVE}` here."


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
        _platform, _state, _disk, _policy, _interpreter, _engine, _ledger, _names, _runs, _notify,
    )  # fmt: skip
    return [_safely(look, workspace) for look in looks]


def _safely(look: Callable[[Workspace], Check], workspace: Workspace) -> Check:
    name = look.__name__.strip("_")
    try:
        return look(workspace)
    except LedgerUnreadable as error:
        return Check(name, False, error.what, _mending(workspace, error))
    except WatchkeeperError as error:
        return Check(name, False, error.what, error.do_next)
    except OSError as error:
        return Check(name, False, str(error), "Check that the file exists and that you may read and write it.")


def _mending(workspace: Workspace, error: LedgerUnreadable) -> str:
    if isinstance(error, LedgerTooNew):
        path = shlex.quote(str(workspace.ledger_path))
        return (
            "Use the newer watchkeeper that wrote it. If none ever did, the number is damage: "
            f"sqlite3 {path} 'PRAGMA user_version = {len(schema.STEPS)}', then look again."
        )
    return _REBUILD


def _platform(_: Workspace) -> Check:
    seen = f"Python {sys.version.split()[0]} on {sys.platform}"
    fine = sys.platform == "linux" and hasattr(os, "pidfd_open")
    return Check("platform", fine, seen, "" if fine else "Promises are proved on Linux 5.4 or later only.")


def _state(workspace: Workspace) -> Check:
    """Look at the state folder as it is; the server would quietly mend it, and nobody would know that it stood open."""
    state = workspace.state_dir
    if not os.path.lexists(state):
        return Check("state", True, "nothing was recorded here yet")
    if state.is_symlink() or not state.is_dir():
        what = "a link" if state.is_symlink() else "no folder"
        return Check("state", False, f"{state} is {what}", f"Move it away: mv {shlex.quote(str(state))} elsewhere")
    wrong = [_access(path) for path in (state, workspace.ledger_path) if os.path.lexists(path)]
    if problems := [text for text in wrong if text]:
        mend = f"chmod -R go= {shlex.quote(str(state))}; it must belong to who runs the server"
        return Check("state", False, "; ".join(problems), mend)
    return Check("state", True, f"{state} is yours alone")


def _access(path: Path) -> str:
    """Return what is wrong with who may do what to a file of ours; empty when nothing is."""
    about = path.lstat()
    if stat.S_ISLNK(about.st_mode):
        return ""  # the look at the ledger says so
    mode = stat.S_IMODE(about.st_mode)
    if about.st_uid != os.geteuid():
        return f"{path} belongs to uid {about.st_uid}, you are {os.geteuid()}"
    if mode & 0o077:
        return f"{path} has mode {mode:04o}: others may read or change the record"
    return "" if os.access(path, os.W_OK) else f"{path} cannot be written"


def _disk(workspace: Workspace) -> Check:
    free = shutil.disk_usage(workspace.root).free
    fine = free > LEAST_FREE_BYTES
    return Check(
        "disk", fine, f"{free >> 20} MiB free", "" if fine else "Free some space: logs and checkpoints need it."
    )


def _policy(workspace: Workspace) -> Check:
    policy = read_policy(workspace)
    there = "watchkeeper.toml is valid" if workspace.exists("watchkeeper.toml") else "no watchkeeper.toml"
    return Check("policy", True, f"{there}: profile {policy.profile}")


def _interpreter(workspace: Workspace) -> Check:
    policy = read_policy(workspace)
    python = launch.named_interpreter(policy, workspace.named(policy.names)) or sys.executable
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
    if not fine:
        seen = f"{python} ends with status {done.returncode}"
        return Check("interpreter", False, seen, "Set [python] interpreter in watchkeeper.toml.")
    lacks = interpreter.lacks(python, _missing(workspace.named(policy.names), policy, python))
    if lacks:
        return Check("interpreter", False, lacks, "Scripts in the project import it.")
    source = interpreter.source(policy, workspace.named(policy.names))
    return Check("interpreter", True, f"{python} is Python {done.stdout.strip()} ({source})")


def _engine(workspace: Workspace) -> Check:
    """Run a job of a moment where the policy hands runs to a scheduler."""
    return Check("engine", *engine_checks.examine(read_policy(workspace).engine, workspace.root))


def _missing(workspace: Workspace, policy: Policy, python: str) -> list[str]:
    """Return the modules that scripts of the project import and the Python that trains does not find."""
    folder = str(Path(workspace.script("1")).parent)
    names = workspace.list_dir(folder) if workspace.has_folder(folder) else []
    scripts = [f"{folder}/{name}" for name in names if name.endswith(".py")][:MOST_SCRIPTS]
    modules: set[str] = set()
    for script in scripts:
        with suppress(PathRefused):
            modules.update(interpreter.wanted(workspace.read_bytes(script, LONGEST_SCRIPT_BYTES)))
    env = launch.own_environment(policy)
    return interpreter.missing(python, workspace.root / folder, sorted(modules), env)


def _ledger(workspace: Workspace) -> Check:
    if not os.path.lexists(workspace.ledger_path):
        return Check("ledger", True, "nothing was recorded here yet")
    if host := Home(workspace.ledger_path).elsewhere:
        return Check("ledger", False, f"host {host} holds it: it is read here, and nothing is recorded", _MOVE)
    if trouble := rebuilding.trouble(workspace.ledger_path):
        return Check("ledger", False, trouble, f"Compare with a backup if you have one. {_REBUILD}")
    with _opened(workspace) as ledger:
        (count, head), rebuilt = ledger.head(), ledger.rebuildings()
    seen = f"{count} events, chain intact, head {head[:16]}"
    for one in rebuilt[-1:]:
        when = time.strftime("%Y-%m-%d", time.gmtime(one.at))
        lost = "none" if one.whole else f"at least {one.lost}"
        seen += f"; made anew on {when} from {one.aside}: {one.kept} events kept, {lost} lost"
    return Check("ledger", True, seen)


def _names(workspace: Workspace) -> Check:
    """Two models on record must not share a file; a start refuses that, but [names] may have changed since."""
    models: list[str] = []
    if workspace.ledger_path.exists():
        with _opened(workspace) as ledger:
            models = ledger.models()
    named = workspace.named(read_policy(workspace).names)
    for model in models:
        if shared := named.shared(model, models):
            seen = f"models {model} and {shared.other} both write {shared.path} ({shared.kind})"
            mend = "Put {i} into that name in [names] of watchkeeper.toml; no model of the two can start before."
            return Check("names", False, seen, mend)
    return Check("names", True, f"{len(models)} models, each with files of its own" if models else "no model yet")


def _runs(workspace: Workspace) -> Check:
    if not workspace.runs_dir.is_dir():
        return Check("runs", True, "no run yet")
    runs: list[Run] = []
    if os.path.lexists(workspace.ledger_path):
        with _opened(workspace) as ledger:
            runs = ledger.runs()
    known = {one.id for one in runs}
    seen = f"{len(known)} on record, {sum(1 for one in runs if one.open)} active"
    unknown = sorted(one.name for one in workspace.runs_dir.iterdir() if one.is_dir() and one.name not in known)
    if unknown:
        names = ", ".join(one_line(name, 60) for name in unknown[:5])
        return Check("runs", False, f"{seen}, not on record: {names}", "watchkeeper doctor --rebuild-ledger")
    return Check("runs", True, seen)


def _notify(workspace: Workspace) -> Check:
    from ..notify import examining  # noqa: PLC0415 (heavy)

    return Check("notify", *examining.examine(workspace))


@contextmanager
def _opened(workspace: Workspace) -> Generator[Ledger]:
    ledger = Ledger(workspace.ledger_path, busy_timeout_s=5.0)
    try:
        yield ledger
    finally:
        ledger.close()


def report(checks: Sequence[Check]) -> str:
    """Return the checks as lines for people."""
    lines: list[str] = []
    for one in checks:
        lines.append(f"{'ok   ' if one.fine else 'WRONG'} {one.name}: {one.seen}")
        if one.mend:
            lines.append(f"      mend: {one.mend}")
    return "\n".join(lines)
