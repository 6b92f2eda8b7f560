"""One line of a log to the metrics that it states. Pure.

Understood: `key=value`, `key: value`, `key value` for known keys, JSON objects and Python dicts, Keras, Lightning,
transformers, XGBoost, LightGBM, CatBoost, tqdm (position and postfix), scikit-learn, PyMC's progress table, darknet.
A position of a total ("Epoch 3/60", "step 5 of 100", "[3/90]", a bar) gives the total too, as `epoch_total`.
"""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from typing import NamedTuple, cast

from ..curves.names import Role, named, role_of
from .positions import positions

VALUES_LIMIT = 48
FORMS = 512
"""So many forms of lines are remembered: a log has few, and to find names in one is what reading costs most."""
COUNTERS = ("epoch", "step", "draws", "trial", "round", "fold", "bootstrap", "batch")
"""Names that say how far a run is; they grow while it goes on."""
TOTALS = frozenset(f"{name}_total" for name in COUNTERS)
"""Names of where they end: no progress, and nothing to be alarmed about. (`loss_total` is a loss like any other.)"""
MOST_COUNTED = 1e15
"""Nobody counts so far; a counter that says so is left out."""
_COUNTS = frozenset(COUNTERS) | TOTALS | {"divergences"}

_BEHIND = r"(?!\.?\d|_|:\d|-\d|[xX][0-9a-fA-F]|[^\W\d_]*[\d_])"
"""A number may stand before a unit (`3.2s`) or a word that another writer put there (`0.22WARNING`), and is read whole;
it is none inside a version, an address, a clock or an identifier."""
_NUMBER = (
    r"(?:(?>[-+]?(?:\d++(?:[,_]\d{3})*+(?:\.\d*+)?|\.\d++)(?:[eEdD][-+]?\d++)?)" + _BEHIND + ""
    r"|[-+]?(?i:nan|inf(?:inity)?)(?:\.0)?(?!\w)|(?-i:nan|inf)(?=[A-Z]{3}))"
)
_DATA = "train|training|val|valid|validation|test|eval|dev|avg|average|mean|total|running"
_SPACED = (  # forms are searched, in which every digit is 0
    r"epoch|epochs|episode|episodes|step|steps|iter|iteration|iterate|batch|loss|acc|acc@\d|accuracy|lr|elbo|rmse|mse|mae|auc|ppl|"
    r"perplexity|log[ _-]prob|log[ _-]likelihood|"
    r"draws|draw|divergences|rhat|r[_-]hat|ess|nll|reward|f\d|cost|objective|objf|inertia|ep\.|up\.|grad norm"
)
_PAIR = re.compile(
    r"(?<![\w.%/@^-])(?P<name>[A-Za-z_][\w/.@^]*+(?:-\w++)*+(?:'s)?(?: [A-Za-z_@^][\w@^]*+){0,5}?"
    r"(?: ?\([A-Za-z_ ]{1,24}(?:\[\w{1,16}\])?\))?)(?: \[\d+-\d+\])?"
    r"[\"']?(?: {0,8}[=:] {0,8}|\t)[\"'(\[]?(?:np\.\w+\(|tensor\()?(?P<value>" + _NUMBER + r")"
    r"|\b(?P<word>(?:(?:" + _DATA + r")[ ./_-] ?){0,2}(?:[A-Za-z]\w{0,24}[_/])?(?:" + _SPACED + r"))"
    r"(?: is)?[ #\[]{1,12}(?P<number>" + _NUMBER + r")",
    re.IGNORECASE,
)
_TOTAL = re.compile(r"(?: {0,8}/ {0,8}| of )(\d(?:[\d,_]{0,14}\d)?)(?![\w/]|\.\d)")
_ALIKE = str.maketrans("123456789", "000000000")
_POINTED = re.compile(r"(?i)(?:nan|inf|infinity)\.")
_EXPONENT = re.compile(r"(?<=[\d.])[dD]")
_COUNTED = {name: name for name in COUNTERS} | {"divergences": "draws"}
"""Whose total stands behind a name: "divergences=1 of 10000" is said of draws."""
_TIMES = {"k": 1e3, "K": 1e3, "M": 1e6}
"""`5k` is 5000; `5kB` and `5m` are units."""
_TABLE = re.compile(r"^[\s━╸╺╌─█▏▎▍▌▋▊▉|]+(\d+) +(\d+) +(\d+\.\d+) +(\d+) +[\d.]+")
_DARKNET = re.compile(rf"^ ?(\d+): {_NUMBER}, (?P<loss>{_NUMBER}) avg(?: loss)?,")
_KALDI = re.compile(rf"(?:objective function|log-probability) for '\w+' is (?P<value>{_NUMBER})")
_MARK = re.compile(
    r"(?i)(?:^|[\[\](|>:;,-] *|(?:INFO|DEBUG)[ :|]+)"
    r"(?P<word>train(?:ing)?|val(?:id(?:ation)?)?|test(?:ing)?|eval(?:uation)?|dev)"
    r"(?=[\])]| *[:|>]| - | +(?:set|net|loss|results?|epoch|step|on|metrics|data)\b)"
)
"""Where a line says which data the numbers behind it are of: `[VAL] loss 0.5`, `Test set: Average loss: 0.1`."""
_MAY_MARK = re.compile(r"(?i)val|test|dev")
_LEVEL = re.compile(r"^(?:(?:INFO|DEBUG|NOTICE|WARN(?:ING)?|ERROR) )+")

