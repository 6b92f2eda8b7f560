"""Follows metrics that are NaN or infinite: which, since when, and whether they came back.

Only loss-like metrics count. A validation metric may be NaN by design (every fifth epoch), so it counts only when a
run of NaN is much longer than any before it. Names are compared without their digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from functools import lru_cache

from .metrics import read_metrics
from .text import SHAPELESS, cap

NAMES_LIMIT = 16
FORGET_LINES = 20_000
TOKEN = re.compile(r"(?<![A-Za-z_])(?:nan|NaN|NAN|inf|Inf|INF|Infinity)(?:\.0)?(?![A-Za-z_])")

_LOSS = re.compile(
    r"loss|nll|elbo|perplexity|ppl|mse|mae|log_?likelihood|cross_?entropy|objective|cost|error|deviance|grad_?norm|"
    r"gnorm|logp|energy|(?:^|_)l$|rmsle|mape|^learn$|residual|entropy|(?:^|_)objf?(?:_|$)|^ll$|^valid(?:ation)?$"
)
_OTHER = re.compile(r"best|min|max|prev|last|init|delta|improv|thresh|tol|target|scal|count|num|batches|skip|gain|std")
_HELD_OUT = re.compile(r"val|eval|test|dev(?!iance)|holdout|cv|score")
_CSV = re.compile(
    r"^(?:[-+.\deE]+|nan|NaN|inf|Infinity)?(?:[,;\t] ?(?:[-+.\deE]*|-?nan|-?NaN|-?inf|-?Infinity)){1,64}$"
)

_STATEMENT = re.compile(
    r"(?i)\b(?:loss|grad\w*|weights|parameters|elbo)\b(?! scal)[^.,;=:(]{0,40}?"
    r"\b(?:is|are|was|were|became|becomes|went|turned|has become)(?: now)? "
    r"(?:nan|\+?inf(?:inite|inity)?|non-?finite|not finite)\b"
    r"|\b(?:nan|non-?finite)(?: or inf|/inf)? (?:loss|gradients?)\b(?!\w*\s*[=:]\s*[\d0])[^\n]{0,300}?"
    r"(?:detect|encounter|found|stop|abort|terminat|diverg|!|at (?:step|epoch|iter))"
    r"|\b(?:detected|encountered|found) (?:an? )?(?:nan|inf|non-?finite)(?: or inf|/inf)? (?:in )?(?:the )?"
    r"(?:train\w* )?(?:loss|gradients?)\b"
    r"|Invalid loss, terminating training|onitored metric .* is not finite"
)
"""A sentence that says it: whoever prints it checked for it."""
_MAY_STATE = re.compile(
    r"(?i)\b(?:is|are|was|were|became|becomes|went|turned|become) |detect|encounter|found|stop|abort|terminat|diverg|!"
    r"|at (?:step|epoch|iter)|invalid loss|not finite"
)
"""One of these words stands in each such sentence; to look for them costs a hundredth of looking for the sentence."""
_VALUE_FIRST = re.compile(r"(?<![\w.])([-+]?(?:nan|inf|\d{1,9}(?:\.\d{1,12})?)) avg loss\b")
"""Darknet prints the value before its name."""
_WRAPPED = re.compile(rb"^ {3,}(?:nan|inf)(?: |$)")
_MAY_SHOW = re.compile(
    rb"(?<![A-Za-z_])(?:nan|NaN|NAN|inf|Inf|INF|Infinity)(?![A-Za-z_])|inite|Invalid loss|Nan|become"
)
_OVERLONG = re.compile(r"(?<=\d[eE])\+?\d{3,}|\d{300,}")
STATED = "stated"
_OF_FOLD = re.compile(r"^\W*(?P<who>[A-Za-z][\w .+/-]{0,40}?)[\s:,(\[|-]+fold\b", re.IGNORECASE)
_ITS = "'s "
"""A score of a fold that names whose it is: one model may have no such score (an SVC no probabilities)."""

Excerpt = tuple[str, list[str]]
"""A line and the lines before it."""

Sight = tuple[tuple[str, ...], tuple[str, ...]]
"""Loss-like names that are not finite in a line, and names that are."""


@dataclass(slots=True)
class Series:
    """One metric's run of values that are not finite."""

    first: int = 0
    last: int = 0
    streak: int = 0
    longest: int = 0
    finite: bool = False
    text: str = ""
    """The line `first`, once it was noted."""
    before: list[str] = field(default_factory=list[str])
    """The lines before it."""
    excerpt: Callable[[], Excerpt] | None = None
    """Where to read both until then."""

    def begin(self, number: int, excerpt: Callable[[], Excerpt]) -> None:
        """Begin a run of values that are not finite."""
        self.first, self.excerpt = number, excerpt

    def note_excerpt(self) -> None:
        """Note where the run began, while the lines are at hand: most runs are over before anybody asks."""
        if self.excerpt:
            if self.streak:
                self.text, self.before = self.excerpt()
            self.excerpt = None


