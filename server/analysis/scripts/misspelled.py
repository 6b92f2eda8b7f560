"""A name that an exception says is not there, and that is nearly one of the program's own, stands for that one. Pure.

So a script that failed for a misspelled call is compared as what it was meant to be.
"""

from __future__ import annotations

import ast
import copy
from dataclasses import replace
from difflib import get_close_matches

from .names import names_of
from .program import Program, Unit

_NEAR = 0.8
"""How alike two names have to be (`difflib`'s ratio)."""


def spelled(program: Program, broken: frozenset[str]) -> Program:
    """Return a program in which its own names stand where `broken` ones of nearly their spelling are used."""
    own = sorted(names_of(program.units).bound)
    meant = {one: near[0] for one in broken if one not in own and (near := get_close_matches(one, own, 1, _NEAR))}
    return replace(program, units=tuple(_unit(one, meant) for one in program.units)) if meant else program


def _unit(unit: Unit, meant: dict[str, str]) -> Unit:
    if unit.tree is None:
        return unit
    tree = copy.deepcopy(unit.tree)
    for one in ast.walk(tree):
        if isinstance(one, ast.Name) and one.id in meant:
            one.id = meant[one.id]
    return replace(unit, tree=tree)
