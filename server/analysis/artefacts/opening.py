"""A trace opened by the library of its container, which is loaded for it only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from .formats import Look
from .sources import Source
from .trouble import CannotInspectError

T = TypeVar("T")


def through(look: Look, work: Callable[[Source], T]) -> T:
    """Return what `work` makes of an open trace.

    :raises CannotInspectError: if it is no trace.
    """
    if look.format == "zarr":
        from .zarr_store import Source as Folder  # noqa: PLC0415 (its library is loaded for it only)

        return work(_traced(Folder(look.descriptor)))
    from .hdf5 import Source as File  # noqa: PLC0415 (the same)
    from .hdf5 import h5py  # noqa: PLC0415

    with h5py.File(f"/dev/fd/{look.descriptor}", "r") as file:
        return work(_traced(File(file, look.size_bytes)))


def _traced(source: Source) -> Source:
    if "posterior" not in source.names:
        raise CannotInspectError("unsupported", "It holds no group named posterior.")
    return source
