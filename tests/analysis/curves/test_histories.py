"""The judge against labelled histories of real trainings, where they are at hand.

The labels and what is right for a history cut short stand in `benchmarks/judge_table.py`, once.
"""

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from watchkeeper.server.analysis.curves.curves import judge_history
from watchkeeper.server.analysis.curves.readers import read_history

TABLE = runpy.run_path(str(Path(__file__).parents[3] / "benchmarks" / "judge_table.py"))
kind_of = cast(Callable[[Path], str], TABLE["kind_of"])
wanted = cast(Callable[[str, int], set[str]], TABLE["wanted"])
WHOLE = cast(int, TABLE["WHOLE"])
PATHS = sorted(cast(Path, TABLE["FOLDER"]).glob("*.csv"))
BAD = [path for path in PATHS if wanted(kind_of(path), WHOLE) != {""}]

pytestmark = pytest.mark.skipif(not PATHS, reason="the labelled histories are not beside the checkout")


def found_in(path: Path, rows: int) -> set[str]:
    history = read_history(path.read_bytes(), path.name).first_rows(rows)
    return {flag.flag for flag in judge_history(history)}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_whole_history_is_named_by_its_one_cause(path: Path):
    found = found_in(path, WHOLE) or {""}
    assert found <= wanted(kind_of(path), WHOLE)
    assert len(found) == 1


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_first_evaluations_are_never_named_wrong(path: Path):
    for rows in (8, 30):
        assert found_in(path, rows) <= wanted(kind_of(path), rows) - {""}, rows


@pytest.mark.parametrize("rows", [8, 30])
def test_nineteen_of_twenty_bad_runs_are_named_from_their_first_evaluations(rows: int):
    bad = [path for path in BAD if wanted(kind_of(path), rows) != {""}]
    right = [path for path in bad if (found_in(path, rows) or {""}) <= wanted(kind_of(path), rows)]
    assert len(right) >= 0.95 * len(bad)


@pytest.mark.parametrize("path", [path for path in PATHS if path.stem.startswith("late")], ids=lambda path: path.stem)
def test_a_late_divergence_is_dated_to_the_epoch_at_which_it_began(path: Path):
    history = read_history(path.read_bytes(), path.name)
    assert [flag.epoch for flag in judge_history(history)] == [35]
    assert [flag.epoch for flag in judge_history(history.first_rows(36))] == [35]
