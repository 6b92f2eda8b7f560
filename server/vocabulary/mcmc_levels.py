"""From where on a sampler's diagnostics weigh: for the log, for traces and for verdicts alike. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class McmcLevels:
    """From which number on something is a flag, a failure or an emergency, and what a phase does not judge."""

    rhat_flag: float = 1.01
    """Vehtari et al. 2021, "Rank-normalization, folding, and localization: an improved R-hat", section 5."""
    rhat_failure: float = 1.1
    """The requirement document; Gelman and Rubin's older bound."""
    rhat_emergency: float = 1.3
    """The requirement document."""
    min_ess: float = 400
    """Vehtari et al. 2021: 50 for each of 2 x 4 half chains; bulk and tail."""
    divergent_share_failure: float = 0.01
    divergent_share_emergency: float = 0.10
    """The requirement document; any divergence is a flag (Betancourt 2017, Stan's warnings)."""
    min_bfmi: float = 0.3
    """ArviZ' bfmi: "values smaller than 0.3 indicate poor sampling" (Betancourt 2016)."""
    tree_depth_share: float = 0.05
    """Share of a chain's draws from which PyMC warns; it costs time, not validity (Stan's warnings)."""
    min_chains: int = 4
    """Vehtari et al. 2021; PyMC says the same."""
    judge_ess: bool = True
    judge_chains: bool = True


FULL_LEVELS = McmcLevels()
QUICK_LEVELS = McmcLevels(judge_ess=False, judge_chains=False)
"""A quick run's chains are too few and too short by design."""
