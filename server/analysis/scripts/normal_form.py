"""A program in one form, so that code that only moved or is only written otherwise is no change. Pure.

Functions that are called at one place stand where they are called, the guard of `__main__` is taken off, texts are put
together in one way, paths are named in one way, and what moves data to a device is left out. The form is compared,
never shown as what somebody wrote, and never run.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import cast

from . import harmless
from .names import BUILTINS
from .plain_form import Plain
from .program import Program, Unit

MOST_INLINED = 200
MOST_NODES = 60_000
"""A larger program is compared as it is written."""
_Body = list[ast.stmt]


def normal(program: Program) -> Program | None:
    """Return a program as one file in its normal form; None where it is too large, or a file of it does not parse."""
    trees = [unit.tree for unit in program.units]
    if not trees or any(tree is None for tree in trees) or sum(_size(tree) for tree in trees if tree) > MOST_NODES:
        return None
    try:
        body = _Joined(program).body()
    except RecursionError:
        return None
    unit = Unit(program.script, b"", ast.fix_missing_locations(ast.Module(body=body, type_ignores=[])))
    return dataclasses.replace(program, units=(unit,))


def _size(tree: ast.Module) -> int:
    return sum(1 for _ in ast.walk(tree))


class _Joined:
    """All files of a program as one body, functions that are called once in the place of their call."""

    def __init__(self, program: Program) -> None:
        trees = {unit.path: copy.deepcopy(unit.tree) for unit in program.units if unit.tree is not None}
        parts = {path: [Plain().visit(one) for one in tree.body] for path, tree in trees.items()}
        script = parts.pop(program.script, [])
        self._top: _Body = [one for path in sorted(parts) for one in parts[path] if not _import(one)]
        self._top += [one for one in script if not _import(one)]
        self._imports = [
            one for body in (*parts.values(), script) for one in body if _import(one) and not _own(one, parts)
        ]
        defined = [one for one in self._top if isinstance(one, ast.FunctionDef)]
        counted = Counter(one.name for one in defined)
        calls = Counter(_called(node) for one in self._top for node in ast.walk(one) if isinstance(node, ast.Call))
        loads = Counter(node.id for one in self._top for node in ast.walk(one) if isinstance(node, ast.Name))
        self._once = {
            one.name: one
            for one in defined
            if counted[one.name] == calls[one.name] == loads[one.name] == 1 and _inlines(one)
        }
        self._left = MOST_INLINED

    def body(self) -> _Body:
        """Return the whole; functions that stay stand before everything else, in the order of their names."""
        top = [one for one in self._top if not (isinstance(one, ast.FunctionDef) and one.name in self._once)]
        found = _unguarded(self._put(top))
        kept = [one for one in found if isinstance(one, ast.FunctionDef | ast.ClassDef)]
        rest = [one for one in found if not isinstance(one, ast.FunctionDef | ast.ClassDef)]
        kept.sort(key=lambda one: one.name)
        imports = sorted(self._imports, key=ast.dump)
        return [*imports, *kept, *_folded([one for one in rest if not _says_nothing(one)])]

    def _put(self, body: Sequence[ast.stmt]) -> _Body:
        found: _Body = []
        for one in body:
            found += self._inlined(one)
        return found

    def _inlined(self, statement: ast.stmt) -> _Body:
        """Return a statement with the bodies of functions before it that it calls, and with what they return."""
        before: _Body = []
        call = self._next_call(statement)
        while call is not None and self._left > 0:
            self._left -= 1
            inside, result = _bound(self._once.pop(call.func.id), call)  # type: ignore[attr-defined]
            before += self._put(inside)
            if isinstance(statement, ast.Expr) and statement.value is call and result is None:
                return before
            if (
                result and isinstance(statement, ast.Expr) and statement.value is call
            ):  # what it returns is thrown away, not gone
                result = ast.Call(func=ast.Name(id="<value>", ctx=ast.Load()), args=[result], keywords=[])
            changed = _Replace(call, result or ast.Constant(value=None)).visit(statement)
            statement = changed if isinstance(changed, ast.stmt) else statement
            call = self._next_call(statement)
        if not isinstance(statement, ast.ClassDef):
            for name in ("body", "orelse", "finalbody"):
                inner = cast("_Body", getattr(statement, name, None) or [])
                if inner:
                    setattr(statement, name, _folded([one for one in self._put(inner) if not _says_nothing(one)]))
        return [*before, statement]

    def _next_call(self, statement: ast.stmt) -> ast.Call | None:
        """Return a call of a function that goes in its place, in the head of a statement and in no loop of its own."""
        for node in _head(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in self._once:
                return node
        return None


def _head(statement: ast.stmt) -> list[ast.AST]:
    """Return the nodes of a statement without those of its blocks, and of no lambda, function or comprehension."""
    if isinstance(statement, ast.While | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return []
    found: list[ast.AST] = []
    blocks = ("body", "orelse", "finalbody", "handlers")
    parts = [getattr(statement, name, None) for name in statement._fields if name not in blocks]
    listed = [one for part in parts for one in (cast("list[object]", part) if isinstance(part, list) else [part])]
    waiting: list[ast.AST] = [one for one in listed if isinstance(one, ast.AST)]
    closed = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.IfExp, ast.BoolOp)
    while waiting:
        one = waiting.pop()
        found.append(one)
        if not isinstance(one, closed):
            waiting.extend(ast.iter_child_nodes(one))
    return found


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _inlines(function: ast.FunctionDef) -> bool:
    """Whether a function can stand where it is called: plain arguments, one return at its end, nothing that yields."""
    args = function.args
    if function.decorator_list or args.vararg or args.kwarg or args.posonlyargs:
        return False
    inner = [node for one in function.body for node in ast.walk(one)]
    returns = [one for one in inner if isinstance(one, ast.Return)]
    odd = (ast.Yield, ast.YieldFrom, ast.Await, ast.Global, ast.Nonlocal, ast.FunctionDef, ast.Lambda)
    return (
        len(returns) <= 1
        and all(one is function.body[-1] for one in returns)
        and not any(isinstance(one, odd) for one in inner)
    )


def _bound(function: ast.FunctionDef, call: ast.Call) -> tuple[_Body, ast.expr | None]:
    """Return a function's body and what it returns, its parameters replaced by what it is called with."""
    names = [one.arg for one in (*function.args.args, *function.args.kwonlyargs)]
    defaults = function.args.defaults
    given: dict[str, ast.expr] = dict(zip([one.arg for one in function.args.args][::-1], defaults[::-1], strict=False))
    kwonly = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    given.update({one.arg: value for one, value in kwonly if value is not None})
    given.update(dict(zip(names, call.args, strict=False)))
    given.update({one.arg: one.value for one in call.keywords if one.arg})
    bound = [_Rename(given).visit(copy.deepcopy(one)) for one in function.body]
    last = bound[-1] if bound else None
    if isinstance(last, ast.Return):
        return bound[:-1], last.value
    return bound, None


