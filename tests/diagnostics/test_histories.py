"""The judge against labelled histories of real trainings, where they are at hand."""

from pathlib import Path

import pytest
from watchkeeper.server.diagnostics.curves import judge_history
from watchkeeper.server.diagnostics.readers import read_history

FOLDER = Path(__file__).parents[3] / "shared" / "histories"
PATHS = sorted(FOLDER.glob("*.csv"))
RIGHT = {
    "overfit": {"overfitting"},
    "overfit_mild": {"overfitting", "silence"},
    "underfit_tiny_lr": {"not_learning"},
    "plateau_saturated": {"not_learning", "vanishing_gradient"},
    "vanishing": {"not_learning", "vanishing_gradient"},
    "oscillation_adam": {"oscillation", "divergence"},
    "oscillation_sgd": {"oscillation", "divergence"},
    "divergence_nan": {"non_finite"},
    "late_divergence": {"divergence", "spike", "non_finite"},
    "late_explosion_sgd": {"divergence", "spike", "non_finite"},
}

pytestmark = pytest.mark.skipif(not PATHS, reason="the labelled histories are not beside the checkout")


def kind_of(path: Path) -> str:
    return path.stem.rsplit("_", 1)[0]


def found_in(path: Path, rows: int) -> set[str]:
    history = read_history(path.read_bytes(), path.name).first_rows(rows)
    return {flag.flag for flag in judge_history(history)}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_whole_history_is_named_by_its_one_cause(path: Path):
    found = found_in(path, 10**6) or {"silence"}
    assert found <= RIGHT.get(kind_of(path), {"silence"})
    assert len(found) == 1


@pytest.mark.parametrize("rows", [8, 30])
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_first_evaluations_are_never_named_wrong(path: Path, rows: int):
    late = kind_of(path).startswith("late")
    right = set[str]() if late else RIGHT.get(kind_of(path), set[str]())
    assert found_in(path, rows) <= right


@pytest.mark.parametrize("path", [path for path in PATHS if path.stem.startswith("late")], ids=lambda path: path.stem)
def test_a_late_divergence_is_dated_to_the_epoch_at_which_it_began(path: Path):
    history = read_history(path.read_bytes(), path.name)
    assert [flag.epoch for flag in judge_history(history)] == [35]
    assert [flag.epoch for flag in judge_history(history.first_rows(36))] == [35]
