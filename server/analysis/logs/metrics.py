"""One line of a log to the metrics that it states. Pure.

Understood: `key=value`, `key: value`, `key value` for known keys, JSON objects and Python dicts, Keras, Lightning,
transformers, XGBoost, LightGBM, CatBoost, tqdm (position and postfix), scikit-learn, PyMC's progress table.
A position of a total ("Epoch 3/60", "step 5 of 100", "[3/90]", a bar) gives the total too, as `epoch_total`.
"""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from typing import cast

VALUES_LIMIT = 48
COUNTERS = ("epoch", "step", "draws", "trial", "round", "fold", "batch")
"""Names that say how far a run is; they grow while it goes on."""
TOTALS = frozenset(f"{name}_total" for name in COUNTERS)
"""Names of where they end: no progress, and nothing to be alarmed about. (`loss_total` is a loss like any other.)"""
MOST_COUNTED = 1e15
"""Nobody counts so far; a counter that says so is left out."""
_COUNTS = frozenset(COUNTERS) | TOTALS | {"divergences"}

_NUMBER = (
    r"(?:[-+]?(?:\d++(?:[,_]\d{3})*+(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d++)?|[-+]?(?i:nan|inf(?:inity)?)(?:\.0)?)(?!\w)"
)
_SPACED = (
    "epoch|epochs|step|steps|iter|iteration|batch|loss|acc|accuracy|lr|elbo|rmse|mse|mae|auc|ppl|perplexity|draws|draw|"
    "divergences|rhat|r[_-]hat|ess|nll|reward|f1"
)
_PAIR = re.compile(
    r"(?<![\w.%/@^-])(?P<name>[A-Za-z_][\w/.@^]*+(?:-\w++)*+(?:'s)?(?: [A-Za-z_@^][\w@^]*+){0,3}?)"
    r"[\"']?(?: ?= ?| ?: ?|\t)[\"'(\[]?(?:np\.\w+\(|tensor\()?(?P<value>" + _NUMBER + r")(?![:\w])"
    r"|\b(?P<word>(?:[A-Za-z]\w{0,24}[_/])?(?:" + _SPACED + r"))[ #\[]{1,3}(?P<number>" + _NUMBER + r")",
    re.IGNORECASE,
)
_TOTAL = re.compile(r"(?: ?/ ?| of )(\d(?:[\d,_]{0,14}\d)?)(?![\w/]|\.\d)")
_COUNTED = {name: name for name in COUNTERS} | {"divergences": "draws"}
"""Whose total stands behind a name: "divergences=1 of 10000" is said of draws."""
_TURN = re.compile(r"^\[(\d+)\]\t|^(\d+):\t|^\[(?:Epoch )?(\d+)(?:/(\d+))?\]")
_BAR = re.compile(r"(?<!\d)(\d++)/(\d++) \[|^(\d++)/(\d++) [━\[ ]")
_TABLE = re.compile(r"^[\s━╸╺╌─█▏▎▍▌▋▊▉|]+(\d+) +(\d+) +(\d+\.\d+) +(\d+) +[\d.]+")

_RHAT = ("rhat", "r_hat")
_ALIASES = {
    "iter": "step",
    "iters": "step",
    "iteration": "step",
    "iterations": "step",
    "steps": "step",
    "global_step": "step",
    "epochs": "epoch",
    "ep": "epoch",
    "training_loss": "train_loss",
    "tr_loss": "train_loss",
    "loss_train": "train_loss",
    "loss_val": "val_loss",
    "test_loss_val": "val_loss",
    "learning_rate": "lr",
    "gnorm": "grad_norm",
    "gradient_norm": "grad_norm",
    "draw": "draws",
    "divergence": "divergences",
    "divergent": "divergences",
    "divs": "divergences",
    "r_hat": "rhat",
    "rhat_max": "rhat",
    "r_hat_max": "rhat",
    **{f"{word}_{name}": "rhat" for word in ("max", "maximum", "largest", "highest", "worst") for name in _RHAT},
    "ess_bulk_min": "ess_bulk",
    "min_ess": "ess",
    "min_ess_bulk": "ess_bulk",
    "ess_min": "ess",
}
_NO_METRIC = re.compile(r"(?i)^(?:line|port|pid|version|python|seed|http|https|file|errno|error code|[a-f0-9]{8,})$")


