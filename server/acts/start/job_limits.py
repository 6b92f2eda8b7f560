"""What a start needs held against the time limit of its job: a scheduler would end it in the middle."""

from __future__ import annotations

from ...vocabulary.errors import Refused
from ...vocabulary.runs import Phase
from ..desk import Desk
from . import forecast
from .provenance import Origin


def check(desk: Desk, phase: Phase, origin: Origin) -> None:
    """Refuse a start that its job would not leave time for.

    :raises Refused: naming both times and where they stand.
    """
    limit_s = desk.policy.engine.limit_s(phase)
    if limit_s is None:
        return
    if phase is Phase.QUICK:
        needed_s, source = desk.policy.quick.max_minutes * 60 + desk.policy.keeper.grace_s, "[quick] max_minutes"
    else:
        needed_s, _, source = forecast.required(desk, origin)
    if needed_s >= limit_s:
        raise Refused(
            f"A {phase} run needs {needed_s / 60:g} min ({source}), its job is ended after {limit_s / 60:g} min "
            f"([engine.{phase}] time).",
            f"Raise [engine.{phase}] time in watchkeeper.toml, or name a partition that allows more.",
        )
