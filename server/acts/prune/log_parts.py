"""The part of a log that belongs to one run, and whether what stands there is still what the run wrote.

Attempts of a phase share a file. A script that opens it anew (`logging.FileHandler(mode="w")`) cuts it in place, and
what lies between the old offsets is a later attempt's from then on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...runtime.keeper import log_mark, records
from ...storage.record import Run
from ...vocabulary.runs import RunState
from ..desk import Desk
from ..watch import log_files


def of(run: Run) -> tuple[int, int] | None:
    """Return the offsets between which a run's part of its log lies; None where nobody saw them."""
    end = run.end
    if end is None or end.log_begin is None or end.log_end is None:
        return None
    return end.log_begin, end.log_end


def still_its_own(desk: Desk, run: Run, path: str, log: int) -> bool:
    """Whether nothing but a run's own output can lie between its offsets.

    Its mark stands before it, or it begins the file; every later attempt in the same file lies behind it and has its
    mark too, and none was seen to be cut.
    """
    part = of(run)
    if part is None or not _is_marked(log, run, part[0]):
        return False
    later = list(_later(desk, run, path))
    if any(one.kind == "log_cut" for each in (run, *later) for one in desk.ledger.findings(run=each.id)):
        return False
    begins = [_begin(desk, one) for one in later]
    known = [one for one in begins if one is not None]
    return len(known) == len(later) and all(
        begin >= part[1] and _is_marked(log, one, begin) for one, begin in zip(later, known, strict=True)
    )


def is_written(desk: Desk, run: Run, path: str) -> bool:
    """Whether a later attempt may be writing to the file now, which can cut it at any moment."""
    return any(one.end is None for one in _later(desk, run, path))


def _later(desk: Desk, run: Run, path: str) -> Iterator[Run]:
    """Yield the attempts after this one whose output went into the same file."""
    alike: Sequence[Run] = [one for one in desk.ledger.runs(model=run.model) if one.log == run.log]
    for one in alike[[each.id for each in alike].index(run.id) + 1 :]:
        never = one.end is not None and one.end.state is RunState.NEVER_STARTED
        if not never and log_files.where(desk, one) == path:
            yield one


def _begin(desk: Desk, run: Run) -> int | None:
    if run.end is not None:
        return run.end.log_begin
    try:
        return records.whole(records.read(desk.workspace.run_dir(run.id) / records.START), "log_begin")
    except (records.DamagedRecord, OSError):
        return None


def _is_marked(log: int, run: Run, begin: int) -> bool:
    """Whether a run's mark stands where it was written; none is, at the beginning of a file."""
    return not begin or log_mark.stands_before(log, begin, log_mark.head(run.attempt, run.model, run.phase, run.id))
