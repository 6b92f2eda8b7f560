"""The table is true: each of its tests is there, and no promise of the README is without one."""

from __future__ import annotations

import collections
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from . import ray_faults, slurm_faults
from .mutants import MUTANTS, ROOT, Mutant
from .table import TABLE, Row


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.fault}, {row.point}")
def test_the_test_of_a_row_is_there(row: Row) -> None:
    path, _, name = row.test.partition("::")
    text = (ROOT / "tests" / path).read_text(encoding="utf-8")
    assert re.search(rf"^(?:async )?def {name or 'test_'}", text, re.MULTILINE), row.test


@pytest.mark.parametrize("fault", slurm_faults.FAULTS, ids=lambda fault: fault.fault)
def test_the_test_of_a_fault_of_slurm_is_there(fault: slurm_faults.Fault) -> None:
    path, _, name = fault.test.partition("::")
    text = (ROOT / slurm_faults.ENGINES / path).read_text(encoding="utf-8")
    assert re.search(rf"^(?:async )?def {name}\(", text, re.MULTILINE), fault.test


@pytest.mark.parametrize(("fault", "test"), ray_faults.FAULTS, ids=[fault for fault, _ in ray_faults.FAULTS])
def test_the_test_of_a_fault_of_ray_is_there(fault: str, test: str) -> None:
    path, _, name = test.partition("[")[0].partition("::")
    text = (ROOT / ray_faults.ON_RAY / path).read_text(encoding="utf-8")
    assert re.search(rf"^(?:async )?def {name}\(", text, re.MULTILINE), fault


def _none_ran(_: object) -> dict[str, collections.Counter[str]]:
    return collections.defaultdict(collections.Counter[str])


@pytest.mark.parametrize("script", [ray_faults, slurm_faults])
def test_a_fault_whose_test_never_came_to_run_is_no_fault_that_held(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["faults"])
    monkeypatch.setattr(script, "tried", _none_ran)
    with pytest.raises(SystemExit) as ended:
        script.main()
    assert ended.value.code == 1
    assert f"\n{len(script.FAULTS)} violations; " in capsys.readouterr().out


def test_every_promise_of_the_readme_has_a_row() -> None:
    promised = set(re.findall(r"^\| (P\d+) \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert promised == {f"P{number}" for number in range(1, 11)}
    assert {one for row in TABLE for one in row.promises.split()} == promised


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_bug_can_be_planted_where_its_table_says_and_its_tests_are_there(mutant: Mutant) -> None:

    _, file, before, after, tests = mutant
    assert (ROOT / file).read_text(encoding="utf-8").count(before) == 1
    assert before != after
    for test in tests.split():
        path, _, name = test.partition("::")
        assert (ROOT / path).exists()
        assert not name or f"def {name}(" in Path(ROOT / path).read_text(encoding="utf-8")
