"""The table is true: each of its tests is there, and no promise of docs/reliability.md is without one."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from . import faults, ray_faults, slurm_faults
from .mutants import MUTANTS, ROOT, Mutant
from .table import TABLE, Row


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.fault}, {row.point}")
def test_the_test_of_a_row_is_there(row: Row) -> None:
    path, _, name = row.test.partition("::")
    text = (ROOT / "tests" / path).read_text(encoding="utf-8")
    assert re.search(rf"^(?:async )?def {name or 'test_'}", text, re.MULTILINE), row.test


@pytest.mark.parametrize(
    ("folder", "fault"),
    [(script.FOLDER, fault) for script in (slurm_faults, ray_faults) for fault in script.FAULTS],
    ids=lambda value: value if isinstance(value, str) else value.fault,
)
def test_the_test_of_a_fault_of_an_engine_is_there(folder: str, fault: faults.Fault) -> None:
    path, _, name = fault.test.partition("[")[0].partition("::")
    text = (ROOT / folder / path).read_text(encoding="utf-8")
    assert re.search(rf"^(?:async )?def {name}\(", text, re.MULTILINE), fault.test


FAULTS = (faults.Fault("one case", "test_a.py::test_a[x]"), faults.Fault("all cases", "test_a.py::test_a"))
HELD, BAD = ('<testcase name="test_a[x]"/>', '<testcase name="test_a[y]"><failure/></testcase>')


@pytest.mark.parametrize(
    ("cases", "rows", "violations"),
    [
        (HELD, ["1 |          0", "1 |          0"], 0),
        (HELD + BAD, ["1 |          0", "2 |          1"], 1),
        ('<testcase name="test_a[x]"><skipped/></testcase>', ["0 |  not tried"] * 2, 0),
        ("", ["0 |          1"] * 2, 2),  # what never came to run did not hold
    ],
)
def test_a_table_of_faults_counts_what_was_tried_and_what_did_not_hold(
    cases: str, rows: list[str], violations: int, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = faults.Counts()
    faults.count(f"<testsuites><testsuite>{cases}</testsuite></testsuites>", counts)
    assert faults.show(FAULTS, counts) == violations
    assert [
        line[-21:-2].strip() for line in capsys.readouterr().out.splitlines() if "cases" in line or "one" in line
    ] == rows


def test_what_the_table_is_made_of_leaves_the_project_s_folder_off_the_path() -> None:
    assert str(ROOT) not in sys.path  # a wheel's build leaves an egg-info there, which would be taken for the installed


def test_faults_that_are_asked_for_by_a_name_that_none_has_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tried: list[Sequence[faults.Fault]] = []

    def counted(_: str, chosen: Sequence[faults.Fault], __: faults.Counts) -> None:
        tried.append(chosen)

    monkeypatch.setattr(faults, "_try", counted)
    monkeypatch.setattr(sys, "argv", ["faults", "--only", "nowhere"])
    with pytest.raises(SystemExit) as ended:
        faults.main("", "tests", FAULTS)
    assert (ended.value.code, tried) == (2, [])
    assert "one case; all cases" in capsys.readouterr().err


def test_every_promise_has_a_row() -> None:
    promised = set(re.findall(r"^\| (P\d+) \|", (ROOT / "docs/reliability.md").read_text("utf-8"), re.MULTILINE))
    assert promised == {f"P{number}" for number in range(1, 11)}
    assert {one for row in TABLE for one in row.promises.split()} == promised


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_bug_can_be_planted_where_its_table_says_and_its_tests_are_there(mutant: Mutant) -> None:
    _, file, before, after, tests = mutant
    assert (ROOT / file).read_text(encoding="utf-8").count(before) == 1
    assert before != after
    for test in tests.partition(" -k ")[0].split():
        path, _, name = test.partition("::")
        assert (ROOT / path).exists()
        assert not name or f"def {name}(" in Path(ROOT / path).read_text(encoding="utf-8")
