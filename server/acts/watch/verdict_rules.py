"""What a verdict goes by: the policy as its rules, and the design as it stood at a start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...analysis.verdict.design import Design, read_design
from ...analysis.verdict.quantities import quantity
from ...analysis.verdict.rules import EffortRules, HistoryRules, Limits, Rules
from ...storage.policy.policy import Policy
from ...vocabulary.errors import PathRefused
from ...vocabulary.mcmc_levels import FULL_LEVELS, QUICK_LEVELS
from ...vocabulary.runs import Phase
from ..desk import Desk

LONGEST_DESIGN_BYTES = 4 << 20


def design_of(desk: Desk, model: str, at_start: Sequence[str] | None) -> Design:
    """Return the design as it stood at a start; one that was written only later binds as it stands now.

    :param at_start: (path, digest of the snapshot); None when there was none.
    """
    path = at_start[0] if at_start else desk.workspace.design(model)
    try:
        source = desk.workspace.snapshot(at_start[1], LONGEST_DESIGN_BYTES) if at_start else None
    except PathRefused:  # somebody removed it
        source = None
    try:
        source = source if source is not None else desk.workspace.read_bytes(path, LONGEST_DESIGN_BYTES)
    except PathRefused:
        return Design()
    return read_design(source.decode("utf-8", "replace"), path)


def rules_of(policy: Policy, phase: Phase) -> Rules:
    """Return what the policy asks of a phase."""
    levels = policy.mcmc.sampler_levels(QUICK_LEVELS if phase is Phase.QUICK else FULL_LEVELS)
    return Rules(
        phase=phase,
        limits=_limits(policy, phase),
        effort=EffortRules(
            max_idle_share=policy.compute.max_idle_share, max_silent_share=policy.compute.max_silent_share
        ),
        levels=levels,
        rhat_doubtful=policy.mcmc.rhat_investigate,
        history=HistoryRules(**policy.convergence.model_dump()),
        minima=policy.method.minima(),
        ranges=_ranges(policy.compute.ranges),
        may_be_constant=frozenset(one.lower() for one in policy.compute.may_be_constant),
    )


def _limits(policy: Policy, phase: Phase) -> Limits:
    if phase is Phase.QUICK:
        return Limits(0.0, policy.quick.max_minutes * 60, "watchkeeper.toml [quick]")
    return Limits(policy.full.min_hours * 3600, policy.full.max_hours * 3600, "watchkeeper.toml [full]")


def _ranges(written: tuple[str, ...]) -> Mapping[str, tuple[float | None, float | None]]:
    found = {column.strip(): quantity(bounds) for column, _, bounds in (one.partition(":") for one in written)}
    return {column: (one.minimum, one.maximum) for column, one in found.items()}
