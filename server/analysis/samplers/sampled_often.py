"""Are the results one of many samplings, each of other rows or covariates, and are they of what was sampled? Pure.

Known by the means of the draws, as they were returned, without any trace.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from ..artefacts.facts import ColumnFacts, TableFacts
from ..evidence.rounding import grain_of
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Sampling
from ..witness.seen import Seen, place

_MOST_TRIED = 10
"""So many samplings at one place, of which one is told, are a choice."""
_NEAR = 0.3
"""Share of a parameter's deviation by which a mean may be off: without the first steps, or thinned."""
_LEAST = 2
Figures = Mapping[str, tuple[float, float]]


def one_of_many(seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that the results have the parameters of one of many samplings that differ by what they were given.

    One that was given more rows than all others is none that was chosen: the others leave some out. Nor is the first
    one, before trials on data that were simulated, or the last one, as of a window that moves on.
    """
    for where, kin in _by_place(seen).items():
        if len({_given(one) for one in kin}) < _MOST_TRIED or any(_has_a_row_each(table, len(kin), one) for one in kin):
            continue
        told = next((one for one in kin if _is_told(table, figures(one))), None)
        if told is not None and told not in (kin[0], kin[-1]) and not _has_most_rows(told, kin):
            what = f"{told.call} ran {len(kin)} times at {where}, each time on something else, and the results are the"
            what = f"{what} means of one of them ({place(told.line)}): best of {len(kin)}?"
            action = "Report all of these samplings, or say beforehand which one counts."
            yield Suspicion(what, Word.INVESTIGATE, "sampling_one_of_many", action)
            return


def of_other_variables(seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Yield that the results have more rows than anything that was sampled has parameters, and none of their means."""
    sampled = {name: told for one in seen.samplings for name, told in figures(one).items()}
    whole = all(len(figures(one)) == len(one.variables) > 0 for one in seen.samplings)
    if not sampled or not whole or not seen.whole or seen.predictive or table.rows <= len(sampled):
        return
    if seen.fits or seen.steps or any(_is_of(one, sampled) for one in table.columns):
        return
    one = seen.samplings[0]
    names = ", ".join(itertools.islice(sampled, 6))
    what = (
        f"{one.call} at {place(one.line)} sampled {names}; the results have {table.rows} rows, and no column of theirs"
    )
    what = f"{what} has a mean of these"
    action = "Sample what the results tell, or leave the predictive draws that they are computed from."
    yield Suspicion(what, Word.INVESTIGATE, "results_of_other_variables", action)


def figures(one: Sampling) -> dict[str, tuple[float, float]]:
    """Return mean and mean deviation of each variable that is one number a draw, over its chains."""
    found: dict[str, tuple[float, float]] = {}
    for name, chains in one.variables.items():
        told = [(each.mean, each.sd) for each in chains if len(each.shape) == 1]
        known = [(mean, sd) for mean, sd in told if mean is not None and sd is not None]
        if known and len(known) == len(chains):
            found[name] = (sum(mean for mean, _ in known) / len(known), sum(sd for _, sd in known) / len(known))
    return found


def _by_place(seen: Seen) -> dict[str, list[Sampling]]:
    found: dict[str, list[Sampling]] = {}
    for one in sorted(seen.samplings, key=lambda each: each.line.at):
        found.setdefault(one.line.where, []).append(one)
    return {where: kin for where, kin in found.items() if where and len(kin) >= _MOST_TRIED}


def _given(one: Sampling) -> object:
    """Return what tells the data and the model of a sampling from another's; of walkers only the sampler itself."""
    data = tuple((name, each.sha) for name, each in sorted(one.observed.items()))
    return (data, tuple(sorted(one.variables))) if data else (one.line.file, one.line.facts.get("object"))


def _has_most_rows(one: Sampling, kin: Sequence[Sampling]) -> bool:
    def rows(each: Sampling) -> int:
        return max((data.size for data in each.observed.values()), default=0)

    return all(rows(each) < rows(one) for each in kin if each is not one)


def _has_a_row_each(table: TableFacts, count: int, one: Sampling) -> bool:
    """Whether a table has a row, or the parameters, of each of so many samplings."""
    return table.rows >= count and len(one.variables) < table.rows


def _is_told(table: TableFacts, told: Figures) -> bool:
    """Whether a column has the means of these variables, by their names or in their order."""
    whole = [one for one in table.columns if len(one.values) == table.rows]
    return any(_means(table.labels, one, told) or _in_order(one, told) for one in whole)


def _means(labels: Sequence[str], column: ColumnFacts, told: Figures) -> bool:
    pairs = [(value, told[label]) for label, value in zip(labels, column.values, strict=False) if label in told]
    return len(pairs) >= _LEAST and all(_is_near(value, each, column) for value, each in pairs)


def _in_order(column: ColumnFacts, told: Figures) -> bool:
    pairs = [*zip(column.values, told.values(), strict=False)]
    return len(column.values) == len(told) >= _LEAST and all(_is_near(value, each, column) for value, each in pairs)


def _is_near(value: float, told: tuple[float, float], column: ColumnFacts) -> bool:
    mean, sd = told
    return abs(value - mean) <= _NEAR * sd + grain_of(column.values)


def _is_of(column: ColumnFacts, told: Figures) -> bool:
    """Whether a column has the means of two variables, or of the only one, in any rows."""
    met = sum(any(_is_near(value, each, column) for value in column.values) for each in told.values())
    return met >= min(_LEAST, len(told))
