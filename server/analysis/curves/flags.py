"""What a judge of numbers says: a flag with its place, its numbers and one sentence on what to try."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...vocabulary.runs import ErrorType, Finding, Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One red flag. `value` was compared with `threshold`; both are finite or None where there is no number."""

    flag: str
    epoch: float | None
    value: float | None
    threshold: float | None
    advice: str
    """One sentence on what to try."""
    level: Level = Level.FLAG
    message: str = ""
    """One sentence on what was seen, with the numbers."""
    kind: str = "metric"
    type: ErrorType = ErrorType.CONVERGENCE
    emergency: bool = False

    def to_json(self) -> dict[str, str | float | None]:
        """Return the five published fields; an integral epoch without its fraction, no NaN or inf."""
        return {
            "flag": self.flag,
            "epoch": _number(self.epoch),
            "value": _number(self.value),
            "threshold": _number(self.threshold),
            "advice": self.advice,
        }

    def to_finding(self) -> Finding:
        """Return the flag as a finding; the same flag of one run has one fingerprint."""
        return Finding(
            kind=self.kind,
            level=self.level,
            type=self.type,
            message=self.message,
            fingerprint=f"{self.kind}:{self.flag}",
            emergency=self.emergency,
            advice=self.advice,
        )


def _number(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return int(value) if value == int(value) else float(f"{value:.6g}")
