"""Which ingredients one program has and another has not, as changes that somebody can approve by name. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from . import choices, computes, neutral
from .change import Change, Kind
from .ingredient_values import Ingredient
from .ingredients import ingredients
from .misspelled import spelled
from .names import BUILTINS, Names
from .program import Program, Unit

_ROWS = neutral.words_of("head tail sample iloc nrows dropna query slice read_csv")
_ONCE = frozenset({"word", "file"})
"""Sorts of which it counts that they occur, not how often."""
_SIGNS = {
    "Add": "+",
    "Sub": "-",
    "Mult": "*",
    "Div": "/",
    "FloorDiv": "//",
    "Mod": "%",
    "Pow": "**",
    "MatMult": "@",
    "Lt": "<",
    "LtE": "<=",
    "Gt": ">",
    "GtE": ">=",
    "Eq": "==",
    "NotEq": "!=",
    "In": "in",
    "NotIn": "not in",
    "And": "and",
    "Or": "or",
    "Not": "not",
    "USub": "minus",
    "slice": "[:]",
    "if": "a condition",
    "loop": "a loop",
}
_WORDS = re.compile(rb"[A-Za-z_]\w*|\d[\w.]*")


@dataclass(frozen=True, slots=True)
class _Apart:
    """What only the earlier and what only the later program has.

    :ivar phased: sorts, values and names of what depends on the phase, in either.
    """

    lost: Sequence[Ingredient]
    gained: Sequence[Ingredient]
    was: Names
    now: Names
    phased: frozenset[tuple[str, str, str]]

    def of(self, *sorts: str) -> tuple[list[Ingredient], list[Ingredient]]:
        """Return both for some sorts."""
        return [one for one in self.lost if one.sort in sorts], [one for one in self.gained if one.sort in sorts]

    def place(self, *some: Ingredient | None) -> Ingredient:
        """Return where a change stands: what depends on the phase first, then what is there now."""
        there = [one for one in some if one is not None]
        return next((one for one in there if self._depends(one)), there[-1] if some[-1] is not None else there[0])

    def _depends(self, one: Ingredient) -> bool:
        return one.phased or (one.sort, one.value, one.name) in self.phased

    def change(self, kind: Kind, name: str, pair: tuple[str, str], at: Ingredient, lowered: bool = False) -> Change:
        """Return a change from one word to another at a place."""
        return Change(
            kind=kind,
            name=name,
            before=pair[0],
            after=pair[1],
            file=at.file,
            line=at.line,
            lowered=lowered,
            full_only=self._depends(at),
        )


def ingredient_changes(before: Program, after: Program, broken: frozenset[str]) -> list[Change]:
    """Return the ingredients that one program has and the other has not."""
    try:
        (old, was), (new, now) = ingredients(spelled(before, broken)), ingredients(after)
    except RecursionError:
        deep = "nested too deeply to be compared"
        return [Change(kind="structure", name="text", before="", after=deep, file=after.script, line=1, full_only=True)]
    unread = [one for one in _pairs(before, after) if any(each is not None and each.tree is None for each in one)]
    paths = {each.path for one in unread for each in one if each is not None}
    old, new = ([one for one in every if one.file not in paths] for every in (old, new))
    lost, gained = _without_mended(list(_more(old, new)), list(_more(new, old)), _mender(was, now, broken))
    phased = frozenset((one.sort, one.value, one.name) for one in (*old, *new) if one.phased)
    apart = _Apart(lost, gained, was, now, phased)
    found = [*_numbers(apart, old, new), *_others(apart), *_swapped(apart, old, new)]
    found += [*_words(apart), *_given(apart), *_choices(apart)]
    return [*found, *(one for pair in unread for one in _by_words(*pair)), *_imports(was, now, before, after)]


def _pairs(before: Program, after: Program) -> list[tuple[Unit | None, Unit | None]]:
    old, new = ({one.path: one for one in program.units} for program in (before, after))
    return [(old.get(path), new.get(path)) for path in sorted({*old, *new})]


def _more(some: Sequence[Ingredient], others: Sequence[Ingredient]) -> Iterator[Ingredient]:
    left = Counter((one.sort, one.value) for one in others)
    named = {(one.sort, one.value, one.name) for one in others}
    for one in sorted(some, key=lambda each: (each.sort, each.value, each.name) not in named):
        key = (one.sort, one.value)
        if one.sort in _ONCE:
            if key not in left:
                left[key] = 1
                yield one
        elif left[key] > 0:
            left[key] -= 1
        else:
            yield one


def _mender(was: Names, now: Names, broken: frozenset[str]) -> Callable[[str, str], bool]:
    """Return whether one name may take the place of another: the program's own was renamed, or a call was repaired."""
    gone, come = {*was.bound} - {*now.bound}, {*now.bound} - {*was.bound}

    def same(old: str, new: str) -> bool:
        return (old in gone and new in come) or neutral.mended(old, new, broken)

    return same


