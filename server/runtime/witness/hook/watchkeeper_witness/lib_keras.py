"""Keras on whichever backend: what `fit` did, epoch by epoch, through a callback of its own."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import functools
import math
import sys
from typing import Any

from . import clock as time
from . import loaded, places
from .calls import MARK, Call, known, pickled_from, wrapped
from .fingerprint import fp
from .loops import Losses
from .more import is_due, tell_due
from .objects import fitted, owner
from .plain import arguments, plain, plain_all
from .state import can_afford, next_number, ours, ours_at_length, reserved, state
from .tables import data
from .trouble import trouble
from .watched import watched
from .writer import cpu_s

_MOST_NAMED, _LONGEST = 200, 80
_WEIGHTS = ("class_weight", "sample_weight")
_MOST_RATES = 20


def keras(module: Any) -> list[str]:
    """Wrap `Model.fit`, `predict`, `save` and `save_weights`."""
    cls = module.Model
    cls.fit = wrapped(_with_callback(cls.fit, module), "keras_fit")
    cls.predict = wrapped(cls.predict, "keras_predict")
    for name in ("save", "save_weights"):
        setattr(cls, name, wrapped(getattr(cls, name), "keras_save"))
    cls.load_weights = _loading(cls.load_weights)
    for holder in (getattr(module, "models", None), getattr(module, "saving", None)):
        if holder is not None and callable(getattr(holder, "load_model", None)):
            holder.load_model = _loading(holder.load_model)
            pickled_from(holder, holder.load_model)
    return ["keras.Model.fit", "keras.Model.predict", "keras.Model.save"]


def _loading(load: Any) -> Any:
    """Return a function that reads weights, of which the weights are kept that stand in the model after it."""
    if hasattr(load, MARK):
        return load

    @functools.wraps(load)
    def call(*args: Any, **kwargs: Any) -> Any:
        result = load(*args, **kwargs)
        try:
            model = result if hasattr(result, "get_weights") else args[0]
            path = next(
                (one for one in (*args, *kwargs.values()) if isinstance(one, str) or hasattr(one, "__fspath__")), ""
            )
            if state.writer is not None and path:
                with ours_at_length(), reserved(f"reads of {load.__name__}"):
                    if can_afford():  # they may be a copy from a GPU
                        loaded.note(places.inside(str(path)), model.get_weights())
        except Exception as error:
            trouble("keras", error)
        return result

    setattr(call, MARK, True)
    return call


def _with_callback(fit: Any, module: Any) -> Any:
    @functools.wraps(fit)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            if state.writer is not None and len(args) < 6:
                kwargs = {**kwargs, "callbacks": _callbacks(self, kwargs, module)}
        except Exception as error:
            trouble("keras", error)
        return fit(self, *args, **kwargs)

    return call


def _callbacks(model: Any, kwargs: Any, module: Any) -> Any:
    given = kwargs.get("callbacks")
    mine = _Counting(model, module, weighted=any(kwargs.get(one) is not None for one in _WEIGHTS))
    if given is None:
        return [mine.callback]
    if isinstance(given, (list, tuple)):
        return [*given, mine.callback]
    given.append(mine.callback)  # a CallbackList
    return given


class _Counting:
    """The steps of one model's optimiser, as its epochs end."""

    def __init__(self, model: Any, module: Any, *, weighted: bool) -> None:
        self.weighted = weighted
        self.id, self.where = next_number("steps"), ""
        self.model = model
        self.epochs = self.told = 0
        self.begun, self.cpu_began = time.perf_counter(), cpu_s()
        self.begun_weights: Any = None
        self.from_files: dict[str, Any] = {}
        self.losses = Losses("keras", "")
        self.callback = module.callbacks.LambdaCallback(on_train_begin=self._begin, on_epoch_end=self._epoch)

    def _begin(self, logs: Any = None) -> None:
        try:
            with ours():
                self.begun_weights = _weights(self.model)
                self.from_files = loaded.among(self.model.get_weights())
                self.losses.made_of = _loss_of(self.model, weighted=self.weighted)
                state.cumulative["steps", id(self)] = self
                state.cumulative["losses", id(self)] = self.losses
        except Exception as error:
            trouble("keras", error)

    def _epoch(self, epoch: int, logs: Any = None) -> None:
        try:
            with ours():
                self.epochs += 1
                self.losses.count += 1
                loss = (logs or {}).get("loss")
                if loss is not None:
                    self.losses.take(float(loss), True)
                if is_due():
                    tell_due()
        except Exception as error:
            trouble("keras", error)

    def tell(self) -> None:
        if self.told == self.epochs:
            return
        self.told = self.epochs
        optimiser = getattr(self.model, "optimizer", None)
        facts = {
            "id": self.id,
            "library": "keras",
            "class": type(optimiser).__name__,
            "steps": _whole(getattr(optimiser, "iterations", None)),
            "epochs": self.epochs,
            "wall_s": round(time.perf_counter() - self.begun, 3),
            "cpu_s": round(cpu_s() - self.cpu_began, 2),
            "params": {"lr": [_number(getattr(optimiser, "learning_rate", None))]},
            "begun": self.begun_weights,
            **self.from_files,
            "weights": _weights(self.model),
        }
        facts["numbers"] = (facts["weights"] or {}).get("shape", [0])[0]
        every = self.model.weights[:_MOST_NAMED]
        facts["parameters"] = [[_name(each), math.prod(map(int, each.shape))] for each in every]
        rates = {getattr(each, "rate", None) for each in _layers(self.model) if "Dropout" in type(each).__name__}
        facts["dropouts"] = sorted(float(each) for each in rates if isinstance(each, (int, float)))[:_MOST_RATES]
        facts["own_layers"] = sum(not type(each).__module__.startswith("keras") for each in _layers(self.model))
        state.writer.tell("steps", self.where, facts)


