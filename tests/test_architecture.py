"""The arrows between the rooms point one way; docs/architecture.md says what each room is for."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Innermost first. A room may import what stands in an earlier row, and the rooms named for it in its own row.
ROWS: list[dict[str, set[str]]] = [
    {"errors": set(), "runs": set(), "keeper": set()},
    {"findings": set(), "mcmc_levels": set(), "linear_fits": set(), "diary_rules": set()},
    {"logs": set(), "diagnostics": set(), "containers": set(), "methods": set()},
    {"compute": set()},
    {
        "policy": {"policy_text", "policy_tables"},
        "policy_text": set(),
        "policy_tables": {"policy_text"},
        "untrusted": set(),
        "beneath": {"untrusted"},
        "cursor": set(),
        "log_lines": set(),
        "waker": set(),
    },
    {"workspace": {"places"}, "places": set()},
    {"probe": set(), "ledger": set(), "rundir": set(), "reports": set()},
    {"prose": set(), "projection": set(), "summary": set()},
    {"before_after": set()},
    {
        "engines": set(),
        "diary": set(),
        "search_log": {"json_values"},
        "trial_files": {"search_log"},
        "offline": set(),
        "hooks": set(),
        "event_files": set(),
        "toolbox": {"json_values"},
        "json_values": set(),
        "translate": {"toolbox"},
        "instructions": set(),
    },
    {"desk": set(), "json_files": set()},
    {"artefact_files": set(), "ruling": set()},
    {
        "launch": set(),
        "gates": set(),
        "patience": {"gates"},
        "histories": {"paces"},
        "paces": set(),
        "stalls": set(),
        "checkin": set(),
    },
    {"documents": set(), "recurrence": set()},
    {"watch": set()},
    {"reporting": set(), "origins": set()},
    {"comparing": set(), "outlook": set()},
    {"approvals": set()},
    {"asking": set()},
    {"starting": set(), "stopping": set(), "owed": set(), "news": set()},
    {"handoff": set()},
    {"head_copy": set()},
    {"gathering": set()},
    {"verifying": set()},
    {"concluding": set()},
    {"diary_evidence": set()},
    {"searching": set()},
    {"polling": set(), "writing": set(), "status": set()},
    {"brief": set()},
    {"resources": set()},
    {"tools": set(), "prompts": set()},
    {"app": set(), "transport": set(), "doctor": set(), "initialise": set()},
    {"replay": set()},
    {"cli": set()},
    {"entry": set()},
    {"__main__": set()},
]
ORDER = {room: place for place, row in enumerate(ROWS) for room in row}
BESIDE = {room: beside for row in ROWS for room, beside in row.items()}
KEEPER_LEAVES = {"records", "procfs", "lock", "tree", "exit_record", "signals", "spec", "usage"}
"""Modules of the keeper that others may import: formats and readings, nothing that acts on a run by itself."""


def sources() -> list[Path]:
    return sorted([*(ROOT / "server").rglob("*.py"), *(ROOT / "tools").glob("*.py"), *(ROOT / "prompts").glob("*.py")])


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1] if parts[0] == "server" else parts[0]


def imported(path: Path) -> list[tuple[str, str]]:
    """Return (room, module) of everything of ours that a file imports."""
    package = ("watchkeeper", *path.relative_to(ROOT).parent.parts)
    found: list[tuple[str, str]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            inside = (*base, *((node.module or "").split(".") if node.module else ()))
            found.extend(_target((*inside, name.name)) for name in node.names)
    return found


def _target(parts: tuple[str, ...]) -> tuple[str, str]:
    inner = parts[1:]
    if inner[0] != "server":
        return inner[0], inner[-1]
    return inner[1], inner[2] if len(inner) > 2 else ""


def test_every_module_belongs_to_a_room() -> None:
    rooms = {room_of(path) for path in sources()} - {"__init__"}
    assert rooms == set(ORDER)


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_arrows_point_inwards_only(path: Path) -> None:
    room = room_of(path)
    for target, module in imported(path):
        if room in (target, "__init__"):
            continue
        assert target in ORDER, f"{path}: imports {target}"
        inwards = ORDER[target] < ORDER[room] or target in BESIDE[room]
        assert inwards, f"{room} must not import {target}"
        if target == "keeper":
            assert module in KEEPER_LEAVES, f"{room} must not import keeper.{module}"


@pytest.mark.parametrize("path", sorted((ROOT / "server" / "keeper").glob("*.py")), ids=lambda path: path.name)
def test_the_keeper_uses_the_standard_library_only(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert {name.name.split(".")[0] for name in node.names} <= sys.stdlib_module_names
        if isinstance(node, ast.ImportFrom) and not node.level:
            assert (node.module or "").split(".")[0] in sys.stdlib_module_names
        if isinstance(node, ast.ImportFrom) and node.level:
            assert node.level == 1, f"{path.name} imports from outside the keeper"


def test_no_module_of_the_server_carries_the_name_of_a_standard_one() -> None:
    names = {path.stem for path in (ROOT / "server").rglob("*.py")} - {"__init__", "__main__"}
    assert names & (sys.stdlib_module_names - {"this"}) == set()


def test_no_file_is_longer_than_two_ideas() -> None:
    long = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert {name: lines for name, lines in long.items() if lines > 400} == {}
