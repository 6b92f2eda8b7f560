"""Resampling with replacement: where it happens in a loop, and the calls that repeat it themselves."""

from __future__ import annotations

import ast

from .arguments import argument
from .interpreter import Call
from .libraries import Parameter, short_name
from .program import BootstrapLoop
from .records import Records
from .values import Known, Made, Value, number_of, truth

_REPEATING = {
    "scipy.stats.bootstrap": Parameter(("n_resamples",), None, 9999),
    "sklearn.ensemble.BaggingRegressor": Parameter(("n_estimators",), 1, 10),
    "sklearn.ensemble.BaggingClassifier": Parameter(("n_estimators",), 1, 10),
}


def repeats(call: Call, records: Records) -> BootstrapLoop | None:
    """Return a call that bootstraps by itself."""
    parameter = _REPEATING.get(call.ref)
    if parameter is None and call.ref.startswith("arch.bootstrap.") and short_name(call.ref) in {"apply", "conf_int"}:
        parameter = Parameter(("reps",), 1, 1000)
    if parameter is None:
        return None
    count = records.whole(argument(call, parameter), parameter.names[0], call.at)
    return BootstrapLoop(file=call.at[1], line=call.at[2], count=count, fits=True)


def resamples(call: Call) -> bool:
    """Whether a call draws as many of something as there are, with replacement."""
    last = short_name(call.ref)
    if call.ref.startswith("sklearn.utils") and last == "resample":
        return truth(call.keywords.get("replace", Known(data=True))) is not False
    if last == "sample" and call.owner is not None:
        return truth(call.keywords.get("replace", Known(data=False))) is True
    if last in {"choice", "choices"} and _random(call):
        if truth(call.keywords.get("replace", Known(data=True))) is False:
            return False
        size = call.keywords.get("size", call.keywords.get("k", call.args[1] if len(call.args) > 1 else None))
        return size is not None and (
            _alike(call, 0, size, 1) or truth(call.keywords.get("replace", Known(data=False))) is True
        )
    if last in {"integers", "randint"} and _random(call):
        size = call.keywords.get("size", call.args[2] if len(call.args) > 2 else None)
        return size is not None and _alike(call, 1 if len(call.args) > 1 else 0, size, 2)
    return False


def _random(call: Call) -> bool:
    owner = call.owner.ref if isinstance(call.owner, Made) else ""
    return "random" in call.ref or "random" in owner or call.ref.startswith("?.")


def _alike(call: Call, place: int, size: Value, size_place: int) -> bool:
    """Whether the size of a draw is the number of what is drawn from: the same constant or the same words."""
    if place < len(call.args):
        high, many = number_of(call.args[place]), number_of(size)
        if high is not None and many is not None:
            return high == many
    if not isinstance(call.node, ast.Call) or place >= len(call.node.args):
        return False
    named = [one.value for one in call.node.keywords if one.arg in {"size", "k"}]
    asked = named[0] if named else call.node.args[size_place] if size_place < len(call.node.args) else None
    if asked is None:
        return False
    said, source = _words(asked), _words(call.node.args[place])
    return said in {source, f"len({source})", f"{source}.shape[0]", f"{source}.size"}


def _words(node: ast.expr) -> str:
    try:
        return ast.unparse(node).strip("()")
    except RecursionError:
        return "?"
