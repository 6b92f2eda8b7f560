"""What a script was found to do: facts for gates and verdicts. Counts are None where reading could not tell them."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import NamedTuple

from ...vocabulary.estimators import LINEAR

BOOSTING = frozenset({"xgboost", "lightgbm", "catboost"})
"""Libraries whose rounds are trees, no epochs."""
BY_HAND = "descent by hand"
"""In the place of a library: the script takes `rate * gradient` off its weights itself, with numpy or without."""

TAKES_PLACE = "takes the place of the library"
RUNS_BEFORE = "runs in every Python of the run before its script and may replace anything"
"""What is said of a module that stands in front of a library, and of a start-up file that PYTHONPATH names."""

_ENSEMBLES = ("Forest", "Boost", "LGBM", "ExtraTrees", "Bagging", "Stacking", "Voting", "XGB")


class SourceFile(NamedTuple):
    """A file that was read, and the hexadecimal sha256 of its bytes."""

    path: str
    sha256: str


class Unresolved(NamedTuple):
    """Something that reading alone could not settle."""

    file: str
    line: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplerCall:
    """A call that draws from a posterior; defaults of the library are filled in.

    :ivar draws: kept draws per chain.
    :ivar used_for_results: whether something made from its draws is written to a file.
    :ivar in_a_table: whether something made from them is written as figures, and not only saved as it is.
    """

    library: str
    file: str
    line: int
    draws: int | None = None
    tune: int | None = None
    chains: int | None = None
    cores: int | None = None
    target_accept: float | None = None
    used_for_results: bool = False
    in_a_table: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochLoop:
    """A loop of training steps, or a call that runs one.

    :ivar library: what steps; :data:`BY_HAND` where the script does.
    :ivar count: epochs, iterations or boosting rounds at most.
    :ivar early_stop: whether it may end before that.
    """

    library: str
    file: str
    line: int
    count: int | None = None
    early_stop: bool = False
    again: bool = False
    """Whether it was read more than once: a function with a loop that is called at several places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchCall:
    """A search over hyper-parameters, or a cross-validation (kind `cross_val_score` and the like).

    :ivar cv: folds. :ivar candidates: settings tried, from a literal grid or a number of trials.
    """

    kind: str
    file: str
    line: int
    cv: int | None = None
    candidates: int | None = None
    fitted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapLoop:
    """Repeated resampling with replacement. :ivar fits: whether something is fitted in each repetition."""

    file: str
    line: int
    count: int | None = None
    fits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatorUse:
    """An estimator that is made, or a function that fits.

    :ivar name: the class or function as its library calls it, whatever the script calls it.
    :ivar used_for_results: whether its predictions or coefficients flow into what is written.
    :ivar tuned: whether a search chose its parameters.
    """

    name: str
    file: str
    line: int
    forbidden: bool = False
    fitted: bool = False
    used_for_results: bool = False
    tuned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimiserCall:
    """An optimiser of a library, for example `scipy.optimize.minimize` or `torch.optim.Adam`."""

    name: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Unit:
    """One parsed file; `tree` is None where it does not parse."""

    path: str
    source: bytes = field(repr=False)
    tree: ast.Module | None = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A script with the modules of the workspace that it imports, and what they do.

    :ivar form_sha256: digest of the parsed forms: comments, formatting and docstrings change nothing (a docstring
        counts where the file asks for `__doc__`).
    :ivar configs: files of settings that it reads by a literal path and does not write itself.
    """

    script: str
    args: tuple[str, ...] = ()
    files: tuple[SourceFile, ...] = ()
    form_sha256: str = ""
    samplers: tuple[SamplerCall, ...] = ()
    loops: tuple[EpochLoop, ...] = ()
    searches: tuple[SearchCall, ...] = ()
    bootstraps: tuple[BootstrapLoop, ...] = ()
    estimators: tuple[EstimatorUse, ...] = ()
    optimisers: tuple[OptimiserCall, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    configs: tuple[SourceFile, ...] = ()
    units: tuple[Unit, ...] = field(default=(), repr=False)

    @property
    def kind(self) -> str:
        """One of "Bayesian MCMC", "Deep Learning", "Ensemble", "Optimisation", "Linear model", "Unknown".

        What is written decides: a sampler whose draws go nowhere beside a linear fit that is written is a linear model.
        """
        linear = [one for one in self.estimators if one.name in LINEAR and one.fitted]
        others = [one for one in self.estimators if one.name not in LINEAR and one.fitted]
        if self.samplers:
            only_linear = any(one.used_for_results for one in linear) and not any(
                one.used_for_results for one in self.samplers
            )
            return "Linear model" if only_linear else "Bayesian MCMC"
        if any(not _boosting(one.library) for one in self.loops):
            return "Deep Learning"
        if linear and not others:
            return "Linear model"
        if self.searches or self.bootstraps or self.loops or any(_is_ensemble(one.name) for one in others):
            return "Ensemble"
        return "Optimisation" if self.optimisers else "Unknown"

    def describe(self) -> str:
        """Return one line for the verdict: the kind, the largest figure of each sort, what is forbidden."""
        parts = [*map(_sampler_words, self.samplers[:2]), *map(_loop_words, self.loops[:2])]
        parts += [_search_words(one) for one in self.searches[:2]]
        parts += [f"{_count(one.count)} bootstraps" for one in self.bootstraps[:1]]
        forbidden = [one for one in self.estimators if one.forbidden and one.fitted]
        parts += [f"{one.name} fitted at {one.file}:{one.line}" for one in forbidden[:2]]
        if not parts and self.estimators:
            parts = sorted({one.name for one in self.estimators})[:3]
        parts += [f"{len(self.unresolved)} places unresolved"] if self.unresolved else []
        return f"{self.kind}: {'; '.join(parts)}" if parts else self.kind


def _count(value: int | None) -> str:
    return "?" if value is None else str(value)


def _sampler_words(one: SamplerCall) -> str:
    chains = f"{_count(one.chains)} chains of {_count(one.draws)} draws after {_count(one.tune)} tuning steps"
    return f"{one.library} {chains} at {one.file}:{one.line}"


def _loop_words(one: EpochLoop) -> str:
    if one.library == BY_HAND:
        return f"steps written by hand in a loop of {_count(one.count)} rounds at {one.file}:{one.line}"
    unit = "rounds" if _boosting(one.library) else "epochs"
    return f"{one.library} {_count(one.count)} {unit} at {one.file}:{one.line}"


def _search_words(one: SearchCall) -> str:
    return f"{one.kind} of {_count(one.candidates)} candidates with cv={_count(one.cv)} at {one.file}:{one.line}"


def _boosting(library: str) -> bool:
    return library in BOOSTING


def _is_ensemble(name: str) -> bool:
    return any(part in name for part in _ENSEMBLES)
