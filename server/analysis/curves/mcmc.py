"""Judge the numbers of a Markov chain sampler: R-hat, ESS, divergences, BFMI, tree depth, chains."""

from __future__ import annotations

from dataclasses import dataclass

from ...vocabulary.mcmc_levels import FULL_LEVELS, QUICK_LEVELS, McmcLevels
from ...vocabulary.runs import Level
from .flags import Flag

__all__ = ["FULL_LEVELS", "QUICK_LEVELS", "McmcLevels", "McmcSummary", "judge_mcmc"]


@dataclass(frozen=True, slots=True, kw_only=True)
class McmcSummary:
    """What is known of a posterior; None where it is not known, and then it is not judged."""

    max_rhat: float | None = None
    """Largest rank-normalised R-hat of all parameters."""
    min_ess_bulk: float | None = None
    min_ess_tail: float | None = None
    divergences: int | None = None
    """Divergent transitions after tuning, over all chains."""
    draws: int | None = None
    """Draws after tuning, over all chains."""
    chains: int | None = None
    bfmi_min: float | None = None
    """Smallest Bayesian fraction of missing information of the chains."""
    tree_depth_share: float | None = None
    """Largest share of one chain's draws that reached the maximum tree depth."""


_ADVICE = {
    "rhat": (
        "Run longer chains with more tuning, and look at the parameters with the largest R-hat: reparametrise them"
        " or give them tighter priors."
    ),
    "ess": "Draw more, or reparametrise so that neighbouring draws depend less on each other.",
    "divergences": "Raise target_accept to 0.95 or 0.99, and use a non-centred parametrisation for hierarchies.",
    "bfmi": "Reparametrise heavy tails or hierarchies (non-centred), and tune longer.",
    "tree_depth": (
        "Rescale or reparametrise correlated parameters and tune longer; raise max_treedepth only after that."
    ),
    "chains": "Run at least four chains from different starting points, or R-hat says little.",
}


def judge_mcmc(summary: McmcSummary, levels: McmcLevels = FULL_LEVELS) -> list[Flag]:
    """Return the flags of a posterior, one per cause: chains that do not mix are not reported again as low ESS."""
    rhat = _rhat(summary, levels)
    found = [
        rhat,
        None if rhat else _ess(summary, levels),
        _divergences(summary, levels),
        _bfmi(summary, levels),
        _tree_depth(summary, levels),
        _chains(summary, levels),
    ]
    return [flag for flag in found if flag is not None]


def _rhat(summary: McmcSummary, levels: McmcLevels) -> Flag | None:
    value = summary.max_rhat
    if value is None or value <= levels.rhat_flag:
        return None
    failed = value > levels.rhat_failure
    bound = levels.rhat_failure if failed else levels.rhat_flag
    text = f"the largest R-hat is {value:.3g} (limit {bound:g})"
    return _flag("rhat", value, bound, text, failed=failed, emergency=value > levels.rhat_emergency)


def _ess(summary: McmcSummary, levels: McmcLevels) -> Flag | None:
    sizes = [("bulk", summary.min_ess_bulk), ("tail", summary.min_ess_tail)]
    low = [(size, name) for name, size in sizes if size is not None and size < levels.min_ess]
    if not low or not levels.judge_ess:
        return None
    size, name = min(low)
    return _flag("ess", size, levels.min_ess, f"the smallest {name} ESS is {size:.0f} (limit {levels.min_ess:g})")


def _divergences(summary: McmcSummary, levels: McmcLevels) -> Flag | None:
    count = summary.divergences
    if not count:
        return None
    if not summary.draws:
        return _flag("divergences", count, 0, f"{count} divergences")
    share = count / summary.draws
    failed = share > levels.divergent_share_failure
    text = f"{count} of {summary.draws} draws diverged ({share:.2%})"
    emergency = share > levels.divergent_share_emergency
    return _flag(
        "divergences", share, levels.divergent_share_failure if failed else 0, text, failed=failed, emergency=emergency
    )


def _bfmi(summary: McmcSummary, levels: McmcLevels) -> Flag | None:
    value = summary.bfmi_min
    if value is None or value >= levels.min_bfmi:
        return None
    return _flag("bfmi", value, levels.min_bfmi, f"the smallest BFMI is {value:.2g} (limit {levels.min_bfmi:g})")


def _tree_depth(summary: McmcSummary, levels: McmcLevels) -> Flag | None:
    share = summary.tree_depth_share
    if share is None or share <= levels.tree_depth_share:
        return None
    text = f"{share:.1%} of the draws reached the maximum tree depth (limit {levels.tree_depth_share:.0%})"
    return _flag("tree_depth", share, levels.tree_depth_share, text)


def _chains(summary: McmcSummary, levels: McmcLevels) -> Flag | None:
    if summary.chains is None or summary.chains >= levels.min_chains or not levels.judge_chains:
        return None
    return _flag("chains", summary.chains, levels.min_chains, f"{summary.chains} chains (at least {levels.min_chains})")


def _flag(
    name: str, value: float, threshold: float, text: str, *, failed: bool = False, emergency: bool = False
) -> Flag:
    return Flag(
        flag=name,
        epoch=None,
        value=value,
        threshold=threshold,
        advice=_ADVICE[name],
        level=Level.FAILURE if failed else Level.FLAG,
        message=f"{name}: {text}.",
        kind="mcmc",
        emergency=emergency,
    )
