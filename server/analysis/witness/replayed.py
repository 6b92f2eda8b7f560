"""Two recordings of one script, held against each other as far as both got: is the second what the first was? Pure.

The main processes are compared in their order, place by place in the code: the second call of a line with the second
call of that line. What workers did is compared as a set, because which of them gets which work is chance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .lines import Line, Process, Witnessed
from .replayed_figures import Figure, figures, near, same
from .values import text, whole

EQUAL, NEAR, DIFFERENT, NOTHING = "equal", "equal within tolerance", "not reproducible", "not comparable"
_COMPUTES = frozenset({"begun", "drawing", "fit", "search", "predict", "sampling", "solve", "losses", "steps", "save"})
_TOLD = (*sorted(_COMPUTES), "split", "code")
_WORDS = {"begun": "sampling begun", "drawing": "beginnings of chains"}
_MOST_NAMED = 3
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What came of it.

    :ivar outcome: one of the four words above. :ivar what: in words, with places and times.
    :ivar counted: (kind, how many of them both did), of what computes.
    """

    outcome: str
    what: str
    counted: tuple[tuple[str, int], ...] = ()


@dataclass(slots=True)
class _Found:
    """What was compared so far."""

    figures: int = 0
    near: int = 0
    counted: dict[str, int] = field(default_factory=dict[str, int])
    different: list[str] = field(default_factory=list[str])


def compare(first: Witnessed, again: Witnessed) -> Comparison:
    """Return whether what was witnessed again is what was witnessed first, up to where both got."""
    if changed := changed_inputs(first, again):
        named = ", ".join(changed[:_MOST_NAMED])
        return Comparison(outcome=NOTHING, what=f"the inputs are not those of the run any more: {named}")
    found = _Found()
    for ours, theirs, ordered in _paired(first, again):
        _compare(ours, theirs, ordered, found)
    return _concluded(found)


def changed_inputs(first: Witnessed, again: Witnessed) -> tuple[str, ...]:
    """Return the files that both read before they wrote them, and that were not the same."""
    before, now = _read(first), _read(again)
    return tuple(f"{path} at {where}" for path, (sha, where) in before.items() if now.get(path, (sha, ""))[0] != sha)


def _read(witnessed: Witnessed) -> dict[str, tuple[str, str]]:
    """Return the digest of each file at its first reading, and where that was; of those that were there before."""
    found: dict[str, tuple[str, str]] = {}
    written: set[str] = set()
    for line in witnessed.lines:
        path = text(line.facts, "path")
        if line.kind in ("write", "save", "link"):
            written.add(path)
        elif line.kind in ("read", "import") and path not in written:
            found.setdefault(path, (text(line.facts, "sha256"), line.where))
    return found


def _paired(first: Witnessed, again: Witnessed) -> Iterator[tuple[Sequence[Line], Sequence[Line], bool]]:
    main, workers = _halves(first)
    main_again, workers_again = _halves(again)
    yield main, main_again, True
    yield workers, workers_again, False


def _halves(witnessed: Witnessed) -> tuple[list[Line], list[Line]]:
    """Return the lines of the first main process, and those of all others."""
    one = next((each for each in witnessed.processes if each.role == "main"), Process(file=""))
    lines = [each for each in witnessed.lines if each.kind in _TOLD and not text(each.facts, "raised")]
    return [each for each in lines if each.file == one.file], [each for each in lines if each.file != one.file]


def _compare(ours: Sequence[Line], theirs: Sequence[Line], ordered: bool, found: _Found) -> None:
    known, again = _by_place(ours), _by_place(theirs)
    for key, lines in again.items():
        if key not in known:
            if ordered:
                found.different.append(f"{_named(lines[0])} happened only when it was played again")
            continue
        pairs = zip(known[key], lines, strict=False) if ordered else _matched(known[key], lines)
        for before, now in pairs:
            _one(before, now, found)


def _by_place(lines: Sequence[Line]) -> Mapping[Key, list[Line]]:
    found: dict[Key, list[Line]] = defaultdict(list)
    for line in lines:
        found[line.kind, line.where, text(line.facts, "class") or text(line.facts, "call")].append(line)
    return found


def _matched(known: Sequence[Line], lines: Sequence[Line]) -> Iterator[tuple[Line, Line]]:
    """Pair what workers did: with the same where there is one, else with any."""
    left = list(known)
    for now in lines:
        equal = (one for one in left if all(same(a, b) for a, b in _shared(one, now)))
        if left:
            before = next(equal, left[0])
            left.remove(before)
            yield before, now


def _shared(before: Line, now: Line) -> Iterator[tuple[Figure, Figure]]:
    known = {one.name: one for one in figures(before, now)}
    return ((known[one.name], one) for one in figures(now, before) if one.name in known)


def _one(before: Line, now: Line, found: _Found) -> None:
    if now.kind in _COMPUTES:
        found.counted[now.kind] = found.counted.get(now.kind, 0) + 1
    for one, other in _shared(before, now):
        found.figures += 1
        if same(one, other):
            continue
        if near(one, other):
            found.near += 1
        elif len(found.different) < _MOST_NAMED:
            found.different.append(f"{one.name} of {_named(before)} was {one.shown}, played again {other.shown}")


def _named(line: Line) -> str:
    what = text(line.facts, "class") or text(line.facts, "call") or text(line.facts, "by")
    count = whole(line.facts, "id")
    return f"{line.kind} {what} {'' if count is None else f'{count} '}at {line.where or line.file}".replace("  ", " ")


def _concluded(found: _Found) -> Comparison:
    counted = tuple(found.counted.items())
    told = ", ".join(f"{count} {_WORDS.get(kind, kind)}" for kind, count in counted)
    if found.different:
        return Comparison(outcome=DIFFERENT, what="; ".join(found.different), counted=counted)
    if not counted or not found.figures:
        return Comparison(outcome=NOTHING, what="nothing that computes was witnessed of both by then")
    if found.near:
        what = f"{found.figures} figures of {told}; {found.near} of them differ by a thousandth at most"
        return Comparison(outcome=NEAR, what=what, counted=counted)
    return Comparison(outcome=EQUAL, what=f"{found.figures} figures of {told}, digit by digit", counted=counted)
