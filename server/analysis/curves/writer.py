"""Write training_history_{i}.csv in the exact columns that the other agents parse."""

from __future__ import annotations

from collections.abc import Sequence

from .series import History

HEADER = "Epoch,Train Loss,Val Loss,Metric (RMSE),Gradient Norm,Time (s)"
_COLUMNS = ("train_loss", "val_loss", "rmse", "grad_norm", "time_s")


def history_csv(history: History) -> str:
    """Return the history as CSV text, each line ended by LF.

    A value the run never printed is left blank. Numbers are written so that reading them gives the same number back;
    NaN and infinities as `nan`, `inf`, `-inf`. A metric that is no RMSE and the layer's gradient have no column here.
    """
    blank = [""] * len(history.epochs)
    columns = [_cells(history.epochs), *(_cells(getattr(history, name)) or blank for name in _COLUMNS)]
    return "\n".join([HEADER, *map(",".join, zip(*columns, strict=True))]) + "\n"


def _cells(column: Sequence[float | None]) -> list[str]:
    return ["" if value is None else repr(value).removesuffix(".0") for value in column]
