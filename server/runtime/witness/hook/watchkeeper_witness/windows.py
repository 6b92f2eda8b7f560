"""Columns of a table that hold the mean, or the sum, of the target in a window which has the row's own target in it."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

from typing import Any

_WIDTHS = (*range(2, 31), 60, 90, 365)
_PROBED = 8
"""So many rows next to each other, in the middle, are looked at in all columns; what fits there is looked at whole."""
_LEAST_ROWS = 40
_LEAST_VALUES = 10
_NEARLY_ALL = 0.9
"""Windows of a group's rows do not fit where the next group begins."""
_CLOSE = 1e-6
_MOST_GROUPINGS, _MOST_GROUPS, _PEEKED = 3, 20, 500


def own_window(np: Any, table: Any, target: Any) -> dict[str, Any]:
    """Return which column is a window's mean or sum of the target, row by row, where the row itself is in the window.

    The window ends with the row, begins with it, or has it in the middle. What earlier rows tell as well, as of a
    straight line or of what repeats itself, is no such column; of rows in another order none is.

    :param table: the columns as they are fitted, finite or not; `target`: one number a row.
    """
    count = len(target)
    if count < _LEAST_ROWS or len(np.unique(target)) < _LEAST_VALUES:
        return {}
    centre = target.mean()
    sums = np.concatenate([[0.0], np.cumsum(target - centre)])
    windows = [
        (width, before, of)
        for width in _WIDTHS
        if 2 * (width + _PROBED) <= count
        for before in sorted({width - 1, width // 2, 0})
        for of in ("mean", "sum")
    ]
    widths, befores = (np.array([one[place] for one in windows])[:, None] for place in (0, 1))
    times = np.array([one[0] if one[2] == "sum" else 1 for one in windows])[:, None]
    rows = np.arange(count // 2, count // 2 + _PROBED)
    begins = rows[None, :] - befores
    told = ((sums[begins + widths] - sums[begins]) / widths + centre) * times
    close = _CLOSE * (abs(centre) + target.std())
    fits = (np.abs(told[:, None, :] - table[rows].T[None]) <= close * times[:, :, None]).all(2)
    for which, column in np.argwhere(fits):
        width, before, of = windows[which]
        values = table[:, column] / (width if of == "sum" else 1)
        means = (sums[width:] - sums[:-width]) / width + centre
        if _share(np, values, means, before, close) < _NEARLY_ALL or _is_known(np, values, target, means, close):
            continue
        return {"column": int(column), "of": of, "rows": width, "later": width - 1 - before}
    return {}


def own_window_in_groups(np: Any, table: Any, target: Any) -> dict[str, Any]:
    """Return the same of rows in time order, or of those of each group of a panel: by station, shop or patient.

    A panel has its groups' rows side by side at each time; a column of few values tells them apart.
    """
    found = own_window(np, table, target)
    if found:
        return found
    for column in [one for one in range(table.shape[1]) if _tells_groups(np, table[:, one])][:_MOST_GROUPINGS]:
        together = np.argsort(table[:, column], kind="stable")
        found = own_window(np, table[together], target[together])
        if found:
            return {**found, "by": column}
    return {}


def _tells_groups(np: Any, values: Any) -> bool:
    return 2 <= len(np.unique(values[:_PEEKED])) <= _MOST_GROUPS and bool(np.isfinite(values).all())


def _share(np: Any, values: Any, told: Any, by: int, close: float) -> float:
    """Return the share of rows whose value is what is told of so many rows before."""
    ours = values[by : by + len(told)]
    return float((np.abs(ours - told[: len(ours)]) <= close).mean()) if len(ours) else 0.0


def _is_known(np: Any, values: Any, target: Any, means: Any, close: float) -> bool:
    """Whether values are the target itself, or an earlier row's, or means of earlier rows alone."""
    width = len(target) - len(means) + 1
    if any(_share(np, values, target, by, close) >= _NEARLY_ALL for by in range(width + 1)):
        return True
    return any(_share(np, values, means, width - 1 + by, close) >= _NEARLY_ALL for by in range(1, width + 1))
