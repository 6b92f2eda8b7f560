"""`watchkeeper doctor --rebuild-ledger`: the record made anew from what of it can be read, and from the runs."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from ...runtime.keeper import records
from ...storage.files.workspace import Workspace
from ...storage.record import Ledger, rebuilding
from ...storage.record.home import Home
from ...storage.record.rebuilding import Started
from ...storage.record.records import Rebuilding, RunStarted
from ...storage.record.serialization import decode
from ...vocabulary.errors import Refused
from .doctor import Check


def rebuild(workspace: Workspace) -> Check:
    """Make the ledger sound, and record the runs that only their directories know; the next look finds their ends.

    A ledger that cannot be read or whose chain does not hold, and whatever else lies in its place, is kept aside. Every
    event of it whose hash holds is taken over; where all are there it is the same ledger still. What only lost events
    told (reports, answers, verdicts, entries) cannot be had from the directories; their Markdown files stay.

    :raises LedgerTooNew: if a newer version wrote it; it is left where it is.
    :raises HeldElsewhere: if another host writes it.
    :raises Refused: while another process has the ledger open, or rebuilds it.
    """
    workspace.ensure_state()
    with _alone(workspace):
        done = _made_anew(workspace)
        folders = sorted((one for one in workspace.runs_dir.iterdir() if one.is_dir()), key=_begun)
        with closing(Ledger(workspace.ledger_path, busy_timeout_s=5.0)) as ledger:
            added = [one.name for one in folders if _recorded(ledger, one)]
        late = _holders(workspace.ledger_path.with_name(done.aside)) if done is not None else []
    return Check("rebuild", not late, _said(done, added, len(folders)), _late(late))


def _late(holders: Sequence[int]) -> str:
    """Say who opened the old ledger while the new one was made; empty where nobody did."""
    if not holders:
        return ""
    pids = ", ".join(map(str, holders))
    return f"end process {pids}: it still has the old ledger open, and what it writes there is on record nowhere else"


def _said(done: Rebuilding | None, added: Sequence[str], folders: int) -> str:
    names = ", ".join(added[:20]) or "none"
    runs = f"recorded {len(added)} of {folders} runs from their directories: {names}"
    if done is None:
        return runs
    lost = "none" if done.whole else f"at least {done.lost}"
    return f"the damaged ledger is kept as {done.aside}; {done.kept} events taken over, {lost} lost; {runs}"


def _made_anew(workspace: Workspace) -> Rebuilding | None:
    """Replace a ledger that is in trouble; None where there is none or it is sound."""
    path = workspace.ledger_path
    if not os.path.lexists(path) or not rebuilding.trouble(path):
        return None
    return rebuilding.replace(
        rebuilding.read(path), f"uid {os.getuid()}", lambda run: _start_of(workspace.runs_dir / run)
    )


@contextmanager
def _alone(workspace: Workspace) -> Generator[None]:
    """Hold the state folder, so that nothing is rebuilt twice at once; refuse while a server has the ledger open."""
    folder = os.open(workspace.state_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("Another process rebuilds this ledger.", "Wait until it has ended.") from None
        Home(workspace.ledger_path).claim()
        if holders := _holders(workspace.ledger_path):
            pids = ", ".join(map(str, holders))
            raise Refused(f"Process {pids} has the ledger open.", "End these servers first, then call again.")
        yield
    finally:
        os.close(folder)


def _holders(path: Path) -> list[int]:
    """Return the processes, of those that we may look into, that have a file open: what they write would be lost."""
    if not path.is_file():
        return []
    about, found = path.stat(), list[int]()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            opened = (os.stat(one) for one in (process / "fd").iterdir())
            if any((one.st_dev, one.st_ino) == (about.st_dev, about.st_ino) for one in opened):
                found.append(int(process.name))
    return [one for one in found if one != os.getpid()]


def _begun(run_dir: Path) -> float:
    """Return when a run was asked for: its spec carries that time (launch.materialise)."""
    spec = run_dir / records.SPEC
    return (spec if spec.exists() else run_dir).stat().st_mtime


def _start_of(run_dir: Path) -> Started | None:
    """Return the start that a run directory tells of; None where it tells none that can be believed."""
    try:
        spec = records.read(run_dir / records.SPEC)
    except (records.DamagedRecord, OSError):
        return None
    if spec is None or records.text(spec, "run") != run_dir.name or not records.text(spec, "model"):
        return None
    try:
        return decode(RunStarted, spec), records.text(spec, "model")
    except (ValueError, TypeError):
        return None


def _recorded(ledger: Ledger, run_dir: Path) -> bool:
    """Record a start from its spec unless the ledger has it; return whether it was missing."""
    started = _start_of(run_dir)
    if started is None:
        return False
    with ledger.transaction() as transaction:
        if transaction.run(run_dir.name) is not None:
            return False
        transaction.append(started[0], run_dir.name, run=run_dir.name, model=started[1])
    return True
