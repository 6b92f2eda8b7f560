"""Turn the call that an answer names into the command that does the same, for agents and people with a shell. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from .toolbox import Tool

_CALL = re.compile(r"\b([a-z_]+)\(([^()]*)\)")
_ARGUMENT = re.compile(r"([a-z_]+)=('[^']*'|\"[^\"]*\"|[^,\s]+)")


def as_command(text: str, tools: Sequence[Tool]) -> str:
    """Return a text with each call of a tool written as a command: `poll_training(run='x')` -> `watchkeeper poll x`."""
    commands = {tool.name: tool for tool in tools}

    def command(match: re.Match[str]) -> str:
        tool = commands.get(match[1])
        return match[0] if tool is None else " ".join(["watchkeeper", tool.command, *_arguments(match[2])])

    return _CALL.sub(command, text)


def _arguments(text: str) -> list[str]:
    words: list[str] = []
    for name, value in _ARGUMENT.findall(text):
        plain = value.strip("'\"")
        word = shlex.quote(plain) if plain not in ("…", "[…]") else "…"
        if name in ("model", "phase", "run", "report", "action") and not words_have_options(words):
            words.append(word)
        else:
            words.append(f"--{'wait' if name == 'wait_s' else name.replace('_', '-')} {word}")
    return words


def words_have_options(words: Sequence[str]) -> bool:
    """Whether an option stands among the words already; positional ones come first."""
    return any(word.startswith("--") for word in words)
