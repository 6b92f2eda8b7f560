"""What the policy asks of a run, as numbers that the checks take. Their texts and sources stand in the policy.

Which word follows is said by each check (`drawn`, `predicted`, `method` …) and settled in `verdict`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...vocabulary.estimators import LINEAR
from ...vocabulary.runs import Phase
from ..curves.mcmc import FULL_LEVELS, McmcLevels
from ..design.design import TIME, Design, blank_columns
from .checks import span

TOLERANCE_S = 2.0
"""Clocks of two programs, and a sample every few seconds, are not compared closer than that."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a run shall take, and where that stands, for example `watchkeeper.toml [full]`."""

    min_s: float
    max_s: float | None
    source: str

    def __str__(self) -> str:
        if not self.min_s:
            return f"at most {span(self.max_s)}" if self.max_s is not None else "any time"
        return f"{span(self.min_s)} to {span(self.max_s)}" if self.max_s is not None else f"at least {span(self.min_s)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffortRules:
    """From when on time was not used.

    :ivar max_idle_share: share of the sampled time without work.
    :ivar max_silent_share: share of it with work but without output, for a script in which nothing trains.
    :ivar min_cores: mean cores in use below which most of the time was waited, however evenly.
    """

    max_idle_share: float = 0.5
    max_silent_share: float = 0.8
    min_cores: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRules:
    """From when on a history of epochs is stable.

    :ivar stable_epochs: epochs that it must have been stable for.
    :ivar stable_change: change of the median between the last two such stretches, as a share of all improvement.
    :ivar unstable_change: such a change above which it has not converged; in between it is doubtful.
    """

    stable_epochs: int = 10
    stable_change: float = 0.05
    unstable_change: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Everything that the policy says about a verdict.

    :ivar minima: what an approved method needs, by kind and name: {"Bayesian MCMC": {"draws": 2000 …} …}.
    :ivar minima_set: names of those that the project's own policy file sets; a design does not settle them.
    :ivar ranges: (minimum, maximum) that values of a column of the results may have.
    :ivar may_be_constant: columns that may have one value in every row, in lower case.
    :ivar forbidden: classes and functions whose fits may not be the results.
    :ivar may_be_blank: columns that may have empty cells, or words of their names, in lower case. "*" is every column.
    :ivar told_only: checks, by name or reason code, that are told and decide nothing.
    :ivar profile: the policy's; what it means stands in these rules already.
    """

    phase: Phase
    limits: Limits
    effort: EffortRules = EffortRules()
    levels: McmcLevels = FULL_LEVELS
    rhat_doubtful: float = 1.05
    history: HistoryRules = HistoryRules()
    minima: Mapping[str, Mapping[str, int]] = field(default_factory=dict[str, Mapping[str, int]])
    minima_set: frozenset[str] = frozenset()
    ranges: Mapping[str, tuple[float | None, float | None]] = field(
        default_factory=dict[str, tuple[float | None, float | None]]
    )
    may_be_constant: frozenset[str] = frozenset()
    may_be_blank: frozenset[str] = frozenset()
    told_only: frozenset[str] = frozenset()
    profile: str = "contest"
    forbidden: frozenset[str] = LINEAR

    def bound_by(self, design: Design) -> Rules:
        """Return the rules with the time that a design asks for and the columns that it lets be blank, if it does."""
        named = frozenset(one.lower() for one in blank_columns(design))
        return replace(self, may_be_blank=self.may_be_blank | named, levels=self._levels(design))._timed(design)

    def _levels(self, design: Design) -> McmcLevels:
        """Return from when on a sampler's figures weigh: a design's own chains and ESS before our defaults."""
        chains, ess = (design.requirements.get(name) for name in ("chains", "ess"))
        changed = dict[str, float]()
        if chains is not None and chains.floor and self.levels.min_chains == FULL_LEVELS.min_chains:
            changed["min_chains"] = min(chains.floor, self.levels.min_chains)
        if ess is not None and ess.floor and self.levels.min_ess == FULL_LEVELS.min_ess:
            changed["min_ess"] = min(ess.floor, self.levels.min_ess)
        return replace(self.levels, **changed) if changed else self.levels

    @property
    def judges_work(self) -> bool:
        """Whether the work itself is judged: a quick run only has to end well."""
        return self.phase is Phase.FULL

    @property
    def has_minima(self) -> bool:
        """Whether time or iterations are asked for at all."""
        return self.limits.min_s > 0 or any(least for named in self.minima.values() for least in named.values())

    def may_miss(self, column: str) -> bool:
        """Whether a column may have empty cells: by its name, or by one word of it."""
        name = column.strip().lower()
        if "*" in self.may_be_blank:
            return True
        return name in self.may_be_blank or not self.may_be_blank.isdisjoint(re.split(r"[\W_]+", name))

    def may_repeat(self, column: str) -> bool:
        """Whether a column may hold one number in every row."""
        return "*" in self.may_be_constant or column.lower() in self.may_be_constant

    def _timed(self, design: Design) -> Rules:
        asked = design.requirements.get(TIME)
        if self.phase is Phase.QUICK or asked is None or (asked.floor is None and asked.maximum is None):
            return self
        most = None if asked.maximum is None else asked.maximum * 3600
        if asked.floor is None:  # a maximum alone moves the warning; what is needed at least is the policy's
            most = None if most is None else max(most, self.limits.min_s)
            return replace(self, limits=Limits(self.limits.min_s, most, f"{self.limits.source}, {design.source(TIME)}"))
        return replace(self, limits=Limits(asked.floor * 3600, most, design.source(TIME)))
