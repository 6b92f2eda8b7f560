"""The lines that a user is told to paste, read from docs/clients.md and pasted.

Below a heading, a block of `sh` is typed in the project; the text in front of any other block names the file that it
goes to: "In `~/.codex/config.toml`". Two JSON blocks for one file are one object.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from .programs import Home

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/clients.md"
_HEADING = re.compile(r"(#{2,4}) (.+)")
_FENCE = re.compile(r"```(\w*)")
_FILE = re.compile(r"\bIn `([^`]+)`")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of the page.

    :ivar headings: the headings above it, the outermost first.
    :ivar before: the paragraph in front of it.
    """

    headings: tuple[str, ...]
    language: str
    before: str
    text: str

    @property
    def file(self) -> str:
        """The file that it goes to; empty where none is named."""
        found = _FILE.search(self.before)
        return found[1] if found else ""


def blocks(page: str) -> Iterator[Block]:
    """Give the fenced blocks of a Markdown page, in their order."""
    headings, before, lines = dict[int, str](), list[str](), iter(page.split("\n"))
    for line in lines:
        if found := _HEADING.fullmatch(line):
            depth = len(found[1])
            headings = {one: text for one, text in headings.items() if one < depth} | {depth: found[2]}
            before = []
        elif found := _FENCE.fullmatch(line):
            text: list[str] = []
            while (inner := next(lines)) != "```":
                text.append(inner)
            yield Block(tuple(headings.values()), found[1], " ".join(before), "\n".join(text))
            before = []
        else:
            before = [*before, line] if line else before[-1:] if before and before[-1].endswith(":") else []


def told(*headings: str) -> list[Block]:
    """Return the blocks that stand directly below a heading of the page, such as `"Codex CLI", "As a server"`."""
    found = [one for one in blocks(PAGE.read_text("utf-8")) if one.headings == headings]
    assert found, f"no lines below {headings} in {PAGE.name}"
    return found


def paste(found: list[Block], home: Home, **instead: str) -> None:
    """Do what the blocks say, with words of the page replaced, such as the path of the project."""
    for block in found:
        text = block.text
        for word, by in {"/path/to/project": str(home.workspace), **instead}.items():
            text = text.replace(word, by)
        if block.language == "sh":
            for line in filter(None, text.replace("\\\n", " ").split("\n")):
                home.run(shlex.split(line, comments=True))
        else:
            _write(_path(block.file, home), text)


def _path(file: str, home: Home) -> Path:
    assert file, "the page does not say where a block goes"
    return home.home / file.removeprefix("~/") if file.startswith("~/") else home.project / file


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text("utf-8") if path.exists() else ""
    if path.suffix == ".json":
        text = json.dumps(merged(json.loads(before or "{}"), json.loads(text)))
    path.write_text(text if path.suffix == ".json" else f"{before}{text}\n", encoding="utf-8")


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return two objects as one, at any depth; where both say something, the other's word."""
    both = dict(one)
    for name, value in other.items():
        inner = both.get(name)
        if isinstance(inner, dict) and isinstance(value, dict):
            both[name] = merged(cast("Mapping[str, Any]", inner), cast("Mapping[str, Any]", value))
        else:
            both[name] = value
    return both