class _Rename(ast.NodeTransformer):
    """Puts what a function is called with in the place of its parameters."""

    def __init__(self, given: dict[str, ast.expr]) -> None:
        self._given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Replace a name that is a parameter."""
        value = self._given.get(node.id)
        if value is None:
            return node
        if isinstance(node.ctx, ast.Load):
            return copy.deepcopy(value)
        return ast.Name(id=value.id, ctx=node.ctx) if isinstance(value, ast.Name) else node


class _Replace(ast.NodeTransformer):
    """Puts one expression in the place of another."""

    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        """Replace the expression."""
        return self._new if node is self._old else super().generic_visit(node)


def _unguarded(body: Sequence[ast.stmt]) -> _Body:
    """Take the guard of `__main__` off."""
    found: _Body = []
    for one in body:
        guarded = isinstance(one, ast.If) and "__main__" in ast.dump(one.test) and not one.orelse
        found += one.body if isinstance(one, ast.If) and guarded else [one]
    return found


def _says_nothing(one: ast.stmt) -> bool:
    """Whether a statement computes nothing: prints, makes folders, binds a device, or a name to itself."""
    if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call):
        last = harmless.last_name(one.value.func)
        return last in ("mkdir", "makedirs") or harmless.quiet(one)
    if isinstance(one, ast.Assign) and len(one.targets) == 1:
        call = harmless.dotted(one.value.func) if isinstance(one.value, ast.Call) else ""
        return call == "torch.device" or _names(one.targets[0]) == _names(one.value) != ""
    return harmless.quiet(one)


def _names(node: ast.expr) -> str:
    """Return the names of `a` or `a, b`, empty for anything else."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return (
        ",".join(one.id for one in parts if isinstance(one, ast.Name))
        if all(isinstance(one, ast.Name) for one in parts)
        else ""
    )


