"""The policy as the verdict's rules."""

from __future__ import annotations

from collections.abc import Mapping

from ...analysis.verdict.quantities import quantity
from ...analysis.verdict.rules import EffortRules, HistoryRules, Limits, Rules
from ...storage.policy.policy import Policy
from ...vocabulary.mcmc_levels import FULL_LEVELS, QUICK_LEVELS
from ...vocabulary.runs import Phase


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
