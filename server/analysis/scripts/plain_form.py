"""Expressions in one form: texts put together in one way, paths named in one way, no moves to a device. Pure."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from string import Formatter
from typing import cast

from . import harmless


class Plain(ast.NodeTransformer):
    """Writes expressions in one way."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Read a call."""
        self.generic_visit(node)
        return _without_device(node) or _formatted(node) or _opened(node) or node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Read an operation."""
        self.generic_visit(node)
        if isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
            return _percent(node.left.value, node.right) or node
        if isinstance(node.op, ast.Div) and _leads_up(node.left):
            return node.right  # a path from the top folder, named from the file
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        """Read a text with values in it."""
        parts: list[tuple[str, ast.expr | None, str]] = []
        for one in node.values:
            if isinstance(one, ast.FormattedValue):
                spec = one.format_spec
                if one.conversion != -1 or (
                    spec is not None and any(not isinstance(each, ast.Constant) for each in _parts(spec))
                ):
                    return node
                said = "".join(str(each.value) for each in _parts(spec) if isinstance(each, ast.Constant))
                parts.append(("", cast("ast.expr", self.visit(one.value)), said))
            elif isinstance(one, ast.Constant):
                parts.append((str(one.value), None, ""))
        return _text_of(parts)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        """Leave the types out of a definition."""
        self.generic_visit(node)
        node.returns = None
        for one in (*node.args.args, *node.args.kwonlyargs):
            one.annotation = None
        return node


def _parts(spec: ast.expr | None) -> list[ast.expr]:
    return spec.values if isinstance(spec, ast.JoinedStr) else []


def _text_of(parts: Sequence[tuple[str, ast.expr | None, str]]) -> ast.expr:
    """Return a text put together of constants and values, as a call that stands for all ways to write it."""
    args: list[ast.expr] = []
    for constant, value, spec in parts:
        if value is None:
            last = args[-1] if args else None
            if isinstance(last, ast.Constant) and isinstance(last.value, str):
                args[-1] = ast.Constant(value=last.value + constant)
            elif constant:
                args.append(ast.Constant(value=constant))
        else:
            args.append(
                ast.Tuple(elts=[value, ast.Constant(value=spec)], ctx=ast.Load())
                if spec
                else ast.List(elts=[value], ctx=ast.Load())
            )
    return ast.Call(func=ast.Name(id="<text>", ctx=ast.Load()), args=args, keywords=[])


def _formatted(node: ast.Call) -> ast.expr | None:
    """Read `"{},{:.2f}".format(a, b)`."""
    owner = node.func.value if isinstance(node.func, ast.Attribute) and node.func.attr == "format" else None
    if not isinstance(owner, ast.Constant) or not isinstance(owner.value, str):
        return None
    parts: list[tuple[str, ast.expr | None, str]] = []
    waiting = list(node.args)
    by_name = {one.arg: one.value for one in node.keywords}
    try:
        for text, name, spec, conversion in Formatter().parse(owner.value):
            parts.append((text, None, ""))
            if name is None:
                continue
            value = (
                by_name.get(name) if name and not name.isdigit() else node.args[int(name)] if name else waiting.pop(0)
            )
            if value is None or conversion:
                return None
            parts.append(("", value, spec or ""))
    except (ValueError, IndexError):
        return None
    return _text_of(parts)


def _percent(text: str, right: ast.expr) -> ast.expr | None:
    """Read `"%d,%.2f" % (a, b)`."""
    values = list(right.elts) if isinstance(right, ast.Tuple) else [right]
    parts: list[tuple[str, ast.expr | None, str]] = []
    while "%" in text:
        before, _, rest = text.partition("%")
        spec = rest[: next((place for place, sign in enumerate(rest) if sign.isalpha() or sign == "%"), 0) + 1]
        if not values or not spec or spec[-1] not in "sdfge" or "*" in spec:
            return None
        parts += [(before, None, ""), ("", values.pop(0), "" if spec in ("s", "d") else spec)]
        text = rest[len(spec) :]
    return _text_of([*parts, (text, None, "")]) if not values else None


def _without_device(node: ast.Call) -> ast.expr | None:
    """Take `.to(device)`, `.cuda()`, `.cpu()` off."""
    func = node.func
    if not isinstance(func, ast.Attribute) or node.keywords:
        return None
    if func.attr in ("cuda", "cpu") and not node.args:
        return func.value
    target = node.args[0] if len(node.args) == 1 else None
    named = isinstance(target, ast.Name | ast.Attribute) and "device" in harmless.last_name(target).lower()
    plain = isinstance(target, ast.Constant) and str(target.value).partition(":")[0] in ("cuda", "cpu", "mps")
    return func.value if func.attr == "to" and (named or plain) else None


def _opened(node: ast.Call) -> ast.expr | None:
    """Read `Path(x).open(mode)` and `Path(x)` as x is named elsewhere."""
    func = node.func
    if isinstance(func, ast.Attribute) and func.attr == "open" and harmless.last_name(func.value) not in ("os", "gzip"):
        return ast.Call(func=ast.Name(id="open", ctx=ast.Load()), args=[func.value, *node.args], keywords=node.keywords)
    is_path = harmless.dotted(func) in ("Path", "pathlib.Path", "str", "os.fspath", "os.path.abspath")
    return node.args[0] if is_path and len(node.args) == 1 and not node.keywords else None


def _leads_up(node: ast.expr) -> bool:
    """Whether an expression is a folder above the script: `Path(__file__).resolve().parents[3]`."""
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    ups = {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
    return "__file__" in names and bool(ups & {"parents", "parent"})
