"""What the places of a variable are called by the coordinates of its container, as ArviZ labels them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .sources import Group, Variable

_MOST_PLACES = 10_000
_MOST_CHARACTERS = 80


class Coordinates:
    """The coordinates of one group, read once each."""

    def __init__(self, group: Group) -> None:
        self._variables = group.coordinates
        self._read: dict[str, list[str]] = {}

    def label(self, name: str, dims: Sequence[str], index: int, shape: tuple[int, ...]) -> str:
        """Return `theta[north, 2]` of a place in an array; empty where an axis has no coordinates."""
        if not dims or len(dims) != len(shape):
            return ""
        places = np.unravel_index(index, shape)
        words = [self._word(dim, int(place), length) for dim, place, length in zip(dims, places, shape, strict=True)]
        return f"{name[:120]}[{', '.join(words)}]" if all(words) else ""

    def _word(self, dim: str, place: int, length: int) -> str:
        if dim not in self._read:
            variable = self._variables.get(dim)
            self._read[dim] = [] if variable is None else _words(variable)
        known = self._read[dim]
        return known[place] if len(known) == length else ""


def _words(variable: Variable) -> list[str]:
    if len(variable.shape) != 1 or math.prod(variable.shape) > _MOST_PLACES or variable.kind not in "iufOSU":
        return []
    return [_word(one) for one in variable.read((slice(None),)).tolist()]


def _word(value: object) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text[:_MOST_CHARACTERS]
