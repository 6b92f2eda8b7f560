"""What an expression stands for."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from . import folding
from .interpreter import MAX_DEPTH, Machine
from .lengths import count_of, element_of
from .records import ActiveLoop
from .values import (
    Class,
    Either,
    Function,
    Instance,
    Items,
    Known,
    Made,
    Member,
    Module,
    Partial,
    Ref,
    Scalar,
    Table,
    Unknown,
    Value,
    joined,
    retagged,
    text_of,
    truth,
)

HIDDEN = "**"
"""The keyword under which options stand that could not be told apart."""

_Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


class Expressions(Machine):
    """Reads expressions."""

    def value(self, node: ast.expr) -> Value:
        """Return what an expression stands for; unknown where that cannot be told."""
        if not self.step():
            return Unknown("the program is too large to be read to its end")
        if self.depth >= MAX_DEPTH:
            self.unclear(node, "nested too deeply to be read")
            return Unknown("nested too deeply")
        self.depth += 1
        try:
            return self._value(node)
        finally:
            self.depth -= 1

    def _value(self, node: ast.expr) -> Value:  # noqa: PLR0911 (one for each sort)
        match node:
            case ast.Constant():
                return folding.scalar(node.value)
            case ast.Name():
                return self.lookup(node.id)
            case ast.Attribute():
                return self.attribute(self.value(node.value), node.attr)
            case ast.Call():
                return self._call(node)
            case ast.BinOp():
                return self._binary(node)
            case ast.Subscript():
                return self.item(self.value(node.value), self.value(node.slice))
            case ast.List() | ast.Tuple() | ast.Set():
                return self._items(node)
            case ast.Dict():
                return self._dict(node)
            case _:
                return self._rarer(node)

    def _rarer(self, node: ast.expr) -> Value:  # noqa: PLR0911 (one for each sort)
        match node:
            case ast.UnaryOp():
                return folding.unary(type(node.op), self.value(node.operand))
            case ast.BoolOp():
                return self._logic(node)
            case ast.Compare():
                return self._compare(node)
            case ast.IfExp():
                return self._choice(node)
            case ast.JoinedStr():
                return self._text(node)
            case ast.Lambda():
                return self.lambda_of(node)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node)
            case ast.NamedExpr():
                value = self.value(node.value)
                self.bind(node.target.id, value)
                return value
            case ast.Await() | ast.Starred():
                return self.value(node.value)
            case _:
                return self._parts(node)

    def _parts(self, node: ast.expr) -> Value:
        """Return an unknown value that carries the tags of all its parts (slices, yields, formats)."""
        values = [self.value(one) for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr)]
        result = Unknown(tags=frozenset(tag for one in values for tag in one.tags))
        if isinstance(node, ast.Yield | ast.YieldFrom) and values:
            self.frame.returned.append(values[0])
        return result

    def lambda_of(self, node: ast.Lambda) -> Function:
        """Return a lambda as a function of the place where it stands."""
        return Function(node, self.frame.module, self.frame.scope, self.defaults(node.args))

    def defaults(self, args: ast.arguments) -> dict[str, Value]:
        """Return the defaults of a function's arguments, as they are where it is defined."""
        named = [*args.posonlyargs, *args.args]
        values = {
            one.arg: self.value(default)
            for one, default in zip(named[len(named) - len(args.defaults) :], args.defaults, strict=True)
        }
        for one, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            if default is not None:
                values[one.arg] = self.value(default)
        return values

    def _binary(self, node: ast.BinOp) -> Value:
        # A long chain (a + b + c + …) leans to the left; walking it keeps the depth small.
        chain: list[ast.BinOp] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            chain.append(left)
            left = left.left
        result = self.value(left)
        for one in reversed(chain):
            result = folding.binary(type(one.op), result, self.value(one.right))
        return result

    def _items(self, node: ast.List | ast.Tuple | ast.Set) -> Value:
        items: list[Value] = []
        whole = True
        for one in node.elts:
            value = self.value(one)
            if isinstance(one, ast.Starred):
                whole = whole and isinstance(value, Items) and value.count == len(value.items)
                items.extend(value.items if isinstance(value, Items) else [value])
            else:
                items.append(value)
        tags = frozenset(tag for one in items for tag in one.tags)
        return Items(type(node).__name__.lower(), items, len(items) if whole else None, tags=tags)

    def _dict(self, node: ast.Dict) -> Value:
        table = Table({})
        for key, each in zip(node.keys, node.values, strict=True):
            value = self.value(each)
            table.tags |= value.tags
            if key is None:
                table.items.update(value.items if isinstance(value, Table) else {})
                table.whole = table.whole and isinstance(value, Table) and value.whole
                continue
            name = self.value(key)
            if isinstance(name, Known):
                table.items[name.data] = value
            else:
                table.whole = False
        return table

    def _logic(self, node: ast.BoolOp) -> Value:
        stops_at = isinstance(node.op, ast.Or)
        possible: list[Value] = []
        for one in node.values:
            value = self.value(one)
            answer = truth(value)
            possible.append(value)
            if answer is stops_at:
                break
            if answer is not None and one is not node.values[-1]:
                possible.pop()
        return joined(possible)

    def _compare(self, node: ast.Compare) -> Value:
        left = self.value(node.left)
        results: list[Value] = []
        for kind, each in zip(node.ops, node.comparators, strict=True):
            right = self.value(each)
            results.append(folding.compare(type(kind), left, right))
            left = right
        answers = [truth(one) for one in results]
        tags = frozenset(tag for one in results for tag in one.tags)
        if False in answers:
            return Known(data=False, tags=tags)
        return Unknown(tags=tags) if None in answers else Known(data=True, tags=tags)

    def _choice(self, node: ast.IfExp) -> Value:
        answer = truth(self.value(node.test))
        if answer is not None:
            return self.value(node.body if answer else node.orelse)
        with self.perhaps():
            return joined([self.value(node.body), self.value(node.orelse)])

    def _text(self, node: ast.JoinedStr) -> Value:
        parts: list[Value] = []
        plain = True
        for one in node.values:
            if isinstance(one, ast.FormattedValue):
                plain = plain and one.format_spec is None and one.conversion == -1
                parts.append(folding.converted("str", self.value(one.value)))
            else:
                parts.append(self.value(one))
        tags = frozenset(tag for one in parts for tag in one.tags)
        texts = [text_of(one) for one in parts]
        if not plain or None in texts:
            return Unknown("a text made at run time", tags=tags)
        return retagged(folding.scalar("".join(one for one in texts if one is not None)), tags)

    def _comprehension(self, node: _Comprehension) -> Value:
        count: int | None = 1
        active = ActiveLoop(self.frame.module.path, node.lineno, None)
        for one in node.generators:
            source = self.value(one.iter)
            length = None if one.ifs else count_of(source)
            count = None if count is None or length is None else count * length
            self.assign(one.target, element_of(source))
        active.count = count
        with self.loop(active), self.perhaps():
            for one in node.generators:
                for test in one.ifs:
                    self.value(test)
            if isinstance(node, ast.DictComp):
                return self._dict_comprehension(node, active)
            element = self.value(node.elt)
        self.close_loop(active)
        return Items("list", [element], count, tags=element.tags)

    def _dict_comprehension(self, node: ast.DictComp, active: ActiveLoop) -> Value:
        key, element = self.value(node.key), self.value(node.value)
        self.close_loop(active)
        return Table({"": element}, whole=False, tags=key.tags | element.tags)

    def _call(self, node: ast.Call) -> Value:
        target = self.value(node.func)
        args: list[Value] = []
        whole = True
        for one in node.args:
            value = self.value(one)
            if isinstance(one, ast.Starred):
                known = isinstance(value, Items) and value.count == len(value.items)
                whole = whole and known
                args.extend(value.items if isinstance(value, Items) and known else [])
            else:
                args.append(value)
        keywords: dict[str, Value] = {}
        for each in node.keywords:
            value = self.value(each.value)
            if each.arg is not None:
                keywords[each.arg] = value
                continue
            whole = whole and isinstance(value, Table) and value.whole
            if isinstance(value, Table):
                keywords.update({key: one for key, one in value.items.items() if isinstance(key, str) and key})
            else:
                keywords[HIDDEN] = value
        return self.call(target, args, keywords, node, whole)

    def item(self, owner: Value, key: Value) -> Value:  # noqa: PLR0911 (one for each sort)
        """Return `owner[key]`."""
        tags = owner.tags | key.tags
        if isinstance(owner, Either):
            return retagged(joined([self.item(one, key) for one in owner.options]), tags)
        data: Scalar = key.data if isinstance(key, Known) else None
        if isinstance(owner, Items) and isinstance(data, int) and owner.count == len(owner.items):
            count = len(owner.items)
            inside = -count <= data < count
            return retagged(owner.items[data], key.tags) if inside else Unknown("an index out of range", tags=tags)
        if isinstance(owner, Items):
            return retagged(joined(owner.items[:20]), tags) if owner.items else Unknown(tags=tags)
        if isinstance(owner, Table):
            return self._entry(owner, key)
        if isinstance(owner, Ref) and owner.name.endswith(".__dict__") and isinstance(data, str):
            return self.attribute(Ref(owner.name.removesuffix(".__dict__")), data)
        if isinstance(owner, Ref) and owner.name == "os.environ":
            return self.environment(str(data), Unknown("an environment variable that is not set"))
        if isinstance(owner, Made) and owner.ref in {"builtins.globals", "builtins.locals"} and isinstance(data, str):
            return self.lookup(data)
        if isinstance(owner, Made) and owner.ref == "builtins.vars" and owner.args and isinstance(data, str):
            return self.attribute(owner.args[0], data)
        if isinstance(owner, Member) and owner.name == "__dict__" and isinstance(data, str):
            return self.attribute(owner.owner, data)
        why = owner.why if isinstance(owner, Unknown) else _read_from(owner)
        return Unknown(why, tags=tags)

    def _entry(self, table: Table, key: Value) -> Value:
        if isinstance(key, Known) and key.data in table.items:
            found = table.items[key.data]
            return retagged(
                found if table.whole else joined([found, Unknown("an entry that may have changed")]), key.tags
            )
        options = list(table.items.values())[:20]
        if table.whole and isinstance(key, Known):
            return Unknown("a key that is not there", tags=key.tags)
        return retagged(joined(options) if options else Unknown(), table.tags | key.tags)

    def lists(self, value: Value) -> Sequence[Value]:
        """Return the elements of a literal list, nothing for anything else."""
        return value.items if isinstance(value, Items) else ()

    def assign(self, target: ast.expr, value: Value) -> None:
        """Bind a target; filled in by the module of statements."""
        raise NotImplementedError

    def close_loop(self, active: ActiveLoop) -> None:
        """Record what a loop turned out to be; filled in by the module of statements."""
        raise NotImplementedError


def _read_from(value: Value) -> str:
    if isinstance(value, Made | Instance | Member | Module | Class | Partial | Function):
        return "computed at run time"
    return ""
