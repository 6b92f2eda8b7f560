"""What a fit was shown beside its training data, and whether that could decide when it stops.

XGBoost, LightGBM, CatBoost: `eval_set`, `evals`, `valid_sets`; Keras: `validation_data`; scikit-learn: `X_val`.
"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .fingerprint import fp
from .tables import data, label, pooled

_SETS = ("eval_set", "eval_X", "evals", "valid_sets", "validation_data", "X_val", "test_set")
_STOPS = ("early_stopping_rounds", "early_stopping_round", "early_stopping", "n_iter_no_change", "od_wait")
_CALLBACKS = ("EarlyStopping", "early_stopping", "ModelCheckpoint")
_MOST = 3


def watched(given: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """Return fingerprints of the tables that were watched, and what may have stopped the fit by them; nothing of none.

    :param given: the arguments of the fit by their names.
    :param params: those of the estimator.
    """
    try:
        every = {name.rpartition("__")[2]: value for name, value in given.items() if value is not None}
        tables = [table for name in _SETS if name in every for table in _tables(name, every[name])][-_MOST:]
        if not tables:
            return {}
        told = [_told(one) for one in tables]
        return {"watched": [one for one in told if one is not None], "stops": _stops(every, params)}
    except Exception:
        return {}


def _told(table: Any) -> Any:
    """Return what is told of one table; of a booster's data set its target too: its columns may not be told."""
    return {**pooled(table), "label": fp(label(table))} if hasattr(table, "get_label") else data(table)


def _tables(name: str, value: Any) -> Iterator[Any]:
    """Yield the tables of one argument: a table, a data set, a pair of table and target, or a list of these."""
    if name == "X_val" or not isinstance(value, (list, tuple)):
        yield getattr(value, "data", value) if hasattr(value, "construct") else value
        return
    pair = name == "eval_set" and bool(value) and not isinstance(value[0], (list, tuple))
    if name in ("validation_data", "test_set") or (pair and not hasattr(value[0], "get_label")):
        yield value[0]
        return
    for one in value:
        yield from _tables("", one[0] if isinstance(one, (list, tuple)) else one)


def _stops(every: dict[str, Any], params: dict[str, Any]) -> str:
    """Return the name of what stops the fit by what is watched, or chooses its state; empty where nothing does."""
    asked = [name for name in _STOPS for where in (every, params) if where.get(name) not in (None, False, 0, "auto")]
    called = [type(one).__name__ for one in every.get("callbacks") or () if _is_of(one)]
    best = ["use_best_model"] if "eval_set" in every and every.get("use_best_model") is True else []
    return next(iter([*asked, *called, *best]), "")


def _is_of(callback: Any) -> bool:
    name = f"{type(callback).__name__} {getattr(callback, '__qualname__', '')}"
    best = "ModelCheckpoint" not in name or getattr(callback, "save_best_only", False)
    return best and any(each.lower() in name.lower() for each in _CALLBACKS)
