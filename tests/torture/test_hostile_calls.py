"""Tools called with whatever JSON can hold, drawn from their schemas: taken or refused in words, and nothing else."""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import pytest
from watchkeeper.server.acts.toolbox import Parameter, Shape, Tool, outgoing_facts
from watchkeeper.server.interfaces.mcp import resources
from watchkeeper.server.vocabulary.errors import WatchkeeperError
from watchkeeper.tools import TOOLS

from ..acts.prune.helpers import ended
from ..play import Place
from . import shim

PARSED = max(2000, shim.TRIES * 700)
CALLED = max(40, shim.TRIES * 4)
DEEP: Any = functools.reduce(lambda inner, _: [inner], range(200), "x")  # pyright: ignore[reportUnknownLambdaType] # JSON
TEXTS = (
    "", " ", "1", "1-quick-1", "1-full-1", "1-quick-1:exit", "1-r1", "quick", "full", "5A", "CONTINUE", "RESTART",
    "../../etc/passwd", "/etc/passwd", "output/../../x", ".watchkeeper/ledger.sqlite3", "a" * 300, "/".join("a" * 900),
    "\0", "\x1b[2J", "\ud800", "a\ud800b", "\u202eabc", "NaN", "1e999", "-1", "9" * 5000, "[", '["a", 1]', '{"a":',
    "[" * 5000, "'; DROP TABLE chain; --", "$(touch x)", "`id`", "%s%n", "{0}", "=cmd|' /C calc'!A0", "x" * 70_000,
    "### The Why\n```", "=== watchkeeper: attempt 1", "nan", "0", "true", "00", "٣", "🦀" * 50, "null", "\n" * 2000,
    "TERMINATE", "{}",
)  # fmt: skip
UNCLEAN = {chr(code) for code in (*range(9), *range(11, 32), 127, 0x202E, *range(0xD800, 0xE000))}
EMPTY: tuple[Any, ...] = (None, DEEP, [], {})
NUMBERS = (0, -1, 1, 0.5, 1e308, -1e308, 10**400, 2**63, 2**64, 1e-320, True, False)


def anything(draw: random.Random, depth: int = 0) -> Any:
    kind = draw.randrange(8 if depth < 3 else 5)
    if kind <= 2:
        return draw.choice(TEXTS)
    if kind == 3:
        return draw.choice(NUMBERS)
    if kind == 4:
        return draw.choice(EMPTY)
    if kind == 5:
        return [anything(draw, depth + 1) for _ in range(draw.randrange(4))]
    return {draw.choice(TEXTS)[:80]: anything(draw, depth + 1) for _ in range(draw.randrange(4))}


def fitting(parameter: Parameter, draw: random.Random) -> Any:
    """Return a value of the kind that the schema asks for."""
    text = draw.choice(TEXTS)
    if parameter.shape is Shape.NUMBER:
        return draw.choice(NUMBERS)
    if parameter.shape is Shape.TRUTH:
        return draw.choice((True, False, "yes", text))
    if parameter.shape is Shape.TEXTS:
        return [draw.choice(TEXTS) for _ in range(draw.randrange(4))]
    if parameter.shape is Shape.OBJECT:
        return {text[:80]: anything(draw, 1)}
    return [{text[:80]: anything(draw, 1)}] if parameter.shape is Shape.OBJECTS else text


def arguments(tool: Tool, draw: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in tool.parameters:
        if one.required or draw.random() < 0.5:
            found[one.name] = fitting(one, draw) if draw.random() < 0.7 else anything(draw)
    if draw.random() < 0.1:
        found[draw.choice(TEXTS)[:60]] = anything(draw)
    return found


@pytest.mark.parametrize("tool", TOOLS, ids=lambda one: one.name)
def test_any_arguments_are_taken_or_refused_in_words(tool: Tool) -> None:
    draw = random.Random(f"{shim.SEED} {tool.name}")
    for _ in range(PARSED // len(TOOLS)):
        given = arguments(tool, draw)
        assert len(_said(lambda given=given: tool.take(given))) < 1500, given


@pytest.mark.parametrize("tool", TOOLS, ids=lambda one: one.name)
def test_any_call_is_answered_or_refused_and_its_answer_is_clean_json(place: Place, tool: Tool) -> None:
    ended(place, "1-quick-1")
    ended(place, "1-full-1", code="1-quick-1", verdict="INVESTIGATE")
    before = _outside(place)
    desk, draw = place.desk("director").hurried(0.0), random.Random(f"{shim.SEED} {tool.name}")
    for _ in range(CALLED):
        given = arguments(tool, draw)
        answers: list[str] = []

        def act(given: dict[str, Any] = given, answers: list[str] = answers) -> None:
            answer = anyio.run(_called, tool, desk, tool.take(given))
            answers.append(json.dumps(answer, allow_nan=False, ensure_ascii=False))

        text = _said(act) or answers[0]
        assert not set(text) & UNCLEAN, given
    assert desk.ledger.broken() == []
    desk.ledger.close()
    assert _outside(place) == before


def _said(act: Callable[[], object]) -> str:
    """Do something; return in which words it was refused, empty where it was not. Whatever else it raises is raised."""
    try:
        act()
    except WatchkeeperError as refused:
        return str(refused)
    return ""


async def _called(tool: Tool, desk: Any, taken: Mapping[str, Any]) -> dict[str, Any]:
    run: Any = tool.run
    return outgoing_facts(await run(desk, **taken))


def _outside(place: Place) -> set[str]:
    """Return what lies beside the workspace."""
    return {one.name for one in place.root.parent.iterdir()}


def test_any_address_of_a_resource_is_answered_or_refused(place: Place) -> None:
    ended(place, "1-quick-1", lines=3)
    desk, draw = place.desk(), random.Random(shim.SEED)
    kinds = ("log", "report", "verdict", "diary", "policy", "run", "x", "", "[", "LOG")
    for _ in range(CALLED * 5):
        parts = [draw.choice(TEXTS)[:200] for _ in range(draw.randrange(4))]
        address = "/".join([f"watchkeeper://{draw.choice(kinds)}", *parts])
        assert len(_said(lambda address=address: resources.read(desk, address))) < 1500, address
    desk.ledger.close()