def _without_mended(
    lost: list[Ingredient], gained: list[Ingredient], same: Callable[[str, str], bool]
) -> tuple[list[Ingredient], list[Ingredient]]:
    waiting = list(gained)
    kept: list[Ingredient] = []
    for one in lost:
        fit = next((each for each in waiting if _is_mended(one, each, same)), None)
        if fit is None:
            kept.append(one)
        else:
            waiting.remove(fit)
    return kept, waiting


def _is_mended(one: Ingredient, other: Ingredient, same: Callable[[str, str], bool]) -> bool:
    """Whether one takes the place of the other by another name, or as the same condition turned round."""
    if one.sort != other.sort:
        return False
    turned = one.sort == "operation" and one.order == other.order != ()
    return turned or (one.sort in {"call", "word"} and same(one.value, other.value))


def _numbers(apart: _Apart, old: Sequence[Ingredient], new: Sequence[Ingredient]) -> Iterator[Change]:
    """Pair numbers of one name, then in their order. One that is only written once more or less is no change."""
    fewer, more = apart.of("number")
    values = [{one.value for one in every if one.sort == "number"} for every in (old, new)]
    if not more:
        fewer = [one for one in fewer if one.value not in values[1]]
    if not fewer:
        named = {(one.value, one.name) for one in old if one.sort == "number"}
        more = [one for one in more if (one.value, one.name) not in named]
    for was, now in _paired(fewer, more):
        at = apart.place(was, now)
        pair = was.value if was else "", now.value if now else ""
        kind: Kind = "feature" if _is_of_data(at.name) else "parameter"
        yield apart.change(kind, (was or at).name or "number", pair, at, _lowered(*pair))


def _paired(
    lost: Sequence[Ingredient], gained: Sequence[Ingredient]
) -> Iterator[tuple[Ingredient | None, Ingredient | None]]:
    waiting = list(gained)
    alone: list[Ingredient] = []
    for one in lost:
        fit = next((each for each in waiting if each.name == one.name), None)
        if fit is None:
            alone.append(one)
        else:
            waiting.remove(fit)
            yield one, fit
    yield from zip_longest(alone, waiting)


def _others(apart: _Apart) -> Iterator[Change]:
    for sort in ("call", "operation", "control"):
        for one, other in _paired(*apart.of(sort)):
            at = apart.place(one, other)
            kind: Kind = "feature" if sort == "call" and at.name in _ROWS else "structure"
            yield apart.change(kind, at.name or sort, (_shown(one), _shown(other)), at)


def _swapped(apart: _Apart, old: Sequence[Ingredient], new: Sequence[Ingredient]) -> Iterator[Change]:
    """Yield comparisons whose sides stand in each other's place under the same sign."""
    left = Counter(one.order for one in old if one.order) - Counter(one.order for one in new if one.order)
    for one in (each for each in new if each.order and each not in apart.gained):
        sign, smaller, larger = one.order
        if left[was := (sign, larger, smaller)] > 0:
            left[was] -= 1
            shown = f"{larger} {_SIGNS[sign]} {smaller}", f"{smaller} {_SIGNS[sign]} {larger}"
            yield apart.change("structure", "condition", shown, one)


def _shown(one: Ingredient | None) -> str:
    if one is None:
        return ""
    return f"{one.value}(…)" if one.sort == "call" else _SIGNS.get(one.value, one.value)


def _words(apart: _Apart) -> Iterator[Change]:
    """Group words by what they stand in: `FEATURES height, weight -> nothing`."""
    every = apart.of("word", "feature", "file")
    for name in dict.fromkeys(one.name for one in (*every[1], *every[0])):
        pair = [[one for one in some if one.name == name] for some in every]
        said = [", ".join(one.value for one in some) for some in pair]
        kind: Kind = "feature" if _is_of_data(name) else "structure"
        fewer = kind == "feature" and len(pair[1]) < len(pair[0])
        at = apart.place(*pair[1], *pair[0])
        yield apart.change(kind, name or "text", (said[0], said[1]), at, fewer)


def _given(apart: _Apart) -> Iterator[Change]:
    """What is handed to a call, where both programs have the one name and the other."""
    lost, gained = apart.of("argument")
    for one in lost:
        place, _, name = one.value.rpartition(" ")
        for other in gained:
            again, _, given = other.value.rpartition(" ")
            handed = given in apart.now.parameters and given not in apart.was.parameters
            if again == place and name in apart.now.bound and given in apart.was.bound and not handed:
                yield apart.change("structure", place, (name, given), other)


