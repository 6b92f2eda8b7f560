"""Where the draws of one parameter lie: at which quantiles, and in which intervals they lie densest."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .parameter_facts import HDIS, QUANTILES

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
