"""XGBoost, LightGBM, CatBoost: `train`, `cv` and boosters. Their other classes are told by `lib_sklearn`."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import math
import types
from typing import Any

from .calls import MARK, Call, known, known_before, replace, wrapped
from .fingerprint import fp
from .idle_rounds import idle_rounds
from .lib_sklearn import dress, params, subclasses, told_predict
from .objects import fitted
from .plain import arguments, plain, plain_all
from .state import next_number
from .tables import label, leaks, pooled, told_data, weight, weights
from .watched import watched

_SEARCHES = ("grid_search", "randomized_search")


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
        for name in _SEARCHES:
            method = cls.__dict__.get(name)
            if isinstance(method, types.FunctionType) and not hasattr(method, MARK):
                setattr(cls, name, wrapped(method, "cat_search"))
    calls = ["CatBoost.fit", "CatBoost.predict", *(f"CatBoost.{name}" for name in _SEARCHES)]
    return calls + (["cv"] if replace(module, "cv", "boost_cv", "catboost") else [])


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
        facts.update(idle_rounds(result))
    return "fit", facts["class"], facts


def looked(call: Call) -> None:
    """Look at the data of LightGBM's data set before the training, which lets go of them."""
    given = arguments(call.function, call.args, call.kwargs)
    found: Any = given.get("train_set")
    if hasattr(getattr(found, "data", None), "shape"):
        call.notes.update({"x": pooled(found), **leaks(found.data, label(found))})
        call.notes.update(
            watched({k: v for k, v in given.items() if k != "params"}, plain_all(given.get("params") or {}))
        )


def told_cv(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell a cross-validation by `cv`."""
    facts = _about(call)
    given = arguments(call.function, call.args, call.kwargs)
    columns = {str(k): fp(result[k]) for k in list(result)[:6]} if hasattr(result, "keys") and raised is None else {}
    first = next(iter(columns.values()), None) or {}
    folds = given.get("nfold") if given.get("nfold") is not None else given.get("fold_count")
    facts.update({"candidates": 1, "folds": plain(folds), "done": {"rounds": (first.get("shape") or [None])[0]}})
    return "search", facts["class"], {**facts, "curves": columns}


def told_search(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell a search of CatBoost's own. It fits in compiled code, each candidate on one split, and the best by `cv`."""
    estimator, given = call.args[0], arguments(call.function, call.args, call.kwargs)
    number, name = next_number("fit"), type(estimator).__name__
    cv = given.get("cv") if given.get("cv") is not None else 3  # CatBoost's own default
    space = given.get("param_grid", given.get("param_distributions"))
    facts = {
        "id": number,
        "object": fitted(estimator, number),
        "library": "catboost",
        "class": f"{name}.{call.function.__name__}",
        "call": call.function.__name__,
        "estimator": name,
        "params": params(estimator),
        "candidates": _candidates(space, given.get("n_iter")),
        "folds": plain(cv if isinstance(cv, int) else getattr(cv, "n_splits", None)),
        "space": plain(space),
        "best": plain((result or {}).get("params")),
        **told_data(given.get("X"), given.get("y")),
        **call.notes,
    }
    return "search", name, facts


def _candidates(space: Any, drawn: Any) -> Any:
    if drawn is not None:
        return plain(drawn)
    grids = space if isinstance(space, list) else [space]
    return sum(math.prod(len(values) for values in one.values()) for one in grids if hasattr(one, "values"))


def told_prediction(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell a prediction of a booster, which may be given a data set of its library."""
    found = told_predict(call, result, raised)
    given = call.args[1] if len(call.args) > 1 else call.kwargs.get("data")
    if found is not None and hasattr(given, "num_row"):
        found[2]["x"] = pooled(given)
    return found


def _about(call: Call) -> dict[str, Any]:
    given = arguments(call.function, call.args, call.kwargs)
    found = next((given[name] for name in ("dtrain", "train_set", "pool") if given.get(name) is not None), None)
    library = call.function.__module__.partition(".")[0]
    asked = plain_all(given.get("params") or {})
    return {
        "id": next_number("fit"),
        "library": library,
        "class": f"{library}.{call.function.__name__}",
        "call": call.function.__name__,
        "params": _with_rounds(asked, plain(given.get("num_boost_round")), library),
        "x": pooled(found),
        "y": fp(label(found), rows=True),
        **weights({"weight": weight(found)}),
        **_watched(given),
        **call.notes,
    }


def _watched(given: dict[str, Any]) -> dict[str, Any]:
    return watched(given, plain_all(given.get("params") or {}))


def _with_rounds(params: dict[str, Any], rounds: Any, library: str) -> dict[str, Any]:
    """Return the parameters with the rounds that were asked for; LightGBM takes those among its parameters first."""
    return {"num_boost_round": rounds, **params} if library == "lightgbm" else {**params, "num_boost_round": rounds}


def _rounds(booster: Any) -> Any:
    for name in ("num_boosted_rounds", "current_iteration"):
        if hasattr(booster, name):
            return plain(getattr(booster, name)())
    return None


known("boost", told_train, "train")
known_before("boost", looked)
known("boost_cv", told_cv, "cv")
known("boost_predict", told_prediction)
known("cat_search", told_search)
