"""Tables that a training prints, line by line: fastai, spaCy, ultralytics, scikit-learn, Stable-Baselines. Pure.

A header names the columns of the rows below it; a box of names and values, one pair a line, is one row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from ..curves.columns import choose
from ..curves.names import named
from .metrics import normalise

MOST_CELLS = 32
MOST_CHARS = 1000
_BARS = re.compile(r"(?<!\|)\|(?!\|)|[│┃]")
_GAP = re.compile(r"  +|\t")
_RULE = re.compile(r"^[\s|│┃+:═━─=_┌┐└┘├┤┬┴┼╭╮╰╯-]+$")
_NAME = re.compile(r"(?:[%#] ?|\|\|)?[A-Za-z_#][\w #%./@()\[\]:|-]*$|#$")
_NUMBERED = re.compile(r"(?:^|[ :=(])[-+]?\d|=")
"""A cell that states a number names no column."""
_PAIR = re.compile(r"^\s*[|│]\s*(?P<name>[A-Za-z_][\w ./@-]*?)\s*[|│]\s*(?P<value>\S*?)\s*[|│]\s*$")
_BOTH = re.compile(r"(?:^|[ -])Training +\| +Validation$")
_OF_BOTH = re.compile(r"(?:^|[ -])(?P<name>[A-Za-z_]\w*) +\| +(?P<train>\S+) +\| +(?P<val>\S+)$")
"""AllenNLP's table of an epoch: a quantity a line, training and validation side by side."""
_OF = re.compile(r"^(\d+)/(\d+)$")


@dataclass(slots=True)
class Tables:
    """What was read of the table at hand."""

    header: list[str] = field(default_factory=list[str])
    box: dict[str, float] = field(default_factory=dict[str, float])
    group: str = ""
    both: bool = False

    def state(self) -> dict[str, object]:
        """Return what a new one continues from."""
        return asdict(self)

    def read(self, text: str) -> Mapping[str, float] | None:
        """Return what a line tells as a part of a table, maybe nothing; None where it is no part of one."""
        if len(text) > MOST_CHARS:
            return None
        if _RULE.match(text):
            return self._closed() if text.strip() else None
        if _BOTH.search(text):
            self.both = True
            return {}
        if self.both and (row := _OF_BOTH.search(text)):
            pairs = ((f"train_{row['name']}", row["train"]), (f"val_{row['name']}", row["val"]))
            return {name: number for name, cell in pairs if (number := _number(cell)) is not None}
        self.both = False
        return self._cells(text)

    def _cells(self, text: str) -> Mapping[str, float] | None:
        if not self.header and _NUMBERED.search(text) and not _BARS.search(text):
            return None  # the usual line: it names no columns, and no header stands before it
        if (pair := _PAIR.match(text)) and not self._fits(pair):
            return self._paired(pair["name"], pair["value"])
        cells = _cells(text)
        if _is_header(cells):
            self.header = cells[:MOST_CELLS]
            return {}
        return self._row(text, cells) if self.header else None

    def _fits(self, pair: re.Match[str]) -> bool:
        """Whether a line of two cells is the header or a row of a table rather than a name with its value."""
        return _is_header([pair["name"], pair["value"]]) or (len(self.header) == 2 and pair["name"][:1].isdigit())

    def _closed(self) -> Mapping[str, float]:
        box, self.box, self.group = self.box, {}, ""
        return box

    def _paired(self, name: str, value: str) -> Mapping[str, float]:
        number = _number(value)
        if name.endswith("/") and not value:
            self.group = name
        elif number is not None and len(self.box) < MOST_CELLS and (usual := normalise(f"{self.group}{name}"[:200])):
            self.box[usual] = number
        return {}

    def _row(self, text: str, cells: list[str]) -> Mapping[str, float] | None:
        least = len(self.header) - (len(self.header) > 3)  # the last one holds remarks, and mostly none
        if len(cells) < least:
            cells = text.split()
        if len(cells) < least or not (cells[0][:1].isdigit() or _BARS.search(text)):
            return None
        values: dict[str, float] = {}
        for name, cell in zip(self.header, cells, strict=False):
            of, usual = _OF.match(cell), _usual(name)
            number = float(of[1]) if of else _number(cell)
            if usual and number is not None:
                values[usual] = number
                if of:
                    values[f"{usual}_total"] = float(of[2])
        return values if any(named(name) for name in values) else None


def _cells(text: str) -> list[str]:
    stripped = text.strip()
    if _BARS.search(stripped):
        cells = [cell.strip() for cell in _BARS.split(stripped)]
        return cells[not cells[0] : len(cells) - (not cells[-1])]
    cells = _GAP.split(stripped)
    return cells if len(cells) > 1 else stripped.split(" ")


def _is_header(cells: list[str]) -> bool:
    """Whether cells name the columns of a history: names all of them, a place and a quantity among them."""
    if not 2 <= len(cells) <= MOST_CELLS or not all(map(_NAME.match, cells)) or any(map(_NUMBERED.search, cells)):
        return False
    choice = choose(cells)
    quantities = [name for names in choice.sources.values() for name in names if named(name)]
    return bool(quantities) and (choice.epoch is not None or choice.step is not None or len(quantities) > 2)


def _usual(name: str) -> str:
    choice = choose([name])
    if choice.epoch:
        return "epoch"
    return "step" if choice.step else normalise(name[:200])


def _number(cell: str) -> float | None:
    try:
        return float(cell.rstrip("%*"))
    except ValueError:
        return None
