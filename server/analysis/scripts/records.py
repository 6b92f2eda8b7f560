"""What was noticed while a script was read; the same place seen twice becomes one entry."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from .program import BootstrapLoop, EpochLoop, EstimatorUse, OptimiserCall, SamplerCall, SearchCall, Unresolved
from .values import Tag, Tags, Unknown, Value, in_words, number_of

_Fact = TypeVar("_Fact", SamplerCall, EpochLoop, SearchCall, BootstrapLoop, EstimatorUse, OptimiserCall)


@dataclass(slots=True)
class ActiveLoop:
    """A loop whose body is being read.

    :ivar count: repetitions, as far as they are known. :ivar targets: names that count them.
    :ivar trains: the library of a training step inside, empty without one. :ivar breaks: whether a `break` was read.
    """

    file: str
    line: int
    count: int | None
    targets: frozenset[str] = frozenset()
    trains: str = ""
    fits: bool = False
    resamples: bool = False
    early_stop: bool = False
    breaks: bool = False


CHOSEN = "chosen by each trial of a search"
"""Why a value is unknown that a search tries out; it is no gap in what was read."""


def place(kind: str, file: str, line: int, column: int = 0) -> Tag:
    """Return the tag of something made at a place."""
    return (kind, file, line, column)


@dataclass(slots=True)
class Records:
    """Everything noticed so far. :ivar written: tags that flowed into a file; `tabled`: into a table or a text."""

    samplers: dict[Tag, SamplerCall] = field(default_factory=dict[Tag, SamplerCall])
    loops: dict[Tag, EpochLoop] = field(default_factory=dict[Tag, EpochLoop])
    searches: dict[Tag, SearchCall] = field(default_factory=dict[Tag, SearchCall])
    bootstraps: dict[Tag, BootstrapLoop] = field(default_factory=dict[Tag, BootstrapLoop])
    estimators: dict[Tag, EstimatorUse] = field(default_factory=dict[Tag, EstimatorUse])
    optimisers: dict[Tag, OptimiserCall] = field(default_factory=dict[Tag, OptimiserCall])
    unresolved: dict[Unresolved, None] = field(default_factory=dict[Unresolved, None])
    fitted: set[Tag] = field(default_factory=set[Tag])
    tuned: set[Tag] = field(default_factory=set[Tag])
    written: set[Tag] = field(default_factory=set[Tag])
    tabled: set[Tag] = field(default_factory=set[Tag])

    def unclear(self, file: str, line: int, what: str) -> None:
        """Note that something could not be settled."""
        if len(self.unresolved) < 500:
            self.unresolved[Unresolved(file, line, what[:300])] = None

    def whole(self, value: Value, what: str, at: Tag) -> int | None:
        """Return a value as a whole number; what is none, or may be several, is noted as unresolved."""
        number = self.number(value, what, at)
        return None if number is None else int(number)

    def number(self, value: Value, what: str, at: Tag) -> int | float | None:
        """Return a value as a number; what is none, or may be several, is noted as unresolved."""
        number = number_of(value)
        if number is None or not abs(number) <= 1e18:  # NaN is not below it either
            if not (isinstance(value, Unknown) and value.why == CHOSEN):
                self.unclear(at[1], at[2], f"{what}: {in_words(value)}")
            return None
        for kind, name, _, _ in sorted(value.tags):
            if kind == "env":
                said = f"{what}: {number:g} is the default of the environment variable {name}"
                self.unclear(at[1], at[2], said)
        return number

    def sampler(self, at: Tag, fact: SamplerCall) -> None:
        """Keep a sampler."""
        _keep(self.samplers, at, fact)

    def search(self, at: Tag, fact: SearchCall) -> None:
        """Keep a search."""
        _keep(self.searches, at, fact)

    def estimator(self, at: Tag, name: str) -> None:
        """Keep an estimator."""
        _keep(self.estimators, at, EstimatorUse(name=name, file=at[1], line=at[2]))

    def optimiser(self, at: Tag, name: str) -> None:
        """Keep an optimiser."""
        _keep(self.optimisers, at, OptimiserCall(name=name, file=at[1], line=at[2]))

    def loop(self, fact: EpochLoop) -> None:
        """Keep a loop of training steps."""
        at = place("loop", fact.file, fact.line)
        _keep(self.loops, at, dataclasses.replace(fact, again=at in self.loops))

    def bootstrap(self, fact: BootstrapLoop) -> None:
        """Keep a loop of resampling."""
        _keep(self.bootstraps, place("bootstrap", fact.file, fact.line), fact)

    def fit(self, tags: Iterable[Tag], tuned: bool = False) -> None:
        """Note that what was made at these places is fitted."""
        tags = set(tags)
        self.fitted |= tags
        if tuned:
            self.tuned |= tags

    def finished_estimators(self, forbidden: frozenset[str]) -> tuple[EstimatorUse, ...]:
        """Return the estimators with what became of them."""
        return tuple(
            dataclasses.replace(
                one,
                forbidden=one.name in forbidden,
                fitted=at in self.fitted,
                used_for_results=at in self.written and at in self.fitted,
                tuned=at in self.tuned,
            )
            for at, one in sorted(self.estimators.items())
        )

    def finished_samplers(self) -> tuple[SamplerCall, ...]:
        """Return the samplers with what became of their draws."""
        return tuple(
            dataclasses.replace(one, used_for_results=at in self.written, in_a_table=at in self.tabled)
            for at, one in sorted(self.samplers.items())
        )

    def finished_searches(self) -> tuple[SearchCall, ...]:
        """Return the searches with whether they were run."""
        return tuple(
            dataclasses.replace(one, fitted=one.fitted or at in self.fitted)
            for at, one in sorted(self.searches.items())
        )

    def mark_written(self, tags: Tags, *, as_table: bool) -> None:
        """Note that what carries these tags is written to a file."""
        self.written |= tags
        if as_table:
            self.tabled |= tags


def _keep(facts: dict[Tag, _Fact], at: Tag, fact: _Fact) -> None:
    before = facts.get(at)
    facts[at] = fact if before is None else _merged(before, fact)


def _merged(one: _Fact, other: _Fact) -> _Fact:
    """Return what holds of both; a number that differs is unknown."""
    changed: dict[str, object] = {}
    for each in dataclasses.fields(one):
        first, second = getattr(one, each.name), getattr(other, each.name)
        if first != second and each.name not in {"file", "line"}:
            changed[each.name] = (first or second) if isinstance(first, bool) else None
    changed = {
        name: value for name, value in changed.items() if value is not None or name not in {"library", "kind", "name"}
    }
    return dataclasses.replace(one, **changed)
