"""The chain: what an event is and how one hash follows from the one before. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

GENESIS = "0" * 64
"""The hash that stands before the first event."""
_SURROGATE = re.compile("[\ud800-\udfff]")

Body = Mapping[str, Any]


class SubjectKind(StrEnum):
    """What an event speaks of."""

    RUN = "run"
    FINDING = "finding"
    REPORT = "report"
    VERDICT = "verdict"
    DIARY = "diary"
    SEARCH = "search"
    LEDGER = "ledger"
    ATTESTATION = "attestation"
    RERUN = "rerun"


class Kind(StrEnum):
    """What happened. The first word of a value names its subject."""

    START = "run.start"
    STOP = "run.stop"
    ENDED = "run.ended"
    PRUNED = "run.pruned"
    SEEN = "finding.seen"
    SETTLED = "finding.settled"
    REPEATED = "finding.repeated"
    REPORTED = "finding.reported"
    ACCEPTED = "finding.accepted"
    REPORT = "report.opened"
    REPORT_AGAIN = "report.again"
    ANSWER = "report.answered"
    APPLIED = "report.applied"
    CLOSED = "report.closed"
    VERDICT = "verdict.computed"
    OVERRIDDEN = "verdict.overridden"
    DIARY = "diary.entry"
    PROVEN = "diary.proven"
    SEARCH = "search.logged"
    REBUILT = "ledger.rebuilt"
    ATTESTED = "attestation.made"
    RERUN = "rerun.started"
    COMPARED = "rerun.compared"

    @property
    def subject(self) -> SubjectKind:
        """The kind of subject that this event changes."""
        return SubjectKind(self.value.split(".", 1)[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One link of the chain. `at` is in unix seconds; `subject` is the id of the run, finding, report … it changes."""

    seq: int
    at: float
    kind: Kind
    subject: str
    run: str
    model: str
    body: Body
    prev: str
    hash: str


def canonical(body: Body) -> str:
    """Return the one JSON text of a body: sorted keys, no spaces, no NaN.

    A lone surrogate, which stands for a byte of a file's name that is not UTF-8, is escaped: a database takes no other.

    :raises ValueError: if the body holds NaN or an infinity.
    """
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def link(*, prev: str, seq: int, at: float, kind: str, subject: str, run: str, model: str, body: str) -> str:
    """Return the hash of an event whose body is given as its canonical text."""
    content = json.dumps([prev, seq, repr(at), kind, subject, run, model, body], ensure_ascii=False)
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Broken:
    """Where a chain does not hold, and why."""

    seq: int
    why: str


def check(rows: Iterable[tuple[int, float, str, str, str, str, str, str, str]]) -> Iterator[Broken]:
    """Yield each place where the chain does not hold, in order.

    :param rows: (seq, at, kind, subject, run, model, body, prev, hash) by rising seq.
    """
    expected_prev, expected_seq = GENESIS, 1
    for seq, at, kind, subject, run, model, body, prev, stored in rows:
        if seq != expected_seq:
            yield Broken(seq, f"event {expected_seq} is missing")
        elif prev != expected_prev:
            yield Broken(seq, "it does not follow from the event before it")
        if not _holds(seq, at, kind, subject, run, model, body, prev, stored):
            yield Broken(seq, "its content was changed after it was written")
        expected_prev, expected_seq = stored, seq + 1


def _holds(*row: Any) -> bool:  # noqa: ANN401 (a damaged file may hold any types)
    seq, at, kind, subject, run, model, body, prev, stored = row
    try:
        computed = link(prev=prev, seq=seq, at=at, kind=kind, subject=subject, run=run, model=model, body=body)
    except TypeError:  # a blob: none that we wrote
        return False
    return computed == stored
