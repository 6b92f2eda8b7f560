"""Some columns of the rows that a module was given: of a window its oldest and newest values are among them."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

from typing import Any

from .fingerprint import MOST_VALUES
from .plain import plain

_MOST_WHOLE = 12
"""Of so many columns all are told, of more the first one and the last ones."""
_LAST = 4


class GivenRows:
    """Collected call by call; told of as many rows as values are told of an array."""

    def __init__(self) -> None:
        self.pieces: list[Any] = []
        self.columns: list[int] = []

    def take(self, np: Any, rows: Any, features: int) -> None:
        """Take the rows of a call, as a table.

        :param features: how many numbers a step of a window has.
        """
        width = int(rows.shape[1])
        newest = range(max(0, width - max(features, _LAST)), width)
        wanted = [*range(width)] if width <= _MOST_WHOLE else [0, *newest[:_LAST], *newest[-1:]]
        if self.columns and self.columns != wanted:
            self.pieces = []
        self.columns = wanted
        self.pieces.append(np.array(rows[:, wanted], "<f8"))

    def facts(self, np: Any) -> dict[str, Any]:
        """Return what is told of them, by the number of the column."""
        if not self.pieces:
            return {}
        table = np.concatenate(self.pieces)
        size, most = len(table), MOST_VALUES - 1
        places = range(size) if size <= MOST_VALUES else [index * (size - 1) // most for index in range(MOST_VALUES)]
        told = table[list(places)]
        found = {str(column): [plain(float(one)) for one in told[:, at]] for at, column in enumerate(self.columns)}
        return {"given": found}