_REPEATED = re.compile(
    r"(?i)(?<![\w-])(?:cv[ _-]?|outer[ _-]|inner[ _-])?(?P<word>fold|boot(?:strap)?|replicate|resample)s?"
    r"(?: (?:replicate|sample|resample|run|no\.?|nr\.?))?[ _]?[=:#(]? ?(?P<number>\d{1,9}(?:/\d{1,9})?)(?![\w.]\d|\w)"
)
"""A line about one fold or one bootstrap: `fold 3 of 5: rmse 0.41`, `[Fold 2]`, `bootstrap 17/200 auc 0.93`."""

_BARE = re.compile(
    r"(?i)(?<![\w.%/-])(?P<name>train(?:ing)?|val(?:id(?:ation)?)?|test|bce|ce|xent|mape|log_?loss|huber|deviance)"
    r"[ \t]{1,4}(?P<number>-?\d{1,9}\.\d{1,12}(?:[eE][-+]?\d{1,3})?)(?![\w%.:]| ?(?:s|sec|ms|min|[KMG]i?B)\b)"
)
"""A loss without its name, or after a name that is a word elsewhere: `Epoch 3 | train 0.51 | val 0.43`. Looked for only
in a line that has a counter and no other number of a training."""

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
    "episode": "epoch",
    "episodes": "epoch",
    "train_epoch": "epoch",
    "val_epoch": "epoch",
    "test_epoch": "epoch",
    "iterate": "step",
    "up": "step",
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
_NO_QUANTITY = re.compile(
    r"^(?:(?:local|global|node|world)_?)?rank$|^(?:ex(?:it)?_?|return_?|status_?|error_?)(?:code|status)$|^received_"
    r"|^(?:world_size|nproc(?:_per_node)?|nnodes|status|signal|sig(?:term|int|kill|segv)|p?pid|tid|rc|retcode|returncode)$"
    r"|^(?:commit|sha1?|sha256|md5|hash|revision|job_?id|task_?id|run_?id|gpu|device|node|uid|gid)$"
    r"|^(?:total|remaining|eta)$"
)
"""Numbers that say who runs where, how it ended and how long it takes (CatBoost); nothing that is trained for."""


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
    return "" if _NO_QUANTITY.match(flat) else _ALIASES.get(flat, flat)[:64]


