"""Names whose values depend on the phase: what a quick run shows of code that uses them is not what a full run does."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from . import neutral
from .neutral import last_name
from .program import Unit

_VARIABLES = ("WATCHKEEPER_PHASE", "WATCHKEEPER_DATA_FRACTION", "WATCHKEEPER_ATTEMPT", "WATCHKEEPER_RESUME")
_PASSES_ON = neutral.words_of(
    "int float str bool min max round len abs get getenv lower strip range enumerate tqdm trange"
)
"""Calls that hand on a figure; what others return is data, of which a quick run shows what became of it."""
_ROUNDS = 6


class PhaseNames:
    """The names of a program that depend on the phase, through assignments and arguments of its own functions."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self.names: set[str] = set()
        trees = [unit.tree for unit in units if unit.tree is not None]
        nodes = [node for tree in trees for node in ast.walk(tree)]
        functions = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        for _ in range(_ROUNDS):
            before = len(self.names)
            for node in nodes:
                if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
                    if self._figure(node.value):
                        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                        self.names |= {
                            one.id for each in targets for one in ast.walk(each) if isinstance(one, ast.Name)
                        }
                elif isinstance(node, ast.For | ast.comprehension) and self._figure(node.iter):
                    # How often it runs depends on the phase: what is made of the counter shows itself only later.
                    self.names |= {one.id for one in ast.walk(node.target) if isinstance(one, ast.Name)}
                elif isinstance(node, ast.Call) and last_name(node.func) in functions:
                    self._hand_over(node, functions[last_name(node.func)])
                elif isinstance(node, ast.If) and self.depends(node.test):
                    self.names |= {
                        target.id for one in (*node.body, *node.orelse) if isinstance(one, ast.Assign)
                        for target in one.targets if isinstance(target, ast.Name) and self._plain(one.value)
                    }  # fmt: skip
            if len(self.names) == before:
                break

    def depends(self, node: ast.AST) -> bool:
        """Whether an expression depends on the phase."""
        return any(
            (isinstance(one, ast.Name) and one.id in self.names)
            or (isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value in _VARIABLES)
            for one in ast.walk(node)
        )

    def _figure(self, node: ast.expr) -> bool:
        return self.depends(node) and self._plain(node)

    def _plain(self, node: ast.expr) -> bool:
        calls = (one for one in ast.walk(node) if isinstance(one, ast.Call))
        return all(last_name(one.func) in _PASSES_ON for one in calls)

    def _hand_over(self, call: ast.Call, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
        names = names[1:] if names[:1] == ["self"] else names
        for name, value in zip(names, call.args, strict=False):
            self.names |= {name} if self._figure(value) else set()
        self.names |= {one.arg for one in call.keywords if one.arg and self._figure(one.value)}
