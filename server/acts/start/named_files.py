"""Files of the workspace that a script names: data, settings, notebooks, scripts of a shell, modules found by a path.

Nothing is run. A text in the source counts as a name where a file of the workspace ends in it; files that runs wrote,
and what the record keeps otherwise (sources, design, features), are left out.
"""

from __future__ import annotations

import ast
import fnmatch
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...analysis.scripts import neutral
from ...analysis.scripts.program import Program
from ...analysis.witness.events import files_read
from ...vocabulary.errors import PathRefused
from ...vocabulary.runs import Phase
from ..desk import Desk
from ..watch import witness_files
from . import named_words

MOST_NAMED = 400
LARGEST_HASHED_BYTES = 256 << 20
LARGEST_KEPT_BYTES = 256 << 10
"""A file up to this size is kept as a snapshot, so that a change of it can be shown line by line."""
_MOST_CHARACTERS = 200
_NAME = re.compile(r"[\w.*?/\-]+")
_NAMES_OTHERS = neutral.words_of(
    "sh bash ipynb yaml yml toml json ini cfg conf env sql mk txt args py make cmake r R jl"
)
"""Endings of files in which others may be named; one without an ending is a `Makefile` or a script."""
_ENDING = re.compile(r"\.\w{1,12}\Z")
_ROUNDS = 3
"""A makefile calls a script of a shell, which reads settings."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of the workspace: when it was changed last, by the file system's own clock, which nobody sets back."""

    path: str
    size_bytes: int
    changed_at: float


def collect(desk: Desk, model: str, program: Program, more: Iterable[str] = ()) -> tuple[tuple[str, str], ...]:
    """Return (path, sha256) of the files that a program names; small ones are kept as snapshots.

    :param more: words of the command, and values of the policy's environment.
    """
    there = {path: File(path, size_bytes, changed_at) for path, size_bytes, changed_at in desk.workspace.files()}
    outputs = _outputs(desk, model) | {unit.path for unit in program.units}
    of_runs = frozenset(_of_runs(desk, model, there))
    usable = [path for path in there if path not in outputs and path not in of_runs]
    said = list(named_words.words(program, more))
    found = dict.fromkeys(_matching(said, usable))
    found.update(dict.fromkeys(_modules(program, usable)))
    found.update(dict.fromkeys(_beside(program, usable)))
    if named_words.lists_folders(program):
        found.update(dict.fromkeys(_in_folders(said, usable, outputs)))
    newest = list(found)
    for _ in range(_ROUNDS):
        further = [word for path in newest if _may_name(path) for word in _inside(desk, path)]
        newest = [path for path in dict.fromkeys(_matching(further, usable)) if path not in found]
        found.update(dict.fromkeys(newest))
    kept = ((path, _digest(desk, there[path])) for path in list(found)[:MOST_NAMED])
    return tuple(sorted((path, digest) for path, digest in kept if digest))


def _outputs(desk: Desk, model: str) -> set[str]:
    names = desk.workspace
    written = {names.history(model), names.design(model), names.features(model), names.summary(model)}
    written |= {names.diary(model), names.search_log(model), names.results_summary(model), *names.final_models(model)}
    written |= {path for phase in Phase for path in (names.results(model, phase), names.log(model, phase))}
    return {*written, "watchkeeper.toml"}


def _of_runs(desk: Desk, model: str, there: Mapping[str, File]) -> Iterator[str]:
    """Yield the files that runs made: what was changed while one went on is its own.

    But for what changed while an adopted one went on: it may be any process, and nobody saw what it wrote. And for a
    file that a start had named before and that the run was seen to read and not to write: somebody else changed it.
    """
    runs = desk.ledger.runs(model=model)
    known = {path for run in runs for path, _ in run.named or ()}
    for run in runs:
        end = run.end
        if run.adopted is not None or end is None or end.started_at is None or end.ended_at is None:
            continue
        during = {path for path, one in there.items() if end.started_at - 0.05 <= one.changed_at <= end.ended_at}
        yield from during - known
        if asked := during & known:
            seen = witness_files.seen(desk, run)
            yield from asked - (files_read(seen.witnessed).keys() if seen is not None else frozenset())


