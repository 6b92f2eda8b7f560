"""What no quick run shows although its code does not ask for the phase. Pure.

A figure may be given long before the phase decides to use it: `args.epochs if FULL else 5` takes what the default of an
argument, a key of a dictionary, the environment or `sys.argv` said. And a function that only the full phase calls does
nothing in a quick run. Names are followed by what they are called, wherever they stand: that takes too many rather than
too few.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from . import neutral
from .phase_names import PhaseNames
from .program import Unit

_STEERS = neutral.words_of("""
    set_defaults putenv unsetenv setattr __setattr__ vars globals locals parse_args load_dotenv exec eval
    """)
"""Calls by which figures reach a script past their names."""
_PROCESSES = neutral.words_of("subprocess os runpy")
_STARTS = re.compile(r"run|call|check_call|check_output|Popen|popen|system|exec[lv]\w*|spawn\w*|run_path|run_module")
_STEERED = neutral.words_of("argv environ __dict__")
_FULL = re.compile(r"(?:^|_)(?:full|final|production)(?:_|$)", re.IGNORECASE)
_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_ROUNDS = 8
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Late:
    """Names and functions on which the full phase alone depends.

    :ivar names: names, attributes and keys out of which it takes its figures, as `word` spells them.
    :ivar alone: functions and classes that nothing else names.
    :ivar called: those that it names, which may take their defaults only then.
    :ivar reflects: whether the program asks for names that it puts together.
    """

    def __init__(self, units: Sequence[Unit], phases: PhaseNames) -> None:
        self._phases = phases
        trees = [unit.tree for unit in units if unit.tree is not None]
        nodes = [node for tree in trees for node in ast.walk(tree)]
        defined = {node.name: node for node in nodes if isinstance(node, _Function)}
        places = [place for tree in trees for place in self._places(tree)]
        inside = {id(one): one for place in places for one in ast.walk(place)}
        self.names = {word(name) for place in places for name in _identifiers(place)}
        self._follow([node for node in nodes if isinstance(node, ast.Assign | ast.AnnAssign)])
        self.called = {name for one in inside.values() for name in _named(one)} & defined.keys()
        self.alone = self._alone(nodes, defined, inside.keys())
        self.reflects = any(isinstance(one, ast.Call) and _reflects(one) for one in nodes)

    def feeds(self, node: ast.stmt) -> bool:
        """Whether a statement gives one of the figures that only the full phase takes."""
        if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr | ast.Return):
            return False
        return any(self._gives(one) for one in ast.walk(node))

    def only_late(self, node: _Function) -> bool:
        """Whether a function or class does nothing in a quick run."""
        return node.name in self.alone or bool(_FULL.search(node.name))

    def takes_defaults(self, node: _Function) -> bool:
        """Whether the full phase names it where a quick run may not: defaults and fields may count only then."""
        return node.name in self.called or self.only_late(node)

    def _gives(self, node: ast.AST) -> bool:
        match node:
            case ast.Name(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
                name = neutral.last_name(node)
            case ast.keyword():
                name = node.arg or ""
            case ast.Constant(value=str() as text):
                name = text.lstrip("-")
            case ast.Call() if _steers(node):
                return neutral.last_name(node.func) != "parse_args" or bool(node.args or node.keywords)
            case ast.Call() if neutral.first_name(node.func) in _PROCESSES:
                return bool(_STARTS.fullmatch(neutral.last_name(node.func)))  # with arguments of its own
            case ast.Subscript(ctx=ast.Store()):
                return neutral.last_name(node.value) in _STEERED
            case ast.Call(func=ast.Attribute() as func):
                read = func.attr in {"get", "items", "keys", "values", "copy"}
                return neutral.last_name(func.value) in _STEERED and not read
            case _:
                return False
        return name in _STEERED or bool(_FULL.search(name)) or word(name) in self.names

    def _places(self, tree: ast.AST) -> Iterator[ast.AST]:
        """Yield what only one of the phases does, or takes."""
        for node in ast.walk(tree):
            if isinstance(node, ast.IfExp) and self._phases.depends(node.test):
                yield from (node.body, node.orelse)
            elif isinstance(node, ast.If) and self._phases.depends(node.test):
                yield from (*node.body, *node.orelse)
            elif isinstance(node, ast.Match) and self._phases.depends(node.subject):
                yield from (one for case in node.cases for one in case.body)
            elif isinstance(node, ast.Call | ast.Subscript) and self._phases.depends(node):
                yield from (one for one in ast.iter_child_nodes(node) if self._phases.depends(one))
            for field in ("body", "orelse", "finalbody"):
                body: object = getattr(node, field, None)
                if isinstance(body, list):
                    yield from self.behind(cast("list[object]", body))

    def behind(self, body: Sequence[object]) -> Iterator[ast.stmt]:
        """Yield the statements that only one phase reaches, as the other leaves before them."""
        left = False
        for one in body:
            if left and isinstance(one, ast.stmt):
                yield one
            left = left or (isinstance(one, ast.If) and self._phases.depends(one.test) and _leaves(one.body))

    def _follow(self, assigned: Sequence[ast.Assign | ast.AnnAssign]) -> None:
        """Take the names that figures come from, through assignments."""
        for _ in range(_ROUNDS):
            before = len(self.names)
            for node in assigned:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                bound = {word(neutral.last_name(one)) for each in targets for one in ast.walk(each)}
                if node.value is not None and bound & self.names and not _is_data(node.value):
                    self.names |= {word(name) for name in _identifiers(node.value)}
            if len(self.names) == before:
                return

    def _alone(self, nodes: Sequence[ast.AST], defined: dict[str, _Function], inside: Iterable[int]) -> set[str]:
        every = Counter(name for node in nodes for name in _named(node))
        reached = set(inside)
        alone: set[str] = set()
        for _ in range(_ROUNDS):
            here = Counter(name for node in nodes if id(node) in reached for name in _named(node))
            new = {name for name in defined if name not in alone and 0 < every[name] == here[name]}
            if not new:
                break
            alone |= new
            reached |= {id(one) for name in new for one in ast.walk(defined[name])}
        return alone


def _reflects(call: ast.Call) -> bool:
    """Whether a call reads names that do not stand in the script."""
    if neutral.last_name(call.func) == "getattr":
        return len(call.args) > 1 and not isinstance(call.args[1], ast.Constant)
    called = neutral.last_name(call.func)
    builtin = isinstance(call.func, ast.Name) and called in {"globals", "locals", "eval", "exec"}
    return builtin or called in {"attrgetter", "import_module"}


def _steers(call: ast.Call) -> bool:
    called = neutral.last_name(call.func)
    return called in _STEERS and (isinstance(call.func, ast.Name) or called not in {"eval", "exec"})


def word(name: str) -> str:
    """Return a name as options, keys and attributes spell it alike."""
    return name.replace("-", "_").lower()


def _named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
        yield neutral.last_name(node)


def _identifiers(node: ast.AST) -> Iterator[str]:
    """Yield the names, attributes and keys out of which an expression takes figures, none of what is called."""
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and neutral.last_name(node.func) in {
            "get",
            "pop",
            "getint",
            "getfloat",
        }:
            yield from _identifiers(node.func.value)
        for one in (*node.args, *(each.value for each in node.keywords)):
            yield from _identifiers(one)
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
        yield node.value
    elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
        yield neutral.last_name(node)
    for one in ast.iter_child_nodes(node):
        yield from _identifiers(one)


def _is_data(node: ast.expr) -> bool:
    """Whether a value is made by a call, whose arguments a quick run shows."""
    return isinstance(node, ast.Call) and neutral.last_name(node.func) not in neutral.NEUTRAL | {"max", "min", "round"}


def _leaves(body: Sequence[ast.stmt]) -> bool:
    last = body[-1]
    call = last.value if isinstance(last, ast.Expr) else None
    ends = isinstance(call, ast.Call) and neutral.last_name(call.func) in {"exit", "_exit", "quit"}
    return isinstance(last, _LEAVES) or ends
