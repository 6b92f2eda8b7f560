"""A loss that runs away or jumps: divergence, spike. Pure functions over one curve."""

from __future__ import annotations

import math

from .robust import Curve, Seen, median, noise_sigma, smoothed
from .thresholds import Thresholds


def divergence(train: Curve, val: Curve, limits: Thresholds) -> Seen | None:
    """Find a loss that went up and stayed up to the end.

    Either the last five all lost a quarter of what had been gained, or the last three all lie above the level the
    run began at. Differences, not ratios, so that a negative loss is judged alike.
    """
    found = lost_again(train, limits) or _above_start(train, limits) or _never_below(train, limits)
    return found or _never_came_back(train, limits) or _burst_at_first(train, val, limits)


def lost_again(train: Curve, limits: Thresholds) -> Seen | None:
    """Find a quarter of what had been gained lost again in all of the last five evaluations."""
    tail = limits.divergence_evaluations
    if len(train) < tail + 3:
        return None
    before = train.values[:-tail]
    # The lowest of many noisy values lies far below their level; the lowest of a moving average hardly does.
    best = min(smoothed(before) if len(train) >= 15 else before)
    gain = max(0.0, train.start - best)
    rise = max(limits.divergence_gain_share * gain, limits.divergence_start_share * _size(train), _margin(train))
    return _stays_above(train, best + rise, tail)


def _above_start(train: Curve, limits: Thresholds) -> Seen | None:
    tail = limits.divergence_above_start
    if len(train) < tail + 3:
        return None
    gain = max(0.0, train.start - min(train.values[:-tail]))
    rise = max(limits.divergence_start_share * _size(train), 0.1 * gain, _margin(train))
    return _stays_above(train, max(train.start, train.values[0]) + rise, tail)


def _never_below(train: Curve, limits: Thresholds) -> Seen | None:
    """Find a loss that the first updates drove up by a tenth and that never came back to its first value."""
    tail, first = limits.divergence_evaluations, train.values[0]
    if len(train) < tail + 1 or not never_improved(train, limits):
        return None
    # In a short history the unrest itself would be taken for noise.
    noise = _margin(train) if len(train) >= 15 else 0.0
    if median(train.values[1:]) < first + max(limits.oscillation_swing * first, noise):
        return None
    return _stays_above(train, (1 + limits.divergence_start_share) * first, tail)


def _never_came_back(train: Curve, limits: Thresholds) -> Seen | None:
    """Find a jump after which the loss settled above the best before it; noise may hide that from the rules above."""
    jump = spike(train, limits)
    if jump is None:
        return None
    before, after = train.before(jump.row).values, train.values[-limits.divergence_evaluations :]
    bound = min(before) + limits.divergence_gain_share * max(0.0, median(before[:3]) - min(before))
    settled = len(train) - len(before) > limits.divergence_evaluations and median(after) > bound
    return Seen(jump.row, median(after), bound) if settled and min(after) > min(before) else None


def _burst_at_first(train: Curve, val: Curve, limits: Thresholds) -> Seen | None:
    """Find a first epoch whose mean loss lay far above the loss at its end, after which nothing was learned."""
    if len(train) < 6 or not len(val) or not (train.anchored and val.anchored):
        return None
    bound = limits.divergence_burst * val.values[0]
    stuck = min(val.values) > 0.7 * val.values[0] and min(train.values) > 0.8 * median(train.values[1:4])
    return Seen(train.rows[0], train.values[0], bound) if stuck and train.values[0] > bound else None


def _stays_above(train: Curve, bound: float, tail: int) -> Seen | None:
    if not min(train.values[-tail:]) > bound:  # a bound of numbers near 1e308 may be NaN
        return None
    first = len(train)
    while first > 0 and train.values[first - 1] > bound:
        first -= 1
    return Seen(train.rows[first], median(train.values[-tail:]), bound)


def spike(train: Curve, limits: Thresholds) -> Seen | None:
    """Find the first jump that lost at once everything gained so far, and ended above the level the run began at.

    A jump to many times the level just before it needs to lose half only: it may start from far above what it loses.
    """
    noise = limits.spike_sigma * noise_sigma(train.values)
    for at in range(2, len(train)):
        before = train.values[:at]
        level, start = median(before[-5:]), median(before[:3])
        gain = max(0.0, start - min(before))
        size = abs(start) if train.anchored else 0.0
        jump = max(limits.spike_gain * gain, limits.spike_start_share * size, noise)
        bound = max(start, level + jump)
        if train.anchored:
            bound = min(bound, max(level + jump / 2, limits.spike_level * max(before[-5:])))
        if jump > 0 and train.values[at] > bound:
            return Seen(train.rows[at], train.values[at], bound)
    return None


def never_improved(train: Curve, limits: Thresholds) -> bool:
    """Say whether a positive loss never fell clearly below the lower of its first value and its first level."""
    return train.anchored and min(train.values) > (1 - limits.improved) * min(train.values[0], train.start)


def _size(train: Curve) -> float:
    return abs(train.start) if train.anchored else 0.0


def _margin(train: Curve) -> float:
    """Return four standard deviations of the noise before the last fifth, or the smallest float."""
    calm = train.values[: max(4, len(train) * 4 // 5)]
    return max(4 * noise_sigma(calm), math.ulp(abs(train.start)))
