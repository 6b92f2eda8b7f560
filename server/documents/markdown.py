"""What agents and logs say, made fit to stand in a Markdown document that other agents parse. Pure.

Nothing that is quoted may pass for a part of the document: no heading, no table cell, no end of a fence, none of the
words that the readers of our documents search for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..vocabulary.sanitize import mask_secrets, one_line, outgoing
from .error_report import fence

LONGEST_PROSE = 20_000
"""As much as a tool takes in one argument: nothing that an agent wrote is cut silently."""
LONGEST_INLINE = 1_000
LONGEST_CELL = 200

_CONTRACT = re.compile(
    r"(?<!\\)#(?=[ \t]+(?:Dev(?:elopment)? Diary|Evidence for Entry|Hyperparameter Search|Search Space|Results"
    r"|Selected Configuration|Insight for Paper|The (?:Struggle|Investigation|Fix|Why))\b)",
    re.IGNORECASE,
)
_OUR_WORDS = re.compile(r"\*\*(Status|Result)\*\*")
_FENCE = re.compile(r"([ \t]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+|>[ \t]?)*)(`{3,}|~{3,})([^\n]*)")
_BLOCK = re.compile(r"`{3}|~{3}|[-*+>][ \t]|\||[0-9]{1,9}[.)][ \t]")
_HEADING = re.compile(r"( {0,3})(?=#{1,6}(?:[ \t]|$))")
_UNDERLINE = re.compile(r"( {0,3})(?=(?:=+|-+)[ \t]*$)")
_HTML = re.compile(r"( {0,3})(?=<[A-Za-z/!?])")


def prose(text: str, limit: int = LONGEST_PROSE) -> str:
    """Return a text of several paragraphs: lists, emphasis and fenced code stay, headings and HTML become plain text.

    A fence that was left open is closed, and one that a list or a quotation holds begins a line of its own: what ends
    it must not depend on how a reader takes the lines around it. `**Status**` and `**Result**` are marked as the
    agent's view: the document's own are computed. Cleaned, secrets masked, at most `limit` characters before that.
    """
    lines: list[str] = []
    opened = ""
    for line in unclaimed(outgoing(text.strip(), limit)).split("\n"):
        mark = _FENCE.fullmatch(line)
        if opened:
            ends = mark is not None and mark[2].startswith(opened) and not mark[3].strip()
            lines.append(mark[2] if mark is not None and ends else line)
            opened = "" if ends else opened
        elif mark and not (mark[2][0] == "`" and "`" in mark[3]):
            opened = mark[2]
            lines += [*([mark[1].rstrip()] if mark[1].strip() else []), f"{mark[2]}{mark[3]}"]
        else:
            lines.append(_plain(line))
    return "\n".join([*lines, opened] if opened else lines)


def labelled(label: str, text: str) -> str:
    """Return `**label**: text`, as made by `prose`; what is a block of its own (a fence, a list) begins a new line."""
    return f"**{label}**:{chr(10) if _BLOCK.match(text) else ' '}{text}"


def numbered(items: Sequence[str]) -> str:
    """Return texts made by `prose` as a numbered list; what has several lines is kept together by its indentation."""
    lines = (f"{number}. " + one.replace("\n", "\n   ") for number, one in enumerate(items, start=1))
    return "\n".join(lines)


def _plain(line: str) -> str:
    """Return a line that is no heading, no underline of one and no HTML; all else keeps its meaning."""
    for pattern in (_HEADING, _UNDERLINE, _HTML):
        if found := pattern.match(line):
            return f"{found[1]}\\{line[found.end() :]}"
    return _OUR_WORDS.sub(r"**\1 (agent's view)**", line)


def unclaimed(text: str) -> str:
    r"""Return a text in which no heading of our documents occurs: `### The Why` becomes `##\# The Why`.

    Also inside fences, because the readers search for the words and do not parse Markdown.
    """
    return _CONTRACT.sub(r"\\#", text)


def inline(text: str, limit: int = LONGEST_INLINE) -> str:
    """Return a text on one line that can stand in a sentence or behind a dash."""
    plain = unclaimed(one_line(mask_secrets(one_line(text, 10 * limit)), limit))
    return re.sub(r"<(?=[A-Za-z/!?])", r"\<", plain)


def cell(text: str, limit: int = LONGEST_CELL) -> str:
    """Return a text as one cell of a table: no pipe divides it, nothing in it is bold, a link or code."""
    return re.sub(r"([\\|*`\[<])", r"\\\1", unclaimed(one_line(mask_secrets(one_line(text, 10 * limit)), limit)))


def fenced(text: str, language: str = "") -> str:
    """Return a text as a fenced block that nothing inside it can end.

    Verbatim but for the headings that readers of our documents search for.
    """
    mark = fence(text)
    return f"{mark}{language}\n{unclaimed(text.rstrip())}\n{mark}"


def table(heads: list[str], rows: list[list[str]]) -> str:
    """Return a table of cells that were made by `cell`."""
    divider = ["---"] * len(heads)
    return "\n".join(f"| {' | '.join(row)} |" for row in [heads, divider, *rows])
