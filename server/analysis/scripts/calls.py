"""Calls: functions and classes of the workspace are read with their arguments, everything else is looked up."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from .command_line import add_argument, add_option, bind_options, parse_arguments
from .imports import Imports
from .interpreter import MAX_CALLS, Call, Frame
from .libraries import GRADIENTS
from .values import (
    Class,
    Either,
    Function,
    Instance,
    Items,
    Known,
    Made,
    Member,
    Partial,
    Ref,
    Scalar,
    Scope,
    Table,
    Unknown,
    Value,
    all_tags,
    joined,
    retagged,
)

Arguments = tuple[list[Value], dict[str, Value]]


class Calls(Imports):
    """Reads calls."""

    def call(self, target: Value, args: list[Value], keywords: dict[str, Value], node: ast.AST, whole: bool) -> Value:  # noqa: PLR0911 (one for each sort)
        """Return what a call returns."""
        match target:
            case Either():
                with self.perhaps():
                    return joined([self.call(one, args, keywords, node, whole) for one in target.options])
            case Function():
                if target.options and not args and not keywords:
                    keywords, problem = bind_options(target, self.given.args)
                    if problem:
                        self.unclear(node, problem)
                return self._enter(target, args, keywords, node, whole)
            case Class():
                return self._make(target, args, keywords, node, whole)
            case Partial():
                return self.call(target.target, [*target.args, *args], {**target.keywords, **keywords}, node, whole)
            case Instance():
                return self._call_instance(target, args, keywords, node, whole)
            case Ref():
                return self.outside(Call(target.name, node, self.at(node), args, keywords, whole=whole))
            case Member():
                return self._method(target, args, keywords, node, whole)
            case Made():
                ref = target.ref if target.ref in GRADIENTS else f"{target.ref}()"
                return self.outside(Call(ref, node, self.at(node), args, keywords, target, whole))
            case _:
                return self._call_unknown(target, args, keywords, node)

    def _call_unknown(self, target: Value, args: list[Value], keywords: dict[str, Value], node: ast.AST) -> Value:
        self.call_back([*args, *keywords.values()], node)
        why = target.why if isinstance(target, Unknown) else ""
        return Unknown(why, tags=target.tags | all_tags([*args, *keywords.values()]))

    # functions of the workspace

    def _enter(
        self, function: Function, args: list[Value], keywords: dict[str, Value], node: ast.AST, whole: bool
    ) -> Value:
        inside = sum(1 for one in self.frames if one.function is not None)
        again = sum(1 for one in self.frames if one.function is not None and one.function.node is function.node)
        tired = self.steps_left <= 0
        if again or inside >= MAX_CALLS or tired:
            if not again:
                self.unclear(node, "calls lie too deep within one another to be followed")
            return Unknown("a call that was not followed", tags=all_tags([*args, *keywords.values()]))
        self.entered.add(function.node)
        scope = Scope(parent=function.scope)
        self._bind_arguments(function, scope, args, keywords, whole)
        self.frames.append(Frame(function.module, scope, function))
        try:
            return self._returned(function)
        finally:
            self.frames.pop()

    def _returned(self, function: Function) -> Value:
        if isinstance(function.node, ast.Lambda):
            return self.value(function.node.body)
        flow = self.block(function.node.body)
        frame = self.frame
        if flow == "next":
            frame.returned.append(Known(None))
        returned = [
            one for one in frame.returned if not (isinstance(one, Known) and one.data is None)
        ] or frame.returned
        return joined(returned)

    def _bind_arguments(
        self, function: Function, scope: Scope, args: list[Value], keywords: dict[str, Value], whole: bool
    ) -> None:
        spec = function.node.args
        named = [one.arg for one in (*spec.posonlyargs, *spec.args)]
        given = list(args) if function.bound is None else [function.bound, *args]
        scope.names.update(function.defaults)
        scope.names.update(zip(named, given, strict=False))
        extra: dict[Scalar, Value] = {}
        for name, value in keywords.items():
            if name in named or name in {one.arg for one in spec.kwonlyargs}:
                scope.names[name] = value
            else:
                extra[name] = value
        if spec.vararg:
            rest = given[len(named) :]
            scope.names[spec.vararg.arg] = Items("tuple", rest, len(rest) if whole else None, tags=all_tags(rest))
        if spec.kwarg:
            scope.names[spec.kwarg.arg] = Table(dict(extra), whole, tags=all_tags(list(extra.values())))
        for one in (*named, *(each.arg for each in spec.kwonlyargs)):
            if one not in scope.names or (not whole and one not in keywords and one in function.defaults):
                scope.names[one] = Unknown(f"the argument {one}")

    def call_back(self, values: Sequence[Value], node: ast.AST) -> None:
        """Read functions that are handed to something outside, which may call them with anything."""
        for value in values:
            for one in value.items if isinstance(value, Items) else [value]:
                if isinstance(one, Function) and one.node not in self.entered:
                    with self.perhaps():
                        self._enter(one, [], {}, node, whole=True)
                elif isinstance(one, Partial):
                    with self.perhaps():
                        self.call(one.target, one.args, one.keywords, node, whole=True)

    # classes of the workspace

    def _make(self, cls: Class, args: list[Value], keywords: dict[str, Value], node: ast.AST, whole: bool) -> Value:
        instance = Instance(cls, tags=all_tags([*args, *keywords.values()]))
        outside = self._library_base(cls)
        if outside is not None:
            made = self.outside(Call(outside, node, self.at(node), args, keywords, whole=whole))
            instance.made = made if isinstance(made, Made) else Made(outside)
            instance.tags |= made.tags
        start = self.member(cls, "__init__")
        if isinstance(start, Function):
            self._enter(self.bound(start, instance), args, keywords, node, whole)
            return instance
        self._fill(instance, cls, args, keywords, node)
        after = self.member(cls, "__post_init__")
        if isinstance(after, Function):
            self._enter(self.bound(after, instance), [], {}, node, whole)
        return instance

    def _fill(
        self, instance: Instance, cls: Class, args: list[Value], keywords: dict[str, Value], node: ast.AST
    ) -> None:
        """Set what the generated constructor of a dataclass, named tuple or model sets."""
        fields = self._fields(cls)
        for name in fields:
            default = self.member(cls, name)
            if default is not None:
                instance.attributes[name] = self._field_default(default, node)
        instance.attributes.update(zip(fields, args, strict=False))
        instance.attributes.update(keywords)

    def _fields(self, cls: Class, depth: int = 0) -> list[str]:
        names: list[str] = []
        for base in cls.bases if depth < 10 else []:
            names += self._fields(base, depth + 1) if isinstance(base, Class) else []
        names += [
            one.target.id
            for one in cls.node.body
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        ]
        return list(dict.fromkeys(names))

    def _field_default(self, value: Value, node: ast.AST) -> Value:
        if isinstance(value, Made) and value.ref in {"dataclasses.field", "pydantic.Field", "attrs.field", "attr.ib"}:
            if "default" in value.keywords:
                return value.keywords["default"]
            factory = value.keywords.get("default_factory", value.keywords.get("factory"))
            if factory is not None:
                return self.call(factory, [], {}, node, whole=True)
            return value.args[0] if value.args else Unknown("a field without a default")
        return value

    def _library_base(self, cls: Class, depth: int = 0) -> str | None:
        for base in cls.bases:
            if isinstance(base, Ref) and base.name not in {"builtins.object", "abc.ABC", "typing.NamedTuple"}:
                return base.name
            inner = self._library_base(base, depth + 1) if isinstance(base, Class) and depth < 10 else None
            if inner is not None:
                return inner
        return None

    def _call_instance(
        self, target: Instance, args: list[Value], keywords: dict[str, Value], node: ast.AST, whole: bool
    ) -> Value:
        for name in ("__call__", "forward", "call"):
            method = self.member(target.cls, name)
            if isinstance(method, Function):
                result = self._enter(self.bound(method, target), args, keywords, node, whole)
                return retagged(result, target.tags) if isinstance(result, Unknown | Known) else result
        if target.made is not None:
            return self.call(target.made, args, keywords, node, whole)
        return Unknown(tags=target.tags | all_tags([*args, *keywords.values()]))

    # methods

    def _method(
        self, target: Member, args: list[Value], keywords: dict[str, Value], node: ast.AST, whole: bool
    ) -> Value:
        owner, name = target.owner, target.name
        changed = self.changed_by_method(owner, name, args, keywords)
        if changed is not None:
            return changed
        if isinstance(owner, Instance) and owner.cls is not None and name == "_replace":
            return self._copy(owner, keywords)
        if isinstance(owner, Made):
            if owner.ref.startswith("argparse."):
                handled = self._parser(owner, name, args, keywords, node)
                if handled is not None:
                    return handled
            if owner.ref == "builtins.super":
                return self._super(owner, name, args, keywords, node, whole)
            return self.outside(Call(f"{owner.ref}().{name}"[:200], node, self.at(node), args, keywords, owner, whole))
        self._method_of_some_class(owner, name, args, keywords, node, whole)
        return self.outside(Call(f"?.{name}", node, self.at(node), args, keywords, owner, whole))

    def _method_of_some_class(
        self, owner: Value, name: str, args: list[Value], keywords: dict[str, Value], node: ast.AST, whole: bool
    ) -> None:
        """Read the method of the only class of the workspace that has it: what cannot be told may still be run."""
        if not isinstance(owner, Unknown) or name.startswith("__"):
            return
        having = [one for one in self.classes if isinstance(one.scope.names.get(name), Function)]
        method = having[0].scope.names[name] if len(having) == 1 else None
        if isinstance(method, Function) and method.node not in self.entered:
            with self.perhaps():
                self._enter(self.bound(method, owner), args, keywords, node, whole)

    def _copy(self, owner: Instance, keywords: dict[str, Value]) -> Instance:
        return Instance(owner.cls, {**owner.attributes, **keywords}, owner.made, tags=owner.tags)

    def _super(
        self, owner: Made, name: str, args: list[Value], keywords: dict[str, Value], node: ast.AST, whole: bool
    ) -> Value:
        function = self.frame.function
        cls = function.owner if function is not None else None
        for base in cls.bases if cls is not None else []:
            method = self.member(base, name) if isinstance(base, Class) else None
            if isinstance(method, Function) and function is not None and function.bound is not None:
                return self._enter(self.bound(method, function.bound), args, keywords, node, whole)
        bound = function.bound if function is not None else None
        if name != "__init__" and isinstance(bound, Instance) and bound.made is not None:
            made = bound.made
            return self.outside(Call(f"{made.ref}().{name}"[:200], node, self.at(node), args, keywords, made, whole))
        if name == "__init__" and isinstance(bound, Instance) and bound.made is not None:
            bound.made.args, bound.made.keywords = args, keywords
        del owner
        return Unknown(tags=all_tags([*args, *keywords.values()]))

    def _parser(
        self, owner: Made, name: str, args: list[Value], keywords: dict[str, Value], node: ast.AST
    ) -> Value | None:
        if name == "add_argument":
            add_argument(owner, args, keywords)
            return Unknown()
        if name == "set_defaults":
            owner.attributes.update({f"default {key}": value for key, value in keywords.items()})
            return Known(None)
        if name in {"add_argument_group", "add_mutually_exclusive_group"}:
            return owner
        if name in {"parse_args", "parse_known_args", "parse_intermixed_args"}:
            words = args[0] if args else keywords.get("args")
            found, problem = parse_arguments(owner, words, self.given.args)
            if problem:
                self.unclear(node, problem)
            return found if name != "parse_known_args" else Items("tuple", [found, Unknown()], 2)
        return None

    # decorators, with

    def decorated(
        self, value: Value, decorator: ast.expr, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    ) -> Value:
        """Return what a decorator makes of a function or class; those of libraries are taken to keep it."""
        wrapper = self.value(decorator)
        name = wrapper.name if isinstance(wrapper, Ref) else wrapper.ref if isinstance(wrapper, Made) else ""
        if isinstance(value, Function):
            value.is_property = value.is_property or name in {"builtins.property", "functools.cached_property"}
            value.unbound = value.unbound or name == "builtins.staticmethod"
            if isinstance(wrapper, Made) and name in {"click.option", "click.argument"}:
                add_option(value, wrapper)
                return value
            if isinstance(wrapper, Made) and name == "typer.Typer().command" and wrapper.owner is not None:
                wrapper.owner.attributes["command"] = value
        if isinstance(wrapper, Function | Partial):
            made = self.call(wrapper, [value], {}, decorator, whole=True)
            return made if isinstance(made, Function | Class | Either | Partial) else value
        if isinstance(wrapper, Unknown) and not isinstance(node, ast.ClassDef):
            self.unclear(decorator, f"{node.name} is wrapped by something unknown")
        return value

    def entered_value(self, value: Value) -> Value:
        """Return what `with value as …` binds."""
        if isinstance(value, Instance):
            method = self.member(value.cls, "__enter__")
            if isinstance(method, Function):
                return self._enter(self.bound(method, value), [], {}, method.node, whole=True)
        return value
