"""No test judges how fast something went: what ends a hang is named in limits.py, and a duration has no upper bound."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .limits import HANG_S, LONG_S

FOLDER = Path(__file__).parent
CLOCKS = {"monotonic", "perf_counter", "time", "current_time"}
SPEAKS_OF_TIME = re.compile(rf"timeout|fail_after|\b(?:{'|'.join(CLOCKS)})\(")
"""What is to be parsed, as only this can break the rule."""


def called(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def reads_a_clock(node: ast.expr) -> bool:
    return any(isinstance(one, ast.Call) and called(one.func) in CLOCKS for one in ast.walk(node))


def bounds(tree: ast.AST) -> Iterator[int]:
    """Yield the lines that give up after seconds of their own, or compare a duration with seconds from below."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            named = [one.value for one in node.keywords if one.arg == "timeout"]
            if any(is_number(one) for one in [*named, *(node.args if called(node.func) == "fail_after" else [])]):
                yield node.lineno
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare):
            sides = zip([node.test.left, *node.test.comparators], node.test.ops, node.test.comparators, strict=False)
            if any(isinstance(op, ast.Lt | ast.LtE) and reads_a_clock(a) and is_number(b) for a, op, b in sides):
                yield node.lineno


def test_no_test_has_seconds_of_its_own_that_a_busy_machine_could_exceed() -> None:
    files = sorted(FOLDER.rglob("*.py"))
    assert len(files) > 300
    texts = {path: text for path in files if SPEAKS_OF_TIME.search(text := path.read_text("utf-8"))}
    wrong = [f"{path.relative_to(FOLDER)}:{line}" for path, text in texts.items() for line in bounds(ast.parse(text))]
    assert wrong == []


@pytest.mark.parametrize(
    "line",
    [
        "run(command, timeout=30)",
        "anyio.fail_after(10)",
        "assert time.monotonic() - begun < 5",
        "assert 0.5 <= time.monotonic() - begun < 5",
        "assert time.perf_counter() - begun <= 1.0",
    ],
)
def test_what_is_meant_is_recognised(line: str) -> None:
    assert list(bounds(ast.parse(line))) == [1]
    assert SPEAKS_OF_TIME.search(line)


@pytest.mark.parametrize(
    "line", ["assert time.monotonic() - begun >= 0.5", "run(command, timeout=HANG_S)", "assert time.time() < deadline"]
)
def test_what_is_fine_is_let_be(line: str) -> None:
    assert list(bounds(ast.parse(line))) == []


def test_a_wait_of_an_hour_is_never_waited_out() -> None:
    assert HANG_S < LONG_S


def test_what_shares_something_runs_in_one_process(request: pytest.FixtureRequest) -> None:
    """Where pytest-xdist and pytest do not fit each other, each worker makes all that is shared, without a word."""
    grouped = [one.nodeid for one in request.session.items if one.get_closest_marker("xdist_group") is not None]
    if request.config.getoption("loadgroup", False):
        assert [one for one in grouped if "@" not in one] == []
