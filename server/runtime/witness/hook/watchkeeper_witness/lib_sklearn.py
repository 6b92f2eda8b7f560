"""scikit-learn, and everything that follows its way: fits, searches, predictions, splits. Optuna's studies."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import math
import types
from typing import Any

from . import folds
from .calls import MARK, Call, known, known_before, replace, wrapped
from .fingerprint import fp, shape
from .folds import grouped
from .idle_rounds import idle_rounds
from .objects import fitted, owner
from .own_classes import base_of, is_persons
from .plain import arguments, plain, plain_all
from .replaced import check
from .rounds_used import rounds_used
from .state import can_afford, next_number
from .tables import data, distinct_folds, told_data, weights
from .target_means import encoded
from .told_classes import classes
from .watched import watched

FITS = ("fit", "partial_fit", "fit_predict")
_FILLS = ("fit_transform",)
"""In which a class that fills in blanks fits a model a column, itself and not by its `fit`."""
PREDICTS = ("predict", "predict_proba")
_BOOSTERS = ("xgboost", "lightgbm", "catboost")
_SMALL = 5000
"""So many numbers take a tenth of a millisecond."""
_DONE = (
    "n_iter_",
    "n_estimators_",
    "best_iteration_",
    "best_iteration",
    "n_features_in_",
    "n_layers_",
    "loss_",
    "inertia_",
    "lower_bound_",
    "t_",
    "converged_",
)
_CURVES = ("loss_curve_", "train_score_", "validation_scores_", "validation_score_", "lower_bounds_")
_SPLITTERS = (
    "KFold",
    "StratifiedKFold",
    "GroupKFold",
    "TimeSeriesSplit",
    "ShuffleSplit",
    "StratifiedShuffleSplit",
    "GroupShuffleSplit",
    "LeaveOneOut",
    "RepeatedKFold",
    "RepeatedStratifiedKFold",
    "StratifiedGroupKFold",
    "LeaveOneGroupOut",
    "PredefinedSplit",
)


def base(module: Any) -> list[str]:
    """Wrap the methods of every estimator class, those to come included."""
    estimator = module.BaseEstimator
    before = estimator.__init_subclass__

    def __init_subclass__(cls: Any, **named: Any) -> None:
        getattr(before, "__func__", lambda _, **__: None)(cls, **named)
        dress(cls)

    estimator.__init_subclass__ = classmethod(__init_subclass__)
    for cls in subclasses(estimator):
        dress(cls)
    return ["fit", "partial_fit", "predict", "predict_proba"]


def subclasses(cls: Any) -> list[Any]:
    """Return the classes below a class, whatever the depth."""
    found, waiting = [], [cls]
    while waiting:
        for one in waiting.pop().__subclasses__():
            if one not in found:
                found.append(one)
                waiting.append(one)
    return found


def dress(cls: Any) -> None:
    """Wrap what a class itself defines. A class of the person's is transparent: what it calls is told as well."""
    own = is_persons(cls)
    for name in (*FITS, *(_FILLS if cls.__name__.endswith("Imputer") else ()), *PREDICTS):
        method = cls.__dict__.get(name)
        key = ("own_" if own else "") + ("predict" if name in PREDICTS else "fit")
        if isinstance(method, types.FunctionType) and not hasattr(method, MARK):
            setattr(cls, name, wrapped(method, key))
        elif isinstance(getattr(method, "fn", None), types.FunctionType) and not hasattr(method.fn, MARK):
            method.fn = wrapped(method.fn, key)  # scikit-learn's `available_if`


