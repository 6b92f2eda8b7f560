"""The statement of an attestation: its form, and from where a check says that it knows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from watchkeeper.server.documents.attestation import (
    FOLDER,
    PREDICATE_TYPE,
    SHA256,
    STATEMENT_TYPE,
    Facts,
    Output,
    read,
    sources_of,
    statement,
)

Change = Callable[[dict[str, Any]], object]
OUTPUTS = [Output("results.csv", "a" * 64), Output("trace.zarr", "b" * 64, FOLDER)]


def facts(word: str = "APPROVE", *, met: bool = True, phase: str = "full", at: str = "2026-11-29T12:00:00Z") -> Facts:
    """Return the facts of a run, as short as a check can do with."""
    return Facts(
        attested_at=at,
        watchkeeper={"version": "0.1.0"},
        run={"id": f"1-{phase}-1", "phase": phase, "recordedHere": True},
        command={"argv": ["python", "train.py"]},
        inputs=[],
        witnessed={"was": True},
        seal={"was": True},
        verdict={"word": word, "met": met, "code": "all_passed", "override": None},
        ledger={"position": 5, "head": "c" * 64},
        policy={},
        design=None,
    )


def test_a_statement_is_read_as_it_was_written() -> None:
    found = read(statement(OUTPUTS, facts()))
    assert list(found.subjects) == OUTPUTS
    assert (found.text("verdict", "word"), found.member("verdict", "met")) == ("APPROVE", True)
    assert (found.text("verdict", "nothing"), found.text("nothing", "at", "all")) == ("", "")


def test_its_form_is_that_of_in_toto() -> None:
    whole = json.loads(statement(OUTPUTS, facts()))
    assert (whole["_type"], whole["predicateType"]) == (STATEMENT_TYPE, PREDICATE_TYPE)
    assert whole["subject"][0] == {"name": "results.csv", "digest": {SHA256: "a" * 64}}
    assert list(whole["predicate"]) == [
        *("attestedAt", "watchkeeper", "run", "command", "inputs", "witnessed", "seal", "verdict", "ledger"),
        *("policy", "design"),
    ]


def test_a_statement_is_about_something() -> None:
    with pytest.raises(ValueError, match="about"):
        statement([], facts())


def _changed(change: Change) -> bytes:
    whole = json.loads(statement(OUTPUTS, facts()))
    change(whole)
    return json.dumps(whole).encode()


NO_STATEMENTS: list[tuple[Change, str]] = [
    (lambda one: one.update(_type="https://in-toto.io/Statement/v0.1"), "_type"),
    (lambda one: one.update(predicateType="https://slsa.dev/provenance/v1"), "predicateType"),
    (lambda one: one.update(subject=[]), "no subject"),
    (lambda one: one["subject"].append(one["subject"][0]), "one name"),
    (lambda one: one["subject"][0].update(digest={"md5": "a" * 32}), "no digest"),
    (lambda one: one["subject"][0].update(digest={"sha256": "A" * 64}), "no digest"),
    (lambda one: one["subject"][0].pop("name"), "no name"),
    (lambda one: one.update(predicate=[]), "predicate"),
    (lambda one: one["predicate"].pop("verdict"), "verdict"),
]


@pytest.mark.parametrize(("change", "why"), NO_STATEMENTS)
def test_what_is_no_statement_of_ours_is_refused(change: Change, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read(_changed(change))


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        ("4 files as the run left them (sealed)", ["sealed"]),
        ("Deep Learning (read): no optimiser was seen", ["read"]),
        ("draws of pm.sample at 12:00:00 UTC (witnessed, recomputed)", ["witnessed", "recomputed"]),
        ("exit status 0", []),
        ("CPU 0.5 s (told by nobody)", []),
        ("line 3 of its part of the log: 'all is well (sealed)' (told)", ["told"]),
    ],
)
def test_the_source_of_a_check_is_its_last_word_of_that_kind(evidence: str, words: list[str]) -> None:
    assert sources_of(evidence) == words
