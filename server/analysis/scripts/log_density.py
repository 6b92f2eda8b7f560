"""What the data's part of a log-density is multiplied by, where a script writes it out for a sampler. Pure.

Read backwards from what a sampler is given, through sums, names and helpers of the script. A likelihood times 0.1 is
that of a tenth of the rows. What a density has itself (the half before a square, the degrees of freedom before a
logarithm) is none of it: what counts is a factor before a library's log-density, before something that is called a
likelihood, or before a sum over data in which a logarithm or an exponential is added up.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from . import neutral
from .plain_numbers import PlainNumbers
from .program import Program
from .signatures import Function, keywords, returned
from .sums import MEANS, SUMS, THROUGH, added, counts_rows, has_a_logarithm, is_sum, of_reduction, summed

_LIBRARYS = frozenset({"logpdf", "logpmf", "log_prob", "logp"})
_CALLED = re.compile(
    r"(?:.*_)?(?:(?:log|ln)_?lik(?:e(?:lihood)?)?s?|likelihoods?|lik|ll|log_?l)(?:_.*)?", re.IGNORECASE
)
_DENSITY = re.compile(
    r"_?(?:neg_?)?(?:log|ln)_?(?:post\w*|prob\w*|dens\w*|target\w*|joint\w*|p)|_?log_?density\w*", re.IGNORECASE
)
"""What the function is called that a sampler written by hand evaluates."""
_PLACES = {"EnsembleSampler": 2, "window_adaptation": 1, "factor": 1, "Potential": 1}
"""Which argument of a call is a log-density, counted from 0; of BlackJAX' others the first."""
_KEYWORDS = ("logdensity_fn", "potential_fn", "log_prob_fn", "lnpostfn", "logp", "log_density", "target_log_prob_fn")
_HALF = 0.5
_DEEPEST, _MOST_NODES = 60, 4000


class Factor(NamedTuple):
    """What stands before a log-likelihood.

    :ivar by: the number, as a size; None where it is averaged over rows. :ivar weights: the name of what stands before
        each row's, and nobody can read what it holds.
    """

    file: str
    line: int
    text: str
    by: float | None = None
    weights: str = ""


@dataclass(frozen=True, slots=True)
class _Term:
    """One term of a log-density on the way down: what stands before it, and whether it is inside of a sum over rows."""

    factor: float = 1.0
    averaged: bool = False
    in_sum: bool = False

    @property
    def is_one(self) -> bool:
        return abs(self.factor) in (0.0, 1.0) and not self.averaged


def factors(program: Program) -> tuple[Factor, ...]:
    """Return what the likelihoods of a program are multiplied by, in the order of its files."""
    trees = {unit.path: unit.tree for unit in program.units if unit.tree is not None}
    reader = _Reader(trees)
    return tuple(dict.fromkeys(one for tree in trees.values() for one in reader.read(tree)))


