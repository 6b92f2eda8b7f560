"""Columns of a table that hold, group by group, the mean of another one over all of its rows."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

from typing import Any

from .state import can_afford, numpy

_LEAST_ROWS, _MOST_ROWS = 40, 200_000
_MOST_COLUMNS = 100
_LEAST_GROUPS = 3
_ROUNDED = 0.002
"""By which share of its deviation a mean may be off: it may have been rounded."""


def encoded(tables: Any) -> dict[str, Any]:
    """Return which column of what is split is the mean of another one over all rows of its group, in all groups.

    The groups are those of equal values, so the column that named them need not be there. What holds such a column
    before a split knows of the rows that are held out.

    :param tables: tables, arrays and lists with the same rows; a single one may be the target.
    """
    np = numpy()
    if np is None or not can_afford():
        return {}
    try:
        columns = [each for table in tables for each in _columns(np, table)][:_MOST_COLUMNS]
        rows = {len(values) for _, values in columns}
        if len(rows) != 1 or not _LEAST_ROWS <= rows.pop() <= _MOST_ROWS:
            return {}
        return _found(np, columns)
    except Exception:  # a table of a kind that nobody knows
        return {}


def _columns(np: Any, table: Any) -> Any:
    if hasattr(table, "columns") and hasattr(table, "dtypes"):
        for name, kind in zip(table.columns, table.dtypes, strict=True):
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
    means = [values.mean() for _, values in columns]
    spreads = [values.std() for _, values in columns]
    for target, (of, outcomes) in enumerate(columns):
        close = _ROUNDED * spreads[target]
        for one, (name, values) in enumerate(columns):
            narrower = one != target and 0 < spreads[one] < (1 - _ROUNDED) * spreads[target]
            if narrower and abs(means[one] - means[target]) <= close and (n := _groups(np, values, outcomes, close)):
                return {"encoded": {"name": name, "of": of, "groups": n}}
    return {}


def _groups(np: Any, values: Any, outcomes: Any, close: float) -> int:
    """Return how many groups of equal values there are whose outcomes have that mean; 0 where not all."""
    order = np.argsort(values, kind="stable")
    ordered, sums = values[order], outcomes[order]
    begins = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    sizes = np.diff(np.append(begins, len(ordered)))
    if not _LEAST_GROUPS <= len(begins) <= len(ordered) // 2:
        return 0
    off = np.abs(np.add.reduceat(sums, begins) / sizes - ordered[begins])
    return len(begins) if off.max() <= close else 0
