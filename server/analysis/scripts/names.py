"""Which names a program binds and uses, and which of them are constants."""

from __future__ import annotations

import ast
import builtins
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from . import folding
from .program import Unit
from .values import Known, Scalar, Value, number_of

BUILTINS = frozenset(dir(builtins))


@dataclass(slots=True)
class Names:
    """Names of all files of a program.

    :ivar bound: how often each is bound, anywhere. :ivar attributes: names set as attributes, or defined in classes.
    :ivar parameters: names of arguments of functions.
    :ivar imports: what imports bind, as (file, name) to the dotted names of it; `imported` is the same by name alone.
    :ivar constants: names bound exactly once, to a number or text.
    """

    bound: Counter[str] = field(default_factory=Counter[str])
    loaded: set[str] = field(default_factory=set[str])
    attributes: set[str] = field(default_factory=set[str])
    parameters: set[str] = field(default_factory=set[str])
    imports: dict[tuple[str, str], list[str]] = field(default_factory=dict[tuple[str, str], list[str]])
    imported: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    constants: dict[str, Scalar] = field(default_factory=dict[str, Scalar])

    @property
    def used(self) -> set[str]:
        """Every name that occurs."""
        return self.loaded | set(self.bound) | self.attributes


def names_of(units: Iterable[Unit]) -> Names:
    """Return the names of a program."""
    names = Names()
    assigned: list[tuple[str, ast.expr, str]] = []
    for unit in units:
        for node in ast.walk(unit.tree) if unit.tree else ():
            _bind(node, unit.path, names)
            if isinstance(node, ast.Assign):
                assigned += [(*one, unit.path) for one in _pairs(node)]
            elif isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name):
                assigned.append((node.target.id, node.value, unit.path))
    shared = Counter(name for (_, name), targets in names.imports.items() for _ in targets)
    for name, value, path in assigned:
        once = names.bound[name] - shared[name] == 1 and name not in names.attributes
        data = constant(value, names.constants) if once and imported_from(name, path, names) else None
        if isinstance(data, Known):
            names.constants[name] = data.data
    return names


def imported_from(name: str, path: str, names: Names) -> bool:
    """Whether every import of a name leads to the file that assigns it."""
    stem = path.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]
    return all(one.endswith(f"{stem}.{name}") for one in names.imported.get(name, ()))


def _pairs(node: ast.Assign) -> list[tuple[str, ast.expr]]:
    target = node.targets[0]
    if len(node.targets) == 1 and isinstance(target, ast.Name):
        return [(target.id, node.value)]
    if len(node.targets) == 1 and isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
        both = zip(target.elts, node.value.elts, strict=False)
        return [(one.id, value) for one, value in both if isinstance(one, ast.Name)]
    return []


def _bind(node: ast.AST, path: str, names: Names) -> None:  # noqa: PLR0912 (one for each sort)
    match node:
        case ast.Name():
            if isinstance(node.ctx, ast.Load):
                names.loaded.add(node.id)
            else:
                names.bound[node.id] += 1
        case ast.Attribute():
            if isinstance(node.ctx, ast.Load):
                names.loaded.add(node.attr)
            else:
                names.attributes.add(node.attr)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            names.bound[node.name] += 1
        case ast.arg():
            names.bound[node.arg] += 1
            names.parameters.add(node.arg)
        case ast.alias():
            bound = node.asname or node.name.split(".")[0]
            names.bound[bound] += 1
        case ast.Import():
            for one in node.names:
                bound = one.asname or one.name.split(".")[0]
                _import(names, path, bound, one.name if one.asname else bound)
        case ast.ImportFrom():
            for one in node.names:
                _import(names, path, one.asname or one.name, f"{'.' * node.level}{node.module or ''}.{one.name}")
        case ast.ExceptHandler() if node.name:
            names.bound[node.name] += 1
        case ast.MatchAs() | ast.MatchStar() if node.name:
            names.bound[node.name] += 1
        case _:
            pass


def _import(names: Names, path: str, bound: str, target: str) -> None:
    names.imports.setdefault((path, bound), []).append(target)
    names.imported.setdefault(bound, set()).add(target)


def constant(node: ast.expr, constants: Mapping[str, Scalar], depth: int = 0) -> Value | None:  # noqa: PLR0911 (one for each sort)
    """Return the constant that an expression is, through names of constants and arithmetic; None where it is none."""
    if depth > 30:
        return None
    match node:
        case ast.Constant():
            value = folding.scalar(node.value)
            return value if isinstance(value, Known) else None
        case ast.Name():
            return Known(constants[node.id]) if node.id in constants else None
        case ast.Attribute(value=ast.Name()):
            if node.attr == "inf":
                return Known(math.inf)
            return Known(constants[node.attr]) if node.attr in constants else None
        case ast.UnaryOp():
            inner = constant(node.operand, constants, depth + 1)
            return folding.unary(type(node.op), inner) if inner else None
        case ast.BinOp():
            left, right = constant(node.left, constants, depth + 1), constant(node.right, constants, depth + 1)
            return folding.binary(type(node.op), left, right) if left and right else None
        case ast.Call(
            func=ast.Name(id="int" | "float" | "round" | "abs" | "str" | "bool" as name), args=[one], keywords=[]
        ):
            inner = constant(one, constants, depth + 1)
            return folding.converted(name, inner) if inner else None
        case _:
            return None


def number(node: ast.expr, constants: Mapping[str, Scalar]) -> int | float | None:
    """Return the number that an expression is, None where it is none."""
    value = constant(node, constants)
    return number_of(value) if value is not None else None
