"""A run whose evidence was given up keeps the verdict that it has: a new one would be computed from nothing."""

from __future__ import annotations

import time

from ...storage.record import Run
from ...vocabulary.errors import Refused
from ..desk import Desk

_EVIDENCE = "witness"


def require_evidence(desk: Desk, run: Run) -> None:
    """Let a run pass whose evidence is there.

    :raises Refused: naming the verdict on record of one that was pruned.
    """
    if run.pruned is None or _EVIDENCE not in run.pruned.what:
        return
    when = time.strftime("%Y-%m-%d", time.gmtime(run.pruned.at))
    known = desk.ledger.verdicts(run=run.id)
    verdict = f"{known[-1].word} ({known[-1].id})" if known else "none was computed"
    raise Refused(
        f"{run.id} was pruned on {when}: what a verdict looks at is gone. Its verdict on record: {verdict}.",
        "To have one computed anew, train again.",
    )
