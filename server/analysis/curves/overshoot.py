"""First updates that overshot: an oscillation that shows before the loss swings. Pure functions over columns."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .robust import Curve, Seen
from .series import Column
from .thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class FirstEpoch:
    """How the first evaluation, a mean over its updates, lies to what remained after them."""

    burst: float
    """Mean training loss of the first epoch over the validation loss at its end."""
    norm_fall: float
    """Mean gradient norm of the first epoch over that of the second."""
    exponent: float
    """Which power of the loss the gradient norm fell with. The gradient of a squared error goes with the square root
    of the loss while the weights stay what they are: learning fast gives about one half or less, weights that blew up
    and came back give more."""


def first_epoch(train: Curve, val: Curve, norm: Column) -> FirstEpoch | None:
    """Return the measures of the first epoch; None where its three numbers or the second row are missing."""
    if min(len(train), len(val)) < 2 or train.rows[:2] != [0, 1] or val.rows[0] != 0 or len(norm) < 2:
        return None
    first, second = norm[0], norm[1]
    if not (train.anchored and val.anchored) or not first or not second or not 0 < second < math.inf:
        return None
    loss_fall = train.values[0] / train.values[1]
    if loss_fall <= 1 or first <= second:
        return None
    fall = first / second
    return FirstEpoch(train.values[0] / val.values[0], fall, math.log(fall) / math.log(loss_fall))


def overshot(first: FirstEpoch | None, limits: Thresholds) -> bool:
    """Say whether the first updates seem to have overshot, so that smaller swings later on confirm it."""
    return (
        first is not None
        and first.burst >= limits.overshoot_burst
        and first.norm_fall >= limits.overshoot_norm_fall
        and first.exponent >= limits.overshoot_exponent
    )


def learned_fast(first: FirstEpoch | None, limits: Thresholds) -> bool:
    """Say whether the first epoch's fall was learning, so that its mean says how high this loss can stand."""
    return first is not None and first.exponent < limits.overshoot_exponent


def overshoot(first: FirstEpoch | None, train: Curve, val: Curve, limits: Thresholds) -> Seen | None:
    """Find first updates that overshot beyond doubt, in a run that has learned something since."""
    if first is None or min(len(train), len(val)) < 6 or not overshot(first, limits):
        return None
    alone = limits.overshoot_alone
    sure = min(first.burst, first.norm_fall) >= alone and first.exponent >= limits.overshoot_exponent_alone
    learned = min(val.values) < (1 - limits.improved) * val.values[0]
    return Seen(0, first.burst, alone) if sure and learned else None