def may_show(form: bytes) -> bool:
    """Whether a line of this shape can hold a value that is not finite, or a sentence about one."""
    return _MAY_SHOW.search(form) is not None


def is_wrapped(form: bytes) -> bool:
    """Whether a line of this shape begins, indented, with a value that is not finite (a bar wrapped by its width)."""
    return _WRAPPED.match(form) is not None


def sight(text: str) -> Sight:
    """Return which loss-like metrics of a line are not finite and which are."""
    text = _OVERLONG.sub("9", text)  # too large for a float, but a number
    values = read_metrics(text)
    if _MAY_STATE.search(text) and _STATEMENT.search(text):
        return (STATED,), ()
    if not values and _CSV.match(text.strip()):
        return _csv(text)
    if behind := _VALUE_FIRST.search(text):
        values = {**values, "avg_loss": float(behind[1])}
    bad: list[str] = []
    good: list[str] = []
    whose = _whose(text) if "fold" in values else ""
    for name, value in values.items():
        plain = name.translate(dict.fromkeys(SHAPELESS)).strip("_")
        if _LOSS.search(plain) and not _OTHER.search(plain):
            (good if value - value == 0 else bad).append(whose + plain[:40])
    return tuple(bad), tuple(good)


def _whose(text: str) -> str:
    found = _OF_FOLD.match(text)
    return f"{found['who'].translate(dict.fromkeys(SHAPELESS))}{_ITS}" if found else ""


def _csv(text: str) -> Sight:
    cells = re.split(r"[,;\t]", text.strip())[1:]
    bad = [bool(TOKEN.search(cell)) for cell in cells]
    if cells and all(bad) and len(cells) > 1:
        return ("columns",), ()
    return (("val column",), ()) if any(bad) else ((), ("columns", "val column"))


@lru_cache(maxsize=256)
def is_held_out(name: str) -> bool:
    """Whether a metric may be missing by design."""
    return _HELD_OUT.search(name) is not None