def _matching(words: Iterable[str], paths: Sequence[str]) -> Iterator[str]:
    """Yield the files that end in one of the words; a word with a wildcard may mean several."""
    by_name: dict[str, list[str]] = {}
    for path in paths:
        name = path.rpartition("/")[2]
        by_name.setdefault(name, []).append(path)
        if "." in name[1:]:
            by_name.setdefault(_without_ending(name), []).append(path)
    for word in dict.fromkeys(_plain(one) for one in words):
        if not word or len(word) > _MOST_CHARACTERS:
            continue
        if any(sign in word for sign in "*?["):
            if not any(sign.isalnum() for sign in word):
                continue
            yield from (path for path in paths if fnmatch.fnmatchcase(f"/{path}", f"*/{word}"))
            continue
        name = word.rpartition("/")[2]
        yield from (path for path in by_name.get(name, ()) if f"/{path}".endswith(f"/{word}"))
        if "/" in word:  # a library adds the ending
            bare = (path for path in by_name.get(name, ()) if f"/{_without_ending(path)}".endswith(f"/{word}"))
            yield from bare


def _without_ending(path: str) -> str:
    return path.rpartition(".")[0]


def _may_name(path: str) -> bool:
    _, dot, ending = path.rpartition("/")[2].rpartition(".")
    return not dot or ending in _NAMES_OTHERS


def _beside(program: Program, paths: Sequence[str]) -> Iterator[str]:
    """Yield files that lie beside a source under its name: `Path(__file__).with_suffix(".json")`."""
    stems = {_without_ending(unit.path) for unit in program.units}
    yield from (path for path in paths if _without_ending(path) in stems)


def _in_folders(words: Iterable[str], paths: Sequence[str], outputs: Iterable[str]) -> Iterator[str]:
    """Yield the files in folders that are named, but for those that a run writes into."""
    written = tuple(f"/{path}" for path in outputs)
    for folder in dict.fromkeys(_plain(one).rstrip("/") for one in words):
        inside = f"/{folder}/"
        usable = folder and len(folder) <= _MOST_CHARACTERS and not any(sign in folder for sign in "*?[")
        if usable and not any(inside in one for one in written):
            yield from (path for path in paths if inside in f"/{path}")


def _plain(word: str) -> str:
    """Return a path without what leads to it: `../data/x.csv` and `./x.csv` end as what they name does."""
    return re.sub(r"^@?(?:\.{0,2}/)*", "", word.strip()) if "\n" not in word else ""


def _modules(program: Program, paths: Sequence[str]) -> Iterator[str]:
    """Yield modules that are imported and lie somewhere in the workspace, found by a path that reading did not see."""
    wanted: set[str] = set()
    for unit in program.units:
        for node in ast.walk(unit.tree) if unit.tree is not None else ():
            if isinstance(node, ast.Import):
                wanted |= {one.name for one in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                wanted |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    own = {one.replace(".", "/") for one in wanted if one.partition(".")[0] not in sys.stdlib_module_names}
    ends = tuple(f"/{one}{tail}" for one in own for tail in (".py", "/__init__.py"))
    yield from (path for path in paths if f"/{path}".endswith(ends))


def _inside(desk: Desk, path: str) -> list[str]:
    try:
        text = desk.workspace.read_bytes(path, LARGEST_KEPT_BYTES).decode("utf-8", "replace")
    except PathRefused:
        return []
    found = _NAME.findall(text)[:4000]
    return [one for one in found if not any(sign in one for sign in "*?") or _ENDING.search(one)]


def _digest(desk: Desk, file: File) -> str:
    try:
        if file.size_bytes <= LARGEST_KEPT_BYTES:
            return desk.workspace.store_snapshot(desk.workspace.read_bytes(file.path, LARGEST_KEPT_BYTES))
        if file.size_bytes <= LARGEST_HASHED_BYTES:
            return desk.workspace.sha256(file.path)
    except PathRefused:
        return ""
    return f"{file.size_bytes} bytes, changed at {file.changed_at:.6f}"
