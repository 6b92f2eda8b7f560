"""A model that learns the wrong thing or nothing: overfitting, not_learning. Pure functions over curves."""

from __future__ import annotations

import itertools
import math

from .instability import never_improved
from .oscillation import swings_early
from .robust import Curve, Seen, median, noise_sigma, smoothed
from .thresholds import Thresholds


def overfitting(train: Curve, val: Curve, limits: Thresholds) -> Seen | None:
    """Find a validation loss that left its best behind while the training loss went on falling."""
    count = len(val)
    if count < 6 or len(train) < 6 or never_improved(train, limits) or swings_early(val, limits):
        return None
    return _memorises(train, val, limits) or _turned(train, val, limits)


def _memorises(train: Curve, val: Curve, limits: Thresholds) -> Seen | None:
    """Find, early on, a training loss that left behind a validation loss that hardly ever fell."""
    if len(val) >= 15 or not (train.anchored and val.anchored):
        return None
    late_train, late = median(train.values[-3:]), median(val.values[-3:])
    bound = late_train / limits.overfitting_gap
    stuck = late > (1 - limits.overfitting_stuck) * val.values[0] and late > 0.97 * min(val.values[:-3])
    learned = late_train < (1 - limits.overfitting_stuck) * train.values[1]
    if not (stuck and learned) or late < bound:
        return None
    best = min(range(len(val)), key=val.values.__getitem__)
    return Seen(val.rows[best], late, bound)


def _turned(train: Curve, val: Curve, limits: Thresholds) -> Seen | None:
    """Find a validation loss that rose from its best for good."""
    count = len(val)
    patience = max(math.ceil(count / 10), limits.overfitting_patience if count >= 15 else 3)
    level = smoothed(val.values) if count >= 15 else val.values
    best = min(range(count), key=level.__getitem__)
    if count - 1 - best < patience:
        return None
    tail = val.values[-5:] if count >= 15 else val.values[-3:]
    rise = (min(tail) if count >= 15 else median(tail)) - level[best]
    fall = _train_fall(train, val.rows[best])
    needed = _needed_rise(val, level[best], limits) * (0.6 if fall > 0.5 else 1.0)
    if count < 15 and not _falls_steadily(train, val.rows[best], fall):
        return None
    if rise < needed or fall < limits.overfitting_train_fall or not _still_fits(train, val, val.rows[best]):
        return None
    return Seen(val.rows[best], level[best] + rise, level[best] + needed)


def _falls_steadily(train: Curve, row: int, fall: float) -> bool:
    """Say whether the training loss fell by a tenth since that row, and hardly rose on its way.

    A short validation loss that turns may as well swing; a model that learns its data by heart goes straight down.
    """
    since = [value for at, value in zip(train.rows, train.values, strict=True) if at >= row]
    steps = [b - a for a, b in itertools.pairwise(since)]
    rises = sum(step for step in steps if step > 0)
    return fall >= 0.1 and rises <= 0.25 * sum(abs(step) for step in steps)


def _needed_rise(val: Curve, best: float, limits: Thresholds) -> float:
    gain = max(0.0, val.start - best)
    share = limits.overfitting_gain_share * gain
    if val.anchored:
        share = min(
            max(limits.overfitting_rise * best, share), max(limits.overfitting_doubled * best, 0.02 * val.start)
        )
    return max(share, limits.overfitting_sigma * noise_sigma(val.values[len(val) // 2 :]))


def _train_fall(train: Curve, row: int) -> float:
    """Return by which share the training loss fell since that row (of the whole fall, for a loss without a floor)."""
    level = smoothed(train.values)
    then = level[max(0, sum(at <= row for at in train.rows) - 1)]
    scale = abs(then) if train.anchored else train.start - min(train.values)
    return (then - level[-1]) / scale if scale > 0 else 0.0


def _still_fits(train: Curve, val: Curve, row: int) -> bool:
    """Say whether the training loss is far below the validation loss, or reached new depths lately.

    A loss that only swings has fallen since its first values too. Without a floor the levels cannot be compared.
    """
    since = [value for at, value in zip(train.rows, train.values, strict=True) if at >= row]
    if not train.anchored or median(since[-3:]) < 0.5 * median(val.values[-3:]):
        return True
    half = len(since) // 2
    return min(since[half:]) < 0.98 * min(since[: half + 1])


def not_learning(train: Curve, limits: Thresholds) -> Seen | None:
    """Find a loss that hardly fell over the whole history, or fell at first and has been flat ever since.

    The second kind needs a level close to the first: a run that converged is not a red flag.
    """
    count = len(train)
    if count < limits.not_learning_evaluations:
        return None
    last = median(train.values[-max(3, count // 10) :])
    lost = _lost_in_noise(train, limits) if count >= 40 or not train.anchored else None
    if lost or not train.anchored:
        return lost
    first = train.values[0]
    if last > (1 - limits.not_learning_gain) * first:
        return Seen(train.rows[0], 1 - last / first, limits.not_learning_gain)
    crawl = min(1.0, count / 40) * limits.not_learning_crawl
    if last > (1 - crawl) * first and count >= 20 and _straight(train):
        return Seen(train.rows[0], 1 - last / first, crawl)
    return _flat_since(train, last, limits)


def _flat_since(train: Curve, last: float, limits: Thresholds) -> Seen | None:
    """Find a level reached in the first quarter and not left since: near the first value, or flat without noise.

    A run that converged on noisy data ends on a level too; it is noisy there, or far below its first value.
    """
    quarter = max(1, len(train) // 4)
    early = median(train.values[quarter : quarter + max(3, len(train) // 10)])
    share, noise = last / train.values[0], noise_sigma(train.values[quarter:]) / early
    if share > limits.not_learning_level:
        flat = limits.not_learning_flat
    elif share > limits.not_learning_level_still and noise < limits.not_learning_still:
        flat = limits.not_learning_still
    else:
        return None
    return Seen(train.rows[quarter], 1 - last / early, flat) if 1 - last / early < flat else None


def _straight(train: Curve) -> bool:
    """Say whether the second half fell as fast as the first: steps far too small, no minimum in sight."""
    first, middle, last = train.values[0], train.values[len(train) // 2], train.values[-1]
    return middle - last > 0.8 * (first - middle) > 0


def _lost_in_noise(train: Curve, limits: Thresholds) -> Seen | None:
    """Find a fall that does not stand out of the noise, as of an ELBO that single draws estimate.

    It is the only rule for a loss without a floor, whose level says nothing about its progress. One that goes to and
    fro around 0 (a critic's, a difference of two networks) has no direction in which it would learn.
    """
    if min(train.values) <= 0 <= max(train.values) and min(train.values) < max(train.values):
        return None
    noise = limits.not_learning_sigma * noise_sigma(train.values)
    last = median(train.values[-max(3, len(train) // 4) :])
    lost = train.start - last <= noise and train.values[0] - last <= 2 * noise
    return Seen(train.rows[0], train.start - last, noise) if lost else None