def read_metrics(line: str) -> dict[str, float]:
    """Return the metrics that a line states, by normalised name; at most `VALUES_LIMIT`, empty if there are none.

    :param line: one line or frame without its end and without colours.
    """
    text = line.strip()
    if not text or (not any(map(str.isdigit, text)) and "nan" not in text.lower() and "inf" not in text):
        return {}
    begin = text.find('{"')
    if text[-1] == "}" and begin >= 0 and (values := _from_json(text[begin:])):  # fairseq: behind time and logger
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
    if table := _TABLE.match(text):
        for place, name in enumerate(("draws", "divergences", "step_size"), 1):
            _keep(values, name, float(table[place]))
        return {name: value for name, value in values.items() if math.isfinite(value)}
    if darknet := _DARKNET.match(text):
        return {"step": float(darknet[1]), "loss": float(darknet["loss"])}
    if "for '" in text and (kaldi := _KALDI.search(text)):
        return {"objective": float(kaldi["value"])}
    stated, before, text = positions(text)
    for name, position, total in stated:
        _count(values, name, position, total)
    for pair in pairs_in(form_of(before)) if before else ():  # tqdm's description
        about = normalise(pair.name_of(before))
        if about == "epoch" or named(about):
            _take(values, pair, before, Role.NONE)
    for pair in pairs_in(form_of(text)):
        _take(values, pair, text, pair.role)
    if ("epoch" in values or "step" in values) and values.keys() <= _COUNTS:
        for bare in _BARE.finditer(text):
            values.setdefault(bare["name"].lower(), float(bare["number"]))
    if values and (repeated := _REPEATED.search(text)):
        name = "fold" if repeated["word"].lower() == "fold" else "bootstrap"
        values.setdefault(name, float(repeated["number"].partition("/")[0]))
    return values


class _Pair(NamedTuple):
    """Where a name and its number stand in a line, and which data they are of."""

    name: slice
    number: slice
    end: int
    role: Role

    def name_of(self, text: str) -> str:
        return text[self.name]


def form_of(text: str) -> str:
    """Return a line with its digits made zeros: where only digits differ, names stand at the same places.

    Except behind NaN and infinity, of which Lightning prints "nan.0": there a zero is not any digit.
    """
    return text if _POINTED.search(text) else text.translate(_ALIKE)


@lru_cache(maxsize=FORMS)
def pairs_in(form: str) -> tuple[_Pair, ...]:
    """Return the names with numbers of all lines of a form; nothing in the patterns asks for a certain digit."""
    marks = [(mark.end(), role_of(mark["word"])) for mark in _MARK.finditer(form)] if _MAY_MARK.search(form) else []
    found: list[_Pair] = []
    for one in _PAIR.finditer(form):
        name, number = ("word", "number") if one["word"] else ("name", "value")
        role = _role_at(marks, one.start())
        found.append(_Pair(slice(*one.span(name)), slice(*one.span(number)), one.end(), role))
        if (one["name"] or "").lower().endswith(" epoch"):  # Flax: `eval epoch: 3, loss: 0.5`
            marks.append((one.end(), role_of(one["name"])))
    return tuple(found)


def _role_at(marks: list[tuple[int, Role]], place: int) -> Role:
    """Return which data the numbers at a place are of, by the last word before it that says so."""
    return next((role for end, role in reversed(marks) if end <= place), Role.NONE) if marks else Role.NONE


def _take(values: dict[str, float], pair: _Pair, text: str, role: Role) -> None:
    """Take one name with its number."""
    name, written = pair.name_of(text), text[pair.number].replace(",", "").rstrip(".")
    if " " in name:
        name = _LEVEL.sub("", name)
    if "d" in written or "D" in written:  # Fortran's exponent
        written = _EXPONENT.sub("e", written)
    number, usual = _number(written), normalise(name[:200])
    if number is None or not usual or len(values) >= VALUES_LIMIT:
        return
    about = named(usual)
    if role is Role.VAL and about is not None and not about.role:
        usual = f"val_{usual}"[:64]
    if usual not in values:
        _keep(values, usual, number * _factor(text, pair.end))
    counted = usual in _COUNTED
    if not counted and not (about and about.quantity == "accuracy"):
        return
    total = _TOTAL.match(text, pair.end)
    if total and counted:
        _add_total(values, _COUNTED[usual], number, total[1])
    elif total and number > 1 and number.is_integer():
        values[usual] = number / max(float(re.sub("[,_]", "", total[1])), number)


def _factor(text: str, end: int) -> float:
    return 1.0 if text[end + 1 : end + 2].isalnum() else _TIMES.get(text[end : end + 1], 1.0)


def _count(values: dict[str, float], name: str, position: str, total: str | None) -> None:
    number = float(position)
    _keep(values, name, number)
    if total:
        _add_total(values, name, number, total)


def _add_total(values: dict[str, float], name: str, position: float, total: str) -> None:
    number = float(re.sub("[,_]", "", total))
    if position <= number < MOST_COUNTED and len(values) < VALUES_LIMIT:
        values.setdefault(f"{name}_total", number)
