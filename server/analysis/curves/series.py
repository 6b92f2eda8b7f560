"""A training history as plain columns, and the recognition of the many spellings of their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise

Column = list[float | None]
"""One value per row; None where the run printed nothing, NaN or inf where it printed that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One training history: `epochs` and, beside it, columns of the same length. A column nobody wrote is empty."""

    epochs: list[float]
    """Epoch, step or, where neither was written, the row's number counted from 0."""
    train_loss: Column = field(default_factory=list[float | None])
    val_loss: Column = field(default_factory=list[float | None])
    metric: Column = field(default_factory=list[float | None])
    """The validation metric; RMSE in the documents of the other agents."""
    grad_norm: Column = field(default_factory=list[float | None])
    """Norm of the whole gradient."""
    grad_layer_mean: Column = field(default_factory=list[float | None])
    """Mean absolute gradient of one early layer: only this shows vanishing, the global norm does not."""
    time_s: Column = field(default_factory=list[float | None])
    """Seconds this row took, or seconds since the start, as the run wrote it."""

    def __post_init__(self) -> None:
        """Refuse columns of different lengths."""
        for name in COLUMNS:
            if len(self.column(name)) not in (0, len(self.epochs)):
                raise ValueError(f"Column {name} has another length than epochs.")

    def column(self, name: str) -> Column:
        """Return the column of that name; empty where nobody wrote it."""
        found: Column = getattr(self, name)
        return found

    def first_rows(self, count: int) -> History:
        """Return the history as it stood after its first `count` rows."""
        return History(epochs=self.epochs[:count], **{name: self.column(name)[:count] for name in COLUMNS})


COLUMNS = tuple(each.name for each in fields(History) if each.name != "epochs")

_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "epoch": ("epoch", "epochs", "ep"),
    "step": (
        "step",
        "steps",
        "global_step",
        "iteration",
        "iterations",
        "iter",
        "batch",
        "update",
        "round",
        "trees",
        "draw",
    ),
    "train_loss": (
        *("train_loss", "training_loss", "loss_train", "loss_training", "train_loss_epoch", "epoch_train_loss"),
        *("avg_train_loss", "mean_train_loss", "loss", "loss_epoch", "train_loss_step", "loss_step", "neg_elbo"),
        *("negative_elbo", "train_nll", "nll", "train_objective", "objective", "train_mse", "train_logloss"),
        *("train_rmse", "train_error", "train_mlogloss", "train_mae", "learn", "train_binary_logloss"),
    ),
    "val_loss": (
        *("val_loss", "validation_loss", "valid_loss", "eval_loss", "test_loss", "dev_loss", "loss_val", "loss_valid"),
        *("loss_validation", "loss_eval", "loss_test", "val_loss_epoch", "epoch_val_loss", "avg_val_loss", "val_nll"),
        *(
            "mean_val_loss",
            "val_mse",
            "validation_logloss",
            "valid_logloss",
            "val_logloss",
            "eval_logloss",
            "test_logloss",
        ),
        *("validation_rmse", "validation_error", "eval_rmse", "eval_error", "valid_error", "eval_mlogloss"),
    ),
    "metric": (
        *("metric", "metric_rmse", "rmse", "val_rmse", "valid_rmse", "test_rmse", "val_metric", "val_accuracy"),
        *("val_acc", "eval_accuracy", "accuracy", "acc", "val_f1", "val_mae", "val_auc", "mae", "r2", "val_r2"),
    ),
    "grad_norm": (
        "grad_norm",
        "gradient_norm",
        "grad_norm_total",
        "total_grad_norm",
        "gnorm",
        "grad_2_norm_total",
        "grad_l2",
    ),
    "grad_layer_mean": (
        *("grad_abs_mean_first_layer", "grad_layer_mean", "grad_abs_mean", "first_layer_grad", "grad_first_layer"),
        *(
            "grad_mean_first_layer",
            "first_layer_grad_mean",
            "grad_abs_mean_layer_0",
            "min_layer_grad",
            "grad_abs_mean_min",
        ),
    ),
    "time_s": (
        "time_s",
        "time",
        "epoch_time",
        "epoch_time_s",
        "seconds",
        "elapsed",
        "elapsed_s",
        "duration_s",
        "wall_s",
        "time_sec",
    ),
}

_RANK = {name: (column, rank) for column, names in _SPELLINGS.items() for rank, name in enumerate(names)}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[^0-9a-z]+")


def plain_name(name: str) -> str:
    """Return a column's name in lower case with single underscores: `Val Loss`, `val/loss`, `valLoss` -> `val_loss`."""
    spaced = _CAMEL.sub("_", name.strip().lstrip("\ufeff"))
    return _SEPARATORS.sub("_", spaced.lower()).strip("_")


def recognise(names: Iterable[str]) -> dict[str, str]:
    """Say which of these names holds which column: {"train_loss": "Train Loss", "epoch": "Epoch", …}.

    Of two names for one column the more specific spelling wins (`train_loss` before `loss`), then the first.
    """
    best: dict[str, tuple[int, str]] = {}
    for name in names:
        column, rank = _RANK.get(plain_name(name), ("", 0))
        if column and (column not in best or rank < best[column][0]):
            best[column] = (rank, name)
    return {column: name for column, (_, name) in best.items()}


def from_records(records: Sequence[Mapping[str, float | None]], names: Iterable[str]) -> History:
    """Build a history from rows of numbers; rows of one epoch that fill each other's blanks become one row."""
    known = recognise(names)
    place = known.get("epoch") or known.get("step")
    picked = [name for column, name in known.items() if column in COLUMNS]
    merged = _merged(records, place, picked)
    return History(
        epochs=[_epoch(record, place, row) for row, record in enumerate(merged)],
        **{
            column: [record.get(name) for record in merged]
            for column, name in known.items()
            if column in COLUMNS and any(record.get(name) is not None for record in merged)
        },
    )


def _epoch(record: Mapping[str, float | None], place: str | None, row: int) -> float:
    value = record.get(place) if place else None
    return float(row) if value is None else value


def _merged(
    records: Sequence[Mapping[str, float | None]], place: str | None, picked: Sequence[str]
) -> Sequence[Mapping[str, float | None]]:
    told = [record for record in records if any(record.get(name) is not None for name in picked)]
    places = [record.get(place) for record in told] if place else []
    if place is None or not any(one is not None and one == other for one, other in pairwise(places)):
        return told
    merged: list[dict[str, float | None]] = []
    for record in told:
        filled = {name: record[name] for name in picked if record.get(name) is not None}
        last, here = merged[-1] if merged else {}, record.get(place)
        if here is not None and last.get(place) == here and not filled.keys() & last.keys():
            last.update(filled)
        else:
            merged.append({place: here} | filled)
    return merged
