"""What of a history is judged as a loss: numbers that fall where the run learns. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from .columns import METRICS, Kind
from .names import Role, named
from .series import Column, History


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """The columns that are judged.

    :ivar reward: the reward with its sign turned, where an agent is trained for one.
    """

    train: Column = field(default_factory=list[float | None])
    val: Column = field(default_factory=list[float | None])
    reward: Column = field(default_factory=list[float | None])


def losses_of(history: History) -> Losses:
    """Return the losses of a history; of one that has none what its accuracies or its ELBO fall short of."""
    train, val = history.train_loss, history.val_loss or _validation_metric(history)
    if history.kind is Kind.REWARDS:
        return Losses(train=train, val=val, reward=_turned(history.val_gain or history.train_gain, 0.0))
    if train or (val and not history.train_gain):
        return Losses(train=train, val=val)
    whole = _whole([*history.train_gain, *history.val_gain])
    return Losses(train=_turned(history.train_gain, whole), val=_turned(history.val_gain, whole))


def _validation_metric(history: History) -> Column:
    """Return the metric where it stands for a validation loss: an error that was measured on held-out data."""
    about = named(history.metric_name)
    held_out = about is not None and about.role in (Role.VAL, Role.TEST) and about.quantity in METRICS
    return history.metric if held_out else []


def _whole(gains: Column) -> float:
    """Return what an accuracy can reach, 1 or 100; 0 for what has no bound."""
    finite = [value for value in gains if value is not None and math.isfinite(value)]
    if not finite or min(finite) < 0 or max(finite) > 100:
        return 0.0
    return 1.0 if max(finite) <= 1 else 100.0


def _turned(gains: Column, whole: float) -> Column:
    """Return the distance to the whole; an accuracy of which there was nothing to measure (NaN) is none."""
    return [None if value is None or (whole and not math.isfinite(value)) else whole - value for value in gains]
