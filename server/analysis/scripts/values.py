"""What a name can stand for while a script is read without being run."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

Scalar = int | float | str | bool | bytes | None
Tag = tuple[str, str, int, int]
"""Where a value came from: (kind, file or name, line, column) of an estimator, a sampler, an environment variable."""
Tags = frozenset[Tag]
NO_TAGS: Tags = frozenset()

_MAX_OPTIONS = 6


@dataclass(slots=True, eq=False)
class Value:
    """Anything; `tags` name what flowed into it."""

    tags: Tags = field(default=NO_TAGS, kw_only=True)


@dataclass(slots=True, eq=False)
class Known(Value):
    """A plain constant."""

    data: Scalar


@dataclass(slots=True, eq=False)
class Items(Value):
    """A list, tuple or set. :ivar count: its length; None where it may grow or shrink unseen."""

    kind: str
    items: list[Value]
    count: int | None


@dataclass(slots=True, eq=False)
class Table(Value):
    """A dict with constant keys. :ivar whole: False where it may have other keys, or other values, too."""

    items: dict[Scalar, Value]
    whole: bool = True


@dataclass(slots=True, eq=False)
class Ref(Value):
    """Something of a library or a builtin, by its full dotted name."""

    name: str


@dataclass(slots=True, eq=False)
class Made(Value):
    """What a library's function or class returned.

    :ivar parts: the estimators that it holds. :ivar attributes: what the script set on it.
    :ivar owner: whose method returned it.
    """

    ref: str
    args: list[Value] = field(default_factory=list[Value])
    keywords: dict[str, Value] = field(default_factory=dict[str, Value])
    parts: frozenset[Tag] = NO_TAGS
    attributes: dict[str, Value] = field(default_factory=dict[str, Value])
    at: Tag | None = None
    owner: Made | None = None


@dataclass(slots=True, eq=False)
class Member(Value):
    """A method, or attribute, of a value whose insides are not ours."""

    owner: Value
    name: str


@dataclass(slots=True, eq=False)
class Scope:
    """Names of a module, function or class. :ivar outer: names that are declared global or nonlocal, and whose."""

    names: dict[str, Value] = field(default_factory=dict[str, Value])
    parent: Scope | None = None
    is_class: bool = False
    outer: dict[str, Scope] = field(default_factory=dict[str, "Scope"])


@dataclass(slots=True, eq=False)
class Module(Value):
    """A module of the workspace."""

    path: str
    package: str
    scope: Scope = field(default_factory=Scope)


FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(slots=True, eq=False)
class Function(Value):
    """A function of the workspace. :ivar options: what click decorators say about its arguments."""

    node: FunctionNode
    module: Module
    scope: Scope
    defaults: dict[str, Value] = field(default_factory=dict[str, Value])
    bound: Value | None = None
    options: dict[str, Value] = field(default_factory=dict[str, Value])
    owner: Class | None = None
    is_property: bool = False
    unbound: bool = False


@dataclass(slots=True, eq=False)
class Class(Value):
    """A class of the workspace."""

    node: ast.ClassDef
    module: Module
    scope: Scope
    bases: list[Value] = field(default_factory=list[Value])


@dataclass(slots=True, eq=False)
class Instance(Value):
    """An object of a class of the workspace, or a plain bag of attributes."""

    cls: Class | None
    attributes: dict[str, Value] = field(default_factory=dict[str, Value])
    made: Made | None = None
    whole: bool = True


@dataclass(slots=True, eq=False)
class Partial(Value):
    """`functools.partial`."""

    target: Value
    args: list[Value]
    keywords: dict[str, Value]


@dataclass(slots=True, eq=False)
class Either(Value):
    """One of several; which one cannot be told."""

    options: list[Value]


@dataclass(slots=True, eq=False)
class Unknown(Value):
    """Nothing is known. :ivar why: in words, where there is something to say."""

    why: str = ""


def options_of(value: Value) -> list[Value]:
    """Return what a value may be."""
    return value.options if isinstance(value, Either) else [value]


def join(first: Value, second: Value) -> Value:
    """Return a value that is one or the other."""
    if first is second:
        return first
    tags = first.tags | second.tags
    options: list[Value] = []
    for one in (*options_of(first), *options_of(second)):
        if not any(_same(one, other) for other in options):
            options.append(one)
    if len(options) == 1:
        return retagged(options[0], tags)
    if len(options) > _MAX_OPTIONS:
        return Unknown("one of many values", tags=tags)
    return Either(options, tags=tags)


def joined(values: list[Value]) -> Value:
    """Return a value that is one of these."""
    if not values:
        return Unknown()
    result = values[0]
    for one in values[1:]:
        result = join(result, one)
    return result


def _same(one: Value, other: Value) -> bool:
    if one is other:
        return True
    if isinstance(one, Known) and isinstance(other, Known):
        return type(one.data) is type(other.data) and one.data == other.data
    if isinstance(one, Unknown) and isinstance(other, Unknown):
        return one.why == other.why
    return isinstance(one, Ref) and isinstance(other, Ref) and one.name == other.name


def retagged(value: Value, tags: Tags) -> Value:
    """Return the value with these tags as well; mutable values keep their identity and take them on."""
    if tags <= value.tags:
        return value
    if isinstance(value, Known):
        return Known(value.data, tags=value.tags | tags)
    if isinstance(value, Unknown):
        return Unknown(value.why, tags=value.tags | tags)
    if isinstance(value, Ref):
        return Ref(value.name, tags=value.tags | tags)
    value.tags = value.tags | tags
    return value


def all_tags(values: list[Value], depth: int = 4, most: int = 1000) -> Tags:
    """Return the tags of values and of what they contain."""
    tags: set[Tag] = set()
    level = values
    for _ in range(depth):
        inner: list[Value] = []
        for one in level[:most]:
            tags |= one.tags
            inner.extend(_contents(one))
        level = inner
    return frozenset(tags)


def _contents(value: Value) -> list[Value]:
    if isinstance(value, Items):
        return value.items
    if isinstance(value, Table):
        return list(value.items.values())
    if isinstance(value, Instance):
        return [*value.attributes.values(), *([value.made] if value.made else [])]
    if isinstance(value, Made):
        return list(value.attributes.values())
    if isinstance(value, Either):
        return value.options
    return []


def number_of(value: Value) -> int | float | None:
    """Return the number that a value is, None where it is none or not known."""
    if isinstance(value, Known) and isinstance(value.data, int | float) and not isinstance(value.data, bool):
        return value.data
    return None


def text_of(value: Value | None) -> str | None:
    """Return the string that a value is."""
    return value.data if isinstance(value, Known) and isinstance(value.data, str) else None


def truth(value: Value) -> bool | None:
    """Return whether a condition holds, None where it cannot be told."""
    if isinstance(value, Known):
        return bool(value.data)
    if isinstance(value, Items):
        return None if value.count is None else value.count > 0
    if isinstance(value, Table):
        return bool(value.items) if value.whole else None
    if isinstance(value, Either):
        answers = {truth(one) for one in value.options}
        return answers.pop() if len(answers) == 1 else None
    if isinstance(value, Function | Class | Module):
        return True
    return None


def in_words(value: Value) -> str:
    """Return a value as a complaint names it."""
    if isinstance(value, Known):
        return repr(value.data)[:60]
    if isinstance(value, Either):
        return " or ".join(sorted(in_words(one) for one in value.options))[:120]
    if isinstance(value, Unknown):
        return value.why or "unknown"
    if isinstance(value, Ref):
        return value.name
    if isinstance(value, Made):
        return f"{value.ref}(…)"
    return type(value).__name__.lower()
