"""What statements do: bindings, branches, loops, definitions."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from . import folding
from .interpreter import MAX_DEPTH
from .lengths import element_of
from .loops import BREAK, CONTINUE, EXIT, NEXT, RETURN, Loops
from .values import (
    Class,
    Either,
    Function,
    Instance,
    Items,
    Known,
    Made,
    Ref,
    Scope,
    Unknown,
    Value,
    joined,
    truth,
)


class Statements(Loops):
    """Reads statements."""

    def block(self, body: Sequence[ast.stmt]) -> str:
        """Read statements until one of them leaves the block for certain."""
        for node in body:
            if not self.step():
                self.unclear(node, "the program is too large to be read to its end")
                return EXIT
            if self.depth >= MAX_DEPTH:
                self.unclear(node, "nested too deeply to be read")
                return NEXT
            self.depth += 1
            try:
                flow = self._statement(node)
            finally:
                self.depth -= 1
            if flow != NEXT:
                return flow
        return NEXT

    def _statement(self, node: ast.stmt) -> str:
        match node:
            case ast.Expr():
                return self._expression(node)
            case ast.Assign():
                value = self.value(node.value)
                for target in node.targets:
                    self.assign(target, value)
                self.notice_descent(node.targets[0], node.value)
            case ast.AnnAssign():
                if node.value is not None:
                    self.assign(node.target, self.value(node.value))
            case ast.AugAssign():
                self._augment(node)
            case ast.Import() | ast.ImportFrom():
                self.import_names(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define(node)
            case ast.ClassDef():
                self._define_class(node)
            case ast.Return():
                self.frame.returned.append(self.value(node.value) if node.value else Known(None))
                return RETURN
            case _:
                return self._compound(node)
        return NEXT

    def _compound(self, node: ast.stmt) -> str:  # noqa: PLR0911, PLR0912 (one for each sort)
        match node:
            case ast.If():
                return self._if(node)
            case ast.For() | ast.AsyncFor():
                return self.read_for(node)
            case ast.While():
                return self.read_while(node)
            case ast.With() | ast.AsyncWith():
                for one in node.items:
                    value = self.value(one.context_expr)
                    if one.optional_vars is not None:
                        self.assign(one.optional_vars, self.entered_value(value))
                return self.block(node.body)
            case ast.Try() | ast.TryStar():
                return self._try(node)
            case ast.Match():
                return self._match(node)
            case ast.Break():
                if self.loops:
                    self.loops[-1].breaks = True
                return BREAK
            case ast.Continue():
                return CONTINUE
            case ast.Raise():
                return EXIT
            case _:
                self._plain(node)
        return NEXT

    def _plain(self, node: ast.stmt) -> None:
        match node:
            case ast.Global() | ast.Nonlocal():
                self._declare(node)
            case ast.Delete():
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self.bind(target.id, Unknown("deleted"))
            case ast.Assert():
                self.value(node.test)
            case _:
                pass

    def _expression(self, node: ast.Expr) -> str:
        if isinstance(node.value, ast.Constant):
            return NEXT
        self.value(node.value)
        if isinstance(node.value, ast.Call) and self.uncertain == 0 and self._leaves(node.value):
            return EXIT
        return NEXT

    def _leaves(self, call: ast.Call) -> bool:
        if not isinstance(call.func, ast.Name | ast.Attribute):
            return False
        target = self.value(call.func)
        return isinstance(target, Ref) and target.name in {
            "sys.exit",
            "os._exit",
            "builtins.exit",
            "builtins.quit",
            "os.abort",
        }

    def _declare(self, node: ast.Global | ast.Nonlocal) -> None:
        for name in node.names:
            scope: Scope | None = self.frame.module.scope
            if isinstance(node, ast.Nonlocal):
                scope = self.frame.scope.parent
                while scope is not None and name not in scope.names:
                    scope = scope.parent
            if scope is not None and scope is not self.frame.scope:
                self.frame.scope.outer[name] = scope

    # bindings

    def assign(self, target: ast.expr, value: Value) -> None:
        """Bind a target to a value."""
        match target:
            case ast.Name():
                self.bind(target.id, value)
            case ast.Tuple() | ast.List():
                self._unpack(target.elts, value)
            case ast.Starred():
                self.assign(target.value, Items("list", [value], None, tags=value.tags))
            case ast.Attribute():
                self.set_attribute(self.value(target.value), target.attr, value, target)
            case ast.Subscript():
                self.set_item(self.value(target.value), self.value(target.slice), value, target)
            case _:
                pass

    def _unpack(self, targets: Sequence[ast.expr], value: Value) -> None:
        options = value.options if isinstance(value, Either) else [value]
        starred = any(isinstance(one, ast.Starred) for one in targets)
        for place, target in enumerate(targets):
            parts: list[Value] = []
            for one in options:
                if isinstance(one, Items) and one.count == len(one.items) == len(targets) and not starred:
                    parts.append(one.items[place])
                else:
                    parts.append(element_of(one) if isinstance(one, Items) else self.part_of(one))
            self.assign(target, joined(parts))

    def part_of(self, value: Value) -> Value:
        """Return something that is taken out of a value by unpacking."""
        if isinstance(value, Made):
            return Made(f"{value.ref}[]"[:200], tags=value.tags, parts=value.parts, at=value.at)
        return Unknown(value.why if isinstance(value, Unknown) else "unpacked", tags=value.tags)

    def _augment(self, node: ast.AugAssign) -> None:
        load = _as_load(node.target)
        before = self.value(load)
        value = folding.binary(type(node.op), before, self.value(node.value))
        if self.loops and self.frame.function is None and isinstance(value, Known):
            value = Unknown("it changes in a loop", tags=value.tags)
        if isinstance(before, Items | Made | Instance):
            before.tags |= value.tags
        if isinstance(node.op, ast.Sub):
            self.notice_step(node.value)
        self.assign(node.target, value)

    # branches

    def _if(self, node: ast.If) -> str:
        answer = truth(self.value(node.test))
        if answer is not None:
            return self.block(node.body if answer else node.orelse)
        first_flow, first = self.branch(node.body)
        second_flow, second = self.branch(node.orelse)
        if self.loops:
            self.notice_bound(node.test, first_flow, second_flow)
        return self._after(first_flow, first, second_flow, second)

    def _after(self, first_flow: str, first: Journal, second_flow: str, second: Journal) -> str:
        if first_flow == NEXT == second_flow:
            self.merge([first, second])
            return NEXT
        if NEXT not in {first_flow, second_flow}:
            self.merge([first, second])
            return first_flow if first_flow == second_flow else EXIT
        self.merge([second if second_flow == NEXT else first])
        return NEXT

    def _try(self, node: ast.Try | ast.TryStar) -> str:
        flow = self.block(node.body)
        journals: list[Journal] = []
        for one in node.handlers:
            left, journal = self.branch(one.body)
            if left == NEXT:
                journals.append(journal)
        if journals:
            self.merge([{}, *journals])
        if flow == NEXT:
            flow = self.block(node.orelse)
        elif journals:  # the body may have failed before it left
            flow = NEXT
        final = self.block(node.finalbody)
        return flow if final == NEXT else final

    def _match(self, node: ast.Match) -> str:
        subject = self.value(node.subject)
        journals: list[Journal] = []
        for one in node.cases:
            answer = self._matches(subject, one)
            if answer is False:
                continue
            if answer and not journals:
                return self.block(one.body)
            journals.append(self.branch(one.body)[1])
        if journals:
            self.merge([{}, *journals])
        return NEXT

    def _matches(self, subject: Value, case: ast.match_case) -> bool | None:
        if case.guard is not None:
            return None
        pattern = case.pattern
        if isinstance(pattern, ast.MatchValue):
            return truth(folding.compare(ast.Eq, subject, self.value(pattern.value)))
        if isinstance(pattern, ast.MatchAs) and pattern.pattern is None:
            if pattern.name:
                self.bind(pattern.name, subject)
            return True
        for name in [
            one.name for one in ast.walk(pattern) if isinstance(one, ast.MatchAs | ast.MatchStar) and one.name
        ]:
            self.bind(name, Unknown("matched", tags=subject.tags))
        return None

    # definitions

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        function = Function(node, self.frame.module, self.frame.scope, self.defaults(node.args))
        self.functions.append(function)
        value: Value = function
        for one in reversed(node.decorator_list):
            value = self.decorated(value, one, node)
        self.bind(node.name, value)

    def _define_class(self, node: ast.ClassDef) -> None:
        scope = Scope(parent=self.frame.scope, is_class=True)
        bases = [self.value(one) for one in node.bases]
        cls = Class(node, self.frame.module, scope, bases)
        self.classes.append(cls)
        self.frames.append(type(self.frame)(self.frame.module, scope))
        try:
            self.block(node.body)
        finally:
            self.frames.pop()
        for one in scope.names.values():
            if isinstance(one, Function):
                one.owner = cls
        value: Value = cls
        for one in reversed(node.decorator_list):
            decorated = self.decorated(value, one, node)
            value = decorated if isinstance(decorated, Class) else value
        self.bind(node.name, value)


Journal = dict[tuple[int, str], tuple[Scope, str, Value | None]]


def _as_load(target: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Name(target.id, ast.Load()), target) if isinstance(target, ast.Name) else target
