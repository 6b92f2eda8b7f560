"""Distributions of plain numbers in words, `Normal(0, 1)`, and the priors that a design states. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import markdown

Distribution = tuple[str, tuple[float, ...]]
"""A family, in lower case, and its numbers."""

_DISTRIBUTION = re.compile(r"(?:.*[~=:]\s*)?([A-Za-z]+)\s*\((.*)\)\s*$")
_ARGUMENT = re.compile(r"(?:\w+\s*=\s*)?([-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?)", re.IGNORECASE)
_FAMILIES = {
    **dict.fromkeys(("n", "gaussian", "gauss"), "normal"),
    **dict.fromkeys(("hn", "halfgaussian"), "halfnormal"),
    **dict.fromkeys(("u", "unif"), "uniform"),
    **dict.fromkeys(("invgamma", "ig"), "inversegamma"),
    **dict.fromkeys(("exp", "expon"), "exponential"),
    **dict.fromkeys(("t", "student"), "studentt"),
    "hc": "halfcauchy",
}
_KNOWN = frozenset(
    {"normal", "halfnormal", "uniform", "exponential", "gamma", "inversegamma", "beta", "cauchy", "halfcauchy"}
    | {"laplace", "lognormal", "studentt", "halfstudentt"}
)
_STATED = re.compile(r"(?<![A-Za-z])[A-Za-z]{1,30} ?\([-+0-9][^()|]{0,60}\)")
_BEFORE = re.compile(r"[^;,|()]{0,80}$")
_FIRST_CELLS = 3
_NO_NAME = frozenset(
    {"a", "an", "and", "are", "each", "for", "has", "have", "is", "of", "on", "prior", "priors", "the", "with"}
)
_OF_SEVERAL = frozenset({"all", "every", "other", "others", "remaining", "rest"})


@dataclass(frozen=True, slots=True)
class Stated:
    """A prior that a design states: the words of the variable's name, the distribution, and where."""

    words: frozenset[str]
    prior: Distribution
    said: str
    line: int


def stated(document: Iterable[markdown.Line]) -> Iterator[Stated]:
    """Yield the priors that lines state: `effect ~ Normal(0, 1)`, `treatment effect Normal(0, 5)`, rows of a table.

    What is said of several variables at once, or of none by name, is left out.
    """
    for line in document:
        for found in _STATED.finditer(line.text):
            near = _BEFORE.search(line.text[max(0, found.start() - 80) : found.start()])
            before = (near[0].strip() if near else "") or _cell_before(line.text, found.start())
            words = frozenset(re.findall(r"[a-z0-9]+", before.lower())) - _NO_NAME
            prior = distribution(found[0])
            if prior is not None and prior[0] in _KNOWN and words and not words & _OF_SEVERAL:
                yield Stated(words, prior, found[0], line.number)


def _cell_before(text: str, start: int) -> str:
    """Return the first cell of a row of a table, in whose second one the distribution stands alone."""
    if not text.lstrip().startswith("|") or text.count("|", 0, start) > _FIRST_CELLS:
        return ""
    named = [one.strip() for one in text[:start].split("|") if one.strip()]
    return named[0] if len(named) == 1 else ""


def can_differ(asked: Distribution, had: Distribution) -> bool:
    """Whether two priors differ for sure: of a name that nobody knows, or with fewer figures, nobody can say."""
    if asked[0] == had[0]:
        return len(asked[1]) == len(had[1])
    return {asked[0], had[0]} <= _KNOWN


def is_notation(asked: Distribution, had: Distribution) -> bool:
    """Whether the last figure is the square, its inverse or the inverse of the other's, and all else is the same."""
    (family, figures), (other, others) = asked, had
    if family != other or len(figures) != len(others) or figures[:-1] != others[:-1] or not others[-1] > 0:
        return False
    last = others[-1]
    return any(math.isclose(figures[-1], each, rel_tol=1e-3) for each in (last**2, last**-2, 1 / last))


def distribution(words: str) -> Distribution | None:
    """Return family and numbers of `Normal(0, 1)`; of a half one without its location, which is 0."""
    found = _DISTRIBUTION.match(words.strip(" `$"))
    if found is None:
        return None
    arguments = [_ARGUMENT.fullmatch(one.strip()) for one in found[2].split(",")]
    if not all(arguments):
        return None
    family = re.sub(r"[^a-z]", "", found[1].lower())
    family = _FAMILIES.get(family, family)
    figures = tuple(float(one[1]) for one in arguments if one is not None)
    return family, figures[1:] if family.startswith("half") and len(figures) == 2 and figures[0] == 0 else figures
