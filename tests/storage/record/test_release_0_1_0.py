"""A ledger and run directories that release 0.1.0 wrote.

The story: a failed quick run with its report and diary entry, one that
passed, a rejected full run that the director overrode, a stopped run and a search.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from watchkeeper.server.documents.error_report import Action
from watchkeeper.server.runtime import run_directory
from watchkeeper.server.storage.record import Ledger, schema
from watchkeeper.server.storage.record.chain import Kind, canonical
from watchkeeper.server.storage.record.records import RunStarted
from watchkeeper.server.storage.record.serialization import encode
from watchkeeper.server.storage.record.written import AttestationMade
from watchkeeper.server.vocabulary.runs import ErrorType, Level, Phase, RunState

KEPT = Path(__file__).parent / "release_0_1_0"
HEAD = "ec6fe1dfde9695fa2281700f2934143bb2d31a89ec52dd1390761b2f52aeadd1"

KINDS = frozenset({
    "run.start", "run.stop", "run.ended", "finding.seen", "finding.settled", "finding.repeated", "finding.reported",
    "finding.accepted", "report.opened", "report.again", "report.answered", "report.applied", "report.closed",
    "verdict.computed", "verdict.overridden", "diary.entry", "diary.proven", "search.logged",
})  # fmt: skip
"""What it reads; of any other kind it says nothing but that the value is none."""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    shutil.copy(KEPT / "ledger.sqlite3", tmp_path)
    opened = Ledger(tmp_path / "ledger.sqlite3")
    yield opened
    opened.close()


def test_its_chain_holds_and_folds_to_what_was_stored(ledger: Ledger) -> None:
    assert ledger.broken() == []
    assert ledger.head() == (22, HEAD)


def test_its_runs_are_read_with_their_ends(ledger: Ledger) -> None:
    assert [(one.id, one.phase, one.outcome, one.follows) for one in ledger.runs()] == [
        ("1-quick-1", Phase.QUICK, "failed", None),
        ("1-quick-2", Phase.QUICK, "completed", "1-quick-1"),
        ("1-full-1", Phase.FULL, "completed", None),
        ("2-quick-1", Phase.QUICK, "stopped", None),
    ]
    failed, _, full, stopped = ledger.runs()
    assert failed.end is not None
    assert (failed.end.exit_code, failed.limit_s, full.limit_s) == (1, 60.0, None)
    assert stopped.stop is not None
    assert stopped.stop.reason == "the loss does not fall"
    assert full.sources == ((full.script, full.script_sha256),)
    assert full.env["WATCHKEEPER_PHASE"] == "full"


def test_its_finding_and_reports_are_read_with_their_answers(ledger: Ledger) -> None:
    (finding,) = ledger.findings()
    assert (finding.id, finding.level, finding.type, finding.line, finding.last_line, finding.exception) == (
        ("1-quick-1:L3", Level.FAILURE, ErrorType.DATA, 3, 6, "ValueError")
    )
    assert (finding.status, finding.report, len(finding.before)) == ("reported", "1-r1", 2)
    first, second = ledger.reports()
    assert (first.status, first.hypothesis, first.owner) == ("closed", "a bad merge", "@data_engineer")
    assert first.answer is not None
    assert (first.answer.action, first.answer.instructions) == (Action.RESTART, "drop those rows")
    assert (first.applied and first.applied.run, first.closed and first.closed.entry) == ("1-quick-2", 1)
    assert (second.kind, second.verdict, second.status) == ("verdict", "1-full-1-v1", "answered")


def test_its_verdict_entry_and_search_are_read(ledger: Ledger) -> None:
    (verdict,) = ledger.verdicts()
    assert (verdict.word, verdict.code) == ("REJECT_LIKELY_FABRICATION", "results_copied")
    assert verdict.override is not None
    assert verdict.override.report == "1-r2"
    assert {outcome for _, outcome, _ in verdict.checks} == {"passed", "failed", "not inspected"}
    (entry,) = ledger.entries("1")
    assert (entry.number, entry.report, entry.finding, entry.proven) == (1, "1-r1", "1-quick-1:L3", True)
    (search,) = ledger.searches("2")
    assert (search.number, search.path) == (1, "output/docs/insights/hyperparameter_search_2.md")


def test_it_goes_on_being_written_to(ledger: Ledger) -> None:
    with ledger.transaction() as transaction:
        transaction.append(RunStarted(phase=Phase.QUICK), "1-quick-3", run="1-quick-3", model="1")
    assert ledger.broken() == []
    assert ledger.head()[0] == 23


def test_the_release_goes_on_beside_a_newer_program_until_something_is_attested(ledger: Ledger) -> None:
    made = AttestationMade(verdict="1-full-1-v1", sha256="a" * 64, keyid="SHA256:a", by="me", position=22, head=HEAD)
    with closing(sqlite3.connect(ledger.path)) as connection:
        assert schema.version(connection) == 1
        with ledger.transaction() as transaction:
            transaction.append(made, "1-full-1-a1", run="1-full-1", model="1")
        assert schema.version(connection) == 2
    (kept,) = ledger.attestations(run="1-full-1")
    assert (kept.verdict, kept.head, kept.status, kept.open) == ("1-full-1-v1", HEAD, "kept", False)
    assert ledger.broken() == []
    ledger.check_readable()


def test_every_kind_that_the_release_does_not_know_brings_the_ledger_to_a_newer_version() -> None:
    assert set(schema.SINCE) == set(Kind) - {Kind(one) for one in KINDS}
    assert min(schema.SINCE.values()) > schema.ON_OPENING


def test_a_transaction_that_fails_leaves_the_version_as_it_was(ledger: Ledger) -> None:
    made = AttestationMade(verdict="v", sha256="a" * 64, keyid="", by="me", position=22, head=HEAD)
    with suppress(ZeroDivisionError), ledger.transaction() as transaction:
        transaction.append(made, "1-full-1-a1", run="1-full-1", model="1")
        raise ZeroDivisionError
    assert ledger.attestations() == []
    with closing(sqlite3.connect(ledger.path)) as connection:
        assert schema.version(connection) == 1


def test_a_start_is_written_with_the_fields_it_had(ledger: Ledger) -> None:
    """So that an older server beside a newer one reads the same."""
    with closing(sqlite3.connect(ledger.path)) as connection:
        (body,) = connection.execute("SELECT body FROM chain WHERE seq = 1").fetchone()
    (run, *_) = ledger.runs()
    written = {**encode(run, RunStarted), "model": run.model}
    assert canonical({name: value for name, value in written.items() if name in json.loads(body)}) == body


@pytest.mark.parametrize(
    ("run", "state"),
    [
        ("1-quick-1", RunState.FAILED),
        ("1-quick-2", RunState.COMPLETED),
        ("1-full-1", RunState.COMPLETED),
        ("2-quick-1", RunState.STOPPED),
    ],
)
def test_its_run_directories_say_how_the_runs_ended(run: str, state: RunState) -> None:
    assert run_directory.judge(run_directory.read_facts(KEPT / "runs" / run)).state is state
