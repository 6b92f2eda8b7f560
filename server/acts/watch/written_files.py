"""What a run wrote, where the policy takes that as its results: from the keeper's seal, else from the files' times."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from ...analysis.evidence.evidence import Written
from ...analysis.verdict.written import model_among, model_in, own, results_among
from ...storage.record import Run
from ...vocabulary.errors import PathRefused
from ..desk import Desk
from . import witness_files

WITNESSED, BY_TIME = "witnessed and sealed", "by the time of their last change, not witnessed"
SLACK_S = 0.05
"""A file's time has the resolution of the kernel's tick."""


def told(desk: Desk, run: Run) -> Written | None:
    """Return what a run that has ended wrote; None where its results are files that the policy names."""
    if desk.policy.judge.results != "written" or run.end is None:
        return None
    sealed = witness_files.seal(desk, run)
    paths = _others(desk, run, sealed.there if sealed is not None else ())
    if paths:
        return Written(paths, WITNESSED)
    changed = _others(desk, run, _changed_meanwhile(desk, run))
    if changed and sealed is not None and not sealed.failed:
        seen = witness_files.seen(desk, run)
        if seen is not None and seen.whole:  # what changed meanwhile is somebody else's
            return Written((), WITNESSED)
    return Written(changed, BY_TIME)


def results(desk: Desk, run: Run) -> str:
    """Return where the results of a run lie: the file that is named, else the one that it wrote; empty for none."""
    left = told(desk, run)
    if left is None or desk.workspace.is_there(run.results):
        return run.results
    return results_among(left.paths)


def model(desk: Desk, run: Run) -> str:
    """Return where the model lies that a full run left: the file that is named, else the one it wrote, else empty.

    Members of an ensemble, or a file of another ending, in the named one's folder are what it wrote there.
    """
    named = desk.workspace.final_model(run.model)
    if desk.workspace.models_there(run.model):
        return named
    left = told(desk, run)
    if left is not None:
        return model_among(left.paths)
    if run.end is None:
        return named
    folder, sealed = posixpath.dirname(named), witness_files.seal(desk, run)
    there = model_in(folder, sealed.there) if sealed is not None else ""
    return there or model_in(folder, _changed_meanwhile(desk, run)) or named  # compiled libraries write unseen


def _others(desk: Desk, run: Run, paths: Iterable[str]) -> tuple[str, ...]:
    """Return what is neither ours nor the log: the files that servers write on the model's behalf are not the run's."""
    names = desk.workspace
    ours = {
        "watchkeeper.toml",
        run.log,
        names.history(run.model),
        names.summary(run.model),
        names.results_summary(run.model),
    }
    ours |= {names.diary(run.model), names.search_log(run.model)}
    return tuple(one for one in own(paths) if one not in ours)


def _changed_meanwhile(desk: Desk, run: Run) -> list[str]:
    """Return the files whose last change fell into a run's time, the oldest change first; none that another sealed."""
    try:
        found = desk.workspace.files()
    except (OSError, PathRefused):
        return []
    runs = desk.ledger.runs()
    logs = {one.log for one in runs}
    inside = sorted((at, path) for path, size, at in found if size and _ran(run, at) and path not in logs)
    if not inside:
        return []
    others = [one for one in runs if one.id != run.id and any(_ran(one, at) for at, _ in inside)]
    theirs = [(one, set(seal.there)) for one in others if (seal := witness_files.seal(desk, one)) is not None]
    return [path for at, path in inside if not any(path in there and _ran(one, at) for one, there in theirs)]


def _ran(run: Run, at: float) -> bool:
    """Whether a run was going on at a time, as far as a file's time can tell."""
    end = run.end
    if end is None or end.started_at is None or end.ended_at is None:
        return False
    return end.started_at - SLACK_S <= at <= end.ended_at + 1.0