def _layers(model: Any) -> list[Any]:
    """Return the layers of a model, those inside of others too."""
    flatten = getattr(model, "_flatten_layers", None)
    return list(flatten(include_self=False)) if flatten is not None else list(getattr(model, "layers", ()))


def _loss_of(model: Any, *, weighted: bool) -> dict[str, Any]:
    """Return by which name the loss of a model was compiled, how many terms its layers add, and whether rows weigh."""
    loss = getattr(model, "loss", None)
    if not isinstance(loss, str):
        loss = getattr(loss, "__name__", "") or getattr(loss, "name", "")
    if not loss or not isinstance(loss, str):
        return {}
    added = len(getattr(model, "losses", ()) or ())
    told: dict[str, Any] = {"name": loss[:_LONGEST], **({"terms": added} if added else {})}
    return {**told, **({"weighted": True} if weighted else {})}


def _name(weights: Any) -> str:
    return str(getattr(weights, "path", "") or getattr(weights, "name", ""))[-_LONGEST:]


def _weights(model: Any) -> Any:
    np = sys.modules["numpy"]
    arrays = [np.asarray(each) for each in model.get_weights()]
    if not arrays:
        return None
    found = fp(np.concatenate([each.reshape(-1) for each in arrays]), always=True)
    return {**(found or {}), "parts": [(fp(each, always=True) or {}).get("sha", "") for each in arrays[:_MOST_NAMED]]}


def told_fit(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell a whole fit."""
    model = call.args[0]
    given = arguments(call.function, call.args, call.kwargs)
    number = next_number("fit")
    history = getattr(result, "history", None) or {}
    facts = {
        "id": number,
        "object": fitted(model, number),
        "library": "keras",
        "class": type(model).__name__,
        "call": "fit",
        "params": plain_all({k: v for k, v in given.items() if k not in ("x", "y", "callbacks", "validation_data")}),
        "x": data(given.get("x"), rows=True),
        "y": data(given.get("y")),
        **watched(given, {}),
        "done": {
            "epochs": len(next(iter(history.values()), ())),
            "curves": {k: fp(v) for k, v in list(history.items())[:8]},
        },
        **call.notes,
    }
    for key, seen in list(state.cumulative.items()):
        if key[0] == "steps" and getattr(seen, "model", None) is model:
            seen.where = seen.losses.where = call.where
            seen.tell()
            seen.losses.tell()
            del state.cumulative[key]
            state.cumulative.pop(("losses", key[1]), None)
    return "fit", type(model).__name__, facts


def told_predict(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell a prediction."""
    model = call.args[0]
    given = arguments(call.function, call.args, call.kwargs)
    facts = {
        **owner(model),
        "class": type(model).__name__,
        "library": "keras",
        "call": "predict",
        "x": data(given.get("x"), rows=True),
    }
    return "predict", type(model).__name__, {**facts, "values": fp(result), **call.notes}


def told_save(call: Call, result: Any, raised: Any) -> tuple[str, str, dict[str, Any]] | None:
    """Tell a saving, with the weights that were saved."""
    model = call.args[0]
    path = str(call.args[1] if len(call.args) > 1 else call.kwargs.get("filepath", ""))
    weights = _weights(model)
    facts = {
        "library": "keras",
        "call": f"keras.{call.function.__name__}",
        "path": places.inside(path),
        "weights": weights,
    }
    return "save", "keras", {**facts, "numbers": (weights or {}).get("shape", [0])[0], **owner(model)}


def _number(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return plain(value)


def _whole(value: Any) -> int:
    number = _number(value)
    return int(number) if isinstance(number, float) else 0


known("keras_fit", told_fit, "class")
known("keras_predict", told_predict)
known("keras_save", told_save)
