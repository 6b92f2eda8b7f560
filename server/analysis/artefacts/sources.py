"""What the reader of traces wants of a container, whichever library opened it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy.typing as npt

from .selecting import Selection

COORDINATES = {"chain", "draw"}
"""Variables that only number the chains and the draws."""


class Variable(Protocol):
    """An array. `dims` has one name an axis, or is empty; `kind` is NumPy's."""

    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102

    @property
    def dims(self) -> tuple[str, ...]: ...  # noqa: D102

    @property
    def kind(self) -> str: ...  # noqa: D102

    def read(self, selection: Selection) -> npt.NDArray[Any]:
        """Return the values of a selection: one slice an axis."""
        ...


class Group(Protocol):
    """Variables, attributes, and what names the places of axes. `left_out` names links that were not followed."""

    @property
    def attributes(self) -> Mapping[str, Any]: ...  # noqa: D102

    @property
    def variables(self) -> Mapping[str, Variable]: ...  # noqa: D102

    @property
    def coordinates(self) -> Mapping[str, Variable]: ...  # noqa: D102

    @property
    def left_out(self) -> Sequence[str]: ...  # noqa: D102


class Source(Protocol):
    """An open container."""

    @property
    def format(self) -> str: ...  # noqa: D102

    @property
    def size_bytes(self) -> int: ...  # noqa: D102

    @property
    def names(self) -> tuple[str, ...]: ...  # noqa: D102

    @property
    def left_out(self) -> Sequence[str]: ...  # noqa: D102

    def group(self, name: str) -> Group | None:
        """Return a group at the top, None if there is none of that name."""
        ...
