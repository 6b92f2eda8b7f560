"""Follows what samplers say of themselves: divergences, R-hat, tree depth, effective sample size.

Understood: PyMC's sentences and progress table (also with nutpie, which says nothing else), lines of a callback
(`draws=400 divergences=37`), ArviZ summaries, Stan's and NumPyro's sentences.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple

from ...vocabulary.mcmc_levels import McmcLevels
from ...vocabulary.runs import Level
from . import metrics

UNKNOWN_DRAWS = 4000
"""Draws that a share is taken of where the log does not say how many: PyMC's default of four chains of a thousand.
They are never told: nobody printed them."""
TABLE_LINES = 60
FEW_DRAWS = 200
"""While there are fewer, a share is taken of so many: the first draw of 1000 may diverge and the run be fine."""

_SENTENCE = re.compile(
    r"There (?:were|was) (?P<count>[\d_,]+) divergences? after tuning"
    r"|(?P<stan>\d+) of (?P<of>\d+) (?:\([\d.]+%\) )?(?:transitions|iterations) ended with a divergence"
    r"|[Nn]umber of divergences: (?P<pyro>\d+)"
    r"|(?P<chain>\d+) divergent transitions"
)
_DRAWS = re.compile(r"\((?P<tune>[\d_,]+) \+ (?P<draws>[\d_,]+) draws total\)")
_DEPTH = re.compile(r"[Cc]hains? ?\d* ?(?:reached|saturated) the maximum tree ?depth|hit the maximum treedepth limit")
_RHAT = re.compile(r"rhat statistic is larger than (?P<rhat>\d{1,9}(?:\.\d{1,9})?)")
_ESS = re.compile(r"effective sample size per chain is smaller|number of effective samples is smaller")
_HEADER = re.compile(r"\bDr(?:aw|…).*\bDi(?:vergences\b|\w*…)")
"""A narrow terminal, or none, has its names cut."""
_COUNTED = re.compile(
    rb"\bdraws?\b[\"']?\s?[=: ]\s?(?P<draws>\d{1,15})\b.*?"
    rb"\bdiverg(?:ences|ent|ing)\b[\"']?\s?[=: ]\s?(?P<count>\d{1,15})\b"
)
_SUMMARY = re.compile(r"\b[rR]_hat\b")
_CELL = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|nan|NaN")
_RHAT_CELL = re.compile(r"\d{1,9}(?:\.\d+)?")
_BARE_NAME = re.compile(r"[A-Za-z_][\w.%/-]*|\d{1,3}(?:\.\d+)?%")
_GAP = re.compile(r"[\s,;|]+")
"""Between the cells of a table, as it is printed, of a CSV or of Markdown."""
_LABELS = ("parameter", "param", "variable", "var", "name")
"""Names of the column that holds the parameters' names; most tables leave it without one."""
MOST_DIGITS = 15
MOST_COUNTED = 1e12
"""More divergences or draws than anybody ever made: such a number is left out."""
MOST_RHAT = 1e6

CUT_NAMES = ("Di…", "Div…", "Dive…", "Diver…", "Diverg…")
WORDS = (
    *(b"ivergen", b"diverging", b"hat", b"tree", b"draws total", b"effective s"),
    *(name.encode() for name in CUT_NAMES),
)
"""One of them stands in every line that can diagnose something."""


class Diagnosis(NamedTuple):
    """One diagnostic at one line."""

    aspect: str
    """divergences, rhat, treedepth or ess."""
    level: Level
    emergency: bool
    text: str = ""
    """What to say; empty where `divergent` says it."""
    sentence: bool = False
    """The library's own sentence, which states it best."""
    divergent: int = 0
    draws: int = 0
    """0 where nobody said how many."""
    rhat: float = 0.0


