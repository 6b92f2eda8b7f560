"""The parts of a Markdown document that say something: lines outside of fences and comments, sections, tables.

Whatever stands in a code fence or a comment is an example or is hidden, and requires nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
# No pattern has two parts side by side that take the same characters: a line of 4,000 blanks is read in one go.
_HEADING = re.compile(r" {0,3}(#{1,6})\s(.*)$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)\s*$")
_BOLD_ALONE = re.compile(r"\s{0,3}(?:\*\*|__)([^*|]{1,80}?)(?:\*\*|__)\s{0,3}:?$")
_LEVEL_OF_BOLD = 7
"""A line that is bold and nothing else heads what follows, below every real heading."""
_DELIMITER = re.compile(r":?-+:?")
_MARKS = re.compile(r"((?<=\d)(?: \* |\*{1,2})(?=\d))|[*`]|(?<!\w)_|_(?!\w)")
_CELL_END = re.compile(r"(?<!\\)\|")
_MOST_LINES = 20_000
_MOST_CHARACTERS = 4_000
"""Of one line; no sentence of a design is longer, and no pattern here sees more."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its number, counted from 1, and the headings that it stands under, outermost first."""

    number: int
    text: str
    headings: tuple[str, ...] = ()

    @property
    def is_heading(self) -> bool:
        """Whether it opens a section."""
        return _HEADING.match(self.text) is not None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its cells by the heading of their column in lower case, and the headings it stands under."""

    number: int
    cells: dict[str, str]
    headings: tuple[str, ...] = ()


def lines(text: str) -> list[Line]:
    """Return the lines that count, in order."""
    found: list[Line] = []
    fence, comment = "", False
    headings: list[tuple[int, str]] = []
    for number, raw in enumerate(text.split("\n")[:_MOST_LINES], start=1):
        line, comment = _without_comments(raw[:_MOST_CHARACTERS], comment)
        fence, inside = _fence(fence, line)
        if inside:
            continue
        if heading := _heading(line, found):
            headings = [one for one in headings if one[0] < heading[0]] + [heading]
        found.append(Line(number, line, tuple(title for _, title in headings)))
    return found


def _heading(line: str, before: list[Line]) -> tuple[int, str] | None:
    """Return level and title that a line begins: `# title`, a line that is bold alone, or underlined by this one."""
    if found := _HEADING.match(line):
        return len(found[1]), bare(found[2].strip().rstrip("#"))
    if found := _BOLD_ALONE.match(line.rstrip()):
        return _LEVEL_OF_BOLD, bare(found[1])
    title = before[-1].text.strip() if before else ""
    if (found := _UNDERLINE.match(line)) and title and "|" not in title and not title.startswith(("#", "-", "*", ">")):
        return 1 if found[1][0] == "=" else 2, bare(title)
    return None


def _without_comments(line: str, inside: bool) -> tuple[str, bool]:
    """Return what of a line stands outside of comments, and whether the next one begins inside one."""
    kept = ""
    while line:
        before, mark, line = line.partition("-->" if inside else "<!--")
        kept += "" if inside else before
        if not mark:
            break
        inside = not inside
    return kept, inside


def _fence(fence: str, line: str) -> tuple[str, bool]:
    """Return the fence that is open after a line, and whether the line belongs to one."""
    found = _FENCE.match(line)
    if not fence:
        return (found[1], True) if found else ("", False)
    closes = found and found[1][0] == fence[0] and len(found[1]) >= len(fence) and not line.strip().strip(fence[0])
    return ("" if closes else fence), True


def rows(document: list[Line]) -> Iterator[Row]:
    """Yield the rows of every table of the document."""
    columns: list[str] = []
    for before, line in zip([Line(0, ""), *document], document, strict=False):
        if "|" not in line.text:
            columns = []
        elif "|" in before.text and before.number == line.number - 1 and _delimits(line.text):
            columns = [bare(cell).lower() for cell in cells(before.text)]
        elif columns:
            yield Row(line.number, dict(zip(columns, cells(line.text), strict=False)), line.headings)


def _delimits(line: str) -> bool:
    """Whether a line parts the heading of a table from its rows: `|---|:-:|`."""
    inner = line.strip().removeprefix("|").removesuffix("|")
    return all(_DELIMITER.fullmatch(cell.strip()) for cell in inner.split("|"))


def cells(line: str) -> list[str]:
    """Return the cells of a table's line; an escaped bar belongs to its cell."""
    inner = line.strip().removeprefix("|")
    found = [cell.replace("\\|", "|").strip() for cell in _CELL_END.split(inner)]
    return found[:-1] if found and not found[-1] and inner.endswith("|") else found


def bare(text: str) -> str:
    """Return a text without the marks of bold, italics and code; `4 * 1000` and `10**4` keep theirs."""
    return _MARKS.sub(lambda found: found[1] or "", text).strip()
