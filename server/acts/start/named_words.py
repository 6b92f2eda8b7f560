"""Words by which a program names files: texts in its sources, words of its command line, what libraries look for. Pure.

A path that is put together counts as far as its texts are known: `f"config/{name}.json"` is `config/*.json`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from ...analysis.scripts import neutral
from ...analysis.scripts.program import Program

LISTS = neutral.words_of("listdir scandir iterdir walk glob iglob rglob")
"""Calls that read a folder whole: what it is named is not in the script."""
_JOINS = neutral.words_of("Path PurePath join joinpath with_name files")
_LOOKED_FOR = {
    "dotenv": (".env",),
    "environs": (".env",),
    "pydantic_settings": (".env",),
    "decouple": (".env", "settings.ini"),
}
"""What libraries look for without being told."""
_MAKE = ("Makefile", "makefile", "GNUmakefile")
_BETWEEN = re.compile(r"[\s=:,;'\"|&<>()]+")
_LONGEST_SPLIT = 300
_SUFFIX = re.compile(r"\.\w{1,12}\Z")


def words(program: Program, more: Iterable[str] = ()) -> Iterator[str]:
    """Yield what a program names, plain names first and patterns last.

    :param more: words of the command line and values of the environment.
    """
    texts, patterns = dict[str, None](), dict[str, None]()
    for unit in program.units:
        for node in _read(unit.tree) if unit.tree is not None else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts[node.value] = None
            elif isinstance(node, ast.Import | ast.ImportFrom):
                texts.update(dict.fromkeys(_looked_for(node)))
            elif isinstance(node, ast.JoinedStr | ast.BinOp | ast.Call) and (pattern := _pattern(node)):
                patterns[pattern] = None
    texts.update(dict.fromkeys((*program.args, *more)))
    yield from texts
    yield from (part for text in texts for part in inside(text))
    yield from patterns


def inside(text: str) -> Iterator[str]:
    """Yield the words of a text that may be a command: `make -s train`, `--config=conf/a.yaml`, `@args.txt`."""
    if len(text) > _LONGEST_SPLIT or "\n" in text:
        return
    parts = _BETWEEN.split(text)
    yield from (one.lstrip("@") for one in parts)
    if "make" in parts:
        yield from _MAKE


def lists_folders(program: Program) -> bool:
    """Whether a program reads folders whole, or by a library that puts settings together from one."""
    nodes = (node for unit in program.units if unit.tree is not None for node in ast.walk(unit.tree))
    return any(
        (isinstance(one, ast.Call) and neutral.last_name(one.func) in LISTS)
        or (isinstance(one, ast.Import | ast.ImportFrom) and "hydra" in _tops(one))
        for one in nodes
    )


def _read(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a tree, without texts that stand alone."""
    for one in ast.iter_child_nodes(node):
        if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)):
            yield one
            yield from _read(one)


def _tops(node: ast.Import | ast.ImportFrom) -> list[str]:
    names = [one.name for one in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    return [one.partition(".")[0] for one in names]


def _looked_for(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    for top in _tops(node):
        yield from _LOOKED_FOR.get(top, ())


def _pattern(node: ast.expr) -> str:
    """Return the path that an expression puts together, `*` where it is not known; empty where it is none."""
    parts = _parts(node)
    said = re.sub(r"\*+", "*", "".join(parts))
    known = re.sub(r"[*/.]", "", said)
    return said if "*" in said and known and _SUFFIX.search(said) and not re.search(r"\s", said) else ""


def _parts(node: ast.expr) -> Sequence[str]:
    match node:
        case ast.Constant():
            return [node.value] if isinstance(node.value, str) else ["*"]
        case ast.JoinedStr():
            return [part for one in node.values for part in _parts(one)]
        case ast.BinOp(op=ast.Add()):
            return [*_parts(node.left), *_parts(node.right)]
        case ast.BinOp(op=ast.Div()):
            return [*_parts(node.left), "/", *_parts(node.right)]
        case ast.Call() if neutral.last_name(node.func) in _JOINS and node.args:
            return [part for one in node.args for part in ("/", *_parts(one))][1:]
        case _:
            return ["*"]
