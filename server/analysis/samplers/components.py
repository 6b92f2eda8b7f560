"""Has a model the parts that its design names: a latent function or path, shrinkage, a mixture? Pure.

Each leaves something among the variables or the likelihood that no other model needs; what is written by hand (a
potential, a factor) may hold it, and then nothing is asked.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ..design.design import Design
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Sampling
from ..witness.seen import place

_LEAST_PARTS = 5
"""A path or a function is told by so many values or coefficients at least."""
_LEAST_BASIS, _MOST_OF_A_LINE = 3, 6
"""A curve has so many coefficients in one variable, or more variables than a straight line has."""
_HEAVY = re.compile(r"cauchy|studentt|gamma|bernoulli|laplace|horseshoe|beta\b|categorical", re.IGNORECASE)
_MIXED = re.compile(r"mixture|dirichlet|categorical|zeroinflated|hurdle|stickbreaking|ordered|custom", re.IGNORECASE)
_JOINT = re.compile(
    r"mvnormal|multivariate|matrixnormal|statespace|kalman|gaussianprocess|randomwalk|\bar\b|custom|\bgp\b",
    re.IGNORECASE,
)

_INTEGRATED = re.compile(
    r"innovation|exponential smoothing|\bets\b|kalman|marginali[sz]|collapsed|integrated out", re.IGNORECASE
)
"""What leaves a path or classes without a variable: the likelihood is of each row, given those before it."""


_Has = Callable[[Sampling], bool]


class _Part(NamedTuple):
    """What a design calls a part of a model, and what is missing where no sampling has it."""

    words: re.Pattern[str]
    has: _Has
    missing: str


def _priors(one: Sampling) -> str:
    return " ".join([*one.free.values(), *one.likelihoods.values()])


def _has_a_path(one: Sampling) -> bool:
    sides = [side for shape in one.shapes.values() for side in shape]
    return max(sides, default=0) >= _LEAST_PARTS or _JOINT.search(_priors(one)) is not None


def _shrinks(one: Sampling) -> bool:
    several = any(max(shape, default=1) > 1 for shape in one.shapes.values())
    return several and _HEAVY.search(" ".join(one.free.values())) is not None


def _has_a_table(one: Sampling) -> bool:
    return any(len(shape) > 1 for shape in one.shapes.values())


def _mixes(one: Sampling) -> bool:
    return _MIXED.search(_priors(one)) is not None


def _of(families: str) -> _Has:
    """Return whether a prior or a likelihood is of one of these families."""
    words = re.compile(rf"{families}|custom", re.IGNORECASE)

    def has(one: Sampling) -> bool:
        return words.search(_priors(one)) is not None

    return has


def _either(one: _Has, other: _Has) -> _Has:
    return lambda sampled: one(sampled) or other(sampled)


def _bends(one: Sampling) -> bool:
    sides = [side for shape in one.shapes.values() for side in shape]
    return max(sides, default=0) >= _LEAST_BASIS or len(one.free) > _MOST_OF_A_LINE


_PATH = "no variable has a value for each point or each basis function, and the likelihood is of each row alone"
_PARTS = (
    _Part(
        re.compile(r"gaussian process|\bgp (?:prior|regression|model)\b|\bhsgp\b", re.IGNORECASE), _has_a_path, _PATH
    ),
    _Part(
        re.compile(
            r"state[\s-]space|local (?:level|linear trend)|stochastic volatility|(?:gaussian )?random walk"
            r"(?! metropolis| sampler| proposal| mh|[\s-]?metropolis)|dynamic linear model"
            r"|latent (?:path|process|states?)\b",
            re.IGNORECASE,
        ),
        _has_a_path,
        _PATH,
    ),
    _Part(
        re.compile(r"horseshoe|spike[\s-]and[\s-]slab|global[\s-]local shrinkage", re.IGNORECASE),
        _shrinks,
        "no coefficients have local scales or inclusions of a heavy-tailed or discrete prior",
    ),
    _Part(
        re.compile(
            r"(?<!scale )(?<!scale-)mixture (?:model|of)|finite mixture|latent class|dirichlet process", re.IGNORECASE
        ),
        _mixes,
        "no likelihood is a mixture, and no weights or classes are sampled",
    ),
    _Part(
        re.compile(r"\b(?:b-|p-|cubic |natural |penali[sz]ed )?splines?\b|basis functions", re.IGNORECASE),
        _bends,
        "no variable has a value for each basis function",
    ),
    _Part(
        re.compile(
            r"errors?[\s-]in[\s-]variables|measurement error (?:model|in the (?:covariate|predictor|regressor))",
            re.IGNORECASE,
        ),
        _has_a_path,
        "no variable has a value for each row",
    ),
    _Part(
        re.compile(
            r"censored likelihood|tobit|likelihood\b.{0,60}\bcensor(?:ed|ing)|censor(?:ed|ing)\b.{0,60}\blikelihood",
            re.IGNORECASE,
        ),
        _either(_of("censored|truncated|bernoulli|binomial"), _has_a_path),
        "no likelihood is censored, and no variable stands for the values that are",
    ),
    _Part(
        re.compile(r"half[\s-]?cauchy", re.IGNORECASE),
        _of("cauchy|studentt|truncated|transformed"),
        "no variable has a Cauchy prior",
    ),
    _Part(
        re.compile(r"\blaplace(?= priors?\b|\s?\()(?! approx)", re.IGNORECASE),
        _of("laplace|exponential|gamma"),
        "no variable has a Laplace prior",
    ),
    _Part(
        re.compile(r"\blkj\b", re.IGNORECASE),
        _either(_of("lkj|cholesky|mvnormal|multivariate|wishart"), _has_a_table),
        "no variable is a matrix of correlations",
    ),
    _Part(
        re.compile(
            r"ordered (?:logit|logistic|probit)|ordinal (?:logit|logistic|probit|regression)|proportional[\s-]odds"
            r"|cumulative (?:logit|probit|link)",
            re.IGNORECASE,
        ),
        _of("ordered|categorical|multinomial|bernoulli"),
        "no likelihood is of ordered classes",
    ),
    _Part(
        re.compile(r"\bweibull\b", re.IGNORECASE),
        _of("weibull|gumbel|extreme|exponential"),
        "no likelihood is a Weibull distribution",
    ),
    _Part(
        re.compile(r"multinomial (?:logit|logistic|regression|likelihood)|softmax regression", re.IGNORECASE),
        _of("categorical|multinomial|dirichlet"),
        "no likelihood is of several classes",
    ),
)


def without_component(design: Design, samplings: Sequence[Sampling]) -> Iterator[Suspicion]:
    """Yield that no sampling of the run has a part of a model which the design names where it describes its model.

    The method's own row, and rows and sections that are called model, prior or likelihood.
    """
    by_hand = any(one.line.facts.get("potentials") or "Unit(" in _priors(one) for one in samplings)
    told = all(one.free and one.shapes and one.likelihoods for one in samplings)
    if by_hand or _INTEGRATED.search(" ".join(text for _, text in _lines(design))) or not told:
        return
    for (source, text), part in itertools.product(_lines(design), _PARTS):
        found = part.words.search(text)
        if found and not any(map(part.has, samplings)):
            one = samplings[-1]
            shaped = ", ".join(f"{name}{list(shape) if shape else ''}" for name, shape in one.shapes.items())
            what = f"{source} names a {found[0]!r}; of the model at {place(one.line)} ({shaped[:120]}) {part.missing}"
            action = "Sample the model that the design names, or name in the design the one that is sampled."
            yield Suspicion(what, Word.INVESTIGATE, "component_missing", action)
            return


def _lines(design: Design) -> list[tuple[str, str]]:
    """Return where the design describes its model, and what stands there."""
    method = [(design.source("method"), design.method)] if design.method else []
    return [*method, *((f"{design.path}:{one.line}", one.words) for one in design.described)]
