"""The arrows between the rooms point one way; docs/architecture.md says what each room is for."""

from __future__ import annotations

import ast
import functools
import re
import sys
from collections import Counter
from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("architecture")
"""One process parses every module once, for all of these tests."""

ROOT = Path(__file__).parents[1]
PACKAGE = "watchkeeper"

WINGS = ["vocabulary", "analysis", "documents", "runtime", "storage", "acts", "tools", "interfaces", "door"]
"""A wing imports only from wings before it, and from itself. The door is `server/__main__.py`."""
ACTS = [
    "toolbox",
    "desk",
    "launch",
    "sections",
    "watch",
    "report",
    "start",
    "verify",
    "attest",
    "write",
    "prune",
    "poll",
    "plot",
]
"""Inside `acts/` too: a room imports only from rooms before it."""
READERS = {"logs", "curves", "scripts", "artefacts", "witness"}
"""Rooms of `analysis/` that read bytes; what judges them stands above."""
JUDGES = ["design", "evidence", "counted", "results", "splits", "samplers", "networks", "verdict"]
"""The others, of which each imports only from readers and from rooms before it."""
KEEPER_LEAVES = {
    "records",
    "procfs",
    "lock",
    "tree",
    "exit_record",
    "signals",
    "spec",
    "usage",
    "members",
    "hosts",
    "log_mark",
}
"""Modules of the keeper that others may import: formats and readings, nothing that acts on a run by itself."""


def sources() -> list[Path]:
    return sorted([*(ROOT / "server").rglob("*.py"), *(ROOT / "tools").glob("*.py"), *(ROOT / "prompts").glob("*.py")])


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in sources()}


@functools.cache
def imports(path: Path) -> list[str]:
    """Return every module of ours that a file imports, at its top or inside a function."""
    package = path.relative_to(ROOT).parent.parts
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            inside = (*package[: len(package) - node.level + 1], *(node.module or "").split("."))
            base = ".".join(part for part in inside if part)
            found.extend(full if (full := f"{base}.{name.name}") in MODULES else base for name in node.names)
    return found


def wing_of(module: str) -> str:
    parts = module.split(".")
    if parts[0] != "server":
        return "tools"  # the tools and the prompts are what an agent sees of us: one row
    return parts[1] if parts[1:] and parts[1] in WINGS else "door"


def wrong_arrow(module: str, target: str) -> str | None:
    """Return what is wrong with one import, None where it is allowed."""
    here, there = wing_of(module), wing_of(target)
    if WINGS.index(there) > WINGS.index(here):
        return f"{module} imports {target}: the wing {here} stands below {there}"
    if here == there == "acts":
        ours, theirs = module.split(".")[2], target.split(".")[2]
        if ACTS.index(theirs) > ACTS.index(ours):
            return f"{module} imports {target}: acts/{ours} comes before acts/{theirs}"
    if here == there == "analysis":
        ours, theirs = (_rank_in_analysis(name) for name in (module, target))
        if theirs > ours:
            return f"{module} imports {target}: it stands below it"
    if target.startswith("server.runtime.keeper.") and not module.startswith("server.runtime.keeper"):
        leaf = target.rsplit(".", 1)[1]
        return None if leaf in KEEPER_LEAVES else f"{module} imports {target}: no leaf of the keeper"
    return None


def _rank_in_analysis(module: str) -> int:
    room = module.split(".")[2]
    return 0 if room in READERS else 1 + JUDGES.index(room)


