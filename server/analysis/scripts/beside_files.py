"""Files that a program writes beside its results and its model, and never reads. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from . import neutral
from .names import Names

_BY_PATH = re.compile(
    r"to_(csv|json|parquet|netcdf|pickle|markdown|html|latex|excel|feather|image)|savefig|write_html|save\w*"
)
_BY_SELF = neutral.words_of("write_text write_bytes touch")
_SECOND = neutral.words_of("dump save")
_OPENS = neutral.words_of("open SummaryWriter")
_IMAGES = (".png", ".pdf", ".svg", ".html", ".jpg", ".jpeg", ".eps", ".gif")
_OF_THE_RUN = re.compile(
    r"result|model|histor|checkpoint|bootstrap|param|config|train|search_?log|\.log\b", re.IGNORECASE
)
"""What is judged, or may be read by another program."""
_LISTS = neutral.words_of("listdir scandir iterdir walk glob iglob rglob")
_JOINS = neutral.words_of("Path PurePath join joinpath with_name str fspath")
_DEPTH = 6


class Files:
    """Tells by what a path ends in whether a file is one beside."""

    def __init__(self, trees: Sequence[ast.Module], names: Names) -> None:
        self._names = names
        nodes = [node for tree in trees for node in ast.walk(tree)]
        self._texts = [one.value for one in nodes if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        self._lists = any(isinstance(one, ast.Call) and neutral.last_name(one.func) in _LISTS for one in nodes)
        self._named = any("WATCHKEEPER_RESULTS" in one for one in self._texts)
        """Whether the run's own files are named by the environment: else any path may be one of them."""
        self._assigned: dict[str, list[ast.expr]] = {}
        for one in nodes:
            if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
                self._assigned.setdefault(one.targets[0].id, []).append(one.value)
        self._given = dict(_arguments(nodes))

    def saves_by_path(self, call: ast.Call) -> bool:
        """Whether a call writes a file that it is given the path of."""
        called = neutral.last_name(call.func)
        return bool(_BY_PATH.fullmatch(called)) or called in _BY_SELF | _SECOND

    def writes(self, call: ast.Call) -> bool:
        """Whether a call writes a file beside, or makes a folder."""
        called = neutral.last_name(call.func)
        if called in {"mkdir", "makedirs"}:
            return True
        if not self.saves_by_path(call):
            return False
        if called in _BY_SELF:
            path = call.func.value if isinstance(call.func, ast.Attribute) else None
        elif called in _SECOND and len(call.args) > 1 and neutral.first_name(call.func) not in {"np", "numpy"}:
            path = call.args[1]
        else:
            path = call.args[0] if call.args else None
        return path is not None and self._is_beside(path)

    def opens(self, call: ast.Call) -> bool:
        """Whether a call opens a file beside, to be written only."""
        called = neutral.last_name(call.func)
        if called == "SummaryWriter":
            return True
        if called != "open":
            return False
        by_self = isinstance(call.func, ast.Attribute)
        path = call.func.value if isinstance(call.func, ast.Attribute) else (call.args or [None])[0]
        modes = [*call.args[0 if by_self else 1 :][:1], *(one.value for one in call.keywords if one.arg == "mode")]
        written = [one.value for one in modes if isinstance(one, ast.Constant)]
        return (
            path is not None and written[:1] in (["w"], ["a"], ["x"], ["wt"], ["at"], ["wb"]) and self._is_beside(path)
        )

    def _is_beside(self, path: ast.expr) -> bool:
        ends = list(self._ends(path, 0))
        return bool(ends) and all(self._is_name_beside(one) for one in ends)

    def _is_name_beside(self, said: str) -> bool:
        name = said.replace("\\", "/").rpartition("/")[2]
        longest = max(name.split("*"), key=len)
        if len(re.sub(r"\W", "", longest)) < 3:  # of `.csv` alone nobody knows what it is
            return name.lower().endswith(_IMAGES)
        if name.lower().endswith(_IMAGES):
            return not self._lists or sum(longest in one for one in self._texts) == 1
        other = self._named and not (_OF_THE_RUN.search(said) or self._lists)
        return other and sum(longest in one for one in self._texts) == 1

    def _ends(self, node: ast.expr, depth: int) -> Iterator[str]:
        """Yield what a path may end in; one empty text where it is not known."""
        match node:
            case ast.Constant():
                yield node.value if isinstance(node.value, str) else ""
            case ast.JoinedStr():
                yield "".join(str(one.value) if isinstance(one, ast.Constant) else "*" for one in node.values)
            case ast.BinOp(op=ast.Div()):
                yield from self._ends(node.right, depth + 1)
            case ast.Call() if neutral.last_name(node.func) in _JOINS and node.args:
                yield from self._ends(node.args[-1], depth + 1)
            case ast.Name() if depth < _DEPTH:
                values = self._assigned.get(node.id) or self._given.get(node.id) or []
                yield from (end for one in values for end in self._ends(one, depth + 1))
                if not values or (node.id in self._assigned and node.id in self._names.parameters):
                    yield ""
            case _:
                yield ""


def _arguments(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, list[ast.expr]]]:
    """Yield parameters and everything that calls give them, of functions of which each call is plain."""
    functions = [one for one in nodes if isinstance(one, ast.FunctionDef)]
    owners: dict[str, int] = {}
    for one in functions:
        for name in one.args.args:
            owners[name.arg] = owners.get(name.arg, 0) + 1
    for one in functions:
        calls = [each for each in nodes if isinstance(each, ast.Call) and neutral.last_name(each.func) == one.name]
        for place, name in enumerate(one.args.args):
            given = [_given(each, place, name.arg) for each in calls]
            known = [each for each in given if each is not None]
            if owners[name.arg] == 1 and known and len(known) == len(given):
                yield name.arg, known


def _given(call: ast.Call, place: int, name: str) -> ast.expr | None:
    if any(isinstance(one, ast.Starred) for one in call.args):
        return None
    named = next((one.value for one in call.keywords if one.arg == name), None)
    return call.args[place] if place < len(call.args) else named
