"""A loss whose way is largely uphill: oscillation. Pure functions over curves."""

from __future__ import annotations

import itertools

from .instability import never_improved
from .robust import Curve, Seen, median, neighbour_correlation, turning_points
from .thresholds import Thresholds


def oscillation(
    train: Curve, val: Curve, limits: Thresholds, *, overshot: bool = False, learned_fast: bool = False
) -> Seen | None:
    """Find a loss whose way of late is to a large part uphill: steps too large for the valley.

    :param overshot: the first updates say the same already (`overshoot.overshot`), so smaller rises are enough.
    :param learned_fast: the first training loss is the level that rises are small against (`overshoot.learned_fast`).

    Where there is a validation loss it must rise as well: it is measured on all of its data, so its rises are not the
    noise of batches. Without one the rises must be larger and must not look like white noise. A loss that never came
    below its first values is judged by single swings, because it may have come to rest when its units died.
    """
    if len(train) < 6:
        return None
    if swings_early(val, limits) and not never_improved(train, limits):
        return _early_swing(val, limits)
    if never_improved(train, limits) or _improved_only_at_first(train, val, limits):
        return _swings(train, limits)
    late, floor = _latest(train, limits), _floor(train, limits)
    if learned_fast:
        floor = max(floor, limits.oscillation_floor * train.values[0])
    if len(val) < 6:
        white = abs(neighbour_correlation(train.values[len(train) // 3 :]) + 0.5) < limits.oscillation_white_noise
        alone = limits.oscillation_rise_alone
        return None if white else _uphill(late, floor, alone, 3 * alone, limits)
    share = (limits.overshoot_share if overshot else 1.0) * (limits.oscillation_improving if _improving(late) else 1.0)
    late_val = _since(val, late.rows[0])
    confirmed = len(late_val) > 4 and _mean_rise(late_val, _floor(val, limits)) >= share * limits.oscillation_val_rise
    if not confirmed:
        return None
    rise, large = share * limits.oscillation_rise, limits.oscillation_rise_large
    return _uphill(late, floor, rise, large, limits)


def swings_early(val: Curve, limits: Thresholds) -> bool:
    """Say whether a short validation loss rose twice by about half: it swings, whichever way it happens to end."""
    return 6 <= len(val) < 15 and _second_rise(val, limits) >= limits.oscillation_early_rise


def _early_swing(val: Curve, limits: Thresholds) -> Seen:
    steps = _steps(val, _floor(val, limits))
    first = next(at for at, step in enumerate(steps) if step >= limits.oscillation_early_rise)
    return Seen(val.rows[first], _second_rise(val, limits), limits.oscillation_early_rise)


def _second_rise(val: Curve, limits: Thresholds) -> float:
    return sorted(_steps(val, _floor(val, limits)))[-2]


def _latest(series: Curve, limits: Thresholds) -> Curve:
    """Return the last evaluations as a curve of their own, without the steep beginning."""
    count = min(limits.oscillation_window, max(6, len(series) * 2 // 3))
    return Curve(series.rows[-count:], series.values[-count:])


def _improving(late: Curve) -> bool:
    """Say whether the loss goes on falling by a fifth from the first third to the last; large steps still help then."""
    third = max(2, len(late) // 3)
    return late.anchored and median(late.values[-third:]) < 0.8 * median(late.values[:third])


def _since(series: Curve, row: int) -> Curve:
    kept = [(at, value) for at, value in zip(series.rows, series.values, strict=True) if at >= row]
    return Curve([at for at, _ in kept], [value for _, value in kept])


def _uphill(late: Curve, floor: float, bound: float, large: float, limits: Thresholds) -> Seen | None:
    """Find a mean rise above the bound on a way that is largely uphill, or one that is large."""
    steps = _steps(late, floor)
    rises = [at for at, step in enumerate(steps) if step > bound]
    path = sum(abs(step) for step in steps)
    uphill = sum(step for step in steps if step > 0)
    mean_rise = _mean_rise(late, floor)
    wasted = uphill >= limits.oscillation_uphill * path or mean_rise >= large
    if mean_rise < bound or not wasted or len(rises) < max(2, len(steps) // 6):
        return None
    return Seen(late.rows[rises[0]], mean_rise, bound)


def _mean_rise(series: Curve, floor: float) -> float:
    """Return the rise per evaluation as a share of the level; a single rise counts for at most one half."""
    steps = _steps(series, floor)
    return sum(min(step, 0.5) for step in steps if step > 0) / len(steps)


def _steps(series: Curve, floor: float) -> list[float]:
    relative = series.anchored
    pairs = zip(series.values, series.values[1:], strict=False)
    return [(b - a) / max(floor, min(a, b) if relative else 0.0) for a, b in pairs]


def _swings(series: Curve, limits: Thresholds) -> Seen | None:
    swing, needed = limits.oscillation_swing, limits.oscillation_swings
    turns = turning_points(series.values, swing, _floor(series, limits), relative=series.anchored)
    rises = [(low, high) for low, high in itertools.pairwise(turns) if series.values[high] > series.values[low]]
    if len(rises) < needed:
        return None
    return Seen(series.rows[rises[0][0]], median([_share(series, low, high, limits) for low, high in rises]), swing)


def _share(series: Curve, low: int, high: int, limits: Thresholds) -> float:
    scale = max(_floor(series, limits), abs(series.values[low]) if series.anchored else 0.0)
    return (series.values[high] - series.values[low]) / scale if scale else 0.0


def _improved_only_at_first(train: Curve, val: Curve, limits: Thresholds) -> bool:
    """Say the same of a validation loss, where the training loss has not improved since its third value."""
    return (
        len(val) >= 6
        and never_improved(val, limits)
        and never_improved(Curve(train.rows[2:], train.values[2:]), limits)
    )


def _floor(series: Curve, limits: Thresholds) -> float:
    """Return the smallest level that a swing is measured against."""
    if series.anchored:
        return limits.oscillation_floor * min(series.values[0], series.start)
    gain = series.start - min(series.values)
    return max(gain, 0.05 * median([abs(value) for value in series.values])) or 1.0
