"""Files of a program: parsing, where an import leads inside the workspace, and the digest of parsed forms."""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from posixpath import dirname, join, normpath

from .program import SourceFile, Unit

MAX_SOURCE_BYTES = 1_000_000
"""A larger file is named and not parsed. One of this size (blocks of a model, as in tests/methods/test_reading.py) took
4.3 s and 281 MB to read on one core (`read_program` between two calls of `time.process_time`)."""
MAX_STATEMENTS = 60_000
"""Line ends and semicolons, of which 1 MB of any program has half as many. A tree takes about 1 kB a statement: 1 MB of
`x=1` took 947 MB."""
MAX_MARKS = 300_000
"""Commas, dots, brackets and operators: a list of half a million numbers is data, and its tree takes 200 MB."""
MAX_FILES = 200

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_MARKS = b",.([{=+-*/%<>:@|&^~"

Read = Callable[[str], bytes | None]


class Sources:
    """The files of one program, each read once."""

    def __init__(self, script: str, read: Read) -> None:
        self.script = script
        self.folders = list(dict.fromkeys([dirname(script), ""]))
        self.units: dict[str, Unit] = {}
        self.configs: dict[str, bytes] = {}
        self.problems: list[tuple[str, int, str]] = []
        self._read = read
        self._missing: set[str] = set()

    def unit(self, path: str) -> Unit | None:
        """Return a file, None where there is none."""
        if path in self.units:
            return self.units[path]
        if path in self._missing or not _is_inside(path):
            return None
        if len(self.units) >= MAX_FILES:
            self.problems.append((path, 1, f"more than {MAX_FILES} files are imported; this one was not read"))
            self._missing.add(path)
            return None
        source = self._read(path)
        if source is None:
            self._missing.add(path)
            return None
        tree, problem = parsed(source)
        if problem:
            self.problems.append((path, *problem))
        self.units[path] = Unit(path, source, tree)
        return self.units[path]

    def add_folder(self, folder: str, first: bool) -> None:
        """Let imports look in one more folder of the workspace."""
        if folder not in self.folders and len(self.folders) < 20:
            self.folders.insert(0 if first else len(self.folders), folder)

    def find(self, module: str) -> tuple[str, str] | None:
        """Return (path, package) of an absolute import, None where it is not of the workspace.

        The script's folder comes first, then the workspace root.
        """
        inside = module.replace(".", "/")
        for folder in self.folders:
            base = join(folder, inside) if folder else inside
            for path, package in ((f"{base}/__init__.py", base), (f"{base}.py", dirname(base))):
                if self.unit(path) is not None:
                    return path, package
        return None

    def find_beside(self, package: str, level: int, module: str) -> tuple[str, str] | None:
        """Return (path, package) of a relative import from inside a folder."""
        for _ in range(level - 1):
            package = dirname(package)
        base = normpath(join(package, module.replace(".", "/"))) if module else package
        for path, inner in ((join(base, "__init__.py"), base), (f"{base}.py", dirname(base))):
            if self.unit(path) is not None:
                return path, inner
        return None

    def config(self, path: str) -> bytes | None:
        """Return a configuration file of the workspace, by its path from the root or beside the script."""
        for folder in dict.fromkeys(["", *self.folders]):
            inside = normpath(join(folder, path))
            if not _is_inside(inside):
                continue
            if inside not in self.configs and len(self.configs) < MAX_FILES:
                source = self._read(inside)
                if source is not None and len(source) <= MAX_SOURCE_BYTES:
                    self.configs[inside] = source
            if inside in self.configs:
                return self.configs[inside]
        return None

    def files(self) -> tuple[SourceFile, ...]:
        """Return every file that was read, with the digest of its bytes, sorted by path."""
        return tuple(
            SourceFile(path, hashlib.sha256(self.units[path].source).hexdigest()) for path in sorted(self.units)
        )


def _is_inside(path: str) -> bool:
    """Whether a path can be one of the workspace: relative, without `..`, and something that a file can be called."""
    if path.startswith("/") or ".." in path.split("/") or "\0" in path or len(path) > 1000:
        return False
    return path.isascii() or path.encode("utf-8", "replace").decode() == path


def parsed(source: bytes) -> tuple[ast.Module | None, tuple[int, str] | None]:
    """Return the parsed form, or None and (line, why)."""
    if len(source) > MAX_SOURCE_BYTES:
        return None, (1, f"larger than {MAX_SOURCE_BYTES} bytes, not parsed")
    if source.count(b"\n") + source.count(b";") > MAX_STATEMENTS:
        return None, (1, f"more than {MAX_STATEMENTS} statements, not parsed")
    if len(source) - len(source.translate(None, _MARKS)) > MAX_MARKS:
        return None, (1, f"more than {MAX_MARKS} operators, commas and brackets, not parsed")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source), None
    except SyntaxError as error:
        return None, (error.lineno or 1, f"does not parse: {error.msg}"[:200])
    except (ValueError, RecursionError, MemoryError, LookupError) as error:
        return None, (1, f"does not parse: {error}"[:200])


def form_sha256(units: Sequence[Unit]) -> str:
    """Return the digest of the parsed forms of files; one that does not parse counts by its bytes.

    Paths count, so that a module that is moved is a change.
    """
    digest = hashlib.sha256()
    for unit in sorted(units, key=lambda one: one.path):
        form = hashlib.sha256(_form(unit)).hexdigest()
        digest.update(f"{unit.path}\0{form}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _form(unit: Unit) -> bytes:
    if unit.tree is None:
        return b"bytes:" + unit.source
    try:
        if b"__doc__" in unit.source:
            return ast.dump(unit.tree).encode("utf-8", "surrogatepass")
        with _without_docstrings(unit.tree):
            return ast.dump(unit.tree).encode("utf-8", "surrogatepass")
    except RecursionError:
        return b"bytes:" + unit.source


@contextmanager
def _without_docstrings(tree: ast.Module) -> Generator[None]:
    """Take the docstrings out of a tree for the time of a block; a second tree would take as much memory again."""
    taken = [(node, node.body) for node in ast.walk(tree) if isinstance(node, _DOCUMENTED) and _documented(node)]
    for node, body in taken:
        node.body = body[1:]
    try:
        yield
    finally:
        for node, body in taken:
            node.body = body


def _documented(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    first = node.body[0] if node.body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
