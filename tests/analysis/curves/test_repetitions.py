"""Folds and bootstraps in a log: their errors have nothing to do with each other, and make no curve."""

import pytest
from watchkeeper.server.analysis.curves.curves import judge_history
from watchkeeper.server.analysis.curves.series import History, from_records, of_a_log
from watchkeeper.server.analysis.logs.metrics import read_metrics

ERRORS = [0.4088, *(round(0.49 + 0.01 * (place * 7 % 5), 4) for place in range(30))]


def curve(lines: list[str]) -> History:
    records = of_a_log([read_metrics(one) for one in lines])
    return from_records(records, dict.fromkeys(name for one in records for name in one))


@pytest.mark.parametrize(
    "form",
    [
        "fold {n} of 31: rmse {error}",
        "2026-11-30 12:43:47,895 oxygen: bootstrap {n}: out-of-bag rmse {error}",
        "bootstrap replicate {n}/31 val_rmse={error}",
        "[Fold {n}] loss: {error}",
        "outer fold {n}: mae={error}",
        "horizon {n}: mae {error}",
        "region R{n}: rmse {error}",
        "seed {n} test rmse={error}",
    ],
)
def test_errors_of_folds_and_bootstraps_are_no_curve(form: str) -> None:
    found = curve([form.format(n=place, error=error) for place, error in enumerate(ERRORS, start=1)])
    assert found.empty
    assert judge_history(found) == []


def test_epochs_within_a_fold_are_a_curve_and_so_are_epochs_alone() -> None:
    assert len(curve([f"fold 0 epoch {n} loss {error}" for n, error in enumerate(ERRORS)]).train_loss) == len(ERRORS)
    assert len(curve([f"epoch {n} loss {error}" for n, error in enumerate(ERRORS)]).train_loss) == len(ERRORS)


@pytest.mark.parametrize(
    "line", ["10-fold 3 rmse 0.2", "bootstrap rmse 0.279", "a twofold 2 loss 0.3", "fold rmse 0.3"]
)
def test_a_word_without_its_number_names_no_fold(line: str) -> None:
    assert not {"fold", "bootstrap"} & read_metrics(line).keys()
