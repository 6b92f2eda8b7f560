"""Parameters that nobody gives a value: each is the constant that stands as its default. Pure."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence

from . import neutral
from .names import Names, constant
from .program import Unit
from .values import Known, Scalar


def never_given(units: Sequence[Unit], names: Names) -> Iterator[tuple[str, Scalar]]:
    """Yield the parameters of the program's own functions that no call gives, and their defaults."""
    nodes = [node for unit in units if unit.tree is not None for node in ast.walk(unit.tree)]
    if any(unit.tree is None for unit in units):
        return
    functions = [node for unit in units if unit.tree is not None for node in unit.tree.body]
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    loads = [node for node in nodes if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)]
    named = Counter(map(neutral.last_name, loads))
    renamed = {one.name for one in nodes if isinstance(one, ast.alias) and one.asname}
    for node in functions:
        if isinstance(node, ast.FunctionDef) and not node.decorator_list and node.name not in renamed:
            own = [one for one in calls if neutral.last_name(one.func) == node.name]
            if names.bound[node.name] == 1 + _imports(names, node.name) and own and named[node.name] == len(own):
                yield from _defaults(node, own, names)


def _imports(names: Names, name: str) -> int:
    return sum(len(targets) for (_, bound), targets in names.imports.items() if bound == name) * 2


def _defaults(node: ast.FunctionDef, calls: Sequence[ast.Call], names: Names) -> Iterator[tuple[str, Scalar]]:
    args = node.args
    positional = [*args.posonlyargs, *args.args]
    first = len(positional) - len(args.defaults)
    places = [(first + place, positional[first + place].arg, value) for place, value in enumerate(args.defaults)]
    places += [(len(positional), one.arg, value) for one, value in zip(args.kwonlyargs, args.kw_defaults, strict=True)
               if value is not None]  # fmt: skip
    for place, name, value in places:
        known = constant(value, names.constants)
        if names.bound[name] == 1 and isinstance(known, Known) and not any(_gives(one, place, name) for one in calls):
            yield name, known.data


def _gives(call: ast.Call, place: int, name: str) -> bool:
    spread = any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords)
    return spread or len(call.args) > place or any(one.arg == name for one in call.keywords)
