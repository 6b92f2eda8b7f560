"""Writes docs/reference.md from the code: tools, commands, policy, states, the words and reason codes of verdicts.

    make reference

`tests/test_reference.py` fails while the page is not what this prints.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import BaseModel, TypeAdapter
from watchkeeper.server.acts.toolbox import Tool
from watchkeeper.server.analysis.evidence.words import Word
from watchkeeper.server.interfaces.commands import cli
from watchkeeper.server.storage.policy import profiles
from watchkeeper.server.storage.policy.policy import Policy, of_profile
from watchkeeper.server.storage.policy.toml_text import Described
from watchkeeper.server.vocabulary.runs import ErrorType, Level, RunState
from watchkeeper.tools import TOOLS

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference.md"
_CHECKS = {"failed": 3, "unknown": 2, "_Problem": 2, "Suspicion": 2}
"""Functions that make a check, and the place of the reason code among their arguments."""
_LONGEST_DEFAULT = 60
_HEAD = ("key", "meaning", "contest", "research")


def page() -> str:
    """Return the whole page."""
    parts = (
        "# Reference",
        "Made from the code by `make reference`; a test fails while it is out of date.",
        *("## Tools", *(_tool(one) for one in TOOLS)),
        *("## Commands", "`watchkeeper COMMAND --help` has all options and examples.", _table(_commands())),
        *("## Policy", _POLICY, *_policy()),
        *("## States of a run", _table(_members(RunState))),
        *("## Findings", _table(_members(Level)), f"Types of failures: {', '.join(f'`{one}`' for one in ErrorType)}."),
        *("## Verdicts", _table([("word", "met")], [(f"`{one}`", "yes" if one.met else "no") for one in Word])),
        *("### Reason codes", _CODES, _table([("code", "where it is decided")], sorted(_codes()))),
    )
    return "\n\n".join(parts) + "\n"


_POLICY = (
    "`watchkeeper.toml`; `watchkeeper policy` prints all of it with its reasons. A dash in the last column: as under"
    " `contest`. `plain` is as `research`, and " + ", ".join(
        f"`[{table}] {key}` is `{setting.value}`".lower()
        for (table, key), setting in profiles.SETTINGS["plain"].items()
        if (table, key) not in profiles.SETTINGS["research"]
    ) + "."
)  # fmt: skip
_CODES = (
    "Each check of a verdict that does not hold, or could not be made, has a code. `{role}` is log, results, model or"
    " extra; `{state}` a state of a run. Codes that are put together from what was found are missing here."
    " `[judge] told_only` takes these codes, and names of checks."
)


def _tool(tool: Tool) -> str:
    rows = [(f"`{one.name}`", one.shape.value, "yes" if one.required else "", one.about) for one in tool.parameters]
    roles = ", ".join(sorted(role.value for role in tool.roles))
    head = f"### {tool.name}\n\n{tool.description}\n\nFor: {roles}. As a command: `watchkeeper {tool.command}`."
    return "\n\n".join((head, _table([("argument", "type", "required", "what")], rows), *_answered(tool)))


def _answered(tool: Tool) -> Iterator[str]:
    """Yield a table for each part of a tool's answer that is described by a model of its own."""
    for name, field in tool.result.model_fields.items():
        for part in (one for one in get_args(field.annotation) if isinstance(one, type) and issubclass(one, BaseModel)):
            fields = part.model_fields.items()
            rows = [(f"`{key}`", _shape(one.annotation), str(one.description or "")) for key, one in fields]
            about = " ".join((part.__doc__ or "").split())
            yield f"`{name}` of the answer. {about}\n\n{_table([('field', 'type', 'what')], rows)}"


def _shape(annotation: Any) -> str:  # noqa: ANN401 (a type hint is anything)
    shape = TypeAdapter[Any](annotation).json_schema()
    return " or ".join(one.get("type", "") for one in shape.get("anyOf", [shape]) if one.get("type") != "null")


def _commands() -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    parser = cli.parser()
    actions: Any = parser._subparsers  # pyright: ignore[reportPrivateUsage] (argparse tells it nowhere else)
    found: Any = actions._group_actions[0]
    rows = [(f"`{one.dest}`", str(one.help or "")) for one in found._choices_actions]
    return [("command", "what for")], rows


