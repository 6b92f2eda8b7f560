"""Fits of one class at one place to data that differ: folds, bootstraps and refits as people write them. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping

from ..witness import Fit, Line
from ..witness.seen import Seen, argument
from ..witness.values import part, text

_SEED = re.compile(r"seed|random_state")
_LEAST_DRAWN = 20
_LEAST_SEARCHED = 2
"""Tables with all settings, where not all that was fitted is told."""
_MOST_ALIKE = 0.9
_LEAST_FITTED = 0.5
"""Share of the parts of all splits that should be fitted: a trial that is pruned leaves its last ones."""


def drawn_anew(seen: Seen) -> int:
    """Return how many fits there were at one place to tables of one size that all differ, whose rows were not told.

    So bootstraps of a table of mixed columns look, or those beyond the witness's budget. Folds are fewer.
    """
    places: dict[tuple[str, tuple[int, ...]], list[str]] = defaultdict(list)
    for one in seen.fits:
        if not one.is_search and one.x.shape and one.x.distinct_rows is None and (key := _key(one.line)):
            places[f"{one.name} at {one.line.where}", one.x.shape].append(key)
    counts = seen.repeated_fits()
    drawn = [
        counts[name][0]
        for (name, _), keys in places.items()
        if len(keys) >= _LEAST_DRAWN and len(set(keys)) >= _MOST_ALIKE * len(keys)
    ]
    return max(drawn, default=0)


def divisions(seen: Seen) -> list[Line]:
    """Return where a splitter began to divide rows, each time once: it asks its base class, which is told behind it."""
    told = [one for one in seen.witnessed.of("split") if text(one.facts, "call").endswith(".split")]
    before = {(line.file, line.n + 1): line.where for line in told}
    return [one for one in told if before.get((one.file, one.n)) != one.where]


def folds_of_splits(seen: Seen) -> tuple[int, str]:
    """Return the folds of `for train, test in KFold(5).split(X)` and their place; 0 where too few fits were made.

    Of several the one with most counts: a tuning inside has fewer. A splitter that is begun again in each trial needs
    fits in each. Nothing is counted where that one's fits were not seen, as of networks.
    """
    searches = Counter(one.line.where for one in seen.fits if one.is_search)  # nested: a search in each fold
    made = max([*(count for count, _ in seen.repeated_fits().values()), *searches.values()], default=0)
    lines = divisions(seen)
    begun = Counter(one.where for one in lines)
    found = [(argument(one, "n_splits"), one.where) for one in lines]
    told = [(folds, where) for folds, where in found if isinstance(folds, int) and folds > 1]
    folds, where = max(told, default=(0, ""), key=lambda one: one[0])
    enough = folds <= made and _LEAST_FITTED * folds * begun[where] <= made
    return (folds, where) if folds > 1 and enough else (0, "")


def folds_by_hand(seen: Seen) -> tuple[int, str]:
    """Return how many parts were predicted at one place by fits that were each made without them, and the place.

    So somebody leaves out each group in turn. Many bootstraps predict one part, or the rows that they were fitted to.
    """
    by_id = {(one.line.file, one.id or 0): one for one in seen.fits if not one.is_search and one.id}
    parts: dict[str, dict[str, str]] = defaultdict(dict)
    for one in seen.predictions:
        fit = by_id.get((one.line.file, one.of or 0))
        predicted = _key(one.line)
        if (
            fit is not None
            and predicted
            and _key(fit.line) not in ("", predicted)
            and _shares_none(fit, one.x.row_keys)
        ):
            parts[f"{fit.name} at {fit.line.where}"][predicted] = _key(fit.line)
    told = [(min(len(held), len(set(held.values()))), name.rpartition(" at ")[2]) for name, held in parts.items()]
    return max(told, default=(0, ""))


def folds_inside(seen: Seen) -> tuple[int, str]:
    """Return in how many folds a fit divided its rows itself, and its place: a calibration, a stack, `LassoCV`."""
    told = [(one.folds or 0, one.line.where) for one in seen.fits if not one.is_search]
    return max(told, default=(0, ""), key=lambda one: one[0])


def settings_by_hand(seen: Seen) -> tuple[int, str]:
    """Return how many settings were tried at one place, each on as many tables as any other, and the place.

    So people write a grid of their own: a loop over settings, and in it one over folds. Seeds are no settings.
    """
    tried: dict[str, Counter[str]] = defaultdict(Counter)
    tables: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    rows: dict[str, int] = {}
    for one in (each for each in seen.fits if not each.is_search):
        settings = str(sorted((name, str(value)) for name, value in one.params.items() if not _SEED.search(name)))
        name, key = f"{one.name} at {one.line.where}", _key(one.line)
        tried[name][settings] += 1
        tables[name][key].add(settings)
        rows[key] = one.x.shape[0] if one.x.shape else 0
    alike = [(len(each), name.rpartition(" at ")[2]) for name, each in tried.items() if len(set(each.values())) == 1]
    nested = ((_nested(each, rows, not seen.more_fits), name.rpartition(" at ")[2]) for name, each in tables.items())
    return max([*alike, *nested], default=(0, ""))


def _nested(tables: Mapping[str, set[str]], rows: Mapping[str, int], whole: bool) -> int:
    """Return how many settings were tried on each inner table, where the best was fitted to larger ones there too.

    :param whole: whether each fit was told with its table; of very many only the first are, and those of some after.
    """
    told = {key: tried for key, tried in tables.items() if key}
    several = {key: len(tried) for key, tried in told.items() if len(tried) > 1}
    most, largest = max(several.values(), default=0), max((rows[key] for key in several), default=0)
    counts = [*several.values()]
    if not whole or len(told) < len(tables):
        return most if counts.count(most) >= _LEAST_SEARCHED else 0
    outer = [rows[key] > largest for key in told if key not in several]
    return most if counts and len(set(counts)) == 1 and outer and all(outer) else 0


def _shares_none(fit: Fit, keys: tuple[str, ...]) -> bool:
    return not set(fit.x.row_keys) & set(keys)


def _key(line: Line) -> str:
    """Return what tells the table of a line from others: its digest, or a part of it where there was no time."""
    x = part(line.facts, "x")
    return text(x, "sha") or text(x, "quick") if x is not None else ""
