"""Columns of a table that hold, group by group, the mean of another one over all of its rows."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import numbers
from itertools import islice
from typing import Any

from . import clock as time
from .state import can_afford, numpy

_LEAST_ROWS, _MOST_ROWS = 40, 200_000
_MOST_COLUMNS = 100
_MOST_CELLS = 1 << 22
_MOST_S = 0.1
"""CPU seconds of one look; what it has not come to then is not told."""
_LEAST_GROUPS = 3
_ROUNDED = 0.002
"""By which share of its deviation a mean may be off: it may have been rounded."""
_SHRUNK_GROUPS = 8
_MOVED = 0.25
"""By which share of its deviation the mean of all rows may differ where those of groups are drawn towards it."""
_FITS = 0.97
"""Share of the groups whose value is a shrunk mean: different groups may share a value."""
_FIRST, _MOST_WEIGHTS = 3, 96


def encoded(tables: Any) -> dict[str, Any]:
    """Return which column of what is split is the mean of another one over all rows of its group, in all groups.

    It may be drawn towards the mean of all rows, as if that had been found in so many more rows of each (`shrunk`).

    The groups are those of equal values, so the column that named them need not be there. What holds such a column
    before a split knows of the rows that are held out.

    :param tables: tables, arrays and lists with the same rows; a single one may be the target.
    """
    np = numpy()
    if np is None or not can_afford():
        return {}
    try:
        known = sorted(filter(_is_plain, tables), key=lambda one: len(getattr(one, "shape", (0,))))  # targets first
        rows = {len(one) for one in known}
        if len(rows) != 1 or not _LEAST_ROWS <= min(rows) <= _MOST_ROWS:
            return {}
        most = min(_MOST_COLUMNS, _MOST_CELLS // rows.pop())
        with np.errstate(all="ignore"):
            return _found(np, list(islice((each for table in known for each in _columns(np, table)), most)))
    except Exception:  # a table of a kind that nobody knows
        return {}


def _is_plain(table: Any) -> bool:
    """Whether what it holds is at hand: no file, no GPU, no list of pictures, all of which would have to be read."""
    if isinstance(table, (list, tuple)):
        row: Any = table[0] if table else []
        each: Any = row if isinstance(row, (list, tuple)) else [row]
        return 0 < len(table) * len(each) <= _MOST_CELLS and isinstance(each[0], numbers.Real)
    in_memory = hasattr(table, "ctypes") and not hasattr(table, "filename")
    return hasattr(table, "iloc") or (in_memory and len(table.shape) in (1, 2))


def _columns(np: Any, table: Any) -> Any:
    if hasattr(table, "columns") and hasattr(table, "dtypes"):
        for name, kind in zip(table.columns, table.dtypes):  # noqa: B905 (Python 3.8)
            if getattr(kind, "kind", "O") in "iuf":
                yield str(name)[:80], np.asarray(table[name], "f8")
        return
    array = np.asarray(table)
    if array.dtype.kind not in "iuf" or array.ndim not in (1, 2):
        return
    name = str(getattr(table, "name", "") or "")[:80]
    for number, values in enumerate([array] if array.ndim == 1 else array.T):
        yield name if array.ndim == 1 else str(number), values.astype("f8")


def _found(np: Any, columns: Any) -> dict[str, Any]:
    until = time.thread_time() + _MOST_S
    means = [values.mean() for _, values in columns]
    spreads = [values.std() for _, values in columns]
    for one, (name, values) in enumerate(columns):
        may_be = [
            (of, outcomes, _ROUNDED * spreads[target])
            for target, (of, outcomes) in enumerate(columns)
            if target != one and 0 < spreads[one] < (1 - _ROUNDED) * spreads[target]
            and abs(means[one] - means[target]) <= _MOVED * spreads[target]
        ]  # fmt: skip
        groups = _groups(np, values) if may_be else None
        for of, outcomes, close in may_be:
            told = None if groups is None else _are_means(np, groups, outcomes, close, spreads[one])
            if told is not None:
                return {"encoded": {"name": name, "of": of, **told}}
            if time.thread_time() > until:
                return {}
    return {}


def _groups(np: Any, values: Any) -> tuple[Any, Any, Any] | None:
    """Return the rows by the column's values, where each value begins and which it is; None for too few or many."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    begins = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    return (order, begins, ordered[begins]) if _LEAST_GROUPS <= len(begins) <= len(ordered) // 2 else None


def _are_means(np: Any, groups: Any, outcomes: Any, close: float, spread: float) -> dict[str, Any] | None:
    order, begins, values = groups
    sizes = np.diff(np.append(begins, len(order)))
    means = np.add.reduceat(outcomes[order], begins) / sizes
    found = {"groups": len(values)}
    if np.abs(means - values).max() <= close:
        return found
    shrunk = _shrunk(np, values, means, sizes, outcomes.mean(), min(close, 10 * _ROUNDED * spread))
    return None if shrunk is None else {**found, "shrunk": shrunk}


def _shrunk(np: Any, values: Any, means: Any, sizes: Any, overall: float, close: float) -> float | None:
    """Return of how many rows the mean of all was counted into that of each group; None where it was not.

    Groups that are alike share a value, so that a value's rows are a multiple of those of one group.
    """
    away = np.abs(values - overall) > close
    if away.sum() < _SHRUNK_GROUPS:
        return None
    values, means, sizes = values[away], means[away], sizes[away]
    ratios = (overall - values) / np.where(values == means, np.nan, values - means)  # rows of a group, by the weight
    if np.mean(ratios > 0) < _FITS:
        return None
    least = np.argsort(np.where(ratios > 0, ratios, np.inf))[:_FIRST]
    weights = [count / ratios[one] for one in least for count in _divisors(np, sizes[one])][:_MOST_WEIGHTS]
    known = (values, means, sizes, overall, close)
    return next((float(weight) for weight in weights if _explains(np, ratios, weight, known)), None)


def _divisors(np: Any, size: Any) -> Any:
    every = np.arange(1, int(size) + 1)
    return every[size % every == 0][::-1]


def _explains(np: Any, ratios: Any, weight: float, known: Any) -> bool:
    values, means, sizes, overall, close = known
    rows = np.rint(weight * ratios)
    told = (rows * means + weight * overall) / (rows + weight)
    fits = (rows >= 1) & (sizes % np.where(rows >= 1, rows, 1) == 0) & (np.abs(told - values) <= close)
    return bool(fits.mean() >= _FITS)