def test_every_folder_of_the_server_is_a_wing() -> None:
    folders = {path.name for path in (ROOT / "server").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(WINGS) - {"tools", "door"}
    rooms = {path.stem for path in (ROOT / "server" / "acts").iterdir()} - {"__init__", "__pycache__"}
    assert rooms == set(ACTS)
    analysis = {path.stem for path in (ROOT / "server" / "analysis").iterdir()} - {"__init__", "__pycache__"}
    assert analysis == READERS | set(JUDGES)


def rooms(top: str) -> set[str]:
    """Return the folders two levels below one, of the wings."""
    found = (path.relative_to(ROOT / top) for path in (ROOT / top).glob("*/*") if any(path.glob("*.py")))
    return {str(path) for path in found if path.parts[0] in WINGS}


def test_the_tests_of_a_room_lie_in_a_folder_of_its_name() -> None:
    assert rooms("tests") == rooms("server")


def test_nothing_but_the_door_stands_in_the_hall() -> None:
    assert {path.name for path in (ROOT / "server").glob("*.py")} == {"__init__.py", "__main__.py"}


def test_arrows_point_to_lower_rows_only() -> None:
    arrows = [(module, target) for module, path in MODULES.items() for target in imports(path)]
    assert len(arrows) > len(MODULES)
    assert [said for module, target in arrows if (said := wrong_arrow(module, target))] == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {module: set(imports(path)) - {module} for module, path in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("imported in a circle: " + " -> ".join(error.args[1]))


def test_the_tests_of_the_arrows_can_fail() -> None:
    assert wrong_arrow("server.analysis.logs.judge", "server.acts.desk") is not None
    assert wrong_arrow("server.acts.watch.look", "server.acts.poll.poll") is not None
    assert wrong_arrow("server.acts.poll.poll", "server.runtime.keeper.keep") is not None
    assert wrong_arrow("server.acts.poll.poll", "server.acts.watch.look") is None
    assert wrong_arrow("server.analysis.witness.seen", "server.analysis.design.design") is not None
    assert wrong_arrow("server.analysis.results.predicted", "server.analysis.verdict.chosen") is not None
    assert wrong_arrow("server.analysis.verdict.chosen", "server.analysis.results.predicted") is None


@pytest.mark.parametrize("path", sorted((ROOT / "server/runtime/keeper").glob("*.py")), ids=lambda path: path.name)
def test_the_keeper_uses_the_standard_library_only(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert {name.name.split(".")[0] for name in node.names} <= sys.stdlib_module_names
        if isinstance(node, ast.ImportFrom) and not node.level:
            # sha256 without OpenSSL: one of the two is there, by the version of Python.
            assert (node.module or "").split(".")[0] in sys.stdlib_module_names | {"_sha2", "_sha256"}
        if isinstance(node, ast.ImportFrom) and node.level:
            assert node.level == 1, f"{path.name} imports from outside the keeper"


def test_no_module_of_the_server_carries_the_name_of_a_standard_one() -> None:
    names = {path.stem for path in (ROOT / "server").rglob("*.py")} - {"__init__", "__main__"}
    assert names & (sys.stdlib_module_names - {"this"}) == set()


def test_no_file_is_longer_than_two_ideas() -> None:
    files = [*sources(), *(ROOT / "tests").rglob("*.py")]
    long = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: lines for name, lines in long.items() if lines > 400} == {}


def missing_pages(text: str) -> set[str]:
    """Return the pages of our own that a text of the code cites and that are not in the repository."""
    cited = set(re.findall(r"(?<![\w./{}-])(?:docs/[\w./-]+|[A-Z][A-Z_]+)\.md\b", text))
    return {page for page in cited if not (ROOT / page).is_file()}


def test_every_page_that_the_code_cites_is_in_the_repository() -> None:
    cited = {str(path.relative_to(ROOT)): missing_pages(path.read_text(encoding="utf-8")) for path in sources()}
    assert {name: pages for name, pages in cited.items() if pages} == {}
    assert missing_pages("see NOWHERE.md and docs/nowhere.md, not docs/watching.md nor output/THIS.md") == {
        "NOWHERE.md",
        "docs/nowhere.md",
    }


def test_the_page_of_the_architecture_names_exactly_the_rooms_there_are() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([a-z]+/(?:[a-z]+/)?)` \|", page, re.MULTILINE))
    rooms = {f"{wing.name}/" for wing in (ROOT / "server").iterdir() if wing.is_dir() and wing.name != "__pycache__"}
    rooms |= {
        f"{room.parent.name}/{room.name}/"
        for room in (ROOT / "server").glob("*/*")
        if room.is_dir() and room.name != "__pycache__"
    }
    assert named == rooms | {"tools/", "prompts/"}


def defined(path: Path) -> set[str]:
    """Return the functions and classes of a file, and their own functions as `Class.name`."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
    return found


def not_there(text: str) -> list[str]:
    """Return the files, `file.py` or `file.py:function`, that a text names and that `server/` does not have."""
    named: list[tuple[str, str]] = re.findall(r"`((?:[\w-]+/)+\w+\.py)(?::([\w.]+))?`", text)
    paths = {file: ROOT if file.startswith("tests/") else ROOT / "server" for file, _ in named}
    there = {file: defined(root / file) if (root / file).is_file() else None for file, root in paths.items()}
    return [f"{file}:{name}" for file, name in named if (found := there[file]) is None or (name and name not in found)]


def test_every_function_that_the_page_points_to_is_there() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    where = page.partition("## Where is")[2].partition("## ")[0]
    assert where.count(".py:") > 15
    assert not_there(page) == []
    assert not_there("`acts/start/gate.py:check` `acts/start/gate.py:nothing` `acts/gone.py`") == [
        "acts/start/gate.py:nothing",
        "acts/gone.py:",
    ]


CALLED_BY_NAME = ("server.runtime.witness.hook.", "server.runtime.probe.path.")
"""What scripts and the hook's own table call by a name in a text."""


def uncalled(texts: Mapping[str, str], arrows: Mapping[str, Collection[str]], elsewhere: str = "") -> list[str]:
    """Return the functions and classes that neither their own module nor one that imports it names.

    :param texts: the source of each module, by the module's name.
    :param arrows: the modules that each one imports.
    :param elsewhere: words of programs that are no modules of ours.
    """
    words = {module: Counter(re.findall(r"\w+", text)) for module, text in texts.items()}
    users = {module: [one for one, targets in arrows.items() if module in targets] for module in texts}
    return [
        f"{module}:{name}"
        for module, text in texts.items()
        for name in re.findall(r"^(?:async def|def|class) (?!__)(\w+)", text, re.MULTILINE)
        if words[module][name] < 2 and name not in elsewhere and not any(words[one][name] for one in users[module])
    ]


def test_every_function_is_named_by_more_than_its_tests() -> None:
    texts = {module: path.read_text(encoding="utf-8") for module, path in MODULES.items()}
    benchmarks = " ".join(path.read_text(encoding="utf-8") for path in (ROOT / "benchmarks").rglob("*.py"))
    found = uncalled(texts, {module: imports(path) for module, path in MODULES.items()}, benchmarks)
    assert [one for one in found if not one.startswith(CALLED_BY_NAME)] == []
    two = {"a": "def used():\n    pass\ndef not_used():\n    pass\n", "b": "from .a import used\nused()\n"}
    assert uncalled(two, {"a": [], "b": ["a"]}) == ["a:not_used"]
