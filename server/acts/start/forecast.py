"""What a full run that was just started should come to, told at its start: how long, and by which method."""

from __future__ import annotations

import json

from ...analysis.design import design as designs
from ...analysis.results.method import declared_missing
from ...analysis.scripts import Program
from ...storage.record import Run
from ...vocabulary.runs import Phase
from ..desk import Desk
from . import projection, provenance

_FRACTION = b"WATCHKEEPER_DATA_FRACTION"


def outlook(desk: Desk, run: Run) -> str | None:
    """Return how long a full run will take, by the rate of the quick run before it; None for a quick run."""
    if run.phase is Phase.QUICK:
        return None
    quick = _passed(desk, run)
    if quick is None:
        return None
    origin = provenance.of(run)
    measured = projection.Measured(
        wall_s=quick.end.wall_s if quick.end else 0.0,
        work=projection.work_of(_program(desk, quick, Phase.QUICK)),
        data_fraction=_fraction(desk, quick),
    )
    program = _program(desk, run, Phase.FULL)
    seconds = projection.projected_s(measured, projection.work_of(program))
    told = [projection.words(seconds, *required(desk, origin)), projection.doubt(measured, seconds)]
    found = design(desk, origin)
    missing = declared_missing(found, program) if found is not None else ""
    return "; ".join(one for one in (*told, missing) if one) or None


def required(desk: Desk, origin: provenance.Origin) -> tuple[float, float, str]:
    """Return what is asked of a full run's time (least and most seconds) and where that stands."""
    full = desk.policy.full
    found = design(desk, origin)
    asked = found.requirements.get(designs.TIME) if found else None
    if found is None or asked is None or asked.floor is None:
        return full.min_hours * 3600, full.max_hours * 3600, "watchkeeper.toml [full]"
    most_h = asked.maximum if asked.maximum is not None else max(full.max_hours, asked.floor)
    return asked.floor * 3600, most_h * 3600, found.source(designs.TIME)


def design(desk: Desk, origin: provenance.Origin) -> designs.Design | None:
    """Return the design document as it was at the start; None when there was none."""
    kept = provenance.snapshot(desk, origin.design[1]) if origin.design else None
    return designs.read_design(kept.decode("utf-8", "replace"), origin.design[0]) if kept and origin.design else None


def _passed(desk: Desk, run: Run) -> Run | None:
    quick = [one for one in desk.ledger.runs(model=run.model) if one.phase is Phase.QUICK]
    same = [one for one in quick if one.code_sha256 == run.code_sha256]
    ended = [one for one in same if one.completed]
    return ended[-1] if ended else None


def _program(desk: Desk, run: Run, phase: Phase) -> Program:
    origin = provenance.of(run)
    return provenance.program(desk, origin, provenance.policy(desk, origin), phase)


def _fraction(desk: Desk, quick: Run) -> float:
    """Return the share of the data that a quick run used; all of it where no source of it asks for the share."""
    asks = any(_FRACTION in (provenance.snapshot(desk, digest) or b"") for _, digest in provenance.of(quick).sources)
    return float(json.loads(quick.env["WATCHKEEPER_DATA_FRACTION"])) if asks else 1.0
