"""What a verdict goes by: the policy as its rules, and the design as it stood at a start."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from ...analysis.design.design import Design, read_design
from ...analysis.design.quantities import quantity
from ...analysis.evidence.rules import EffortRules, HistoryRules, Limits, Rules
from ...storage.policy.policy import Policy
from ...storage.policy.profiles import NO_MAXIMUM_HOURS
from ...vocabulary.errors import PathRefused
from ...vocabulary.mcmc_levels import FULL_LEVELS, QUICK_LEVELS
from ...vocabulary.runs import Phase
from ..desk import Desk

LONGEST_DESIGN_BYTES = 4 << 20


def design_of(desk: Desk, at_start: Sequence[str] | None) -> Design:
    """Return the design as it stood at a start; one that was written only later binds nothing.

    Only where the snapshot of the start is gone the file counts, if it is still that of the start.

    :param at_start: (path, digest of the snapshot); None when there was none.
    """
    if not at_start:
        return Design()
    path, digest = at_start
    try:
        source = desk.workspace.snapshot(digest, LONGEST_DESIGN_BYTES)
    except PathRefused:  # somebody removed it
        source = _unchanged(desk, path, digest)
    return Design() if source is None else read_design(source.decode("utf-8", "replace"), path)


def design_now(desk: Desk, model: str) -> Design:
    """Return the design as it stands, as a run that starts now will be bound by it."""
    path = desk.workspace.design(model)
    try:
        return read_design(desk.workspace.read_bytes(path, LONGEST_DESIGN_BYTES).decode("utf-8", "replace"), path)
    except PathRefused:
        return Design()


def _unchanged(desk: Desk, path: str, digest: str) -> bytes | None:
    try:
        source = desk.workspace.read_bytes(path, LONGEST_DESIGN_BYTES)
    except PathRefused:
        return None
    return source if hashlib.sha256(source).hexdigest() == digest else None


def rules_of(policy: Policy, phase: Phase) -> Rules:
    """Return what the policy asks of a phase."""
    levels = policy.mcmc.sampler_levels(QUICK_LEVELS if phase is Phase.QUICK else FULL_LEVELS)
    return Rules(
        phase=phase,
        limits=_limits(policy, phase),
        effort=EffortRules(
            max_idle_share=policy.compute.max_idle_share,
            max_silent_share=policy.compute.max_silent_share,
            min_cores=policy.compute.min_cores,
        ),
        levels=levels,
        rhat_doubtful=policy.mcmc.rhat_investigate,
        history=HistoryRules(**policy.convergence.model_dump()),
        minima=policy.method.minima(),
        minima_set=frozenset(one.removeprefix("min_") for one in policy.method.binding_minima),
        ranges=_ranges(policy.compute.ranges),
        may_be_constant=frozenset(one.lower() for one in policy.compute.may_be_constant),
        forbidden=frozenset(policy.method.forbidden),
        may_be_blank=frozenset(one.lower() for one in policy.compute.may_be_blank),
        told_only=frozenset(policy.judge.told_only),
        profile=policy.profile,
    )


def _limits(policy: Policy, phase: Phase) -> Limits:
    if phase is Phase.QUICK:
        return Limits(0.0, policy.quick.max_minutes * 60, "watchkeeper.toml [quick]")
    full = policy.full
    if not full.min_hours and full.max_hours >= NO_MAXIMUM_HOURS:
        return Limits(0.0, None, f"the profile {policy.profile}")
    most_s = None if full.max_hours >= NO_MAXIMUM_HOURS else full.max_hours * 3600
    return Limits(full.min_hours * 3600, most_s, "watchkeeper.toml [full]")


def _ranges(written: tuple[str, ...]) -> Mapping[str, tuple[float | None, float | None]]:
    found = {column.strip(): quantity(bounds) for column, _, bounds in (one.partition(":") for one in written)}
    return {column: (one.minimum, one.maximum) for column, one in found.items()}
