"""How the lines of a traceback follow each other, for each form that it is printed in.

A reader takes a line if it belongs to the traceback and says whether it did.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from . import traceback_lines
from .traceback_state import FILES_CHARS, Trace

CELL_FILE = "notebook.py"
"""What the frames of a notebook's cells are called where a type is chosen: a file of the user's own."""


def _plain(trace: Trace, number: int, text: str) -> bool:
    body = trace.behind_prefix(number, text)
    if body is None or not trace.frames:
        if re.match(r'^(?:> | {2})File "', text):
            trace.prefix, body = "", text
        elif body is None:
            return False
    frame = traceback_lines.frame_of(body) if body.startswith(("  File", "> File")) else None
    if frame:
        trace.add_frame(number, text, frame)
    elif not body.strip():
        return trace.follows
    elif body[0] in " \t":
        if not trace.frames or (not trace.follows and not body.startswith("    ")):
            return False
        trace.files = f"{trace.files} {body.strip()[:100]}"[-FILES_CHARS:]
        trace.add(number, text)
    else:
        return bool(trace.frames) and _ends(trace, number, body, text)
    return True


def _ends(trace: Trace, number: int, body: str, text: str) -> bool:
    found = traceback_lines.exception_of(body.rstrip(), follows=trace.follows)
    if not found:
        return False
    trace.add_exception(number, text, found)
    trace.done = True
    trace.foreign = 0
    return True


def _group(trace: Trace, number: int, text: str) -> bool:
    inside = re.match(r"^\s*(?P<sign>[|+])(?P<body>.*)$", text)
    if not inside:
        trace.done = bool(trace.names)
        return False
    body = inside["body"].removeprefix(" ")
    frame = traceback_lines.frame_of(body) if "File" in body else None
    found = traceback_lines.exception_of(body.rstrip(), follows=True) if inside["sign"] == "|" else None
    if frame:
        trace.add_frame(number, text, frame)
    elif found:
        trace.add_exception(number, text, found)
    else:
        trace.add(number, text)
    if re.match(r"^-{20,}$", body) and text.startswith(trace.prefix + "  +-") and "-+" not in body:
        trace.done = bool(trace.names)
    return True


def _ipython(trace: Trace, number: int, text: str) -> bool:
    frame = traceback_lines.frame_of(text) if "File" in text or ".py" in text else None
    if frame:
        trace.add_frame(number, text, frame)
        return True
    if cell := traceback_lines.cell_of(text):
        trace.own = cell[0]
        trace.files = f"{trace.files} {CELL_FILE} in {cell[1]}"[-FILES_CHARS:]
    elif file := traceback_lines.file_without_line(text):
        trace.files = f"{trace.files} {file}"[-FILES_CHARS:]
    _marked(trace, text)
    found = traceback_lines.exception_of(text.rstrip(), follows=True)
    if found and found[0] == trace.prefix.rpartition(".")[2]:
        trace.add_exception(number, text, found)
        trace.done = True
        trace.form, trace.prefix = "plain", ""
        return True
    if len(trace.files) < 400 or trace.foreign < 600:
        trace.foreign += 1
        trace.add(number, text)
        return True
    return False


def _marked(trace: Trace, text: str) -> None:
    """Take the statement that an arrow marks: of its neighbours none is told apart from another."""
    if code := traceback_lines.marked_code(text):
        trace.files = f"{trace.files} {code[:100]}"[-FILES_CHARS:]


def _rich(trace: Trace, number: int, text: str) -> bool:
    body = text.strip()
    if body[:1] in ("│", "┃", "╭", "╰", "❱"):
        frame = traceback_lines.frame_of(body)
        if frame:
            trace.add_frame(number, text, frame)
        else:
            trace.add(number, text)
            _marked(trace, body)
        return True
    if not body:
        return trace.follows
    found = traceback_lines.exception_of(body, follows=trace.follows)
    if found:
        trace.add_exception(number, text, found)
        trace.done = True
        return True
    return False


READERS: dict[str, Callable[[Trace, int, str], bool]] = {
    "plain": _plain,
    "group": _group,
    "ipython": _ipython,
    "rich": _rich,
}
