"""What reading a script carries along: where it is, which names are bound, how much it may still do."""

from __future__ import annotations

import ast
import builtins
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .records import ActiveLoop, Records, place
from .sources import Sources
from .values import Class, Function, FunctionNode, Known, Module, Ref, Scope, Tag, Unknown, Value, join

if TYPE_CHECKING:
    from collections.abc import Generator

MAX_DEPTH = 60
"""Statements and expressions inside one another, over all calls; a deeper one is unknown. Python stops soon after."""
MAX_CALLS = 12
FREE_STEPS = 60_000


@dataclass(slots=True)
class Given:
    """What is known of the start. :ivar environment: None when nothing is known of it."""

    args: tuple[str, ...]
    environment: Mapping[str, str] | None
    phase: str | None
    cpus: int | None


@dataclass(slots=True)
class Frame:
    """One module or function that is being read."""

    module: Module
    scope: Scope
    function: Function | None = None
    returned: list[Value] = field(default_factory=list[Value])


@dataclass(slots=True)
class Call:
    """A call of something that is not of the workspace. :ivar whole: False when arguments could not be told apart."""

    ref: str
    node: ast.AST
    at: Tag
    args: list[Value]
    keywords: dict[str, Value]
    owner: Value | None = None
    whole: bool = True


_BUILTINS = frozenset(dir(builtins))

_Journal = dict[tuple[int, str], tuple[Scope, str, Value | None]]


class Machine(ABC):
    """State, and the parts that the modules beside this one fill in."""

    def __init__(self, sources: Sources, given: Given) -> None:
        self.sources = sources
        self.given = given
        self.records = Records()
        self.modules: dict[str, Module] = {}
        self.replaced: dict[str, Value] = {}
        self.written_paths: set[str] = set()
        self.undefined: dict[tuple[str, str], Value] = {}
        self.environment_set: dict[str, Value] = {}
        self.classes: list[Class] = []
        self.functions: list[Function] = []
        self.entered: set[FunctionNode] = set()
        self.loops: list[ActiveLoop] = []
        self.frames: list[Frame] = []
        self.uncertain = 0
        self.steps_left = FREE_STEPS
        self.depth: int = 0
        self._journals: list[_Journal] = []

    # what the other modules fill in

    @abstractmethod
    def value(self, node: ast.expr) -> Value:
        """Return what an expression stands for."""

    @abstractmethod
    def call(self, target: Value, args: list[Value], keywords: dict[str, Value], node: ast.AST, whole: bool) -> Value:
        """Return what a call returns; functions of the workspace are read with these arguments."""

    @abstractmethod
    def block(self, body: Sequence[ast.stmt]) -> str:
        """Read statements; return how control leaves them."""

    @abstractmethod
    def attribute(self, owner: Value, name: str) -> Value:
        """Return an attribute of a value."""

    @abstractmethod
    def load_module(self, path: str, package: str) -> Module:
        """Read a module of the workspace, once."""

    # where it is

    @property
    def frame(self) -> Frame:
        """The module or function that is being read."""
        return self.frames[-1]

    def at(self, node: ast.AST, kind: str = "") -> Tag:
        """Return the place of a node."""
        line = getattr(node, "lineno", 1)
        return place(kind, self.frame.module.path, line, getattr(node, "col_offset", 0))

    def unclear(self, node: ast.AST, what: str) -> None:
        """Note that something here could not be settled."""
        self.records.unclear(self.frame.module.path, getattr(node, "lineno", 1), what)

    # names

    def lookup(self, name: str) -> Value:
        """Return what a name stands for here."""
        scope: Scope | None = self.frame.scope
        scope = scope.outer.get(name, scope) if scope else scope
        first = scope
        while scope is not None:
            if name in scope.names and (scope is first or not scope.is_class):
                return scope.names[name]
            scope = scope.parent
        if name in _BUILTINS:
            return self.replaced.get(f"builtins.{name}") or Ref(f"builtins.{name}")
        key = (self.frame.module.path, name)
        return self.undefined.setdefault(key, Unknown(f"{name}, which is bound nowhere that can be seen"))

    def bind(self, name: str, value: Value, scope: Scope | None = None) -> None:
        """Bind a name here; a branch that may not be taken is undone and merged later."""
        scope = scope or self.frame.scope
        scope = scope.outer.get(name, scope)
        if self._journals:
            self._journals[-1].setdefault((id(scope), name), (scope, name, scope.names.get(name)))
        scope.names[name] = value

    def branch(self, body: Sequence[ast.stmt]) -> tuple[str, _Journal]:
        """Read statements that may not run; return how they end and what they bound, which is undone."""
        self._journals.append({})
        self.uncertain += 1
        try:
            flow = self.block(body)
        finally:
            self.uncertain -= 1
            journal = self._journals.pop()
        after: _Journal = {}
        for key, (scope, name, before) in journal.items():
            after[key] = (scope, name, scope.names[name])
            if before is None:
                del scope.names[name]
            else:
                scope.names[name] = before
        return flow, after

    def merge(self, branches: Sequence[_Journal]) -> None:
        """Bind what branches bound: of several values either one; a branch that did not bind keeps what was."""
        for key in dict.fromkeys(key for one in branches for key in one):
            values: list[Value] = []
            scope, name, _ = next(one[key] for one in branches if key in one)
            for one in branches:
                value = one[key][2] if key in one else scope.names.get(name)
                if value is not None:
                    values.append(value)
            result = values[0]
            for value in values[1:]:
                result = join(result, value)
            self.bind_in(scope, name, result)

    def bind_in(self, scope: Scope, name: str, value: Value) -> None:
        """Bind a name in exactly this scope."""
        if self._journals:
            self._journals[-1].setdefault((id(scope), name), (scope, name, scope.names.get(name)))
        scope.names[name] = value

    @contextmanager
    def perhaps(self) -> Generator[None]:
        """Read something that may not run."""
        self.uncertain += 1
        try:
            yield
        finally:
            self.uncertain -= 1

    # effort

    def step(self) -> bool:
        """Count one step; return whether there may be more."""
        self.steps_left -= 1
        return self.steps_left > 0

    # loops

    @contextmanager
    def loop(self, active: ActiveLoop) -> Generator[None]:
        """Read the body of a loop."""
        self.loops.append(active)
        try:
            yield
        finally:
            self.loops.pop()

    def environment(self, name: str, default: Value) -> Value:  # noqa: PLR0911 (one for each sort)
        """Return an environment variable of the run, or what the script itself made of it."""
        if name in self.environment_set:
            return self.environment_set[name]
        if name == "WATCHKEEPER_PHASE":
            options: list[Value] = [Known("full"), Known("quick")]
            return join(*options) if self.given.phase is None else Known(self.given.phase)
        if self.given.environment is not None and name in self.given.environment:
            return Known(self.given.environment[name])
        if name.startswith("WATCHKEEPER_"):
            return Unknown(f"{name} is set by the start")
        if self.given.environment is not None:
            return default
        tag: Tag = ("env", name, 0, 0)
        if isinstance(default, Known) and default.data is not None:
            return Known(default.data, tags=default.tags | {tag})
        return Unknown(f"the environment variable {name}", tags=default.tags)
