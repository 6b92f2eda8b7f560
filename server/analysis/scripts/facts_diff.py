"""What changed in what two programs do: samplers, loops, searches, bootstraps, estimators, optimisers."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Protocol

from .change import Change, Kind, number_words
from .program import RUNS_BEFORE, TAKES_PLACE, Program


class _Fact(Protocol):
    @property
    def file(self) -> str: ...

    @property
    def line(self) -> int: ...


_FIGURES = {
    "samplers": ("library", ("draws", "tune", "chains", "cores", "target_accept")),
    "loops": ("library", ("count",)),
    "searches": ("kind", ("cv", "candidates")),
    "bootstraps": ("", ("count",)),
}
_SHOWN = {("loops", "count"): "epochs", ("bootstraps", "count"): "bootstraps"}
_ONE = {"samplers": "sampler", "loops": "training loop", "searches": "search", "bootstraps": "bootstrap loop"}
_TIME_ONLY = frozenset({"cores"})


def fact_changes(before: Program, after: Program) -> list[Change]:
    """Return what changed in figures and in what is fitted."""
    found: list[Change] = []
    for group, (name, figures) in _FIGURES.items():
        pairs = _paired(getattr(before, group), getattr(after, group), name)
        for old, new in pairs:
            found += list(_figures(group, name, figures, old, new))
    found += _estimators(before, after)
    found += _optimisers(before, after)
    found += _unresolved(before, after)
    return found


def _paired(old: Sequence[_Fact], new: Sequence[_Fact], name: str) -> Iterator[tuple[_Fact | None, _Fact | None]]:
    """Pair what is of the same library, in the order in which it stands."""
    names = dict.fromkeys(getattr(one, name, "") for one in (*old, *new))
    if name == "library" and len(old) == len(new):
        yield from zip(old, new, strict=True)
        return
    for each in names:
        yield from zip_longest(
            [one for one in old if getattr(one, name, "") == each],
            [one for one in new if getattr(one, name, "") == each],
        )


def _figures(group: str, name: str, figures: Sequence[str], old: _Fact | None, new: _Fact | None) -> Iterator[Change]:
    if old is None or new is None:
        one = new if new is not None else old
        if one is not None:
            said = [_said(each, name, figures) if each is not None else "" for each in (old, new)]
            yield _change("structure", _ONE[group], said[0], said[1], one)
        return
    if name and getattr(old, name) != getattr(new, name):
        yield _change("estimator", _ONE[group], getattr(old, name), getattr(new, name), new)
    for figure in figures:
        first, second = getattr(old, figure), getattr(new, figure)
        if first != second:
            lowered = first is not None and second is not None and second < first
            change = _change(
                "parameter",
                _SHOWN.get((group, figure), figure),
                number_words(first),
                number_words(second),
                new,
                lowered,
            )
            yield dataclasses.replace(change, needs_approval=figure not in _TIME_ONLY)


def _said(one: _Fact, name: str, figures: Sequence[str]) -> str:
    values = ", ".join(f"{each} {number_words(getattr(one, each))}" for each in figures)
    return f"{getattr(one, name, '')} {values}".strip()


def _change(kind: Kind, name: str, before: str, after: str, at: _Fact, lowered: bool = False) -> Change:
    return Change(
        kind=kind, name=name, before=before, after=after, file=at.file, line=at.line, lowered=lowered, full_only=True
    )


def _estimators(before: Program, after: Program) -> list[Change]:
    old, new = (Counter(one.name for one in program.estimators) for program in (before, after))
    gone, added = list((old - new).elements()), list((new - old).elements())
    changes: list[Change] = []
    for first, second in zip_longest(sorted(gone), sorted(added), fillvalue=""):
        holder = after if second else before
        one = next(each for each in holder.estimators if each.name == (second or first))
        changes.append(_change("estimator", "estimator", first, second, one))
    used = {one.name for one in before.estimators if one.used_for_results}
    changes.extend(
        _change("estimator", one.name, "not written", "flows into what is written", one)
        for one in after.estimators
        if one.used_for_results and one.name not in used and one.name not in added
    )
    was_written = any(one.used_for_results for one in before.samplers)
    if was_written and after.samplers and not any(one.used_for_results for one in after.samplers):
        changes.append(_change("structure", "draws", "written", "not written", after.samplers[0]))
    return changes


def _optimisers(before: Program, after: Program) -> list[Change]:
    old, new = (Counter(one.name for one in program.optimisers) for program in (before, after))
    gone, added = sorted((old - new).elements()), sorted((new - old).elements())
    changes: list[Change] = []
    for first, second in zip_longest(gone, added, fillvalue=""):
        holder = after if second else before
        one = next(each for each in holder.optimisers if each.name == (second or first))
        changes.append(_change("estimator", "optimiser", first, second, one))
    return changes


def _unresolved(before: Program, after: Program) -> list[Change]:
    """Return what may take the place of a library and did not before; what reading cannot settle is no change."""
    known = {one.what for one in before.unresolved}
    new = [one for one in after.unresolved if one.what not in known]
    return [
        _change("structure", "unresolved", "", one.what, one)
        for one in new
        if TAKES_PLACE in one.what or RUNS_BEFORE in one.what
    ]
