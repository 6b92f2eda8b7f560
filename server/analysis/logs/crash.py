"""One crash is one report: which failure of its log an end of a run only confirms. Pure.

What the log tells of one crash the recogniser joins itself (`Finding.belongs_to`, the key of the deciding finding). The
end of the run (out of memory, a limit, a lost machine) is known beside the log.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...vocabulary.runs import Finding, Level

_OF_THE_LOG = ("traceback", "native", "error", "word")


def confirmed(end: Finding, findings: Mapping[str, Finding]) -> str:
    """Return the key of the log's failure that tells of the same as the end; empty where the end is news of its own.

    The log's leads, as it says more and may be the cause: a rank that lost its peer hangs until the limit ends the run.
    A failure of another type is another one: what ran out of memory may have had NaN since long.

    :param findings: all that the run has, by key within the run ("L12", …), without those that do not hold.
    """
    if end.level is not Level.FAILURE:
        return ""
    same = [(one.suspect, one.line or 0, key) for key, one in findings.items() if _leads(one) and one.type is end.type]
    return min(same)[2] if same else ""


def _leads(finding: Finding) -> bool:
    """Whether it is a failure of the log that is no part of another's crash."""
    alone = finding.kind in _OF_THE_LOG and finding.line is not None and not finding.belongs_to
    return alone and finding.level is Level.FAILURE
