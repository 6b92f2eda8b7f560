"""Where the draws of one parameter lie: at which quantiles, and in which intervals they lie densest."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

QUANTILES = (
    0.5,
    1,
    1.5,
    2.5,
    3,
    5,
    5.5,
    10,
    15,
    16,
    20,
    25,
    50,
    75,
    80,
    84,
    85,
    90,
    94.5,
    95,
    97,
    97.5,
    98.5,
    99,
    99.5,
)
"""In per cent."""
HDIS = (50, 60, 68, 70, 80, 89, 90, 94, 95, 97, 98, 99)
"""Shares of the draws that an interval holds, in per cent."""
MOST_WITH_INTERVALS = 200

Values = npt.NDArray[np.float64]


def quantiles(draws: Values) -> tuple[float, ...]:
    """Return the draws' quantiles, in the order of `QUANTILES`."""
    return tuple(float(one) for one in np.quantile(draws, [each / 100 for each in QUANTILES]))


def densest(draws: Values) -> tuple[tuple[float, float], ...]:
    """Return for each of `HDIS` the narrowest interval that holds so many of the draws."""
    ordered = np.sort(draws)
    found: list[tuple[float, float]] = []
    for share in HDIS:
        inside = min(len(ordered) - 1, int(np.floor(share / 100 * len(ordered))))
        widths = ordered[inside:] - ordered[: len(ordered) - inside]
        at = int(np.argmin(widths))
        found.append((float(ordered[at]), float(ordered[at + inside])))
    return tuple(found)
