"""A loss whose way is largely uphill: oscillation. Pure functions over curves."""

from __future__ import annotations

import itertools

from .instability import never_improved
from .robust import Curve, Seen, median, neighbour_correlation, turning_points
from .thresholds import Thresholds


def oscillation(train: Curve, val: Curve, limits: Thresholds) -> Seen | None:
    """Find a loss whose way of late is to a large part uphill: steps too large for the valley.

    Where there is a validation loss it must rise as well: it is measured on all of its data, so its rises are not the
    noise of batches. Without one the rises must be larger and must not look like white noise. A loss that never came
    below its first values is judged by single swings, because it may have come to rest when its units died.
    """
    if len(train) < 6:
        return None
    if never_improved(train, limits) or _improved_only_at_first(train, val, limits):
        return _swings(train, limits)
    late = _latest(train, limits)
    if len(val) < 6:
        noise = abs(neighbour_correlation(train.values[len(train) // 3 :]) + 0.5) < limits.oscillation_white_noise
        return None if noise else _uphill(late, _floor(train, limits), limits.oscillation_rise_alone, limits)
    late_val = _since(val, late.rows[0])
    confirmed = len(late_val) > 4 and _mean_rise(late_val, _floor(val, limits)) >= limits.oscillation_val_rise
    return _uphill(late, _floor(train, limits), limits.oscillation_rise, limits) if confirmed else None


def _latest(series: Curve, limits: Thresholds) -> Curve:
    """Return the last evaluations as a curve of their own, without the steep beginning."""
    count = min(limits.oscillation_window, max(6, len(series) * 2 // 3))
    return Curve(series.rows[-count:], series.values[-count:])


def _since(series: Curve, row: int) -> Curve:
    kept = [(at, value) for at, value in zip(series.rows, series.values, strict=True) if at >= row]
    return Curve([at for at, _ in kept], [value for _, value in kept])


def _uphill(late: Curve, floor: float, bound: float, limits: Thresholds) -> Seen | None:
    steps = _steps(late, floor)
    rises = [at for at, step in enumerate(steps) if step > bound]
    path = sum(abs(step) for step in steps)
    uphill = sum(step for step in steps if step > 0)
    mean_rise = _mean_rise(late, floor)
    wasted = uphill >= limits.oscillation_uphill * path or mean_rise >= 3 * bound
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
