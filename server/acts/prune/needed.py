"""Which runs are still needed as they are, and what for. Read from the record; no file is looked at.

Needed is what a verdict that is still to come looks at, what the next start is compared with, what the next attempt
resumes from, and what a diary entry waits for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ...analysis.evidence.words import Word
from ...documents.error_report import Action
from ...storage.record import Entry, Report, Run, Verdict
from ...storage.record.queries import Queries
from ...vocabulary.runs import Phase

_FOUND_FALSE = Word.LIKELY_FABRICATION.value


def by_itself(record: Queries, asked: Collection[str] = ()) -> dict[str, str]:
    """Return why runs are needed whatever becomes of the others.

    :param asked: words of verdicts that were asked for by name: evidence of a fabrication goes only so.
    """
    verdicts = newest_verdicts(record)
    found = {one.id: why for one in record.runs() if (why := _unfinished(one, verdicts.get(one.id), asked))}
    found |= {one.run: f"entry {one.number} of the diary waits for its proof" for one in record.entries() if _owed(one)}
    found |= {one.run: f"failure {one.id} is not reported" for one in record.findings(open_only=True)}
    found |= {one.run: f"report {one.id} is {one.status}" for one in record.reports(open_only=True) if _waits(one)}
    found |= {one.run: "it is being played again" for one in record.reruns() if one.compared is None}
    return found


def by_others(record: Queries, kept: Collection[str]) -> dict[str, str]:
    """Return which runs those lean on that are kept, and those that are still to come; whatever they lean on too."""
    found: dict[str, str] = {}
    for model in record.models():
        runs = record.runs(model=model)
        found |= _ahead(runs)
        while more := _leaned_on(runs, {*kept, *found}, found):
            found |= more
    return found


def newest_verdicts(record: Queries) -> Mapping[str, Verdict]:
    """Return the newest verdict on each run."""
    return {one.run: one for one in record.verdicts()}


def settled(run: Run, verdict: Verdict | None) -> bool:
    """Whether nobody goes on from where a run came to: it completed, and a full one was let pass."""
    if not run.completed:
        return False
    if run.phase is Phase.QUICK:
        return True
    return verdict is not None and (Word(verdict.word).met or _overridden(verdict))


def _unfinished(run: Run, verdict: Verdict | None, asked: Collection[str]) -> str:
    if run.end is None:
        return "its end is not on record"
    if verdict is None:
        return "no verdict on it yet" if run.completed and run.phase is Phase.FULL else ""
    if verdict.word == Word.INVESTIGATE and not _overridden(verdict):
        return "a person is asked to look into it (INVESTIGATE)"
    if verdict.word == _FOUND_FALSE and _FOUND_FALSE not in asked:
        return f"evidence of {_FOUND_FALSE} goes only by --verdict {_FOUND_FALSE}"
    return ""


def _overridden(verdict: Verdict) -> bool:
    return verdict.override is not None and bool(verdict.override.reason)


def _owed(entry: Entry) -> bool:
    return not entry.proven


def _waits(report: Report) -> bool:
    """Whether somebody still goes by a report; one that let things stand asks for nothing more."""
    return report.status != "answered" or report.answer is None or report.answer.action is not Action.CONTINUE


def _ahead(runs: Sequence[Run]) -> dict[str, str]:
    """Return the runs that the next start of a model is compared with or gated by."""
    quick, full = ([one for one in runs if one.phase is phase] for phase in (Phase.QUICK, Phase.FULL))
    passed = [one for one in quick if one.completed]
    first = [] if full else quick[:1]
    return {one.id: "the next start is compared with it" for one in (*first, *passed[-1:], *quick[-1:], *full[-1:])}


def _leaned_on(runs: Sequence[Run], kept: Collection[str], known: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for place, run in enumerate(runs):
        if run.id not in kept:
            continue
        quick = [one for one in runs[:place] if one.phase is Phase.QUICK]
        same = [one for one in quick if one.code_sha256 == run.code_sha256]
        behind = (same or quick)[-1:] if run.phase is Phase.FULL else []
        found |= {one.id: f"the quick run behind {run.id}" for one in behind}
        if run.follows and run.env.get("WATCHKEEPER_RESUME") == "checkpoint":
            found[run.follows] = f"{run.id} went on from it"
    return {one: why for one, why in found.items() if one not in {*kept, *known}}