class _Reader:
    def __init__(self, trees: Mapping[str, ast.Module]) -> None:
        self._paths = {id(tree): path for path, tree in trees.items()}
        self._numbers = PlainNumbers(trees.values())
        self._seen: set[tuple[int, float, bool]] = set()

    def read(self, tree: ast.Module) -> Iterator[Factor]:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                for one in _given_to_samplers(node):
                    yield from self._outset(one)
            elif isinstance(node, ast.FunctionDef) and (node.name == "__call__" or _DENSITY.fullmatch(node.name)):
                yield from self._function(node, _Term(), 0)

    def _factor(self, node: ast.expr, by: float | None = None, weights: str = "") -> Factor:
        scope: ast.AST | None = node
        while scope is not None and id(scope) not in self._paths:
            scope = self._numbers.scope_of(scope)
        return Factor(self._paths.get(id(scope), ""), node.lineno, ast.unparse(node)[:80], by, weights)

    def _outset(self, node: ast.expr) -> Iterator[Factor]:
        """Read from a function that is handed over, or from the density itself."""
        function = self._own(node)
        yield from self._function(function, _Term(), 0) if function is not None else self._walk(node, _Term(), 0)

    def _own(self, node: ast.expr) -> Function | None:
        if isinstance(node, ast.Lambda):
            return node
        if isinstance(node, ast.Call) and neutral.last_name(node.func) in ("partial", "jit") and node.args:
            return self._own(node.args[0])
        return self._numbers.functions.get(neutral.last_name(node))

    def _function(self, function: Function, term: _Term, depth: int) -> Iterator[Factor]:
        if isinstance(function, ast.Lambda):
            yield from self._walk(function.body, term, depth + 1)
            return
        for node in returned(function.body):
            yield from self._walk(node, term, depth + 1)

    def _walk(self, node: ast.expr, term: _Term, depth: int) -> Iterator[Factor]:
        key = (id(node), term.factor, term.averaged)
        if depth > _DEEPEST or len(self._seen) > _MOST_NODES or key in self._seen:
            return
        self._seen.add(key)
        if not term.is_one and self._is_likelihood(node, term):
            yield self._factor(node, by=None if term.averaged else abs(term.factor))
            return
        for child, below in self._below(node, term):
            yield from self._walk(child, below, depth + 1)
        yield from self._by_row(node)
        if isinstance(node, ast.Call) and (function := self._numbers.functions.get(neutral.last_name(node.func))):
            yield from self._function(function, term, depth + 1)

    def _below(self, node: ast.expr, term: _Term) -> Iterator[tuple[ast.expr, _Term]]:
        """Yield what an expression adds up, each with what stands before it."""
        match node:
            case ast.Name(id=name):
                yield from ((one, term) for one in self._numbers.assigned(name, node))
            case ast.UnaryOp(op=ast.USub(), operand=inside):
                yield inside, _times(term, -1.0)
            case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right):
                yield left, term
                yield right, _times(term, -1.0) if isinstance(node.op, ast.Sub) else term
            case ast.BinOp(op=ast.Mult(), left=left, right=right):
                for one, other in ((left, right), (right, left)):
                    if (number := self._numbers.number(one)) is not None:
                        yield other, _times(term, number)
            case ast.BinOp(op=ast.Div(), left=left, right=right):
                if number := self._numbers.number(right):
                    yield left, _times(term, 1 / number)
                elif counts_rows(right) or any(
                    map(counts_rows, self._numbers.assigned(neutral.last_name(right), right))
                ):
                    yield left, _Term(term.factor, averaged=True, in_sum=term.in_sum)
            case ast.IfExp(body=body, orelse=orelse):
                yield from ((one, term) for one in (body, orelse))
            case ast.Call():
                yield from _inside_call(node, term)
            case _:
                return

    def _is_likelihood(self, node: ast.expr, term: _Term) -> bool:
        inside = summed(node)
        called = neutral.last_name(node.func if isinstance(node, ast.Call) else node)
        if isinstance(inside, ast.Call) and neutral.last_name(inside.func) in _LIBRARYS:
            return True
        if isinstance(node, ast.Call | ast.Name | ast.Attribute) and _CALLED.fullmatch(called):
            return True
        if not isinstance(inside, ast.BinOp) or not isinstance(inside.op, ast.Add | ast.Sub):
            return False
        of_rows = inside is not node or term.in_sum or any(map(is_sum, ast.walk(inside)))
        return of_rows and abs(term.factor) != _HALF and any(map(has_a_logarithm, added(inside)))

    def _by_row(self, node: ast.expr) -> Iterator[Factor]:
        """Yield a name that stands before the library's log-density of each row."""
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult):
            return
        for one, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(other, ast.Call) and neutral.last_name(other.func) in _LIBRARYS:
                name = neutral.last_name(one)
                if name and self._numbers.number(one) is None:
                    yield self._factor(node, weights=name)


def _given_to_samplers(node: ast.Call) -> Iterator[ast.expr]:
    """Yield the log-densities that a call hands over: functions, or expressions."""
    name, named = neutral.last_name(node.func), keywords(node)
    place = _PLACES.get(name, 0 if neutral.first_name(node.func) == "blackjax" else None)
    if place is not None and len(node.args) > place:
        yield node.args[place]
    yield from (named[one] for one in _KEYWORDS if one in named)


def _times(term: _Term, number: float) -> _Term:
    return _Term(float(f"{term.factor * number:.9g}"), term.averaged, term.in_sum)


def _inside_call(node: ast.Call, term: _Term) -> Iterator[tuple[ast.expr, _Term]]:
    name = neutral.last_name(node.func)
    if name in ("where", "cond", "select") and len(node.args) > 2:
        yield from ((one, term) for one in node.args[1:3])
        return
    inside = of_reduction(node)
    if inside is not None and name in SUMS:
        yield inside, _Term(term.factor, term.averaged, in_sum=True)
    elif inside is not None and name in MEANS:
        yield inside, _Term(term.factor, averaged=True, in_sum=True)
    elif inside is not None and name in THROUGH:
        yield inside, term
