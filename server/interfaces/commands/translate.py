"""Turn the call that an answer names into the command that does the same, for agents and people with a shell. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from ...acts.toolbox import Parameter, Tool
from ...vocabulary.runs import Role

_IN_PLACE = frozenset({"model", "phase", "run", "report", "action", "what_happened"})
_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
"""A text as Python's repr writes it."""
_ESCAPED = re.compile(r"\\([\\'\"])")
"""What a terminal would obey stays escaped."""
_CALL = re.compile(rf"\b([a-z_]+)\(((?:{_QUOTED}|[^()'\"])*)\)")
_ARGUMENT = re.compile(rf"([a-z_]+)=({_QUOTED}|[^,\s]+)")
_OPEN = ("…", "[…]")
"""What an answer leaves for its reader to fill in."""


def in_place(tool: Tool, one: Parameter) -> bool:
    """Whether a command takes this argument by its place, without a name in front."""
    return one.name in _IN_PLACE and (one.required or tool.command == "poll")


def option(one: Parameter) -> str:
    """Return the option that a command has for an argument."""
    return "--wait" if one.name == "wait_s" else f"--{one.name.replace('_', '-')}"


def usual_role(tool: Tool) -> Role:
    """Return who acts through a command where nobody is named: the trainer where one may."""
    return next(role for role in Role if role in tool.roles)


def as_command(text: str, tools: Sequence[Tool], role: Role | None = None, workspace: str = "") -> str:
    """Return a text with each call of a tool written as a command: `poll_training(run='x')` -> `watchkeeper poll x`.

    :param role: who acts; named where the command would take another for it.
    :param workspace: the folder as it was given on the command line, empty if it was not.
    """
    by_name = {tool.name: tool for tool in tools}
    front = ["watchkeeper", *(["--workspace", shlex.quote(workspace)] if workspace else [])]

    def command(match: re.Match[str]) -> str:
        tool = by_name.get(match[1])
        if tool is None:
            return match[0]
        acting = ["--role", role] if role in tool.roles and role is not None and role != usual_role(tool) else []
        return " ".join([*front, tool.command, *_arguments(tool, dict(_ARGUMENT.findall(match[2]))), *acting])

    return _CALL.sub(command, text)


def _arguments(tool: Tool, given: Mapping[str, str]) -> list[str]:
    known = [one for one in tool.parameters if one.name in given]
    placed = [_word(given[one.name]) for one in known if in_place(tool, one)]
    named = [f"{option(one)} {_word(given[one.name])}" for one in known if not in_place(tool, one)]
    return [*placed, *named]


def _word(value: str) -> str:
    plain = _ESCAPED.sub(r"\1", value[1:-1]) if value[0] in "'\"" else value
    return "…" if plain in _OPEN else shlex.quote(plain)
