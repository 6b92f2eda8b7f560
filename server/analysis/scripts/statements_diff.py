"""What changed between the statements of two files."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from . import harmless
from .change import Kind, line_of, words
from .expressions_diff import ExpressionDiff, Where, same, subsamples
from .names import BUILTINS, constant

MAX_PAIRS = 1_000_000
"""Statements compared with statements at most; beyond it a block is one change."""

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_GUARD = ast.dump(ast.parse("__name__ == '__main__'", mode="eval").body)
_IMPORTS = (ast.Import, ast.ImportFrom)


class StatementDiff(ExpressionDiff):
    """Compares blocks of statements."""

    def block(self, old: Sequence[ast.stmt], new: Sequence[ast.stmt], where: Where) -> None:
        """Compare two blocks."""
        top = where.file == self.script and not where.name
        olds, news = _told(old, top), _told(new, top)
        keys = [ast.dump(one) for one in olds], [ast.dump(one) for one in news]
        start = 0
        while start < min(len(olds), len(news)) and keys[0][start] == keys[1][start]:
            start += 1
        end = 0
        while end < min(len(olds), len(news)) - start and keys[0][-1 - end] == keys[1][-1 - end]:
            end += 1
        first, second = keys[0][start : len(olds) - end], keys[1][start : len(news) - end]
        if len(first) * len(second) > MAX_PAIRS:
            self.add(
                replace(where, line=line_of(news[start])),
                "structure",
                f"{len(first)} statements",
                f"{len(second)} statements",
            )
            return
        for tag, i, j, k, m in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
            if tag != "equal":
                self._replaced(olds[start + i : start + j], news[start + k : start + m], where)

    def _replaced(self, old: list[ast.stmt], new: list[ast.stmt], where: Where) -> None:
        old, new = self._unwrapped(old, new, where)
        pairs, gone, added = _paired(old, new)
        for one, other in pairs:
            self.statement(one, other, where)
        for one in gone:
            self._gone(one, where)
        for one in added:
            self._added(one, where)

    def _unwrapped(
        self, old: list[ast.stmt], new: list[ast.stmt], where: Where
    ) -> tuple[list[ast.stmt], list[ast.stmt]]:
        """Take the statements out of a try block that only one of the two has."""
        if any(isinstance(one, ast.Try) for one in old) == any(isinstance(one, ast.Try) for one in new):
            return old, new
        blocks = [one for one in (*old, *new) if isinstance(one, ast.Try)]
        for one in blocks:
            if not harmless.harmless_try(one):
                handlers = "; ".join(words(each) for each in one.handlers)[:120]
                at = replace(where, line=line_of(one), name="try")
                self.add(at, "structure", "" if one in new else handlers, handlers if one in new else "")
        return _flat(old), _flat(new)

    def statement(self, old: ast.stmt, new: ast.stmt, where: Where) -> None:
        """Compare two statements of the same sort."""
        where = replace(where, line=line_of(new))
        match old, new:
            case (
                (ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef()),
                (ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef()),
            ):
                self._definitions(old, new, where)
            case ast.Assign(), ast.Assign():
                at = replace(where, name=_target(new) or where.name)
                if len(old.targets) != len(new.targets):
                    self.differ(old, new, at)
                    return
                for one, other in zip(old.targets, new.targets, strict=True):
                    if where.in_class and not same(one, other):
                        self.differ(old, new, at)
                        return
                    self.expression(one, other, at)
                self.expression(old.value, new.value, at)
            case ((ast.AnnAssign() | ast.AugAssign()), (ast.AnnAssign() | ast.AugAssign())):
                at = replace(where, name=_target(new) or where.name)
                self.expression(old.target, new.target, at)
                if (
                    isinstance(old, ast.AugAssign)
                    and isinstance(new, ast.AugAssign)
                    and type(old.op) is not type(new.op)
                ):
                    self.differ(old, new, at)
                else:
                    self.expression(old.value, new.value, at)
            case ast.Raise(), ast.Raise():
                pass
            case _:
                self._others(old, new, where)

    def _others(self, old: ast.stmt, new: ast.stmt, where: Where) -> None:
        if harmless.quiet(old) and harmless.quiet(new):
            return
        match old, new:
            case ((ast.For() | ast.AsyncFor()), (ast.For() | ast.AsyncFor())):
                self.expression(old.target, new.target, where)
                self.expression(old.iter, new.iter, replace(where, name=f"loop over {words(new.target)}"))
                self.block(old.body, new.body, where)
                self.block(old.orelse, new.orelse, where)
            case (ast.While(), ast.While()) | (ast.If(), ast.If()):
                self.expression(old.test, new.test, replace(where, name=f"condition {words(new.test)[:40]}"))
                self.block(old.body, new.body, where)
                self.block(old.orelse, new.orelse, where)
            case ((ast.With() | ast.AsyncWith()), (ast.With() | ast.AsyncWith())) if len(old.items) == len(new.items):
                for one, other in zip(old.items, new.items, strict=True):
                    self.expression(one.context_expr, other.context_expr, where)
                    self.expression(one.optional_vars, other.optional_vars, where)
                self.block(old.body, new.body, where)
            case ast.Try(), ast.Try():
                self._tries(old, new, where)
            case (ast.Expr(), ast.Expr()) | (ast.Return(), ast.Return()):
                self.expression(old.value, new.value, where)
            case _:
                self.differ(old, new, where)

    def _tries(self, old: ast.Try, new: ast.Try, where: Where) -> None:
        self.block(old.body, new.body, where)
        self.block(old.orelse, new.orelse, where)
        self.block(old.finalbody, new.finalbody, where)
        if not _all_same(old.handlers, new.handlers) and not all(
            harmless.quiet_handler(one) for one in (*old.handlers, *new.handlers)
        ):
            handlers = ["; ".join(words(one) for one in each.handlers)[:120] for each in (old, new)]
            self.add(replace(where, name="except"), "structure", handlers[0], handlers[1])

    def _definitions(self, old: _Definition, new: _Definition, where: Where) -> None:
        at = replace(where, name=new.name)
        other_name = old.name != new.name and (where.in_class or not self.renamed(old.name, new.name))
        if type(old) is not type(new) or other_name:
            self.differ(old, new, at)
            return
        self._heads(old, new, at)
        self.block(old.body, new.body, replace(at, in_class=isinstance(new, ast.ClassDef)))

    def _heads(self, old: _Definition, new: _Definition, where: Where) -> None:
        if isinstance(old, ast.ClassDef) and isinstance(new, ast.ClassDef):
            if not _all_same(old.bases, new.bases):
                self.add(where, "estimator", ", ".join(map(words, old.bases)), ", ".join(map(words, new.bases)))
            if not _all_same(old.keywords, new.keywords):
                self.differ(old, new, where)
        elif not isinstance(old, ast.ClassDef) and not isinstance(new, ast.ClassDef):
            self._parameters(old.args, new.args, where)
        if len(old.decorator_list) != len(new.decorator_list):
            self.add(
                where, "structure", ", ".join(map(words, old.decorator_list)), ", ".join(map(words, new.decorator_list))
            )
            return
        for one, other in zip(old.decorator_list, new.decorator_list, strict=True):
            self.expression(one, other, where)

    def _parameters(self, old: ast.arguments, new: ast.arguments, where: Where) -> None:
        names = [[one.arg for one in (*each.posonlyargs, *each.args, *each.kwonlyargs)] for each in (old, new)]
        if len(names[0]) != len(names[1]) or any(
            one != other and not self.renamed(one, other) for one, other in zip(*names, strict=True)
        ):
            self.add(where, "structure", words(old), words(new))
            return
        for one, other in ((old.vararg, new.vararg), (old.kwarg, new.kwarg)):
            if (one is None) != (other is None) or (
                one and other and one.arg != other.arg and not self.renamed(one.arg, other.arg)
            ):
                self.add(where, "structure", words(old), words(new))
        defaults = [_defaults(old), _defaults(new)]
        for one, other in zip(*names, strict=True):
            first, second = defaults[0].get(one), defaults[1].get(other)
            self.expression(first, second, replace(where, name=other))

    # what only one of the two has

    def _gone(self, node: ast.stmt, where: Where) -> None:
        if harmless.quiet(node) or isinstance(node, _IMPORTS) or (not where.in_class and self._spare(node)):
            return
        self._one_sided(node, None, where)

    def _spare(self, node: ast.stmt) -> bool:
        """Whether a definition is taken away that nothing names any more."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return node.name not in self.after.loaded and not node.decorator_list
        name = _target(node)
        spare = name in self.before.constants and name not in self.after.loaded and "." not in name
        return spare or self.kept(name)

    def _added(self, node: ast.stmt, where: Where) -> None:
        if harmless.quiet(node) or isinstance(node, _IMPORTS) or (not where.in_class and self._unheard_of(node)):
            return
        if isinstance(node, ast.If | ast.Try) and self._tells_only(node):
            return
        self._one_sided(None, node, where)

    def _tells_only(self, node: ast.If | ast.Try) -> bool:
        if isinstance(node, ast.If):
            return harmless.pure(node.test) and all(map(harmless.quiet, (*node.body, *node.orelse)))
        return harmless.harmless_try(node) and all(map(harmless.quiet, node.body))

    def _unheard_of(self, node: ast.stmt) -> bool:
        """Whether a definition is added under a name that was never used, so that it changes nothing by itself."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            plain = all(
                isinstance(one, ast.Constant)
                for one in (*node.args.defaults, *node.args.kw_defaults)
                if one is not None
            )
            return not node.decorator_list and plain and self._new_name(node.name)
        name = _target(node)
        value = getattr(node, "value", None)
        if isinstance(node, ast.Assign | ast.AnnAssign) and self.kept(name):
            return True
        is_constant = isinstance(value, ast.expr) and constant(value, self.after.constants) is not None
        return (
            bool(name)
            and "." not in name
            and is_constant
            and not isinstance(node, ast.AugAssign)
            and self._new_name(name)
        )

    def _new_name(self, name: str) -> bool:
        reserved = name.startswith("__") or name in BUILTINS or name in harmless.TELLING
        return (
            not reserved
            and name not in self.before.used
            and (self.after.bound[name] == 1 or name in self.after.constants)
        )

    def _one_sided(self, old: ast.stmt | None, new: ast.stmt | None, where: Where) -> None:
        node = new if new is not None else old
        if node is None:
            return
        name = _target(node) or getattr(node, "name", "") or where.name
        kind: Kind = "structure"
        value = getattr(node, "value", None)
        if isinstance(value, ast.expr) and constant(value, self.after.constants) is not None:
            kind = "parameter"
        if (
            isinstance(node, ast.Assign | ast.Expr)
            and isinstance(value, ast.expr)
            and subsamples(value)
            and new is not None
        ):
            kind, name = "feature", "data subsample"
        file = where.file
        self.add(replace(where, line=line_of(node), name=name, file=file), kind, words(old), words(new))


def _all_same(old: Sequence[ast.AST], new: Sequence[ast.AST]) -> bool:
    return len(old) == len(new) and all(map(same, old, new))


def _told(body: Sequence[ast.stmt], top: bool) -> list[ast.stmt]:
    """Return statements without docstrings and other bare texts; at the top of the script also what its guard holds.

    The script always runs as `__main__`, so that the guard changes nothing there.
    """
    told: list[ast.stmt] = []
    for one in body:
        if top and isinstance(one, ast.If) and not one.orelse and ast.dump(one.test) == _GUARD:
            told.extend(_told(one.body, top=False))
        elif not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)):
            told.append(one)
    return told


def _flat(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    flat: list[ast.stmt] = []
    for one in body:
        flat.extend([*one.body, *one.orelse, *one.finalbody] if isinstance(one, ast.Try) else [one])
    return flat


def _target(node: ast.stmt) -> str:
    """Return the name that a statement assigns, empty where there is none or several."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        return words(node.targets[0])
    return words(node.target) if isinstance(node, ast.AnnAssign | ast.AugAssign) else ""