def _folded(body: Sequence[ast.stmt]) -> _Body:
    """Write a loop that only appends, or only writes lines, as what it makes."""
    found: _Body = []
    for one in body:
        made = _made_by(one)
        if made is not None and found and _empty_list(found[-1]) == made[0]:
            target = found.pop()
            assert isinstance(target, ast.Assign)  # noqa: S101 (an empty list was bound there)
            found.append(ast.copy_location(ast.Assign(targets=target.targets, value=made[1]), one))
        else:
            found.append(_written_by(one) or one)
    return found


def _made_by(one: ast.stmt) -> tuple[str, ast.expr] | None:
    """Return (list, comprehension) of `for a in b: xs.append(e)`."""
    call = _only_call(one)
    if call is None or not isinstance(one, ast.For) or not isinstance(call.func, ast.Attribute):
        return None
    if call.func.attr != "append" or len(call.args) != 1 or not isinstance(call.func.value, ast.Name):
        return None
    loop = ast.comprehension(target=one.target, iter=one.iter, ifs=[], is_async=0)
    return call.func.value.id, ast.ListComp(elt=call.args[0], generators=[loop])


def _written_by(one: ast.stmt) -> ast.stmt | None:
    """Return `file.writelines(e for a in b)` of `for a in b: file.write(e)`."""
    call = _only_call(one)
    if (
        call is None
        or not isinstance(one, ast.For)
        or not isinstance(call.func, ast.Attribute)
        or call.func.attr != "write"
    ):
        return None
    loop = ast.comprehension(target=one.target, iter=one.iter, ifs=[], is_async=0)
    lines = ast.GeneratorExp(elt=call.args[0], generators=[loop]) if len(call.args) == 1 else None
    func = ast.Attribute(value=call.func.value, attr="writelines", ctx=ast.Load())
    return ast.copy_location(ast.Expr(ast.Call(func=func, args=[lines], keywords=[])), one) if lines else None


def _only_call(one: ast.stmt) -> ast.Call | None:
    if not isinstance(one, ast.For) or one.orelse or len(one.body) != 1:
        return None
    inner = one.body[0]
    return (
        inner.value
        if isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Call) and not inner.value.keywords
        else None
    )


def _empty_list(one: ast.stmt) -> str:
    if isinstance(one, ast.Assign) and len(one.targets) == 1 and isinstance(one.value, ast.List) and not one.value.elts:
        return harmless.last_name(one.targets[0])
    return ""


def _import(one: ast.stmt) -> bool:
    return isinstance(one, ast.Import | ast.ImportFrom)


def _own(one: ast.stmt, parts: dict[str, list[ast.stmt]]) -> bool:
    """Whether an import brings a module of the workspace, which stands in the form itself."""
    if not isinstance(one, ast.ImportFrom) or any(each.name in BUILTINS or each.asname for each in one.names):
        return False
    inside = (one.module or "").replace(".", "/")
    return bool(one.level) or any(path.endswith((f"{inside}.py", f"{inside}/__init__.py")) for path in parts)
