"""Which parameters of a posterior are looked at when there are too many. Pure; the same choice each time."""

from __future__ import annotations

import math
from collections.abc import Mapping

Selection = tuple[slice, ...]

_MOST_PLACES = 8


def runs(shape: tuple[int, ...], most: int, place: float) -> Selection:
    """Return a block of at most `most` neighbouring values (at least one) of an array.

    Neighbours, because values that lie side by side are read, and unpacked, together.

    :param place: where in the array, from 0 (its start) to 1 (its end).
    """
    selection: list[slice] = []
    for axis, length in enumerate(shape):
        row = math.prod(shape[axis + 1 :])
        taken = min(length, max(1, most // row)) if row else length
        start = int(place * (length - taken))
        selection.append(slice(start, start + taken))
        most //= max(1, taken)
    return tuple(selection)


def shares(sizes: Mapping[str, int], most: int) -> dict[str, int]:
    """Divide `most` parameters among variables: small ones whole, the rest evenly among the large ones."""
    given: dict[str, int] = {}
    left = most
    for place, (name, size) in enumerate(sorted(sizes.items(), key=lambda one: (one[1], one[0]))):
        given[name] = min(size, left // (len(sizes) - place))
        left -= given[name]
    return given


def blocks(shape: tuple[int, ...], quota: int) -> list[Selection]:
    """Return blocks of a variable's parameters, together at most `quota`: all, or up to eight spread evenly."""
    if quota <= 0 or math.prod(shape) == 0:
        return []
    if quota >= math.prod(shape):
        return [tuple(slice(0, length) for length in shape)]
    places = min(_MOST_PLACES, quota)
    chosen = [runs(shape, quota // places, place / max(1, places - 1)) for place in range(places)]
    return [one for number, one in enumerate(chosen) if one not in chosen[:number]]
