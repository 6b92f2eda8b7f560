"""`make versions`: which Pythons are wanted, which are at hand, what the table says; the wheel works under each."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from .limits import HANG_S

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def versions() -> ModuleType:
    spec = importlib.util.spec_from_file_location("versions", ROOT / "tests" / "versions.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["versions"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_versions_are_those_that_the_project_allows_and_the_forge_tries_the_same(versions: ModuleType) -> None:
    allowed = versions.allowed((ROOT / "pyproject.toml").read_text("utf-8"))
    assert allowed == ["3.11", "3.12", "3.13", "3.14"]
    workflow = (ROOT / ".github" / "workflows" / "versions.yml").read_text("utf-8")
    assert re.findall(r'"(3\.\d+)"', workflow) == allowed
    assert "make versions PYTHONS=" in workflow


def test_a_shim_that_is_no_interpreter_is_passed_over_for_the_newest_that_pyenv_has(
    versions: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    minor = f"3.{sys.version_info.minor}"
    script = {
        "shims": "exit 127",
        "home/versions/{minor}.9": "exit 1",
        "home/versions/{minor}.10": f'exec {sys.executable} "$@"',
    }
    for place, does in script.items():
        folder = tmp_path / place.format(minor=minor) / ("bin" if "versions" in place else "")
        folder.mkdir(parents=True)
        program = folder / f"python{minor}"
        program.write_text(f"#!/bin/sh\n{does}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path / "shims"))
    found = versions.found(minor)
    assert found is not None
    assert found[0] == str(tmp_path / f"home/versions/{minor}.10/bin/python{minor}")
    assert found[1].startswith(f"{minor}.")


def test_every_file_of_tests_is_played_once(versions: ModuleType) -> None:
    given = [Path(one) for tests in versions.rooms().values() for one in tests]
    for one in (ROOT / "tests").rglob("test_*.py"):
        assert len([place for place in given if place in (one, *one.parents)]) == 1, one


@pytest.mark.parametrize(
    ("status", "quick", "seen"),
    [(0, False, 3), (1, False, 3), (2, False, None), (5, False, None), (5, True, 3), (-9, False, None)],
)
def test_a_room_that_did_not_come_to_its_end_is_none_whatever_was_reported_until_then(
    versions: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, quick: bool, seen: int | None
) -> None:
    python = tmp_path / ".venv-3.13" / "bin" / "python"
    python.parent.mkdir(parents=True)
    suite = '<testsuite name="storage abcd" tests="3"/>'
    ends = "kill -9 $$" if status < 0 else f"exit {status}"
    python.write_text(
        f"#!/bin/sh\nfor one; do case $one in --junit-xml=*) echo '{suite}' > ${{one#*=}};; esac; done; {ends}\n"
    )
    python.chmod(0o755)
    monkeypatch.setattr(versions, "ROOT", tmp_path)
    one = versions.Version("3.13")
    one.reports.mkdir()
    became = one.play("storage", ["tests/storage"], "abcd", ["-m", "not training"] if quick else [])
    assert (became and became.passed) == seen
    assert len(one.kept()) == (seen is not None)


@pytest.mark.parametrize(("named", "status"), [(["3.12"], 0), (["3.12", "3.13"], 1), ([], 0)])
def test_a_python_that_somebody_names_and_that_is_not_there_is_no_success(
    versions: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: list[str], status: int
) -> None:
    (tmp_path / "a.whl").touch()
    held = versions.Room(passed=3, failed=0, skipped=0, took_s=1.0, day="2026-11-30", quick=False, wheel="abcd")
    monkeypatch.setattr(versions, "found", {"3.12": ("python3.12", "3.12.1")}.get)

    def answers(name: str, what: object) -> None:
        def answer(*_: object) -> object:
            return what

        monkeypatch.setattr(versions.Version, name, answer)

    answers("prepare", None)
    answers("play", held)
    answers("kept", {"storage": held})
    asked = ["--pythons", *named] if named else []
    monkeypatch.setattr(sys, "argv", ["versions.py", str(tmp_path / "a.whl"), *asked, "--rooms", "storage"])
    assert versions.main() == status


def test_the_table_sums_what_was_kept_and_says_which_wheels_it_was(versions: ModuleType, tmp_path: Path) -> None:
    report = tmp_path / "storage.xml"
    report.write_text(
        '<testsuites><testsuite name="storage abcd1234" errors="1" failures="1" skipped="2" tests="10" time="3.6"'
        ' timestamp="2026-11-30T09:00:00"/></testsuites>'
    )
    room = versions.read(report)
    assert (room.passed, room.failed, room.skipped) == (6, 2, 2)
    (tmp_path / "acts.xml").write_text(report.read_text("utf-8").replace("storage abcd", "acts quick abcd"))
    told = versions.table({"3.13.0": {"storage": room}, "3.14.1": {}}, 21)
    assert "| 3.13.0 | 1 of 21 | 6 | 2 | 2 | 4 | 2026-11-30 |" in told
    assert "| 3.14.1 | 0 of 21 | 0 | 0 | 0 | 0 | - |" in told
    assert "wheels" not in told
    told = versions.table({"3.13.0": {"storage": room, "acts": versions.read(tmp_path / "acts.xml")}}, 21)
    assert "| 3.13.0 | 2 of 21, 1 without training | 12 | 4 | 4 | 7 | 2026-11-30 |" in told


def test_the_help_names_versions_and_rooms() -> None:
    ended = subprocess.run(
        [sys.executable, "-P", str(ROOT / "tests" / "versions.py"), "--help"],
        capture_output=True, text=True, check=True, timeout=HANG_S,
    )  # fmt: skip
    assert "3.11, 3.12, 3.13, 3.14" in ended.stdout
    assert "acts/start" in ended.stdout