def _label(node: ast.stmt) -> tuple[str, ...]:
    """Return what two versions of the same statement have in common."""
    name = _target(node) or str(getattr(node, "name", ""))
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        name = words(node.value.func)
    if isinstance(node, ast.For | ast.AsyncFor):
        name = words(node.target)
    return type(node).__name__, name


def _paired(
    old: list[ast.stmt], new: list[ast.stmt]
) -> tuple[list[tuple[ast.stmt, ast.stmt]], list[ast.stmt], list[ast.stmt]]:
    """Return statements that belong together: by what they assign or define, then by their sort and order."""
    pairs: list[tuple[ast.stmt, ast.stmt]] = []
    for key in (_label, _sort):
        waiting: dict[tuple[str, ...], list[ast.stmt]] = {}
        for one in new:
            waiting.setdefault(key(one), []).append(one)
        left: list[ast.stmt] = []
        for one in old:
            same = waiting.get(key(one), [])
            if same and not isinstance(one, _IMPORTS):
                pairs.append((one, same.pop(0)))
            else:
                left.append(one)
        taken = {id(other) for _, other in pairs}
        old, new = left, [one for one in new if id(one) not in taken]
    return pairs, old, new


def _sort(node: ast.stmt) -> tuple[str, ...]:
    quiet = "quiet" if harmless.quiet(node) else ""
    call = isinstance(node, ast.Assign | ast.Expr) and isinstance(node.value, ast.Call)
    return type(node).__name__, quiet, str(call)


def _defaults(args: ast.arguments) -> dict[str, ast.expr]:
    named = [*args.posonlyargs, *args.args]
    found = {one.arg: value for one, value in zip(named[len(named) - len(args.defaults) :], args.defaults, strict=True)}
    found.update(
        {one.arg: value for one, value in zip(args.kwonlyargs, args.kw_defaults, strict=True) if value is not None}
    )
    return found
