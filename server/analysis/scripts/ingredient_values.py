"""The ingredients of expressions: numbers, words, calls, operations, also those that a name stands for. Pure."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import NamedTuple

from . import choices, extremes, neutral, sizes
from .names import BUILTINS, Names, constant
from .own_functions import OwnFunctions
from .phase_names import PhaseNames
from .program import Unit
from .values import Known

_SETTINGS = neutral.words_of("json yaml toml tomllib tomli")
_TEXTS_COUNT = neutral.words_of(
    "dict list tuple array asarray DataFrame writerow parse_args parse_known_args set_defaults loads safe_load "
    "StringIO BytesIO"
)
"""Calls that are no ingredient, but the texts in them may be names of columns or of parameters, or hold figures."""
_DEFAULTS = neutral.words_of("get getenv pop setdefault")
"""Calls whose second argument is what counts where nothing else is said."""
_ROWS = neutral.words_of("head tail sample iloc nrows dropna drop drop_duplicates query loc")


class Ingredient(NamedTuple):
    """One of them.

    :ivar sort: `number`, `word`, `feature`, `call`, `operation`, `control`, `argument`, `choice`, `file`.
    :ivar name: the nearest keyword, constant, assigned name or function. :ivar phased: whether a quick run
    does not show it: it depends on the phase, on how much there is or on the time.
    """

    sort: str
    value: str
    name: str
    file: str
    line: int
    phased: bool
    order: tuple[str, ...] = ()
    """Sign, smaller and larger of a comparison by size."""


class Collector:
    """Walks the expressions of all files.

    :ivar names: the names of the program; `own` are its functions and classes, `real` what imports bind once.
    :ivar phased: above 0 where what is read depends on the phase.
    :ivar sized: above 0 where it depends on how much there is. :ivar nested: how deep inside conditions and loops.
    :ivar told: whether what is read is only kept to be told.
    :ivar texts: whether texts count here. :ivar listed: whether they are listed as names of columns.
    :ivar writes: whether they are the heading of a table that is written.
    """

    def __init__(self, names: Names, phases: PhaseNames, units: Sequence[Unit]) -> None:
        self.found: list[Ingredient] = []
        self.file = ""
        self.names, self.phases = names, phases
        self.phased = self.sized = self.nested = 0
        self.texts, self.listed, self.writes = True, False, False
        self.told = False
        self.functions = OwnFunctions(units)
        self.own = self.functions.defined
        self.phase = choices.phase_names(units, names)
        self._books = _books(units)
        self.real = {bound: targets for bound, targets in names.imported.items() if len(targets) == 1}

    def add(self, sort: str, value: str, name: str, node: ast.AST, order: tuple[str, ...] = ()) -> None:
        """Take one ingredient at a place."""
        line = getattr(node, "lineno", 1)
        self.found.append(Ingredient(sort, value, name, self.file, line, bool(self.phased or self.sized), order))

    def choice(self, name: str, arm: str, node: ast.expr) -> None:
        """Take what the phase decides about, as a whole. :param arm: of which phase it is."""
        if said := choices.figures(node, self.names.constants, paths=self.texts):
            self.phased += 1
            self.add("choice", choices.SIGN.join((name, arm, said)), name, node)
            self.phased -= 1

    def value(self, node: ast.expr, name: str) -> None:
        """Take what an expression is made of.

        :param name: the nearest name that it has.
        """
        if self._constant(node, name):
            return
        match node:
            case ast.Call():
                self._call(node, name)
            case ast.Name():
                if node.id in {"int", "bool", "str", "object", "complex"}:
                    self.add("word", node.id, name, node)
            case ast.Attribute():
                self._attribute(node, name)
            case ast.Subscript():
                self._subscript(node, name)
            case ast.BinOp():
                self._operation(node, name)
            case ast.Compare():
                self._compare(node, name)
            case ast.IfExp():
                self._if_else(node, name)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                self._comprehension(node, name)
            case ast.Lambda():
                self.value(node.body, name)
            case _:
                self._composed(node, name)

    def _composed(self, node: ast.expr, name: str) -> None:
        """Take the parts of an expression, and what it is itself where that is an operation."""
        match node:
            case ast.Dict() if _is_book(node):
                return
            case ast.Dict():
                for key, value in zip(node.keys, node.values, strict=True):
                    if key is not None:
                        self.value(key, name)
                    said = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else name
                    self.value(value, said)
                return
            case ast.List() | ast.Tuple():
                outer, self.listed = self.listed, self._lists_names(node.elts)
                self._parts(node, name)
                self.listed = outer
                return
            case ast.JoinedStr():
                for one in node.values:
                    if isinstance(one, ast.FormattedValue):
                        self.value(one.value, name)
                return
            case ast.Slice():
                self.add("operation", "slice", name, node)
            case ast.BoolOp() | ast.UnaryOp():
                self.add("operation", type(node.op).__name__, name, node)
            case ast.Starred() | ast.Await() | ast.Yield() | ast.YieldFrom() | ast.NamedExpr():
                self.add("operation", type(node).__name__, name, node)
            case _:
                pass
        self._parts(node, name)

    def _if_else(self, node: ast.IfExp, name: str) -> None:
        if extreme := extremes.of_choice(node):
            self.sized += not self.told
            self.value(extreme, name)
            self.sized -= not self.told
            return
        self.add("control", "if", name, node)
        both = node.body, node.orelse
        if self.phases.depends(node.test):
            for arm, one in zip(choices.arms(node.test), both, strict=True):
                self.choice(name, arm, one)
        self.test(node.test, both, name)
        self.value(node.body, name)
        self.value(node.orelse, name)

    def test(self, test: ast.expr, arms: Sequence[ast.AST], name: str) -> None:
        """Take a condition. Where its arms are figures, which are known by their phase, it may ask for either phase."""
        figures = bool(arms) and choices.are_figures(arms, self.names.constants)
        if figures and self.phases.depends(test) and choices.asks_phase(test, self.phase):
            self.full(test, name)
        else:
            self.value(test, name)

    def full(self, node: ast.expr, name: str) -> None:
        """Take `phase == "full"`, in whichever way it is asked; apart from every other comparison."""
        self.add("control", "the full phase", name, node)

    def _subscript(self, node: ast.Subscript, name: str) -> None:
        if chosen := choices.of_table(node):
            self.value(chosen, name)
            return
        self.value(node.value, name)
        if neutral.last_name(node.value) not in {"shape", "parents", *self._books}:
            self.sized += (caps := sizes.caps(node.slice, self.names.constants))
            self.value(node.slice, neutral.last_name(node.value) or name)
            self.sized -= caps

    def _compare(self, node: ast.Compare, name: str) -> None:
        self.sized += (by_size := sizes.by_size(node, self.names.constants))
        for op in node.ops:
            self.add("operation", type(op).__name__, name, node, extremes.order(node))
        self._parts(node, name)
        self.sized -= by_size

    def _lists_names(self, elements: Sequence[ast.expr]) -> bool:
        """Whether these are names of columns to be used, which count as often as they stand there."""
        return len(elements) > 1 and not self.writes and all(map(_is_plain_text, elements))

    def _parts(self, node: ast.AST, name: str) -> None:
        for one in ast.iter_child_nodes(node):
            if isinstance(one, ast.expr):
                self.value(one, name)

    def _constant(self, node: ast.expr, name: str) -> bool:
        """Take a number or text, also one that a name stands for or that is computed of such."""
        known = constant(node, self.names.constants)
        if not isinstance(known, Known):
            return False
        label = neutral.last_name(node) or name
        if not isinstance(known.data, str):
            said = (
                f"{known.data:.12g}"
                if isinstance(known.data, int | float) and not isinstance(known.data, bool)
                else str(known.data)
            )
            self.add("number", said, label, node)
        elif self.texts and not known.data.startswith("WATCHKEEPER_") and known.data.strip():
            path = neutral.is_path(known.data)
            listed = self.listed or neutral.OF_FEATURES.search(label)
            sort = "file" if path else "feature" if listed else "word"
            self.add(sort, neutral.last_part(known.data) if path else known.data, label, node)
        return True

    def _attribute(self, node: ast.Attribute, name: str) -> None:
        if node.attr not in self.names.attributes and node.attr not in neutral.ATTRIBUTES | self.own:
            owner = neutral.first_name(node.value)
            if owner != "args" and not owner.startswith(("args", "opt", "config", "cfg", "settings")):
                self.add("word", node.attr, name, node)
        self.value(node.value, name)

    def _operation(self, node: ast.BinOp, name: str) -> None:
        text = any(isinstance(one, ast.JoinedStr) or _is_text(one, self.names) for one in (node.left, node.right))
        if not text:
            self.add("operation", type(node.op).__name__, name, node)
        texts, self.texts = self.texts, self.texts and not (text and isinstance(node.op, ast.Mod))
        self._parts(node, name)
        self.texts = texts

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, name: str) -> None:
        first, *more = node.generators
        if isinstance(node, ast.GeneratorExp | ast.ListComp) and _moves(node.elt) and not (more or first.ifs):
            self.value(first.iter, name)
            return
        for one in node.generators:
            self.add("control", "loop", name, node)
            self.value(one.iter, name)
            for test in one.ifs:
                self.add("control", "if", name, node)
                self.value(test, name)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.value(part, name)

    def _call(self, node: ast.Call, name: str) -> None:
        called = self.known(node.func)
        if called == "device":
            return  # where tensors lie
        if neutral.only_tells(node, self.functions.acting):
            return
        if isinstance(node.func, ast.Attribute) and self._cast(node, called, name):
            return
        own = called in self.own and not (
            isinstance(node.func, ast.Attribute) and neutral.first_name(node.func) in self.names.imported
        )
        plain = self._is_plain(node, called)
        if isinstance(node.func, ast.Attribute):
            self.value(node.func.value, name)
        elif not isinstance(node.func, ast.Name):
            self.value(node.func, name)
        self.sized += (capped := not (own or self.told) and sizes.caps_call(node, called))
        if called and not own and not plain:
            self.add("call", called, called if called in _ROWS else name, node)
        texts, self.texts = self.texts, (self.texts and not plain) or called in _TEXTS_COUNT
        writes, self.writes = self.writes, called == "writerow"
        label = called if called and not own and not plain else name
        parameters = self.functions.parameters.get(called, []) if own else []
        for place, one in enumerate(node.args):
            self._argument(called, str(place), one, own or plain)
            self.texts = self.texts or (place > 0 and called in _DEFAULTS)
            self._given(one, label, parameters[place] if place < len(parameters) else "")
        for one in neutral.named_arguments(node):
            if neutral.says_how(one.arg, called, neutral.tells(node)) or self._says_nothing(one):
                if one.arg == "type" and not isinstance(one.value, ast.Name | ast.Attribute | ast.Constant):
                    self.value(one.value, one.arg)  # it makes what it likes of an argument
                continue
            self.texts = (texts and not plain) or called in _TEXTS_COUNT or one.arg == "default"
            if one.arg and not own and (not plain or called == "dict"):
                self.add("word", one.arg, one.arg, node)
                self._argument(called, one.arg, one.value, plain)
            self.sized += (most := sizes.caps_argument(one.arg))
            self._given(one.value, one.arg or label, (one.arg or "") if one.arg in parameters else "")
            self.sized -= most
        self.sized -= capped
        self.texts, self.writes = texts, writes

    def _is_plain(self, node: ast.Call, called: str) -> bool:
        """Whether a call is no ingredient."""
        owner = neutral.first_name(node.func)
        if called == "load":
            return owner in _SETTINGS
        if called == "join":  # of texts or paths, not of tables
            text = isinstance(node.func, ast.Attribute) and _is_text(node.func.value, self.names)
            return text or owner in {"os", "posixpath", "path"}
        return called in neutral.NEUTRAL

    def _cast(self, node: ast.Call, called: str, name: str) -> bool:
        """See through what moves a tensor to a device, ends its gradient to be kept, or casts to floating point."""
        func = node.func
        assert isinstance(func, ast.Attribute)  # noqa: S101 (asked by the caller)
        first = node.args[0] if node.args else None
        device = (
            called == "to"
            and first is not None
            and ("device" in neutral.last_name(first) or _is_text(first, self.names))
        )
        if device or (called == "astype" and first is not None and neutral.floating(first)):
            self.value(func.value, name)
            return True
        inner = func.value
        if (
            called in {"numpy", "item", "tolist", "cpu"}
            and isinstance(inner, ast.Call)
            and neutral.last_name(inner.func) == "detach"
        ):
            assert isinstance(inner.func, ast.Attribute)  # noqa: S101 (a method)
            self.value(inner.func.value, name)
            return True
        return False

    def _given(self, value: ast.expr, name: str, parameter: str) -> None:
        """Take what is given to a call; a parameter such as `full` may say for which phase it is true."""
        if parameter and self.phases.depends(value) and choices.is_flag([ast.Name(parameter)], value, self.phase):
            self.full(value, name)
        else:
            self.value(value, name)

    def _argument(self, called: str, place: str, value: ast.expr, skip: bool) -> None:
        """Take which of the program's own names goes where."""
        if (
            not skip
            and isinstance(value, ast.Name)
            and value.id not in self.names.constants
            and value.id not in BUILTINS
        ):
            self.add("argument", f"{called} {place} {value.id}", called, value)

    def _says_nothing(self, keyword: ast.keyword) -> bool:
        """Whether an argument is a floating-point type, no limit, or a callback of our own probe."""
        probe = keyword.arg == "callback" and neutral.first_name(keyword.value) == "watchkeeper_probe"
        known = constant(keyword.value, self.names.constants)
        without = sizes.caps_argument(keyword.arg) and isinstance(known, Known) and known.data is None
        return probe or without or (keyword.arg == "dtype" and neutral.floating(keyword.value))

    def known(self, node: ast.expr) -> str:
        """Return the name of what is called as its library calls it, whatever the script calls it."""
        said = neutral.last_name(node)
        if isinstance(node, ast.Name) and said in self.real:
            (target,) = self.real[said]
            return target.rpartition(".")[2]
        return said


def _is_plain_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_text(node: ast.expr, names: Names) -> bool:
    known = constant(node, names.constants)
    return isinstance(known, Known) and isinstance(known.data, str)


def _moves(node: ast.expr) -> bool:
    """Whether an expression only moves a name to a device."""
    call = node if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
    moved = call is not None and neutral.last_name(call.func) == "to" and bool(call.args)
    return moved and call is not None and "device" in neutral.last_name(call.args[0])


def _is_book(node: ast.expr | None) -> bool:
    """Whether an expression is a dictionary of empty lists, in which figures are noted down."""
    lists = (isinstance(one, ast.List) and not one.elts for one in (node.values if isinstance(node, ast.Dict) else ()))
    return isinstance(node, ast.Dict) and bool(node.values) and all(lists)


def _books(units: Sequence[Unit]) -> frozenset[str]:
    """Return the names of such dictionaries."""
    nodes = (node for unit in units if unit.tree is not None for node in ast.walk(unit.tree))
    return frozenset(
        neutral.last_name(one.targets[0]) for one in nodes if isinstance(one, ast.Assign) and _is_book(one.value)
    )
