"""Which values stand among the draws of a trace? Each variable is sorted once, then any number of them is looked up."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from .formats import Look
from .opening import through
from .search_facts import Found, SearchFacts, Wanted, best
from .sources import Source, Variable

MOST_NUMBERS = 12_000_000
"""Of all variables that are looked through: to sort so many takes one to two seconds."""
_ASIDE = 3.7
"""By so many grains values are moved aside to see how many are found by chance."""
Values = npt.NDArray[np.float64]
Hits = npt.NDArray[np.bool_]


def search(look: Look, wanted: Sequence[Wanted]) -> SearchFacts:
    """Return in which variable of a trace most of the values stand.

    :raises CannotInspectError: if it is no trace.
    """
    return through(look, lambda source: _through(source, wanted))


def _through(source: Source, wanted: Sequence[Wanted]) -> SearchFacts:
    found: dict[str, list[Found]] = defaultdict(list)
    everywhere = {one.name: _Everywhere(one) for one in wanted}
    left, passed = MOST_NUMBERS, list[str]()
    for name, variable in _variables(source):
        size = math.prod(variable.shape)
        if size > left:
            passed.append(name)
            continue
        left -= size
        values = _sorted(variable)
        for one in wanted:
            found[one.name].append(everywhere[one.name].look(name, values))
    for name, one in everywhere.items():
        found[name].append(one.found())
    notes = (f"Not looked through, too large: {', '.join(passed[:5])}.",) if passed else ()
    return SearchFacts(found=best(found), notes=notes)


class _Everywhere:
    """Where the values of one question stand, in one variable and in all of them: a table may hold several."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._asked = np.asarray(wanted.values, dtype=np.float64)
        self._grain = wanted.grain + 1e-7 * np.abs(self._asked)  # single precision on its way through a table
        asides = (0.0, _ASIDE, -_ASIDE)
        self._moved = [self._asked + aside * self._grain for aside in asides]
        self._any = [np.zeros(self._asked.size, dtype=np.bool_) for _ in asides]

    def look(self, name: str, values: Values) -> Found:
        """Look through one variable."""
        there = [_there(values, moved, self._grain) for moved in self._moved]
        self._any = [one | other for one, other in zip(self._any, there, strict=True)]
        return self._as_found(name, there)

    def found(self) -> Found:
        """Return what stands in any variable."""
        return self._as_found("several variables", self._any)

    def _as_found(self, source: str, there: Sequence[Hits]) -> Found:
        hits, *chance = (int(one.sum()) for one in there)
        return Found(
            name=self._wanted.name, source=source, hits=hits, by_chance=max(chance), asked=int(self._asked.size)
        )


def _variables(source: Source) -> Iterator[tuple[str, Variable]]:
    """Yield the variables of all groups but the sampler's statistics, small ones first."""
    listed: list[tuple[str, Variable]] = []
    for group in source.names:
        found = source.group(group) if not group.endswith("sample_stats") else None
        for name, one in found.variables.items() if found is not None else ():
            if one.kind in "fiu" and math.prod(one.shape):
                listed.append((f"{group[:60]}/{name[:60]}", one))
    yield from sorted(listed, key=lambda pair: (math.prod(pair[1].shape), pair[0]))


def _sorted(variable: Variable) -> Values:
    values = np.asarray(variable.read(tuple(slice(None) for _ in variable.shape)), dtype=np.float64).reshape(-1)
    return np.sort(values[np.isfinite(values)])


def _there(values: Values, asked: Values, grain: Values) -> Hits:
    first = np.searchsorted(values, asked - grain, side="left")
    behind = np.searchsorted(values, asked + grain, side="right")
    return behind > first
