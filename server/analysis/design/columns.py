"""Which column of a design's table says what, however people head it; and whether the table binds at all. Pure.

A table binds by what its columns are headed (what is acceptable, what must not be simplified), or by standing in a
section on computational requirements; there the first column names and the second specifies where no heading says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from . import markdown

_MOST_NAME_CHARACTERS = 200
SECTION = re.compile(r"comput\w* requirements?", re.IGNORECASE)

_SPECIFICATION = re.compile(
    r"(?:design )?spec(?:ification|ified)?|design(?: value)?|plan(?:ned)?(?: value)?|value|values|target|wanted"
    r"|intended|requested|as designed"
)
_LEAST = re.compile(
    r"(?:min(?:imum)?\.?|lowest|least|at least|floor|lower|no(?:t)? (?:less|fewer|lower) than|not below)"
    r"(?: (?:acceptable|allowed|permitted|value|bound|limit))*"
)
_MOST = re.compile(
    r"(?:max(?:imum)?\.?|highest|most|at most|ceiling|upper|no(?:t)? (?:more|higher) than|not above)"
    r"(?: (?:acceptable|allowed|permitted|value|bound|limit))*"
)
_NAME = re.compile(r"(?:hyper-?)?parameters?|settings?|items?|quantity|requirements?|what")
_UNIT = re.compile(r"units?")
_REASON = re.compile(r"(?:notes?|reasons?|why|remarks?|comments?|rationale|source)")
_BINDS = re.compile(r"(?:design )?spec(?:ification|ified)?")
_KEPT = re.compile(
    r"\b(?:(?:must|may|can|do|shall)\s?(?:not|n't)|cannot)(?: be)? (?:simplif|reduc|lower)"
    r"|\bnon-?negotiable|\bno simplification|\bsimplification forbidden",
    re.IGNORECASE,
)
_KEPT_COLUMN = re.compile(r"\bmust (?:be kept|keep|hold|be met)\b|^(?:binding|mandatory)\??$", re.IGNORECASE)
_MAY_SIMPLIFY = re.compile(r"\b(?:may|can)(?: be)? simplif|\bsimplif\w* (?:allowed|permitted|possible)", re.IGNORECASE)
_YES = re.compile(r"\b(yes|true|y|must|required|mandatory)\b|[✅✓✔☑]", re.IGNORECASE)
_NO = re.compile(r"\b(no|false|n|never|forbidden)\b|[❌✗✘]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Stated:
    """One row of a table by what its cells say; empty where it has no such cell.

    :ivar binds: whether its table says what is acceptable, and not only what something is.
    """

    name: str
    specified: str
    least: str
    most: str
    unit: str
    kept: bool
    binds: bool


def stated(row: markdown.Row) -> Stated:
    """Return what a row of a table states."""
    first = next((name for name in row.cells if _NAME.fullmatch(_words(name))), next(iter(row.cells), ""))
    return Stated(
        name=markdown.bare(row.cells.get(first, "")[:_MOST_NAME_CHARACTERS]),
        specified=_cell(row, _SPECIFICATION) or _after(first, row),
        least=_cell(row, _LEAST),
        most=_cell(row, _MOST),
        unit=_cell(row, _UNIT).strip("-–—"),
        kept=_kept(row),
        binds=in_requirements(row.headings) or any(_binds(_words(name)) for name in row.cells),
    )


def in_requirements(headings: tuple[str, ...]) -> bool:
    """Whether one of these headings is that of the section on computational requirements."""
    return any(SECTION.search(title) for title in headings)


def says_kept(text: str) -> bool:
    """Whether a text says that something must not be simplified."""
    return _KEPT.search(text) is not None


def _kept(row: markdown.Row) -> bool:
    """Whether a row is marked as one that must not be simplified, however the column is headed."""
    marks = [(_words(name), cell) for name, cell in row.cells.items()]
    return any(
        ((_KEPT.search(name) or _KEPT_COLUMN.search(name)) and _YES.search(cell))
        or (_MAY_SIMPLIFY.search(name) and _NO.search(cell))
        for name, cell in marks
    ) or any(_KEPT.search(cell) for _, cell in marks)


def _binds(heading: str) -> bool:
    return any(each.fullmatch(heading) for each in (_LEAST, _MOST, _BINDS)) or _marks(heading)


def _marks(heading: str) -> bool:
    return any(each.search(heading) for each in (_KEPT, _KEPT_COLUMN, _MAY_SIMPLIFY))


def _after(first: str, row: markdown.Row) -> str:
    """Return the cell behind the name, where its heading is none that says another thing."""
    names = [*row.cells]
    name = next(iter(names[names.index(first) + 1 :]), "") if names else ""
    heading = _words(name)
    if _marks(heading) or any(each.fullmatch(heading) for each in (_LEAST, _MOST, _UNIT, _REASON)):
        return ""
    return markdown.bare(row.cells.get(name, ""))


def _cell(row: markdown.Row, heading: re.Pattern[str]) -> str:
    return markdown.bare(
        next((cell for name, cell in row.cells.items() if cell and heading.fullmatch(_words(name))), "")
    )


def _words(heading: str) -> str:
    return " ".join(heading.replace("_", " ").split())
