"""The data that something is fitted to, as it is told: tables, and the data sets of boosting libraries."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import math
import re
from typing import Any

from .fingerprint import MOST_NUMBERS, MOST_VALUES, as_array, flat64, fp, quick
from .state import can_afford, numpy
from .windows import own_window_in_groups

_MOST_COPIED = 1 << 21
_MOST_INDEXED = 200_000
_MOST_TIMES = 4
_TIME = re.compile(
    r"(?:calendar_|time_)?(?:week|date|year|month|day|time(?:stamp)?|t|trend|period|quarter|step)"
    r"(?:_?(?:no|nr|num|number|index|idx|id))?",
    re.IGNORECASE,
)
_MOST_COMPARED, _LEAST_COMPARED = 2000, 20
_MOST_COLUMNS = 500
_ALIKE = 0.999
_MOST_AHEAD = 3
_NEARLY_ALL = 0.98
_MOSTLY_STILL = 0.5
_LEAST_VALUES = 10
_LEAST_DISTINCT = 12
"""Of fewer different values it is no wonder that each occurs an even number of times."""


def data(value: Any, *, rows: bool = False) -> Any:
    """Return a fingerprint of training data; where that is too dear, at least what tells it from others."""
    found = fp(value, rows=rows)
    if found is not None and found.get("skipped") == "budget":
        found["quick"] = f"{quick(value) & (2**64 - 1):016x}"
    return found if found is None or not rows or "sha" not in found else {**found, **_index(value), **_times(value)}


def _times(table: Any, names: Any = None, columns: Any = None) -> dict[str, Any]:
    """Return from where to where the columns go that are called times: the last rows lie beyond the others in them.

    :param names: of the columns of `columns`, where these are no table of pandas.
    """
    np, names = numpy(), getattr(table, "columns", None) if names is None else names
    if np is None or names is None:
        return {}
    found: dict[str, list[float]] = {}
    for at, name in enumerate(list(names)[:_MOST_COLUMNS]):
        if _TIME.fullmatch(str(name)) and len(found) < _MOST_TIMES:
            try:
                values = columns[:, at] if columns is not None else table[name].to_numpy()
                values = np.asarray(values.astype("i8") if values.dtype.kind == "M" else values, "f8")
                found[str(name)[:80]] = [float(values.min()), float(values.max())]
            except Exception:
                continue
    return {"times": found} if found else {}


def _index(table: Any) -> dict[str, Any]:
    """Return from where to where the index of a table goes, and how its rows lie in it: in how many runs, how apart.

    Rows that were drawn lie in many runs, by gaps that differ; the last ones of each group in one run a group.
    """
    np = numpy()
    index: Any = getattr(table, "index", None)
    kind = getattr(getattr(index, "dtype", None), "kind", "")
    if np is None or kind not in "iufM" or not hasattr(table, "iloc") or not 1 < len(index) <= _MOST_INDEXED:
        return {}
    try:
        values = np.sort(np.asarray(index.asi8 if kind == "M" else index, "f8"))
        gaps = np.diff(values)
        ends = {"least": float(values[0]), "most": float(values[-1]), "kind": "time" if kind == "M" else "number"}
        return {"index": {**ends, "runs": int((gaps > 1).sum()) + 1, "gaps": int(np.unique(gaps).size)}}
    except Exception:
        return {}


def weights(given: Any) -> dict[str, str]:
    """Return what tells the weights of the rows from others, where a fit was given any: a bootstrap may be one."""
    told = [f"{quick(value) & (2**64 - 1):016x}" for name, value in given.items() if _weighs(name, value)]
    return {"weights": " ".join(told)} if told else {}


def _weighs(name: str, value: Any) -> bool:
    shape = getattr(value, "shape", None)  # a sparse table has no length, nor has an array of one number
    size = shape[0] if shape else len(value) if isinstance(value, (list, tuple)) else 0
    return "weight" in name and isinstance(size, int) and size > 1


def weight(pool: Any) -> Any:
    """Return the weights that a data set of a booster holds, None where it has none."""
    try:
        return pool.get_weight()
    except Exception:
        return None


def outcome(value: Any, *, always: bool = False) -> Any:
    """Return a fingerprint of what a model is to explain, and whether all of it is there several times."""
    found = fp(value, always=True) if always else data(value)
    return found if found is None or "skipped" in found else {**found, **_repeats(value), **_last(value)}


def _last(value: Any) -> dict[str, Any]:
    """Return the last values of one long row: of a series these come after what is trained on."""
    np = numpy()
    try:
        array = as_array(np, value)
        if array.dtype.kind not in "fiu" or array.size <= MOST_VALUES or array.size != max(array.shape):
            return {}
        told = array.reshape(-1)[-MOST_VALUES:].tolist()
        return {"last": [float(each) if math.isfinite(each) else None for each in told]}
    except Exception:
        return {}


def _repeats(value: Any) -> dict[str, int]:
    """Return of how many copies an array consists: each of its values occurs so often, or a multiple of it."""
    np = numpy()
    if np is None:
        return {}
    try:
        array = as_array(np, value)
        if array.dtype.kind not in "fiu" or not 2 * _LEAST_DISTINCT <= array.size <= MOST_NUMBERS:
            return {}
        flat = flat64(np, array)
        flat = np.sort(flat[np.isfinite(flat)])
        begins = np.flatnonzero(np.append(True, flat[1:] != flat[:-1]))
        copies = int(np.gcd.reduce(np.diff(np.append(begins, flat.size))))
        return {"repeats": copies} if copies > 1 and begins.size >= _LEAST_DISTINCT else {}
    except Exception:
        return {}


def told_data(x: Any, y: Any) -> dict[str, Any]:
    """Return what is told of the data of a fit; a booster's data set holds both, and its label is the target."""
    if hasattr(x, "get_label") and not hasattr(x, "dtype"):
        return {"x": pooled(x), "y": fp(label(x), rows=True), **weights({"weight": weight(x)})}
    return {"x": data(x, rows=True), "y": data(y, rows=True), **leaks(x, y)}


