"""What is still needed is kept, and why is said."""

from __future__ import annotations

from watchkeeper.server.acts.prune import plan
from watchkeeper.server.acts.prune.plan import Wanted
from watchkeeper.server.documents.error_report import Action
from watchkeeper.server.storage.record.records import (
    EntryWritten,
    FindingSeen,
    ReportAnswered,
    ReportOpened,
    RerunStarted,
    RunStarted,
    VerdictOverridden,
)
from watchkeeper.server.vocabulary.runs import ErrorType, Level, Phase, RunState

from ...play import Place
from .helpers import checkpoint, ended


def planned(place: Place, wanted: Wanted | None = None) -> tuple[dict[str, set[str]], dict[str, str]]:
    desk = place.desk()
    found = plan.make(desk, wanted or Wanted())
    desk.ledger.close()
    return {one.run.id: set(one.parts) for one in found.chosen}, dict(found.kept)


def story(place: Place) -> None:
    """Three quick runs, a full one that was rejected and one that was approved."""
    ended(place, "1-quick-1", code="a")
    ended(place, "1-quick-2", code="b")
    ended(place, "1-full-1", code="b", verdict="REJECT_INSUFFICIENT_TIME")
    ended(place, "1-quick-3", code="c")
    ended(place, "1-full-2", code="c", verdict="APPROVE", follows="1-full-1")


def test_what_the_next_start_is_compared_with_stays_and_older_attempts_may_go(place: Place) -> None:
    story(place)
    chosen, kept = planned(place)
    assert chosen == {run: {"witness"} for run in ("1-quick-1", "1-quick-2", "1-full-1")}
    assert kept == dict.fromkeys(("1-quick-3", "1-full-2"), "the next start is compared with it")


def test_the_quick_run_behind_a_kept_full_run_stays(place: Place) -> None:
    story(place)
    chosen, kept = planned(place, Wanted(verdicts=frozenset({"none"})))
    assert set(chosen) == {"1-quick-1"}
    assert kept["1-quick-2"] == "the quick run behind 1-full-1"


def test_before_the_first_full_run_the_first_quick_run_stays(place: Place) -> None:
    for number in (1, 2, 3):
        ended(place, f"1-quick-{number}")
    assert set(planned(place)[0]) == {"1-quick-2"}


def test_what_a_kept_run_went_on_from_stays_and_all_before_it(place: Place) -> None:
    ended(place, "1-quick-1", code="a")
    ended(place, "1-full-1", code="a", outcome=RunState.FAILED)
    ended(place, "1-full-2", code="a", outcome=RunState.FAILED, follows="1-full-1", resumed=True)
    ended(place, "1-full-3", code="a", verdict="APPROVE", follows="1-full-2", resumed=True)
    chosen, kept = planned(place)
    assert chosen == {}
    assert (kept["1-full-1"], kept["1-full-2"]) == ("1-full-2 went on from it", "1-full-3 went on from it")


def test_age_size_and_verdict_choose_together(place: Place) -> None:
    story(place)
    assert set(planned(place, Wanted(older_than_s=99 * 86400.0))[0]) == {"1-quick-1", "1-quick-2", "1-full-1"}
    assert planned(place, Wanted(older_than_s=101 * 86400.0)) == ({}, {})
    assert planned(place, Wanted(larger_than_bytes=10**9))[0] == {}
    only = Wanted(verdicts=frozenset({"REJECT_INSUFFICIENT_TIME"}))
    assert set(planned(place, only)[0]) == {"1-full-1"}


def test_whatever_waits_for_somebody_stays(place: Place) -> None:
    for number in range(1, 10):
        ended(place, f"1-quick-{number}")
    ended(place, "1-full-1", code="1-quick-9")
    ended(place, "1-full-2", code="1-quick-9", verdict="INVESTIGATE")
    ended(place, "1-full-3", code="1-quick-9", verdict="REJECT_LIKELY_FABRICATION")
    ended(place, "1-full-4", code="1-quick-9", verdict="APPROVE")
    desk = place.desk()
    with desk.ledger.transaction() as record:
        record.append(RunStarted(phase=Phase.QUICK, attempt=10), "2-quick-1", run="2-quick-1", model="2")
        seen = FindingSeen(kind="exit", level=Level.FAILURE, updated_at=1.0)
        record.append(seen, "1-quick-1:exit", run="1-quick-1", model="1")
        for run, report in (("1-quick-2", "1-r1"), ("1-quick-3", "1-r2")):
            opened = ReportOpened(phase=Phase.QUICK, error_type=ErrorType.DATA)
            record.append(opened, report, run=run, model="1")
        record.append(ReportAnswered(action=Action.CONTINUE, instructions="ok"), "1-r2", run="1-quick-3", model="1")
        entry = EntryWritten(number=1, path="d.md", text="t", proven=False)
        record.append(entry, "1-d1", run="1-quick-4", model="1")
        record.append(RerunStarted(nonce="n", limit_s=1.0), "1-quick-5-rerun1", run="1-quick-5", model="1")
    desk.ledger.close()
    chosen, kept = planned(place)
    assert set(chosen) == {"1-quick-3", "1-quick-6", "1-quick-7", "1-quick-8"}
    assert kept == {
        "2-quick-1": "its end is not on record",
        "1-quick-1": "failure 1-quick-1:exit is not reported",
        "1-quick-2": "report 1-r1 is open",
        "1-quick-4": "entry 1 of the diary waits for its proof",
        "1-quick-5": "it is being played again",
        "1-quick-9": "the next start is compared with it",
        "1-full-1": "no verdict on it yet",
        "1-full-2": "a person is asked to look into it (INVESTIGATE)",
        "1-full-3": "evidence of REJECT_LIKELY_FABRICATION goes only by --verdict REJECT_LIKELY_FABRICATION",
        "1-full-4": "the next start is compared with it",
    }
    asked = planned(place, Wanted(verdicts=frozenset({"REJECT_LIKELY_FABRICATION"})))
    assert set(asked[0]) == {"1-full-3"}
    desk = place.desk()
    with desk.ledger.transaction() as record:
        known = record.verdict("1-full-2-v1")
        assert known is not None
        record.add(known, VerdictOverridden(reason="seen", report="1-r9", who="director"))
    desk.ledger.close()
    assert "1-full-2" in planned(place)[0]


def test_checkpoints_go_with_a_phase_that_is_over_and_with_no_other(place: Place) -> None:
    story(place)
    for model, phase in (("1", "quick"), ("1", "full"), ("2", "full")):
        checkpoint(place, model, phase)
    ended(place, "2-full-1", outcome=RunState.FAILED)
    chosen, _ = planned(place)
    assert (chosen["1-full-2"], chosen["1-quick-3"]) == ({"checkpoints"}, {"checkpoints"})
    assert "2-full-1" not in chosen, "its next attempt may be told to go on from there"
