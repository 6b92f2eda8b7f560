"""Does the run come out the same when its first part is played again? Told, and by itself no reason to reject. Pure."""

from __future__ import annotations

from ..evidence.checks import Check, passed, span, unknown
from ..evidence.evidence import Evidence
from ..witness.replayed import EQUAL, NEAR


def rerun(evidence: Evidence) -> Check | None:
    """Return what came of playing the run again; None where nobody asked for that.

    What does not come out the same may have drawn without a seed: nothing follows from it.
    """
    again = evidence.again
    if again is None:
        return None
    lasted = f" in {span(again.wall_s)}" if again.wall_s else ""
    what = f"{again.outcome}{lasted}: {again.what}"
    told = "; ".join((what, *again.remarks)) + " (recomputed against witnessed)"
    return passed("rerun", told) if again.outcome in (EQUAL, NEAR) else unknown("rerun", told)
