"""XGBoost, LightGBM, CatBoost: `train`, `cv` and boosters. Their other classes are told by `lib_sklearn`."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import types
from typing import Any

from .calls import MARK, Call, known, replace, wrapped
from .fingerprint import fp
from .lib_sklearn import dress, subclasses, told_predict
from .objects import fitted
from .plain import arguments, plain, plain_all
from .state import next_number


def xgboost(module: Any) -> list[str]:
    """Wrap `xgboost.train`, `cv` and `Booster.predict`."""
    return _boosting(module, "xgboost")


def lightgbm(module: Any) -> list[str]:
    """Wrap `lightgbm.train`, `cv` and `Booster.predict`."""
    return _boosting(module, "lightgbm")


def catboost(module: Any) -> list[str]:
    """Wrap CatBoost's classes, which need not be scikit-learn's."""
    for cls in [module.CatBoost, *subclasses(module.CatBoost)]:
        dress(cls)
    return ["CatBoost.fit", "CatBoost.predict"] + (["cv"] if replace(module, "cv", "boost_cv", "catboost") else [])


def _boosting(module: Any, top: str) -> list[str]:
    calls = [name for name in ("train", "cv") if replace(module, name, "boost" if name == "train" else "boost_cv", top)]
    method = module.Booster.__dict__.get("predict")
    if isinstance(method, types.FunctionType) and not hasattr(method, MARK):
        module.Booster.predict = wrapped(method, "boost_predict")
    return [*calls, "Booster.predict"]


def told_train(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell a training by `train`."""
    facts = _about(call)
    if result is not None:
        facts["object"] = fitted(result, facts["id"])
        facts["done"] = {"rounds": _rounds(result), "best_iteration": plain(getattr(result, "best_iteration", None))}
    return "fit", facts["class"], facts


def told_cv(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell a cross-validation by `cv`."""
    facts = _about(call)
    given = arguments(call.function, call.args, call.kwargs)
    columns = {str(k): fp(result[k]) for k in list(result)[:6]} if hasattr(result, "keys") and raised is None else {}
    first = next(iter(columns.values()), None) or {}
    facts.update(
        {"candidates": 1, "folds": plain(given.get("nfold")), "done": {"rounds": (first.get("shape") or [None])[0]}}
    )
    return "search", facts["class"], {**facts, "curves": columns}


def _about(call: Call) -> dict[str, Any]:
    given = arguments(call.function, call.args, call.kwargs)
    data = next(
        (given[name] for name in ("dtrain", "train_set", "pool", "dtrain") if given.get(name) is not None), None
    )
    library = call.function.__module__.partition(".")[0]
    return {
        "id": next_number("fit"),
        "library": library,
        "class": f"{library}.{call.function.__name__}",
        "call": call.function.__name__,
        "params": {**plain_all(given.get("params") or {}), "num_boost_round": plain(given.get("num_boost_round"))},
        "x": _shape(data),
        "y": fp(_label(data)),
        **call.notes,
    }


def _shape(data: Any) -> dict[str, Any]:
    """Return what a data set of a booster says of itself; its numbers are binned, and the table may be gone."""
    table = getattr(data, "data", None)
    found = fp(table, rows=True) if table is not None and hasattr(table, "shape") else None
    if found is not None:
        return found
    for rows, columns in (("num_row", "num_col"), ("num_data", "num_feature")):
        if hasattr(data, rows):
            try:
                return {"shape": [int(getattr(data, rows)()), int(getattr(data, columns)())], "skipped": "error"}
            except Exception:
                continue
    return {"shape": [], "skipped": "error"}


def _label(data: Any) -> Any:
    try:
        return data.get_label()
    except Exception:
        return None


def _rounds(booster: Any) -> Any:
    for name in ("num_boosted_rounds", "current_iteration"):
        if hasattr(booster, name):
            return plain(getattr(booster, name)())
    return None


known("boost", told_train, "train")
known("boost_cv", told_cv, "cv")
known("boost_predict", told_predict)
