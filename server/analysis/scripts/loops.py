"""Loops: how often they run at most, and whether they train or resample."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from .calls import Calls
from .lengths import count_of, element_of
from .program import BY_HAND, BootstrapLoop, EpochLoop
from .records import ActiveLoop
from .values import Known, Unknown, Value, join, number_of, truth

NEXT, RETURN, BREAK, CONTINUE, EXIT = "next", "return", "break", "continue", "exit"
"""How control leaves a block."""

_RATE = re.compile(r"(^|_)(lr|eta|alpha|rate|step|step_size)($|_)|learning|grad|^d[A-Zwbv]")


class Loops(Calls):
    """Reads loops."""

    def read_for(self, node: ast.For | ast.AsyncFor) -> str:
        """Read a for loop: its body once, with any of the elements."""
        source = self.value(node.iter)
        count = count_of(source)
        targets = frozenset(one.id for one in ast.walk(node.target) if isinstance(one, ast.Name))
        active = ActiveLoop(self.frame.module.path, node.lineno, count, targets)
        if count == 0:
            return self.block(node.orelse)
        return self._repeat(node, active, node.target, element_of(source))

    def read_while(self, node: ast.While) -> str:
        """Read a while loop: its body once."""
        answer = truth(self.value(node.test))
        if answer is False:
            return self.block(node.orelse)
        names = frozenset(one.id for one in ast.walk(node.test) if isinstance(one, ast.Name))
        counters = names & _stored(node.body) or _stored(node.body)
        active = ActiveLoop(self.frame.module.path, node.lineno, None, counters)
        if answer is not True or isinstance(node.test, ast.Compare):
            active.count = self._bound(node.test, active)
        return self._repeat(node, active, None, Unknown())

    def _repeat(
        self, node: ast.For | ast.AsyncFor | ast.While, active: ActiveLoop, target: ast.expr | None, element: Value
    ) -> str:
        self._loosen(node.body)
        with self.loop(active):
            if target is not None:
                self.assign(target, element)
            flow, journal = self.branch(node.body)
        if flow in {BREAK, RETURN, EXIT}:
            active.count = 1 if active.count is None else min(active.count, 1)
        self.close_loop(active)
        self.merge([journal])
        if flow == RETURN and active.count:
            return RETURN
        if not active.breaks:
            return self.block(node.orelse)
        left, journal = self.branch(node.orelse)
        self.merge([{}, journal] if left == NEXT else [])
        return NEXT

    def _loosen(self, body: Sequence[ast.stmt]) -> None:
        """Make numbers uncertain that the body reads before it binds them anew: the second round sees another one."""
        stored: set[str] = set()
        for one in _walk_here(body):
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
                stored.add(one.id)
        for name in stored:
            value = self.lookup(name)
            if isinstance(value, Known) and number_of(value) is not None:
                self.bind(name, join(value, Unknown("it changes in a loop")))

    def close_loop(self, active: ActiveLoop) -> None:
        """Record what a loop turned out to be."""
        if active.trains:
            self.records.loop(
                EpochLoop(
                    library=active.trains,
                    file=active.file,
                    line=active.line,
                    count=active.count,
                    early_stop=active.early_stop,
                )
            )
            if active.count is None:
                self.records.unclear(active.file, active.line, "the number of rounds of this training loop")
        if active.resamples:
            self.records.bootstrap(
                BootstrapLoop(file=active.file, line=active.line, count=active.count, fits=active.fits)
            )
            if active.count is None:
                self.records.unclear(active.file, active.line, "the number of bootstraps")

    def training_step(self, library: str) -> None:
        """Note a training step: the loop that counts epochs is a loop of training."""
        if not self.loops:
            return
        named = [one for one in reversed(self.loops) if any("epoch" in name.lower() for name in one.targets)]
        counted = [one for one in reversed(self.loops) if one.count is not None and one.targets]
        loop = next(iter([*named, *counted, self.loops[0]]))
        if not loop.trains or loop.trains == BY_HAND:
            loop.trains = library

    # how far it goes

    def notice_bound(self, test: ast.expr, first: str, second: str) -> None:
        """See `if epoch >= 10: break` (or continue): the loop trains no further than that."""
        loop = self.loops[-1]
        leaving = (BREAK, RETURN, EXIT, CONTINUE)
        if first not in leaving and second not in leaving:
            return
        if first in {BREAK, RETURN, EXIT} or second in {BREAK, RETURN, EXIT}:
            loop.early_stop = True
        bound = self._bound(test, loop)
        if bound is not None:
            loop.count = bound if loop.count is None else min(loop.count, bound)

    def _bound(self, test: ast.expr, loop: ActiveLoop) -> int | None:
        for one in ast.walk(test):
            if not isinstance(one, ast.Compare) or len(one.ops) != 1:
                continue
            left, right, kind = one.left, one.comparators[0], one.ops[0]
            if _last_name(right) in loop.targets:
                left, right = right, left
            elif _last_name(left) not in loop.targets:
                continue
            number = number_of(self.value(right))
            if (
                number is not None
                and isinstance(kind, ast.Gt | ast.GtE | ast.Eq | ast.Lt | ast.LtE)
                and abs(number) < 1e15
            ):
                return max(0, int(number)) + (1 if isinstance(kind, ast.Gt | ast.Eq) else 0)
        return None

    # gradient descent by hand

    def notice_descent(self, target: ast.expr, value: ast.expr) -> None:
        """See `w = w - rate * gradient`."""
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Sub) and _same_name(target, value.left):
            self.notice_step(value.right)

    def notice_step(self, step: ast.expr) -> None:
        """See `rate * gradient` taken off something in a loop."""
        if not self.loops or not isinstance(step, ast.BinOp) or not isinstance(step.op, ast.Mult | ast.Div):
            return
        names = [_last_name(one) for one in ast.walk(step) if isinstance(one, ast.Name | ast.Attribute)]
        if any(_RATE.search(one) for one in names):
            self.training_step(BY_HAND)


def _same_name(one: ast.expr, other: ast.expr) -> bool:
    return _last_name(one) == _last_name(other) != ""


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    return _last_name(node.value) if isinstance(node, ast.Subscript) else ""


def _walk_here(body: Sequence[ast.stmt]) -> list[ast.AST]:
    """Return the nodes of statements without those of functions defined in them."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = list(body)
    while waiting:
        one = waiting.pop()
        found.append(one)
        if not isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(one))
    return found


def _stored(body: Sequence[ast.stmt]) -> frozenset[str]:
    names = [
        one.target.id for one in _walk_here(body) if isinstance(one, ast.AugAssign) and isinstance(one.target, ast.Name)
    ]
    return frozenset(names)