@lru_cache(maxsize=1024)
def normalise(name: str) -> str:
    """Return a metric's usual name: `Train/Loss` is train_loss, `valid's l2` val_l2; unknown names stay.

    Empty for names of what is no metric (ports, versions, line numbers).
    """
    if _NO_METRIC.match(name):
        return ""
    flat = re.sub(r"'s\b", "", name.strip().strip("\"'")).lower()
    flat = re.sub(r"[^a-z0-9_@]+", "_", flat).strip("_")
    flat = re.sub(r"^(?:validation|valid|valid_0|eval|validation_0)_", "val_", flat)
    flat = re.sub(r"^training_", "train_", flat)
    return _ALIASES.get(flat, flat)[:64]


def read_metrics(line: str) -> dict[str, float]:
    """Return the metrics that a line states, by normalised name; at most `VALUES_LIMIT`, empty if there are none.

    :param line: one line or frame without its end and without colours.
    """
    text = line.strip()
    if not text or (not any(map(str.isdigit, text)) and "nan" not in text.lower() and "inf" not in text):
        return {}
    if text[0] == "{" and text[-1] == "}" and (values := _from_json(text)):
        return values
    return _from_text(text)


def _from_json(text: str) -> dict[str, float]:
    try:
        read: object = json.loads(text, parse_float=_finite)
    except (ValueError, RecursionError):
        return {}
    values: dict[str, float] = {}
    if isinstance(read, dict):
        for name, value in cast("dict[str, object]", read).items():
            inner = cast("dict[str, object]", value) if isinstance(value, dict) else {name: value}
            for key, item in inner.items():
                if (number := _number(item)) is not None and len(values) < VALUES_LIMIT:
                    _keep(values, normalise(key[:200]), number)
    return values


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        if isinstance(value, str):
            return _finite(value.removesuffix(".0"))  # Lightning prints "nan.0"
        return float(value)
    except (ValueError, OverflowError):
        return None


def _finite(text: str) -> float | None:
    """Return a number as it is written; None for one that no float can hold. What is written as nan or inf is that."""
    number = float(text)
    return None if math.isinf(number) and any(map(str.isdigit, text)) else number


def _keep(values: dict[str, float], name: str, number: float) -> None:
    """Take a value, in place of an earlier one; a counter takes no NaN and nothing that nobody counts to."""
    if name and (name not in _COUNTS or abs(number) < MOST_COUNTED):
        values[name] = number


def _from_text(text: str) -> dict[str, float]:
    values: dict[str, float] = {}
    if turn := _TURN.match(text):
        _count(values, "step", turn[1] or turn[2] or turn[3], turn[4])
    if table := _TABLE.match(text):
        for place, name in enumerate(("draws", "divergences", "step_size"), 1):
            _keep(values, name, float(table[place]))
        return {name: value for name, value in values.items() if math.isfinite(value)}
    if bar := _BAR.search(text):
        _count(values, "step", bar[1] or bar[3], bar[2] or bar[4])
        text = text[bar.end() :] if bar[1] else text
    for found in _PAIR.finditer(text):
        name = found["word"] or found["name"]
        number = _number((found["number"] or found["value"]).replace(",", "").rstrip("."))
        if number is not None and len(values) < VALUES_LIMIT and (usual := normalise(name[:200])):
            if usual not in values:
                _keep(values, usual, number)
            if usual in _COUNTED and (total := _TOTAL.match(text, found.end())):
                _add_total(values, _COUNTED[usual], number, total[1])
    return values


def _count(values: dict[str, float], name: str, position: str, total: str | None) -> None:
    number = float(position)
    _keep(values, name, number)
    if total:
        _add_total(values, name, number, total)


def _add_total(values: dict[str, float], name: str, position: float, total: str) -> None:
    number = float(re.sub("[,_]", "", total))
    if position <= number < MOST_COUNTED and len(values) < VALUES_LIMIT:
        values.setdefault(f"{name}_total", number)
