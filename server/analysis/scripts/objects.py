"""Attributes and entries: reading and setting them."""

from __future__ import annotations

import ast

from . import folding
from .expressions import Expressions
from .libraries import canonical
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
    Table,
    Unknown,
    Value,
    all_tags,
    join,
    joined,
    retagged,
    text_of,
)

WATCHED = (
    "pymc",
    "nutpie",
    "numpyro",
    "pyro",
    "cmdstanpy",
    "stan",
    "pystan",
    "emcee",
    "bambi",
    "sklearn",
    "torch",
    "keras",
    "builtins",
)
"""Libraries in which nothing may be replaced unseen."""


class Objects(Expressions):
    """Reads and sets attributes and entries."""

    def attribute(self, owner: Value, name: str) -> Value:  # noqa: PLR0911 (one for each sort)
        """Return `owner.name`."""
        match owner:
            case Either():
                return retagged(joined([self.attribute(one, name) for one in owner.options]), owner.tags)
            case Module():
                return self._of_module(owner, name)
            case Ref():
                return self.library(f"{owner.name}.{name}", owner)
            case Instance():
                return self._of_instance(owner, name)
            case Class():
                found = self.member(owner, name)
                return found if found is not None else Member(owner, name)
            case Made():
                if name in owner.attributes:
                    return owner.attributes[name]
                replaced = self.replaced.get(f"{owner.ref}.{name}")
                return replaced or Member(owner, name, tags=owner.tags)
            case Unknown():
                return Member(owner, name, tags=owner.tags)
            case Partial() if name in {"func", "args", "keywords"}:
                return owner.target if name == "func" else Unknown()
            case _:
                return Member(owner, name, tags=owner.tags)

    def library(self, name: str, like: Value | None = None) -> Value:
        """Return something of a library by its dotted name, or what the script put in its place."""
        known = canonical(name)
        if known in self.replaced:
            return self.replaced[known]
        tags = like.tags if like is not None else frozenset[tuple[str, str, int, int]]()
        if known == "os.environ":
            return Ref(known)
        if known == "sys.argv":
            words: list[Value] = [Known(one) for one in (self.sources.script, *self.given.args)]
            return Items("list", words, len(words))
        constants = {"math.inf": float("inf"), "numpy.inf": float("inf"), "math.pi": 3.141592653589793}
        return Known(constants[known], tags=tags) if known in constants else Ref(known, tags=tags)

    def _of_module(self, module: Module, name: str) -> Value:
        if name in module.scope.names:
            return module.scope.names[name]
        found = self.sources.find_beside(module.package, 1, name) if module.path.endswith("__init__.py") else None
        if found is not None:
            return self.load_module(*found)
        return Unknown(f"{name} is not in {module.path}") if name != "__dict__" else Member(module, name)

    def _of_instance(self, owner: Instance, name: str) -> Value:
        if name in owner.attributes:
            return owner.attributes[name]
        found = self.member(owner.cls, name) if owner.cls is not None else None
        if isinstance(found, Function):
            bound = self.bound(found, owner)
            return self.call(bound, [], {}, found.node, whole=True) if found.is_property else bound
        if found is not None:
            return found
        if owner.made is not None:
            return self.attribute(owner.made, name)
        return Member(owner, name, tags=owner.tags)

    def bound(self, function: Function, owner: Value) -> Function:
        """Return a method bound to its object."""
        return Function(
            function.node,
            function.module,
            function.scope,
            function.defaults,
            None if function.unbound else owner,
            function.options,
            function.owner,
        )

    def member(self, cls: Class | None, name: str, depth: int = 0) -> Value | None:
        """Return what a class of the workspace, or one that it is derived from, has under a name."""
        if cls is None or depth > 10:
            return None
        if name in cls.scope.names:
            return cls.scope.names[name]
        for base in cls.bases:
            found = self.member(base, name, depth + 1) if isinstance(base, Class) else None
            if found is not None:
                return found
        return None

    def set_attribute(self, owner: Value, name: str, value: Value, node: ast.AST) -> None:
        """Do `owner.name = value`."""
        for one in owner.options if isinstance(owner, Either) else [owner]:
            weak = self.uncertain > 0 or isinstance(owner, Either)
            if isinstance(one, Instance | Made):
                before = one.attributes.get(name)
                one.attributes[name] = join(before, value) if weak and before is not None else value
                one.tags |= value.tags
            elif isinstance(one, Module):
                self.bind(name, value, one.scope)
            elif isinstance(one, Class):
                one.scope.names[name] = value
            elif isinstance(one, Ref):
                self.replace(f"{one.name}.{name}", value, node)
            elif isinstance(one, Member):
                self.set_attribute(one.owner, f"{one.name}.{name}", value, node)

    def replace(self, name: str, value: Value, node: ast.AST) -> None:
        """Note that the script puts something of its own in the place of a library's."""
        known = canonical(name)
        self.replaced[known] = join(self.replaced.get(known, Ref(known)), value) if self.uncertain else value
        if (known.split(".")[0] in WATCHED and "__" in known) or (
            known.split(".")[0] in WATCHED and isinstance(value, Function | Class | Instance | Unknown | Ref | Partial)
        ):
            self.unclear(node, f"replaces {known}")

    def set_item(self, owner: Value, key: Value, value: Value, node: ast.AST) -> None:
        """Do `owner[key] = value`."""
        for one in owner.options if isinstance(owner, Either) else [owner]:
            one.tags |= value.tags
            if isinstance(one, Table):
                self._set_entry(one, key, value)
            elif isinstance(one, Items):
                self._set_element(one, key, value)
            elif isinstance(one, Member):
                one.owner.tags |= value.tags
                if one.name == "__dict__" and (name := text_of(key)) is not None:
                    self.set_attribute(one.owner, name, value, node)
            elif isinstance(one, Made):
                self._set_in_made(one, key, value, node)
            elif isinstance(one, Ref) and one.name.endswith(".__dict__"):
                self.replace(f"{one.name.removesuffix('.__dict__')}.{text_of(key) or '?'}", value, node)
            elif isinstance(one, Ref) and one.name in {"sys.modules", "os.environ"}:
                self._set_in_table_of_python(one, key, value, node)

    def _set_entry(self, table: Table, key: Value, value: Value) -> None:
        if not isinstance(key, Known):
            table.whole = False
            table.items.setdefault("", value)
        elif self.uncertain and key.data in table.items:
            table.items[key.data] = join(table.items[key.data], value)
        else:
            table.items[key.data] = value

    def _set_element(self, items: Items, key: Value, value: Value) -> None:
        if isinstance(key, Known) and isinstance(key.data, int) and items.count == len(items.items):
            if -len(items.items) <= key.data < len(items.items):
                before = items.items[key.data]
                items.items[key.data] = join(before, value) if self.uncertain else value
            return
        items.items.append(value)
        items.count = None

    def _set_in_made(self, made: Made, key: Value, value: Value, node: ast.AST) -> None:
        name = text_of(key)
        if made.ref in {"builtins.globals", "builtins.locals"}:
            if name is None:
                self.unclear(node, "sets a global name that is made at run time")
            else:
                self.bind(name, value, self.frame.module.scope)
        elif made.ref == "builtins.vars" and made.args and name is not None:
            self.set_attribute(made.args[0], name, value, node)

    def _set_in_table_of_python(self, ref: Ref, key: Value, value: Value, node: ast.AST) -> None:
        name = text_of(key)
        if ref.name == "sys.modules":
            self.unclear(node, f"puts something in the place of the module {name or '?'}")
            if name:
                self.replaced[canonical(name)] = value
        elif name and isinstance(value, Known) and isinstance(value.data, str):
            self.environment_set[name] = (
                join(self.environment_set[name], value) if name in self.environment_set else value
            )

    def changed_by_method(self, owner: Value, name: str, args: list[Value], keywords: dict[str, Value]) -> Value | None:
        """Return what a method of a list or dict returns, and do what it does; None where it is another one."""
        values = [*args, *keywords.values()]
        tags = all_tags(values)
        if isinstance(owner, Items):
            owner.tags |= tags
            return self._changed_list(owner, name, args)
        if isinstance(owner, Table):
            owner.tags |= tags
            return self._changed_table(owner, name, args, keywords)
        if isinstance(owner, Known):
            return folding.plain_method(owner, name, args)
        return None

    def _changed_list(self, owner: Items, name: str, args: list[Value]) -> Value | None:
        certain = self.uncertain == 0 and not self.loops
        if name in {"append", "add", "insert"} and args:
            owner.items.append(args[-1])
            owner.count = owner.count + 1 if certain and name == "append" and owner.count is not None else None
            return Known(None)
        if name in {"extend", "update"} and args:
            owner.items.extend(args[0].items if isinstance(args[0], Items) else [args[0]])
            owner.count = None
            return Known(None)
        if name in {"pop", "remove", "clear", "discard", "sort", "reverse"}:
            found = joined(owner.items[:20])
            owner.count = owner.count if name in {"sort", "reverse"} else None
            return retagged(found, owner.tags) if name == "pop" else Known(None)
        return Items("list", list(owner.items), owner.count, tags=owner.tags) if name == "copy" else None

    def _changed_table(self, owner: Table, name: str, args: list[Value], keywords: dict[str, Value]) -> Value | None:  # noqa: PLR0911 (one for each sort)
        if name == "get" and args:
            key = args[0]
            default = args[1] if len(args) > 1 else Known(None)
            if owner.whole and isinstance(key, Known):
                return owner.items.get(key.data, default)
            return join(self._entry(owner, key), default)
        if name == "update":
            other = args[0] if args else Table({})
            inner = dict(other.items) if isinstance(other, Table) else {}
            owner.whole = owner.whole and isinstance(other, Table) and other.whole
            for key, value in {**inner, **keywords}.items():
                self._set_entry(owner, Known(key), value)
            return Known(None)
        if name in {"pop", "setdefault"} and args:
            found = self._entry(owner, args[0])
            if name == "setdefault":
                self._set_entry(owner, args[0], join(found, args[1]) if len(args) > 1 else found)
            elif isinstance(args[0], Known) and not self.uncertain:
                owner.items.pop(args[0].data, None)
            return found
        if name == "copy":
            return Table(dict(owner.items), owner.whole, tags=owner.tags)
        if name in {"items", "keys", "values"}:
            return self._view(owner, name)
        return None

    def _view(self, owner: Table, name: str) -> Items:
        pairs: list[Value] = []
        for key, value in owner.items.items():
            pair: list[Value] = [Known(key) if owner.whole else Unknown("a key"), value]
            both = Items("tuple", pair, 2, tags=value.tags)
            pairs.append({"items": both, "keys": pair[0], "values": value}[name])
        return Items("list", pairs, len(pairs) if owner.whole else None, tags=owner.tags)
