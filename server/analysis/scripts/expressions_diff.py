"""What changed inside one statement: the two trees are walked side by side."""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import cast

from . import harmless
from .change import Change, Kind, line_of, number_words, words
from .names import BUILTINS, Names, constant, number
from .values import Known

_READERS = ("read", "load", "genfromtxt", "open", "fetch")
_POSITIONAL = {"sample": ("draws", "tune"), "range": ("range",), "Dropout": ("dropout",), "Adam": ("parameters", "lr")}


@dataclass(frozen=True, slots=True)
class Where:
    """Where a difference stands. :ivar name: the nearest keyword, target or function. :ivar call: the call around.

    :ivar selects: inside square brackets. :ivar in_class: directly in the body of a class, whose names a base may use.
    """

    file: str
    line: int
    name: str
    call: str = ""
    selects: bool = False
    in_class: bool = False


class ExpressionDiff:
    """Compares expressions of two programs and collects what changed."""

    def __init__(self, before: Names, after: Names, broken: Collection[str]) -> None:
        self.before = before
        self.after = after
        self.broken = broken
        self.renames: dict[str, str] = {}
        self.found: list[Change] = []
        self.script = ""

    def add(self, where: Where, kind: Kind, old: str, new: str, lowered: bool = False, approval: bool = True) -> None:
        """Keep a change."""
        change = Change(
            kind=kind,
            name=where.name or "statement",
            before=old,
            after=new,
            file=where.file,
            line=where.line,
            lowered=lowered,
            needs_approval=approval,
        )
        self.found.append(change)

    def expression(self, old: ast.expr | None, new: ast.expr | None, where: Where) -> None:
        """Compare two expressions."""
        if old is None or new is None:
            if old is not new:
                self.differ(old, new, where)
            return
        where = replace(where, line=line_of(new))
        told = where.call in harmless.COLLECTING
        old, new = harmless.without_cast(old, told), harmless.without_cast(new, told)
        if self._same_constants(old, new, where) or harmless.same_dtype(old, new):
            return
        if isinstance(old, ast.List | ast.Tuple | ast.Set) and isinstance(new, ast.List | ast.Tuple | ast.Set):
            self._lists(old, new, where)
        elif type(old) is not type(new):
            self.differ(old, new, where)
        else:
            self._same_type(old, new, where)

    def _same_constants(self, old: ast.expr, new: ast.expr, where: Where) -> bool:  # noqa: PLR0911 (one for each sort)
        """Compare what are constants; return whether nothing is left to compare."""
        if isinstance(old, ast.Constant) and isinstance(new, ast.Constant) and isinstance(old.value, str | bytes):
            return False
        if isinstance(getattr(old, "ctx", None), ast.Store):
            return False
        first, second = constant(old, self.before.constants), constant(new, self.after.constants)
        if first is None and second is None:
            return False
        if isinstance(first, Known) and isinstance(second, Known):
            if type(first.data) is type(second.data) and first.data == second.data:
                return True
            low, high = number(old, self.before.constants), number(new, self.after.constants)
            if low is not None and high is not None:
                if low != high:
                    self.add(where, self._kind(where), number_words(low), number_words(high), high < low)
                return True
            if isinstance(first.data, str) and isinstance(second.data, str):
                return False
            self.add(where, self._kind(where), words(old), words(new))
            return True
        if isinstance(old, ast.Name) and isinstance(new, ast.Name) and self.renamed(old.id, new.id):
            return True
        self.add(where, self._kind(where), words(old), words(new))
        return True

    def _kind(self, where: Where) -> Kind:
        return (
            "feature" if where.selects or where.name in {"frac", "nrows", "iloc", "head", "skiprows"} else "parameter"
        )

    def _same_type(self, old: ast.expr, new: ast.expr, where: Where) -> None:
        match old, new:
            case ast.Constant(), ast.Constant():
                self._texts(old, new, where)
            case ast.Name(), ast.Name():
                if old.id != new.id and not self.renamed(old.id, new.id):
                    self.differ(old, new, where)
            case ast.Attribute(), ast.Attribute():
                self._attributes(old, new, where)
            case ast.Call(), ast.Call():
                self._calls(old, new, where)
            case ast.Subscript(), ast.Subscript():
                self.expression(old.value, new.value, where)
                inside = replace(where, selects=True, name=harmless.last_name(old.value) or where.name)
                self.expression(old.slice, new.slice, inside)
            case ast.Dict(), ast.Dict():
                self._dicts(old, new, where)
            case ast.JoinedStr(), ast.JoinedStr():
                if not same(old, new):
                    self.differ(old, new, where)
            case _:
                self.fields(old, new, where)

    def fields(self, old: ast.AST, new: ast.AST, where: Where) -> None:
        """Compare two nodes of the same sort, field by field."""
        for name in old._fields:
            first: object = getattr(old, name, None)
            second: object = getattr(new, name, None)
            if isinstance(first, ast.expr) and isinstance(second, ast.expr):
                self.expression(first, second, where)
            elif isinstance(first, ast.AST) and isinstance(second, ast.AST) and type(first) is type(second):
                self.fields(first, second, where)
            elif isinstance(first, list) and isinstance(second, list):
                self._sequences(cast("list[object]", first), cast("list[object]", second), old, new, where)
            elif first != second and name not in {"ctx", "type_comment", "kind"}:
                self.differ(old, new, where)
                return

    def _sequences(self, first: list[object], second: list[object], old: ast.AST, new: ast.AST, where: Where) -> None:
        if len(first) != len(second):
            self.differ(old, new, where)
            return
        for one, other in zip(first, second, strict=True):
            if isinstance(one, ast.expr) and isinstance(other, ast.expr):
                self.expression(one, other, where)
            elif isinstance(one, ast.AST) and isinstance(other, ast.AST) and type(one) is type(other):
                self.fields(one, other, where)
            elif one != other:
                self.differ(old, new, where)

    def differ(self, old: ast.AST | None, new: ast.AST | None, where: Where) -> None:
        """Keep a difference that has no better name."""
        classes = [
            harmless.last_name(one.func if isinstance(one, ast.Call) else one)
            for one in (old, new)
            if isinstance(one, ast.expr)
        ]
        kind: Kind = "estimator" if any(one[:1].isupper() and not one.isupper() for one in classes) else "structure"
        if isinstance(new, ast.expr) and subsamples(new) and not (isinstance(old, ast.expr) and subsamples(old)):
            kind, where = "feature", replace(where, name="data subsample")
        self.add(where, kind, words(old), words(new))

    # constants

    def kept(self, name: str) -> bool:
        """Whether a name is the same constant before and after, wherever it is assigned."""
        old, new = self.before.constants, self.after.constants
        return name in old and name in new and type(old[name]) is type(new[name]) and old[name] == new[name]

    def _texts(self, old: ast.Constant, new: ast.Constant, where: Where) -> None:
        first, second = old.value, new.value
        if first == second and type(first) is type(second):
            return
        if isinstance(first, str) and isinstance(second, str) and harmless.is_path(first) and harmless.is_path(second):
            reads = where.call.startswith(_READERS) and not harmless.is_written(where.name)
            if harmless.same_file(first, second) or (harmless.is_written(where.name + where.call) and not reads):
                return
            self.add(replace(where, name=f"path of {where.name or where.call}"), "feature", first, second)
            return
        self.add(where, "feature" if where.selects else "structure", repr(first), repr(second))

    def _lists(self, old: ast.List | ast.Tuple | ast.Set, new: ast.List | ast.Tuple | ast.Set, where: Where) -> None:
        texts = [
            [one.value for one in node.elts if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            for node in (old, new)
        ]
        if len(texts[0]) == len(old.elts) and len(texts[1]) == len(new.elts) and (old.elts or new.elts):
            if texts[0] != texts[1]:
                self.add(
                    where,
                    "feature",
                    ", ".join(texts[0])[:120],
                    ", ".join(texts[1])[:120],
                    len(texts[1]) < len(texts[0]),
                )
            return
        if len(old.elts) != len(new.elts):
            numbers = all(number(one, self.after.constants) is not None for one in (*old.elts, *new.elts))
            self.add(
                where, "parameter" if numbers else "structure", words(old), words(new), len(new.elts) < len(old.elts)
            )
            return
        for one, other in zip(old.elts, new.elts, strict=True):
            self.expression(one, other, where)

    def _dicts(self, old: ast.Dict, new: ast.Dict, where: Where) -> None:
        keys = [[_key(one) for one in node.keys] for node in (old, new)]
        if len(set(keys[0])) != len(keys[0]) or len(set(keys[1])) != len(keys[1]):
            if not same(old, new):
                self.differ(old, new, where)
            return
        first, second = (
            dict(zip(names, node.values, strict=True)) for names, node in zip(keys, (old, new), strict=True)
        )
        for key in dict.fromkeys([*first, *second]):
            self.expression(first.get(key), second.get(key), replace(where, name=key[:60] or where.name))

    # names

    def renamed(self, old: str, new: str) -> bool:
        """Whether a name stands for the same: renamed everywhere, or a misspelling put right."""
        if self.renames.get(old) == new:
            return True
        if self._fresh(old, new):
            imports = self.before.imported.get(old), self.after.imported.get(new)
            if imports[0] == imports[1] and old not in self.renames and new not in self.renames.values():
                self.renames[old] = new
                return True
            return False
        missing = old not in self.before.bound and old not in BUILTINS
        return missing and new in self.before.bound and harmless.repaired(old, new, {*self.broken, old})

    def _fresh(self, old: str, new: str) -> bool:
        known = old in self.before.bound or old in self.before.attributes
        return (
            known
            and old not in self.after.used
            and new not in self.before.used
            and new not in BUILTINS | harmless.TELLING
        )

    def _attributes(self, old: ast.Attribute, new: ast.Attribute, where: Where) -> None:
        self.expression(old.value, new.value, where)
        if old.attr == new.attr:
            return
        # An attribute may be one that a library's base class looks for; a module's functions are ours.
        if old.attr not in self.before.attributes and self.renamed(old.attr, new.attr):
            return
        if harmless.repaired(old.attr, new.attr, self.broken) and old.attr not in self.before.attributes:
            return
        self.differ(old, new, where)

    # calls

    def _calls(self, old: ast.Call, new: ast.Call, where: Where) -> None:
        name = harmless.last_name(new.func)
        if harmless.last_name(old.func) != name and subsamples(new) and not subsamples(old):
            self.differ(old, new, where)
            return
        if harmless.last_name(old.func) != name and not self._same_function(old.func, new.func):
            self.differ(old.func, new.func, where)
        elif not self._same_function(old.func, new.func):
            self.expression(old.func, new.func, where)
        inside = replace(where, call=name)
        if len(old.args) != len(new.args):
            self._moved_arguments(old, new, inside)
        else:
            for place, (one, other) in enumerate(zip(old.args, new.args, strict=True)):
                self.expression(one, other, replace(inside, name=_positional(name, place, where.name)))
            self._keywords(old, new, inside)

    def _same_function(self, old: ast.expr, new: ast.expr) -> bool:
        if same(old, new):
            return True
        kept = len(self.found)
        self.expression(old, new, Where("", 0, ""))
        alike = len(self.found) == kept
        del self.found[kept:]
        return alike

    def _moved_arguments(self, old: ast.Call, new: ast.Call, where: Where) -> None:
        """See `f(2000)` become `f(draws=2000)`: arguments that change places are compared as a whole."""
        common = min(len(old.args), len(new.args))
        for place in range(common):
            self.expression(
                old.args[place], new.args[place], replace(where, name=_positional(where.call, place, where.name))
            )
        if not same(old, new):
            self.add(replace(where, name=where.call or where.name), "structure", words(old), words(new))

    def _keywords(self, old: ast.Call, new: ast.Call, where: Where) -> None:
        first = {one.arg or f"**{words(one.value)}": one.value for one in old.keywords}
        second = {one.arg or f"**{words(one.value)}": one.value for one in new.keywords}
        for name in [one for one in first if one not in second]:
            to = next((each for each in second if each not in first and self._renamed_keyword(name, each)), None)
            if to is not None:
                first = {to if key == name else key: value for key, value in first.items()}
        for name in dict.fromkeys([*first, *second]):
            ours = name in self.before.parameters | self.after.parameters
            if (
                name in harmless.HARMLESS_KEYWORDS
                and not ours
                and all(harmless.pure(one[name]) for one in (first, second) if name in one)
            ):
                continue
            self._keyword(name, first.get(name), second.get(name), replace(where, name=name))

    def _keyword(self, name: str, old: ast.expr | None, new: ast.expr | None, where: Where) -> None:
        if old is not None and new is not None:
            self.expression(old, new, where)
            return
        given = old if old is not None else new
        if name == "dtype" and given is not None and harmless.same_dtype(given, given):
            return
        kind: Kind = "feature" if name in {"nrows", "frac", "skiprows", "usecols"} else "parameter"
        self.add(where, kind, words(old), words(new))

    def _renamed_keyword(self, old: str, new: str) -> bool:
        return (old, new) in harmless.RENAMED_KEYWORDS or harmless.repaired(old, new, self.broken)


def same(one: ast.AST, other: ast.AST) -> bool:
    """Whether two nodes are equal, wherever they stand."""
    return ast.dump(one) == ast.dump(other)


def _key(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return "**" if node is None else ast.dump(node)


def _positional(call: str, place: int, otherwise: str) -> str:
    known = _POSITIONAL.get(call, ())
    return known[place] if place < len(known) else call or otherwise


def subsamples(node: ast.AST) -> bool:
    """Whether an expression takes a part of the rows: `.sample`, `.head`, `.iloc[:100]`, `[::10]`, `nrows=`."""
    for one in ast.walk(node):
        if isinstance(one, ast.keyword) and one.arg in {"nrows", "frac", "skiprows"}:
            return True
        if isinstance(one, ast.Attribute) and one.attr in {"iloc", "head", "tail", "nlargest", "truncate"}:
            return True
        if isinstance(one, ast.Slice) and (one.lower or one.upper or one.step):
            return True
    return False
