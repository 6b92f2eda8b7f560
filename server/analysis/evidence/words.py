"""The words of a verdict. Apart from the checks, because whoever shows a verdict need not be able to compute one."""

from __future__ import annotations

from enum import StrEnum

TOLD_ONLY = "told only"
"""Stands behind the evidence of a check that the policy lets decide nothing."""


class Word(StrEnum):
    """Verdict words that validators parse."""

    APPROVE = "APPROVE"
    INSUFFICIENT_TIME = "REJECT_INSUFFICIENT_TIME"
    TIMESTAMP_MISMATCH = "REJECT_TIMESTAMP_MISMATCH"
    LIKELY_FABRICATION = "REJECT_LIKELY_FABRICATION"
    INCOMPLETE_TRAINING = "REJECT_INCOMPLETE_TRAINING"
    INVESTIGATE = "INVESTIGATE"
    WARN_SLOW = "WARN_SLOW"
    IN_PROGRESS = "IN_PROGRESS"
    NO_DATA = "NO_DATA"

    @property
    def met(self) -> bool:
        """Whether the phase may be called complete."""
        return self in (Word.APPROVE, Word.WARN_SLOW)

    @property
    def rejects(self) -> bool:
        """Whether the run's work is refused, not only doubted."""
        return self.value.startswith("REJECT_")


class Outcome(StrEnum):
    """What became of one check. What could not be looked at is never called passed."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_INSPECTED = "not inspected"
