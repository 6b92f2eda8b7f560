"""One crash is one decisive finding: which findings tell of the same crash, and which of them leads. Pure.

The recogniser marks what it sees itself (`Finding.belongs_to`, the key of the decisive one). Whoever holds all findings
of a run asks here: beside those of the log there are the ending (out of memory, a time limit) and the flags of curves.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...vocabulary.runs import ErrorType, Finding, Level

_ENDINGS = ("exit", "limit")
_OF_THE_LOG = ("traceback", "native", "error", "word", "metric")
_NUMBERS = ("non_finite", "divergence", "spike", "exploding_gradient")


def belonging(findings: Mapping[str, Finding]) -> dict[str, str]:
    """Return, for each finding that belongs to the crash of another, the key of the decisive one.

    :param findings: all that one run has, by key within the run ("L12", "exit", …), without those that do not hold.
    """
    found = {key: one.belongs_to for key, one in findings.items() if one.belongs_to in findings}
    leads = _leading(findings, found)
    if leads is None:
        return found
    for key, one in findings.items():
        ending = one.kind in _ENDINGS and one.level is Level.FAILURE
        if key != leads and key not in found and (ending or _same_numbers(one, findings[leads])):
            found[key] = leads
    return found


def _leading(findings: Mapping[str, Finding], belong: Mapping[str, str]) -> str | None:
    """Return the first failure of the log that is not part of another's crash, a certain one before a suspected one."""
    own = [(one.suspect, one.line or 0, key) for key, one in findings.items() if key not in belong and _leads(one)]
    return min(own)[2] if own else None


def _leads(finding: Finding) -> bool:
    return finding.level is Level.FAILURE and finding.kind in _OF_THE_LOG and finding.line is not None


def _same_numbers(flag: Finding, leads: Finding) -> bool:
    """Whether a flag of the curves says what a failure of the log says too: that the numbers are not finite."""
    of_curve = flag.line is None and flag.fingerprint.partition(":")[2] in _NUMBERS
    return of_curve and leads.type is ErrorType.CONVERGENCE