def _choices(apart: _Apart) -> Iterator[Change]:
    """Yield what the phase gives to the same name otherwise, where its figures are only in each other's place."""
    lost, gained = apart.of("choice")
    gone, come = ({one.value for one in every if one.sort != "choice"} for every in (apart.lost, apart.gained))
    for was, now in _paired(lost, gained):
        if was is None or now is None or was.name != now.name:
            continue
        old, new = (one.value.split(choices.SIGN, 2) for one in (was, now))
        if not (choices.words(old[2]) & gone or choices.words(new[2]) & come):
            pair = old[2], new[2]
            yield apart.change("parameter", " ".join((was.name, new[1])).strip(), pair, now, _lowered(*pair))
    yield from _renamed_choices(apart, lost, gained)


def _renamed_choices(apart: _Apart, lost: Sequence[Ingredient], gained: Sequence[Ingredient]) -> Iterator[Change]:
    """Yield what the phase gives to a name that took another's place, where its figures changed places with it."""
    gone = _by_name(one for one in lost if one.name not in apart.now.bound)
    come = _by_name(one for one in gained if one.name not in apart.was.bound)
    for name, arms in come.items():
        if arms in gone.values():
            continue
        old = next((one for one in gone.items() if sorted(one[1].values()) == sorted(arms.values())), None)
        if old is not None:
            at = next(one for one in gained if one.name == name)
            pair = ", ".join(old[1].values()), ", ".join(arms.values())
            yield apart.change("parameter", f"{old[0]}, now {name}", pair, at)


def _by_name(some: Iterable[Ingredient]) -> dict[str, dict[str, str]]:
    """Return by name which arm gets which figures."""
    found: dict[str, dict[str, str]] = {}
    for one in some:
        _, arm, said = one.value.split(choices.SIGN, 2)
        found.setdefault(one.name, {})[arm] = said
    return found


def _lowered(before: str, after: str) -> bool:
    try:
        return float(after) < float(before)
    except ValueError:
        return False


def _is_of_data(name: str) -> bool:
    return bool(neutral.OF_FEATURES.search(name)) or name in _ROWS


def _by_words(old: Unit | None, new: Unit | None) -> Iterator[Change]:
    """Compare files of which one does not parse: which words and numbers they hold."""
    counts = [Counter(_WORDS.findall(one.source if one else b"")) for one in (old, new)]
    said = [b", ".join(sorted((counts[n] - counts[1 - n]).elements())).decode("utf-8", "replace") for n in (0, 1)]
    path = new.path if new is not None else old.path if old is not None else ""
    if said[0] or said[1]:
        yield Change(kind="structure", name="text", before=said[0], after=said[1], file=path, line=1, full_only=True)


def _imports(was: Names, now: Names, before: Program, after: Program) -> Iterator[Change]:
    """Imports that make a name stand for something else than before."""
    lines = {bound: path for path, bound in now.imports}
    for bound, targets in now.imported.items():
        known = was.imported.get(bound, set())
        own = [one for one in targets - known if _is_own(one, after)]
        other = [one for one in targets - known if one not in own]
        taken = bound in BUILTINS or bound in neutral.QUIET or (bound in was.loaded and bound not in was.bound)
        wrong = own if taken or any(not (_is_own(one, before) or _is_own(one, after)) for one in known) else []
        other_library = [one for one in other if one.partition(".")[0] not in computes.REPORTS]
        wrong += other_library if bound in neutral.REPORTING else []
        wrong += [one for one in other if (known and not any(_moved(each, one) for each in known)) or bound in BUILTINS]
        for one in wrong:
            yield Change(
                kind="structure", name=f"import {bound}", before=", ".join(sorted(known)), after=one,
                file=lines[bound], line=1, full_only=True,
            )  # fmt: skip


def _moved(old: str, new: str) -> bool:
    """Whether an import still leads to the same thing of the same library, or of the one that took its place."""
    tops = old.partition(".")[0], new.partition(".")[0]
    same = old.rpartition(".")[2] == new.rpartition(".")[2] or neutral.mended(
        old.rpartition(".")[2], new.rpartition(".")[2], ()
    )
    return (
        (old, new) in neutral.MOVED
        or (same and (tops[0] == tops[1] or tops in neutral.MOVED))
        or new.startswith(old + ".")
    )


def _is_own(target: str, program: Program) -> bool:
    """Whether an import leads into the workspace."""
    parts = [one for one in target.split(".") if one]
    paths = {one.path for one in program.units}
    return target.startswith(".") or any(
        path == f"{parts[0]}.py" or path.endswith((f"/{parts[0]}.py", f"/{parts[0]}/__init__.py"))
        for path in paths
        if parts
    )
