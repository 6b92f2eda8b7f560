"""Has a model the parts that its design names: a latent function or path, shrinkage, a mixture? Pure.

Each leaves something among the variables or the likelihood that no other model needs; what is written by hand (a
potential, a factor) may hold it, and then nothing is asked.
"""

from __future__ import annotations

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


class _Part(NamedTuple):
    """What a design calls a part of a model, and what is missing where no sampling has it."""

    words: re.Pattern[str]
    has: Callable[[Sampling], bool]
    missing: str


def _priors(one: Sampling) -> str:
    return " ".join([*one.free.values(), *one.likelihoods.values()])


def _has_a_path(one: Sampling) -> bool:
    sides = [side for shape in one.shapes.values() for side in shape]
    return max(sides, default=0) >= _LEAST_PARTS or _JOINT.search(_priors(one)) is not None


def _shrinks(one: Sampling) -> bool:
    several = any(max(shape, default=1) > 1 for shape in one.shapes.values())
    return several and _HEAVY.search(" ".join(one.free.values())) is not None


def _mixes(one: Sampling) -> bool:
    return _MIXED.search(_priors(one)) is not None


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
)


def without_component(design: Design, samplings: Sequence[Sampling]) -> Iterator[Suspicion]:
    """Yield that no sampling of the run has a part of a model which the declared method or its description names.

    Only the method's own row speaks: elsewhere a document may compare with other models.
    """
    by_hand = any(one.line.facts.get("potentials") or "Unit(" in _priors(one) for one in samplings)
    if (
        by_hand
        or _INTEGRATED.search(design.method)
        or not all(one.free and one.shapes and one.likelihoods for one in samplings)
    ):
        return
    for part in _PARTS:
        found = part.words.search(design.method)
        if found and not any(map(part.has, samplings)):
            one = samplings[-1]
            shaped = ", ".join(f"{name}{list(shape) if shape else ''}" for name, shape in one.shapes.items())
            what = (
                f"{design.source('method')} declares a {found[0]!r}; of the model at {place(one.line)} ({shaped[:120]})"
            )
            action = "Sample the model that the design names, or name in the design the one that is sampled."
            yield Suspicion(f"{what} {part.missing}", Word.INVESTIGATE, "component_missing", action)
            return
