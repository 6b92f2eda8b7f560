"""Reads a whole log at once: the recogniser, run from the first byte to the last, and its result for people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import BinaryIO, Literal

from ...vocabulary.runs import Ended, Finding, Level
from .blocks import FEED_BYTES
from .judge import Outcome, outcome
from .recognise import Change, Recogniser
from .rules import DEFAULT_RULES, Rules

EndedBy = Literal["exit", "signal", "hang"]
_ORDER = {Level.FAILURE: 0, Level.FLAG: 1, Level.NOTICED: 2}


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a log tells. Failures stand first among the findings, the decisive one before all."""

    outcome: Outcome
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, object]:
        """Return the outcome and the findings as plain data."""
        return {"outcome": self.outcome, "findings": [_plain(finding) for finding in self.findings]}

    def render(self) -> str:
        """Return a few lines for a person."""
        return "\n".join([self.outcome, *(_sentence(finding) for finding in self.findings)])


def ended_as(exit_code: int | None, ended_by: EndedBy | None) -> Ended | None:
    """Return how a run ended from an exit code (negative: a signal) and its manner; None if nothing is known."""
    if exit_code is None and ended_by is None:
        return None
    signal = -exit_code if exit_code is not None and exit_code < 0 else None
    return Ended(exit_code=None if signal else exit_code, signal=signal, hang=ended_by == "hang")


def fold(changes: Iterable[Change]) -> dict[str, Finding]:
    """Return the findings that changes add up to, by key; words that a later change lacks are kept."""
    findings: dict[str, Finding] = {}
    for change in changes:
        new, old = change.finding, findings.get(change.key)
        if new.count == 0:  # taken back
            findings.pop(change.key, None)
            continue
        if old and old.text and not new.text:
            words = {"text": old.text, "before": old.before, "after": old.after}
            new = replace(new, **words, message=new.message or old.message, frame=new.frame or old.frame)
        findings[change.key] = new
    return findings


def scan(
    log: BinaryIO,
    *,
    exit_code: int | None = None,
    ended_by: EndedBy | None = None,
    rules: Rules = DEFAULT_RULES,
    engine: str = "auto",
) -> ScanResult:
    """Read a log to its end and judge it.

    :param exit_code: exit status of the run, negative for a signal; None if unknown.
    :param ended_by: `hang` if it was ended because it hung.
    """
    recogniser = Recogniser(rules, engine=engine)
    findings: dict[str, Finding] = {}
    while chunk := log.read(FEED_BYTES):
        _add(findings, recogniser.feed(chunk))
    ended = ended_as(exit_code, ended_by)
    _add(findings, recogniser.end(ended))
    ordered = sorted(findings.values(), key=_weight)
    return ScanResult(outcome(ordered, ended), tuple(ordered))


def _weight(finding: Finding) -> tuple[int, bool, int]:
    return _ORDER[finding.level], finding.suspect, finding.line or 1 << 62


def _add(findings: dict[str, Finding], changes: list[Change]) -> None:
    known = [Change("seen", change.key, findings[change.key]) for change in changes if change.key in findings]
    findings.update(fold([*known, *changes]))


def _plain(finding: Finding) -> dict[str, object]:
    return {
        "level": str(finding.level),
        "line": finding.line,
        "last_line": finding.last_line,
        "type": str(finding.type) if finding.type else None,
        "exception": finding.exception,
        "root_exception": finding.root_exception,
        "message": finding.message,
        "frame": finding.frame,
        **({"belongs_to": finding.belongs_to} if finding.belongs_to else {}),
    }


def _sentence(finding: Finding) -> str:
    where = f"line {finding.line}" if finding.line else "exit"
    what = finding.exception or finding.root_exception or finding.kind
    times = f" ({finding.count} times)" if finding.count > 1 else ""
    frame = f" at {finding.frame}" if finding.frame else ""
    return f"{finding.level} {where}: {what}{times}{frame}: {finding.message}".rstrip(": ")