def leaks(x: Any, y: Any) -> dict[str, Any]:
    """Return which column of a table goes with the target as if it were it, is a later row's, or a window of it."""
    np = numpy()
    if np is None or y is None or not can_afford() or len(getattr(x, "shape", ())) != 2:
        return {}
    try:
        count = min(len(x), _MOST_COMPARED)
        table, target = (np.asarray(each[:count], "f8") for each in (x, y))
        if target.ndim != 1 or count < _LEAST_COMPARED or table.shape[1] > _MOST_COLUMNS:
            return {}
        names = getattr(x, "columns", None)
        return {
            **_named("nearest", _nearest(np, table, target), names),
            **_named("ahead", _in_order(_ahead(np, table, target), x), names),
            **_named("window", own_window_in_groups(np, table, target), names),
        }
    except Exception:
        return {}


def _named(key: str, told: dict[str, Any], names: Any) -> dict[str, Any]:
    if not told:
        return {}
    return {key: {**told, "name": str(names[told["column"]])[:80]} if names is not None else told}


def _nearest(np: Any, table: Any, target: Any) -> dict[str, Any]:
    """Return which column goes most with the target, where they go together as if they were one."""
    with np.errstate(all="ignore"):
        table, target = table - table.mean(0), target - target.mean()
        alike = np.abs(table.T @ target) / np.sqrt((table**2).sum(0) * (target**2).sum())
        best = int(np.nanargmax(alike))
    return {"column": best, "correlation": round(float(alike[best]), 7)} if alike[best] > _ALIKE else {}


def _ahead(np: Any, table: Any, target: Any) -> dict[str, Any]:
    """Return which column holds, row by row, the target of a later row; of rows in another order none does."""
    if len(np.unique(target)) < _LEAST_VALUES:
        return {}
    for by in range(1, _MOST_AHEAD + 1):
        share = (table[:-by] == target[by:, None]).mean(0)
        still = (target[:-by] == target[by:]).mean()
        best = int(np.argmax(share))
        if share[best] >= _NEARLY_ALL and still < _MOSTLY_STILL:
            return {"column": best, "rows": by}
    return {}


def _in_order(told: dict[str, Any], table: Any) -> dict[str, Any]:
    """Add that the rows are numbered or dated backwards: then the rows that come later are the earlier ones."""
    backwards = getattr(getattr(table, "index", None), "is_monotonic_decreasing", False)
    return {**told, "newest_first": True} if told and backwards is True else told


def pooled(pool: Any) -> dict[str, Any]:
    """Return what a data set of a booster says of itself; its numbers may be binned, and the table may be gone."""
    table = getattr(pool, "data", None)
    found = data(table, rows=True) if table is not None and hasattr(table, "shape") else None
    if found is not None:
        return found
    for rows, columns in (("num_row", "num_col"), ("num_data", "num_feature")):
        if hasattr(pool, rows):
            try:
                size = [int(getattr(pool, rows)()), int(getattr(pool, columns)())]
            except Exception:
                continue
            return _features(pool, size) or {"shape": size, "skipped": "error"}
    return {"shape": [], "skipped": "error"}


def _features(pool: Any, size: list[int]) -> dict[str, Any] | None:
    """Return a fingerprint of what CatBoost's or XGBoost's data set still holds; it copies them to give them."""
    # LightGBM's gives too, and changes its data set by that; XGBoost's quantised one gives other numbers than it got.
    quantised = "Quantile" in type(pool).__name__
    own = getattr(pool, "get_data", None) if hasattr(pool, "num_row") and not quantised else None
    give = getattr(pool, "get_features", None) or own
    if give is None or size[0] * size[1] > _MOST_COPIED or not can_afford():
        return None
    try:
        table = give()
        table = _filled(table) if hasattr(table, "tocsr") else table
        return {**(fp(table, rows=True) or {}), **_times(None, getattr(pool, "feature_names", None), table)}
    except Exception:  # binned, or with columns of text
        return None


def _filled(table: Any) -> Any:
    """Return XGBoost's rows as a table: what is not kept was missing, and no zero."""
    rows, np = table.tocsr(), numpy()
    full = np.full(rows.shape, np.nan, rows.dtype)
    full[np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)), rows.indices] = rows.data
    return full


def label(pool: Any) -> Any:
    """Return the target that a data set of a booster holds, None where it has none."""
    try:
        return pool.get_label()
    except Exception:
        return None


def distinct_folds(cv: Any) -> dict[str, int]:
    """Return how many different parts are tested, where the folds are given as a list of pairs of rows."""
    if not isinstance(cv, (list, tuple)) or not cv:
        return {}
    try:
        return {"distinct_folds": len({quick(test) for _, test in cv})}
    except Exception:
        return {}