def told_fit(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell a fit, or a search over many."""
    estimator = call.args[0]
    given = arguments(call.function, call.args, call.kwargs)
    x, y = given.get("X", _at(call.args, 1)), given.get("y", _at(call.args, 2))
    number = next_number("fit")
    name = type(estimator).__name__
    _check(estimator)
    shared = {**folds.inside(estimator), **_overlap(getattr(estimator, "cv", None), call)}
    facts: dict[str, Any] = {
        "id": number,
        "object": fitted(estimator, number),
        "library": type(estimator).__module__.partition(".")[0],
        "class": name,
        "module": type(estimator).__module__,
        **base_of(estimator, call.key),
        "call": call.function.__name__,
        "params": params(estimator),
        **told_data(x, y),
        **weights({**given, **call.kwargs}),
        **call.notes,
        **shared,
    }
    facts.update(watched(given, facts["params"]))
    facts["done"] = done(estimator)
    if raised is None and facts["library"] in _BOOSTERS and hasattr(estimator, "predict"):
        facts.update(idle_rounds(estimator))
    if hasattr(estimator, "cv_results_") or hasattr(estimator, "best_params_"):
        return "search", name, {**facts, **_search(estimator, call)}
    return "fit", facts.get("base", name), facts


def params(estimator: Any) -> dict[str, Any]:
    """Return the parameters of an estimator, nested ones by their path; estimators inside by their class."""
    try:
        given = estimator.get_params(deep=can_afford())
    except Exception:
        return {}
    return {
        name: _class(value) if hasattr(value, "get_params") else plain(value)
        for name, value in list(given.items())[:60]
    }


def _check(estimator: Any) -> None:
    """See whether the class of an estimator, and of one inside it, is still the library's."""
    for one in (estimator, getattr(estimator, "estimator", None)):
        if hasattr(one, "get_params") and not isinstance(one, type):
            check(type(one))


def _class(estimator: Any) -> str:
    return estimator.__name__ if isinstance(estimator, type) else type(estimator).__name__


def done(estimator: Any) -> dict[str, Any]:
    """Return what an estimator says of its fit: iterations, members, curves; also what stands at the end of one."""
    own = getattr(estimator, "__dict__", {})
    inner = _inner(estimator, own)
    found: dict[str, Any] = {} if inner is None else {"of": type(inner).__name__, **done(inner)}
    found.update({name: plain(own[name]) for name in _DONE if name in own})
    found.update({name: fp(own[name]) for name in _CURVES if own.get(name) is not None and len(own[name])})
    members = own.get("estimators_")
    if members is not None:
        found["estimators"] = int(getattr(members, "size", 0) or len(members))
    if hasattr(type(estimator), "tree_count_"):  # CatBoost
        found["trees"] = plain(getattr(estimator, "tree_count_", None))
    classes = own.get("classes_")
    if classes is not None:
        found["classes"] = len(classes)
    if own.get("coef_") is not None:
        found["coef"] = fp(own["coef_"])
    return found


def _inner(estimator: Any, own: dict[str, Any]) -> Any:
    """Return the estimator whose fit that of a Pipeline, of a search or of a transformed target is, None of others."""
    steps = own.get("steps")
    last = steps[-1][1] if isinstance(steps, list) and steps and isinstance(steps[-1], tuple) else None
    found = next((own[name] for name in ("best_estimator_", "regressor_") if name in own), last)
    return found if found is not estimator and hasattr(found, "get_params") else None


def _search(search: Any, call: Call) -> dict[str, Any]:
    results = getattr(search, "cv_results_", None) or {}
    candidates = len(results.get("params", ()))
    folds = plain(getattr(search, "n_splits_", None))
    estimator = getattr(search, "estimator", None)
    return {
        "estimator": _class(estimator) if estimator is not None else "",
        "candidates": candidates,
        "folds": folds,
        "fits": candidates * folds if isinstance(folds, int) else None,
        "space": plain(getattr(search, "param_grid", getattr(search, "param_distributions", None))),
        "best": plain(getattr(search, "best_params_", None)),
        "best_score": plain(getattr(search, "best_score_", None)),
        "scores": fp(results.get("mean_test_score")),
        **distinct_folds(getattr(search, "cv", None)),
    }


def begun_search(call: Call) -> None:
    """Look at the folds of a splitter of the person's while the search goes on."""
    cv = getattr(call.args[0], "cv", None) if call.args else None
    call.notes["_folds"] = folds.watched(cv)


def begun_cross(call: Call) -> None:
    """Do the same for a cross-validation by one call."""
    call.notes["_folds"] = folds.watched(arguments(call.function, call.args, call.kwargs).get("cv"))


def _overlap(cv: Any, call: Call) -> dict[str, Any]:
    try:
        return folds.told(cv, call.notes.pop("_folds", None))
    except Exception:
        return {}


def _is_small(result: Any) -> bool:
    """Whether what was predicted is described in any case: the mean of 200 bootstraps is made of all of them."""
    return 0 < math.prod(shape(result)) <= _SMALL


def told_predict(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell what came out of a prediction."""
    if raised is not None:
        return None
    estimator = call.args[0]
    name = type(estimator).__name__
    _check(estimator)
    given = arguments(call.function, call.args, call.kwargs)
    facts = {
        **owner(estimator),
        "class": name,
        "library": type(estimator).__module__.partition(".")[0],
        **base_of(estimator, call.key),
        "call": call.function.__name__,
        "x": data(given.get("X", _at(call.args, 1)), rows=True),
        "values": fp(result, always=_is_small(result)),
        **classes(result),
        **rounds_used(estimator, given),
        **call.notes,
    }
    return "predict", name, facts


def model_selection(module: Any) -> list[str]:
    """Wrap what splits and cross-validates."""
    calls = [
        n for n in ("cross_val_score", "cross_validate", "cross_val_predict") if replace(module, n, "cross", "sklearn")
    ]
    calls += ["train_test_split"] * replace(module, "train_test_split", "split", "sklearn")
    for name in _SPLITTERS:
        cls = getattr(module, name, None)
        for owner_class in getattr(cls, "__mro__", ())[:4]:
            method = owner_class.__dict__.get("split")
            if isinstance(method, types.FunctionType) and not hasattr(method, MARK):
                owner_class.split = wrapped(method, "splitter")
    return calls


def utils(module: Any) -> list[str]:
    """Wrap `sklearn.utils.resample`."""
    return ["resample"] if replace(module, "resample", "split", "sklearn") else []


def told_cross(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell a cross-validation by one call."""
    given = arguments(call.function, call.args, call.kwargs)
    estimator, cv = given.get("estimator"), given.get("cv")
    shared = _overlap(cv, call)
    values = (
        next((each for key, each in result.items() if key.startswith("test_")), None)
        if isinstance(result, dict)
        else result
    )
    _check(estimator)
    name = call.function.__name__
    folds = cv if isinstance(cv, int) else getattr(cv, "n_splits", None) or _all_of(cv)
    facts = {
        "id": next_number("fit"),
        "library": "sklearn",
        "class": name,
        "call": name,
        "estimator": _class(estimator),
        "params": params(estimator),
        "candidates": 1,
        "cv": type(cv).__name__ if hasattr(cv, "split") else "",
        "folds": plain(folds if folds is not None else (None if name == "cross_val_predict" else _length(values))),
        "x": data(given.get("X"), rows=True),
        "y": data(given.get("y")),
        "values": fp(values),
        **_tests(result),
        **distinct_folds(cv),
        **grouped(given.get("groups")),
        **shared,
        **call.notes,
    }
    return "search", name, facts


def _tests(result: Any) -> dict[str, Any]:
    """Return the scores of each fold by name, where several were asked for."""
    named = [str(name) for name in result if str(name).startswith("test_")] if isinstance(result, dict) else []
    return {"tests": {name[5:][:80]: fp(result[name]) for name in named[:8]}} if len(named) > 1 else {}


def told_split(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell a split by one call: what it was asked for and what the parts are."""
    if raised is not None:
        return None
    parts = result if isinstance(result, (list, tuple)) else [result]
    name = call.function.__name__
    facts = {
        "call": name,
        "arguments": plain_all(dict(call.kwargs)),
        "parts": [fp(each, rows=True) for each in parts[:8]],
        **(encoded(call.args) if name == "train_test_split" else {}),
    }
    return "split", name, facts


def told_splitter(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell a splitting by hand, in a loop over the parts."""
    splitter = call.args[0]
    name = f"{type(splitter).__name__}.split"
    own = {k: v for k, v in vars(splitter).items() if not k.startswith("_")}
    given = [each for each in (_at(call.args, 1), _at(call.args, 2)) if each is not None]
    facts = {"call": name, "arguments": plain_all(own), "x": data(_at(call.args, 1), rows=True), **encoded(given)}
    facts.update(grouped(_at(call.args, 3) if len(call.args) > 3 else call.kwargs.get("groups")))
    return "split", name, facts


def optuna(module: Any) -> list[str]:
    """Wrap Optuna's `Study.optimize`; the fits inside it are the person's and told as well."""
    study = module.Study
    if isinstance(study.__dict__.get("optimize"), types.FunctionType):
        study.optimize = wrapped(study.optimize, "optuna")
    return ["Study.optimize"]


def told_optuna(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell a study: its trials so far and the best of them."""
    study = call.args[0]
    trials = study.get_trials(deepcopy=False)
    complete = [each for each in trials if each.state.name == "COMPLETE" and each.values]
    facts: dict[str, Any] = {
        "id": next_number("fit"),
        "library": "optuna",
        "class": "Study",
        "call": "optimize",
        "sampler": type(study.sampler).__name__,
        "candidates": len(trials),
        "failed": len(trials) - len(complete),
        "space": sorted({name for each in complete[:50] for name in each.params})[:40],
        "values": fp([each.values[0] for each in complete]),
        **call.notes,
    }
    if complete and len(study.directions) == 1:
        facts.update({"best": plain(study.best_params), "best_score": plain(study.best_value)})
    return "search", "optuna", facts


def _at(args: Any, place: int) -> Any:
    return args[place] if len(args) > place else None


def _all_of(cv: Any) -> int | None:
    """Return how many parts a splitter makes in all its repeats, where it says so without the data."""
    try:
        return int(cv.get_n_splits())
    except Exception:
        return None


def _length(values: Any) -> int | None:
    try:
        return len(values)
    except TypeError:
        return None


known("fit", told_fit, "class")
known_before("fit", begun_search)
known_before("cross", begun_cross)
known("own_fit", told_fit, clear=True)
known("predict", told_predict)
known("own_predict", told_predict, clear=True)
known("cross", told_cross)
known("split", told_split)
known("splitter", told_splitter)
known("optuna", told_optuna, clear=True)