def _policy() -> Iterator[str]:
    research = of_profile("research")
    for name, value in Policy():
        other = getattr(research, name)
        if not isinstance(value, Described):
            yield f"### {name}\n\n{Policy.model_fields[name].description}"
            continue
        yield from _tables(f"[{name}]", value, other)


def _tables(title: str, value: Described, other: Described) -> Iterator[str]:
    """Yield a table of the policy, and behind it those inside it; tables of one kind with the same defaults as one."""
    inside: dict[tuple[type[Described], str], list[str]] = {}
    rows: list[tuple[str, ...]] = []
    for key, text in value.texts().items():
        one = getattr(value, key)
        if isinstance(one, Described):
            inside.setdefault((type(one), repr(one)), []).append(key)
        else:
            rows.append(_key(key, text, one, getattr(other, key)))
    about = " ".join((type(value).__doc__ or "").split())
    yield f"### {title}\n\n{about}\n\n{_table([_HEAD], rows)}"
    for keys in inside.values():
        titles = ", ".join(f"{title[:-1]}.{key}]" for key in keys)
        yield from _tables(titles, getattr(value, keys[0]), getattr(other, keys[0]))


def _key(key: str, text: str, value: object, other: object) -> tuple[str, ...]:
    return f"`{key}`", text, _default(value), "—" if value == other else _default(other)


def _default(value: object) -> str:
    text = ", ".join(map(str, cast("tuple[object, ...]", value))) if isinstance(value, tuple) else str(value)
    short = text if len(text) <= _LONGEST_DEFAULT else f"{text[: _LONGEST_DEFAULT - 1]}…"
    return f"`{short}`" if short else "empty"


def _members(kind: type[Any]) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Return the members of an enum with the text that stands below each in its source."""
    body: Any = ast.parse(inspect.getsource(kind)).body[0]
    rows: list[tuple[str, ...]] = []
    for before, after in zip(body.body, body.body[1:], strict=False):
        if isinstance(before, ast.Assign) and isinstance(after, ast.Expr):
            rows.append((f"`{ast.literal_eval(before.value)}`", " ".join(str(ast.literal_eval(after.value)).split())))
    return [("word", "meaning")], rows


def _codes() -> set[tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "server" / "analysis").glob("*/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CHECKS:
                for code in _code_of(node, _CHECKS[node.func.id]):
                    found.setdefault(code, set()).add(f"{path.parent.name}/{path.name}")
            for code in _chosen(node):
                found.setdefault(code, set()).add(f"{path.parent.name}/{path.name}")
    return {(f"`{code}`", ", ".join(sorted(names))) for code, names in found.items()}


def _chosen(node: ast.AST) -> Iterator[str]:
    """Yield the codes that a variable called `code` is given: `word, code = … if … else …`."""
    if not isinstance(node, ast.Assign) or "code" not in ast.unparse(node.targets[0]).strip("()").split(", "):
        return
    for one in ast.walk(node.value):
        if (
            isinstance(one, ast.Constant)
            and isinstance(one.value, str)
            and re.fullmatch(r"[a-z]+(_[a-z]+)+", one.value)
        ):
            yield one.value


def _code_of(call: ast.Call, place: int) -> Iterator[str]:
    value = call.args[place] if len(call.args) > place else None
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
        yield f"{{role}}_{value.value}" if _is_of_artefact(call) else value.value
    if isinstance(value, ast.JoinedStr):
        yield "".join(_part(one) for one in value.values)


def _is_of_artefact(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "_Problem"


def _part(one: ast.expr) -> str:
    if isinstance(one, ast.Constant):
        return str(one.value)
    text = ast.unparse(one)
    return "{role}" if "role" in text else "{state}" if "state" in text else "{name}"


def _table(*parts: Any) -> str:  # noqa: ANN401 (a head and rows, or a pair of these)
    (head,), rows = parts if len(parts) == 2 else parts[0]
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(_cell(one) for one in row)} |" for row in lines)


def _cell(text: object) -> str:
    return " ".join(str(text).replace("|", "\\|").split())


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
