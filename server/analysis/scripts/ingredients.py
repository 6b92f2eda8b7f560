"""What a program is made of: its numbers, the calls and words of libraries, operations, ways out. Pure.

The order, the names that the program gives itself, the functions and files that hold what, and everything that only
shows, opens or writes are left out, so that code which moved or is written in another way has the same ingredients.
Numbers under a name of their own count where they are used.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from . import extremes, neutral, sizes
from .beside import Beside
from .choices import Statement, arms, choices, is_flag
from .defaults import never_given
from .ingredient_values import Collector, Ingredient
from .late import Late
from .names import BUILTINS, Names, constant, names_of
from .phase_names import PhaseNames
from .program import Program, Unit
from .values import Known


def ingredients(program: Program) -> tuple[list[Ingredient], Names]:
    """Return what a program is made of, and its names."""
    names = names_of(program.units)
    names.constants.update(dict(never_given(program.units, names)))
    by_library = bool(program.samplers or program.estimators or program.searches or program.optimisers)
    collector = _Statements(names, PhaseNames(program.units), program.units, by_library=by_library)
    for unit in program.units:
        if unit.tree is not None:
            collector.file, collector.whole = unit.path, unit.tree
            collector.block(unit.tree.body, "")
    return collector.found, names


class _Statements(Collector):
    """Walks the statements of all files."""

    def __init__(self, names: Names, phases: PhaseNames, units: Sequence[Unit], *, by_library: bool) -> None:
        super().__init__(names, phases, units)
        self._late = Late(units, phases)
        none = self._late.reflects or not by_library  # by hand, computing is all the training there is
        self._beside = frozenset[int]() if none else Beside(units, names, self.functions, phases.names).ids
        self._in_class = False
        self._arm = ""
        self.whole: ast.Module | None = None
        """The file that is walked."""

    def block(self, body: Sequence[ast.stmt], name: str) -> None:
        """Take what statements are made of, those left out that only tell."""
        behind = {id(one) for one in self._late.behind(body)}
        for node in body:
            if id(node) in self._beside:
                continue
            acting = self.functions.acting
            self.sized += (late := id(node) in behind or self._late.feeds(node))
            calm = neutral.idle(node, self.whole, acting) or neutral.notes(node, self.whole, acting)
            if not neutral.quiet(node, acting) and not calm:
                phased = not isinstance(
                    node, ast.If | ast.For | ast.While | ast.With | ast.Try | ast.FunctionDef | ast.ClassDef
                )
                self.phased += (here := phased and self.phases.depends(node))
                if self.phased and isinstance(node, Statement):
                    for given, value in choices(node, name):
                        self.choice(given, self._arm, value)
                self._statement(node, name)
                self.phased -= here
            self.sized -= late

    def _inner(self, body: Sequence[ast.stmt], name: str, phased: bool = False) -> None:
        self.nested += 1
        self.phased += phased
        self.block(body, name)
        self.phased -= phased
        self.nested -= 1

    def _statement(self, node: ast.stmt, name: str) -> None:  # noqa: PLR0912 (one for each sort)
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node)
            case ast.ClassDef():
                self._class(node)
            case ast.If():
                self._if(node, name)
            case ast.For() | ast.AsyncFor():
                phased = self.phases.depends(node.iter)
                self.add("control", "loop", name, node)
                self.phased += phased
                self.value(node.iter, name)
                self.phased -= phased
                self._inner([*node.body, *node.orelse], name)
            case ast.While():
                self._unshown("while", name, node)
                self.value(node.test, name)
                self._inner([*node.body, *node.orelse], name, self.phases.depends(node.test))
            case ast.Try() | ast.TryStar():
                self._try(node, name)
            case ast.With() | ast.AsyncWith():
                for one in node.items:
                    self.value(one.context_expr, name)
                self.block(node.body, name)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                self._assign(node, name)
            case ast.Return():
                if self.nested and node.value is None:
                    self._unshown("return", name, node)
                if node.value is not None:
                    self.value(node.value, name)
            case ast.Break() | ast.Continue():
                self._unshown(type(node).__name__.lower(), name, node)
            case ast.Raise() | ast.Delete():
                self.add("control", type(node).__name__.lower(), name, node)
            case _:
                for one in ast.iter_child_nodes(node):
                    if isinstance(one, ast.expr):
                        self.value(one, name)
                    elif isinstance(one, ast.match_case):
                        self.add("control", f"case {ast.unparse(one.pattern)}", name, node)
                        self._inner(one.body, name, isinstance(node, ast.Match) and self.phases.depends(node.subject))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._own_name(node.name, node)
        if id(node) in self.functions.unused and not node.name.startswith("__"):
            return
        if node.name.startswith("__") and node.name != "__init__":
            self.add("word", node.name, node.name, node)
        for one in node.decorator_list:
            if isinstance(one, ast.Call):  # as `with` would be
                self.value(one, node.name)
            elif neutral.last_name(one) not in neutral.NEUTRAL:
                self.add("control", f"@{ast.unparse(one)}", node.name, node)
        self.sized += (late := self._late.takes_defaults(node))
        args = node.args
        positional = [*args.posonlyargs, *args.args]
        for arg, value in zip(positional[len(positional) - len(args.defaults) :], args.defaults, strict=True):
            if arg.arg not in self.names.constants:
                self.value(value, arg.arg)
        for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            if default is not None and arg.arg not in self.names.constants:
                self.value(default, arg.arg)
        self.sized += (alone := self._late.only_late(node)) - late
        nested, self.nested = self.nested, 0
        self.block(node.body, node.name)
        self.nested = nested
        self.sized -= alone

    def _class(self, node: ast.ClassDef) -> None:
        foreign = [one for one in node.bases if neutral.last_name(one) not in self.own]
        for one in foreign:
            self.add("word", self.known(one), node.name, node)
        for one in node.body:
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
                self.add("word", one.target.id, one.target.id, one)  # a field, as a key of a dictionary is
            if foreign and isinstance(one, ast.FunctionDef):
                self.add("word", f"def {one.name}", node.name, one)
        outer, self._in_class = self._in_class, bool(foreign)
        self.sized += (late := self._late.takes_defaults(node))
        self.block(node.body, node.name)
        self.sized -= late
        self._in_class = outer

    def _if(self, node: ast.If, name: str) -> None:
        if _is_guard(node.test):
            self.block(node.body, name)
            return
        if isinstance(known := constant(node.test, self.names.constants), Known) and not self._late.reflects:
            self.block(node.body if known.data else node.orelse, name)  # the other arm is never taken
            return
        if extreme := extremes.of_statement(node, self.functions.acting):
            sized = not extremes.only_told(extreme, self.whole, self.functions.acting)
            self.sized += sized
            self.block([extreme], name)
            self.sized -= sized
            return
        if (
            neutral.harmless_value(node.test, self.functions.acting)
            and neutral.fails(node.body, self.functions.acting)
            and not node.orelse
        ):
            return  # a check that can only end the run
        phased, sized = self.phases.depends(node.test), sizes.by_size(node.test, self.names.constants)
        self.phased += phased
        self.sized += sized
        self.add("control", "if", name, node)
        self.test(node.test, [*node.body, *node.orelse] if node.orelse else [], name)
        self.phased -= phased
        outer = self._arm
        for arm, body in zip(arms(node.test), (node.body, node.orelse), strict=True):
            self._arm = arm if phased else outer
            self._inner(body, name, phased)
        self._arm = outer
        self.sized -= sized

    def _unshown(self, control: str, name: str, node: ast.stmt) -> None:
        """A way out, or a loop that may go on: how often it is taken hangs on how much there is."""
        self.sized += 1
        self.add("control", control, name, node)
        self.sized -= 1

    def _try(self, node: ast.Try | ast.TryStar, name: str) -> None:
        acting = self.functions.acting
        told = all(neutral.quiet(one, acting) or neutral.keeps(one, acting) for one in node.body)
        phased = any(isinstance(one, ast.Assert | ast.If) and self.phases.depends(one) for one in node.body)
        for one in node.handlers:
            calm = told and all(neutral.quiet(each, acting) or neutral.keeps(each, acting) for each in one.body)
            if not neutral.fails(one.body, acting) and not calm:
                caught = ast.unparse(one.type) if one.type else "everything"
                does = "; ".join(type(each).__name__.lower() for each in one.body)
                self.add("control", f"except {caught}: {does}", name, one)
                self._inner(one.body, name, phased)
        self.block([*node.body, *node.orelse, *node.finalbody], name)

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, name: str) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for one in targets:
            self._target(one, name)
        if isinstance(node, ast.AugAssign):
            self.add("operation", type(node.op).__name__, neutral.last_name(node.target) or name, node)
        elif all(isinstance(one, ast.Name) and one.id in self.names.constants for one in targets):
            used = any(isinstance(one, ast.Name) and one.id in self.names.loaded for one in targets)
            if used or not (self._in_class or self._late.reflects):
                return  # counts where it is used
        device = neutral.last_name(targets[0]).lower() in {"device", "dev"}  # where tensors lie
        if node.value is not None and self._is_flag(targets, node.value):
            self.full(node.value, name)  # the name says which
            return
        if node.value is not None and not (device and neutral.harmless_value(node.value, self.functions.acting)):
            told = self.told
            if isinstance(node, ast.Assign):
                self.told = extremes.only_told(node, self.whole, self.functions.acting)
            self.value(node.value, neutral.last_name(targets[0]) or name)
            self.told = told

    def _is_flag(self, targets: Sequence[ast.expr], value: ast.expr) -> bool:
        once = all(isinstance(one, ast.Name) and self.names.bound[one.id] == 1 for one in targets)
        return once and self.phases.depends(value) and is_flag(targets, value, self.phase)

    def _target(self, target: ast.expr, name: str) -> None:
        if isinstance(target, ast.Name):
            self._own_name(target.id, target)
        elif isinstance(target, ast.Tuple | ast.List):
            for one in target.elts:
                self._target(one, name)
        elif isinstance(target, ast.Attribute) and neutral.first_name(target) in {*self.names.imported, *self.own}:
            self.add("control", f"{ast.unparse(target)} =", target.attr, target)
        elif isinstance(target, ast.Subscript):
            self.value(target.slice, name)
            self.add("operation", "set an element", neutral.last_name(target.value) or name, target)

    def _own_name(self, bound: str, node: ast.AST) -> None:
        """A name of Python's own, or one that is trusted to change nothing, that stands for something else now."""
        if bound in BUILTINS or bound in neutral.QUIET - neutral.TELLERS:
            self.add("control", f"{bound} is the script's own", bound, node)


def _is_guard(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and neutral.last_name(test.left) == "__name__" and len(test.ops) == 1
