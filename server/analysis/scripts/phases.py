"""Does the full phase take fewer rows than the quick one? Read from branches on the phase. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .neutral import last_name
from .program import Unit

_FULL = re.compile(r"(^|_)full(_|$)|(^|_)production(_|$)", re.IGNORECASE)
_QUICK = re.compile(r"(^|_)(quick|smoke|debug|fast|dry|test_run)(_|$)", re.IGNORECASE)
_ROWS = frozenset({"head", "tail", "sample", "nlargest", "take", "islice"})
_ROW_WORDS = frozenset({"nrows", "n_rows", "max_rows", "rows", "n", "frac", "fraction", "subsample", "train_size"})


class Fewer(NamedTuple):
    """A place at which the full phase takes fewer rows: how many, and how many the quick one takes."""

    file: str
    line: int
    full: float
    quick: float


def fewer_rows(units: Iterable[Unit]) -> tuple[Fewer, ...]:
    """Return where a program takes fewer rows in its full phase than in its quick one."""
    found: list[Fewer] = []
    for unit in units:
        for node in ast.walk(unit.tree) if unit.tree is not None else ():
            if isinstance(node, ast.If) and node.orelse:
                found += _compared(unit.path, node, _rows(node.body), _rows(node.orelse))
            elif isinstance(node, ast.IfExp) and not _names_rows(node):
                found += _compared(unit.path, node, _rows([node.body]), _rows([node.orelse]))
        found += _slices(unit)
    return tuple(dict.fromkeys(found))


def _compared(path: str, node: ast.If | ast.IfExp, first: list[float], second: list[float]) -> Iterator[Fewer]:
    full_first = is_full(node.test)
    if full_first is None or len(first) != len(second):
        return
    for one, other in zip(first, second, strict=True):
        full, quick = (one, other) if full_first else (other, one)
        if 0 < full < quick:
            yield Fewer(path, node.lineno, full, quick)


def _slices(unit: Unit) -> Iterator[Fewer]:
    """See `x[: 200 if FULL else 4000]` and `head(200 if FULL else 4000)`."""
    for node in ast.walk(unit.tree) if unit.tree is not None else ():
        for value in _row_values(node):
            if isinstance(value, ast.IfExp):
                yield from _compared(unit.path, value, _number(value.body), _number(value.orelse))


def _rows(body: Iterable[ast.AST]) -> list[float]:
    """Return the numbers of rows that statements take, in their order."""
    return [one for part in body for node in ast.walk(part) for value in _row_values(node) for one in _number(value)]


def _row_values(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Slice) and node.upper is not None and node.lower is None and node.step is None:
        return [node.upper]
    if isinstance(node, ast.Call):
        named = [one.value for one in node.keywords if one.arg in _ROW_WORDS]
        return [*(node.args[:1] if last_name(node.func) in _ROWS else []), *named]
    return []


def _names_rows(node: ast.IfExp) -> bool:
    return not _rows([node.body]) or not _rows([node.orelse])


def _number(node: ast.expr) -> list[float]:
    value = node.value if isinstance(node, ast.Constant) else None
    return [float(value)] if isinstance(value, int | float) and not isinstance(value, bool) else []


def is_full(test: ast.expr) -> bool | None:
    """Whether the body of a branch is the full phase's; None where the test is of something else."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = is_full(test.operand)
        return None if inner is None else not inner
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq | ast.NotEq):
        said = [one.value for one in (test.left, *test.comparators) if isinstance(one, ast.Constant)]
        words = [one for one in said if isinstance(one, str)]
        full = _word(words[0]) if words else None
        return full if full is None or isinstance(test.ops[0], ast.Eq) else not full
    return _word(last_name(test))


def _word(text: str) -> bool | None:
    return True if _FULL.search(text) else False if _QUICK.search(text) else None