@dataclass(slots=True)
class Mcmc:
    """What is known of the sampling so far."""

    draws: int = 0
    table_until: int = 0
    summary_until: int = 0
    summary_columns: int = 0
    rhat_column: int = 0
    depth_line: int = 0
    doubts: int = 0

    def state(self) -> dict[str, int]:
        """Return what a new one continues from."""
        return asdict(self)

    def reads_on(self, number: int) -> bool:
        """Whether the next line may be a row of a table."""
        return number <= self.table_until or number <= self.summary_until

    def read(self, number: int, text: str, levels: McmcLevels) -> Diagnosis | None:
        """Take one line; return what it diagnoses, None if nothing (a count of zero is nothing)."""
        if "diverg" in text and (stated := counted(text.encode())):
            return _divergent(stated[0], max(stated[1], 1), levels, sentence=False)
        if _HEADER.search(text):
            self.table_until = number + TABLE_LINES
            return None
        if total := _DRAWS.search(text):
            self.draws = _int(total["draws"])
            return None
        return self._sentences(text, levels) or self._table(number, text, levels) or self._values(text, levels)

    def _sentences(self, text: str, levels: McmcLevels) -> Diagnosis | None:
        if found := _SENTENCE.search(text):
            count = _int(found["count"] or found["stan"] or found["pyro"] or found["chain"])
            return _divergent(count, _int(found["of"] or "0") or self.draws, levels, sentence=True)
        if _DEPTH.search(text):
            return Diagnosis("treedepth", Level.FLAG, False, text.strip())
        if found := _RHAT.search(text):
            return _rhat(float(found["rhat"]), levels, text.strip(), sentence=True)
        if _ESS.search(text):
            return Diagnosis("ess", Level.FLAG, False, text.strip())
        return None

    def _table(self, number: int, text: str, levels: McmcLevels) -> Diagnosis | None:
        if _SUMMARY.search(text) and (names := _columns(text)):
            self.summary_until, self.summary_columns = number + TABLE_LINES, len(names)
            self.rhat_column = len(names) - names.index("r_hat")
            return None
        if number <= self.summary_until:
            return self._row(text, levels)
        return None

    def _row(self, text: str, levels: McmcLevels) -> Diagnosis | None:
        cells = _cells(text)
        whole = len(cells) > self.summary_columns and all(map(_CELL.fullmatch, cells[-self.summary_columns :]))
        if not whole or not _RHAT_CELL.fullmatch(cells[-self.rhat_column]):
            self.summary_until = 0
            return None
        return _rhat(float(cells[-self.rhat_column]), levels, f"R-hat {cells[-self.rhat_column]} of {cells[0]}")

    def _values(self, text: str, levels: McmcLevels) -> Diagnosis | None:
        values = metrics.read_metrics(text)
        rhat = values.get("rhat")
        if rhat is not None and rhat >= levels.rhat_flag:
            return _rhat(rhat, levels, f"R-hat {rhat:g}")
        count = _counted(values, "divergences")
        draws = _counted(values, "draws") or _counted(values, "step") or self.draws
        return _divergent(count, draws, levels, sentence=False)


def counted(line: bytes) -> tuple[int, int] | None:
    """Return divergences and draws where a line, without control characters, states both."""
    found = _COUNTED.search(line)
    return (int(found[2]), int(found[1])) if found else None


def share_of(count: int, draws: int, *, sentence: bool) -> float:
    """Return the share of divergent draws; a sentence speaks of all draws, anything else of those so far."""
    return count / max(draws, 1 if sentence else FEW_DRAWS)


def _cells(text: str) -> list[str]:
    return [cell for cell in _GAP.split(text) if cell]


def _columns(text: str) -> list[str]:
    """Return the names of a table's columns in lower case; none where a line is no row of bare names with R-hat's."""
    names = _cells(text)
    bare = all(map(_BARE_NAME.fullmatch, names)) and not text.rstrip().endswith((":", "="))
    lower = [name.lower() for name in names]
    lower = lower[1:] if lower and lower[0] in _LABELS else lower
    return lower if bare and "r_hat" in lower else []


def _counted(values: Mapping[str, float], name: str) -> int:
    """Return a count that a line states; 0 where it states none, or none that can be one (NaN, an infinity, 1e300)."""
    value = values.get(name, 0.0)
    return int(value) if 0 < value < MOST_COUNTED else 0


def _int(digits: str) -> int:
    """Return a whole number of a sentence; 0 for one that is absurdly long."""
    bare = re.sub(r"[_,]", "", digits)
    return int(bare) if 0 < len(bare) <= MOST_DIGITS else 0


def _divergent(count: int, draws: int, levels: McmcLevels, *, sentence: bool) -> Diagnosis | None:
    if count <= 0:
        return None
    share = share_of(count, draws or UNKNOWN_DRAWS, sentence=sentence)
    level = Level.FAILURE if share > levels.divergent_share_failure else Level.FLAG
    return Diagnosis("divergences", level, share > levels.divergent_share_emergency, "", sentence, count, draws)


def _rhat(value: float, levels: McmcLevels, message: str, *, sentence: bool = False) -> Diagnosis | None:
    if value < levels.rhat_flag or value > MOST_RHAT:
        return None
    level = Level.FAILURE if value > levels.rhat_failure else Level.FLAG
    return Diagnosis("rhat", level, value > levels.rhat_emergency, message, sentence, rhat=value)