class NonFinite:
    """All metrics that are or were not finite. `since` is the line where the present trouble began, None without."""

    def __init__(self, state: dict[str, dict[str, object]] | None = None) -> None:
        self.open = False
        """Whether a metric is not finite at the moment, so that every line must be looked at."""
        self.series = {name: Series(**item) for name, item in (state or {}).items()}  # pyright: ignore[reportArgumentType] our own asdict
        self._reopen()

    def state(self) -> dict[str, dict[str, object]]:
        """Return what a new one continues from."""
        self.rest()
        return {name: asdict(series) for name, series in self.series.items()}

    def rest(self) -> None:
        """Let go of the bytes at hand."""
        for series in self.series.values():
            series.note_excerpt()

    def clear(self) -> None:
        """Take nothing that is not finite now for more than it was: it was meant to be."""
        for series in self.series.values():
            series.longest, series.streak = max(series.longest, series.streak), 0
        self._reopen()

    def _reopen(self) -> None:
        self.open = any(series.streak for series in self.series.values())

    def read(self, number: int, seen: Sight, usual: Callable[[], set[str]], excerpt: Callable[[], Excerpt]) -> None:
        """Take what a line shows.

        :param usual: asked at a metric's first NaN: names that were finite shortly before.
        :param excerpt: asked where a metric's trouble begins: the line and those before it, capped.
        """
        bad, good = seen
        for name in bad:
            self._bad(name, number, usual, excerpt)
        if good:
            self._good(good, clears_statement=not bad)
        elif bad:
            self.open = True

    def again(self, number: int, bad: tuple[str, ...]) -> bool:
        """Count names that are not finite and were not before; whether that was all there is to do."""
        for name in bad:
            series = self.series.get(name)
            if series is None or not series.streak:
                return False
        for name in bad:
            series = self.series[name]
            series.streak += 1
            series.last = number
        return True

    def passes(self, number: int, seen: Sight, excerpt: Callable[[], Excerpt]) -> bool:
        """Take what a line shows if nothing can come of it; whether that was so.

        The same as `read`, but nothing is taken of what may alarm, of metrics that are new, or of a sentence.

        :param excerpt: as for `read`.
        """
        series = self.series
        if STATED in series:
            return False
        for name in seen[0]:
            one = series.get(name)
            if one is None or one.streak + len(seen[0]) > _limit(name, one.longest, one.finite):
                return False
        for name in seen[0]:
            one = series[name]
            if not one.streak:
                one.begin(number, excerpt)
            one.streak += 1
            one.last = number
        if seen[1]:
            self._good(seen[1], clears_statement=True)
        return True

    def _good(self, good: tuple[str, ...], *, clears_statement: bool) -> None:
        stated = self.series.get(STATED)
        names = (*good, STATED) if clears_statement and stated and stated.streak < 2 else good
        for name in names:
            series = self.series.get(name)
            if series:
                series.longest, series.streak, series.finite = max(series.longest, series.streak), 0, True
        self._reopen()

    def _bad(self, name: str, number: int, usual: Callable[[], set[str]], excerpt: Callable[[], Excerpt]) -> None:
        series = self.series.get(name)
        if series is None:
            if len(self.series) >= NAMES_LIMIT:
                return
            known = usual()
            series = self.series[name] = Series(finite=name in known)
            if name not in known and _is_others(name, known):
                series.longest = FORGET_LINES
        if not series.streak:
            series.begin(number, excerpt)
        series.streak += 1
        series.last = number

    def forget(self, number: int) -> None:
        """Stop waiting for metrics that were not printed for a long time."""
        for name in [name for name, s in self.series.items() if s.streak and number - s.last > FORGET_LINES]:
            series = self.series[name]
            if is_held_out(name) or series.streak < 2:
                del self.series[name]
        self._reopen()

    def alarming(self, *, ended: bool) -> list[str]:
        """Return the names that are a failure now (or, when the log has ended, if nothing more comes)."""
        lasting = {name: one for name, one in self.series.items() if one.streak}
        if STATED in lasting:  # the sentence speaks of what began before it
            return list(lasting)
        return [name for name, one in lasting.items() if _alarming(name, one, ended=ended)]

    def since(self, names: list[str]) -> Series:
        """Return the one whose trouble began first."""
        series = min((self.series[name] for name in names), key=lambda series: series.first)
        series.note_excerpt()
        return series

    def last(self, names: list[str]) -> int:
        """Return its newest line."""
        return max(self.series[name].last for name in names)


def _is_others(name: str, known: Collection[str]) -> bool:
    """Whether a score of a fold is finite for another model than the one that it is of, for which it never was."""
    _, its, score = name.partition(_ITS)
    return bool(its) and any(one != name and one.endswith(its + score) for one in known)


def _alarming(name: str, series: Series, *, ended: bool) -> bool:
    if ended and not (name == STATED or is_held_out(name) or "grad" in name or "norm" in name):
        return series.streak > series.longest
    return series.streak > _limit(name, series.longest, series.finite)


@lru_cache(maxsize=256)
def _limit(name: str, longest: int, finite: bool) -> float:
    """Return how many times in a row a metric may be not finite before that is a failure.

    :param longest: how often in a row it was so far.
    :param finite: whether it ever was.
    """
    if name == STATED:
        return 0
    if is_held_out(name):
        return max(3, 3 * longest) if finite else float("inf")
    return max(3 if "grad" in name or "norm" in name else 1, 2 * longest)


def describe(names: list[str], line: str) -> str:
    """Say what is not finite, in one sentence."""
    if names == [STATED]:
        return cap(line.strip(), 400)
    metrics = [name for name in names if name != STATED]
    return cap(f"{', '.join(metrics[:4])} not finite{': ' if line else ''}{line.strip()}", 400)
