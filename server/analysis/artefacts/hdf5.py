"""HDF5: traces in NetCDF4, Keras weights, and any other arrays.

Only hard links are followed, and no values are read that lie in another file (external storage, virtual datasets):
an artefact is what its own bytes hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib import import_module
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt

from .arrays import MOST_ARRAYS, SAMPLE_VALUES, Values, array_facts
from .facts import ArrayFacts, ArraysFacts, TraceFacts
from .formats import Look
from .selecting import Selection, runs
from .sources import COORDINATES

h5py: Any = import_module("h5py")  # it has no types
H5Group = Any
H5Dataset = Any

_MOST_OBJECTS = 20_000
_MOST_ATTRIBUTES = 200
_CACHE_BYTES = 64 << 20
_NO_VARIABLE = ("This is a netCDF dimension", "b'This is a netCDF dimension")
"""What NetCDF4 calls a dimension that has a length and no values."""


class Variable:
    """A dataset as the reader of traces wants it."""

    def __init__(self, dataset: H5Dataset) -> None:
        self._dataset = dataset
        self.shape: tuple[int, ...] = dataset.shape or ()
        self.kind: str = dataset.dtype.kind
        self.dims = _dims(dataset)

    def read(self, selection: Selection) -> Values:
        """Return the values of a selection."""
        return np.asarray(self._dataset[selection])


class Group:
    """A group with its attributes and the variables of its own."""

    def __init__(self, group: H5Group) -> None:
        self.attributes = _attributes(group)
        self.variables: dict[str, Variable] = {}
        self.coordinates: dict[str, Variable] = {}
        self.left_out: list[str] = []
        for name, found in _hard_links(group, self.left_out):
            if not isinstance(found, h5py.Dataset) or name in COORDINATES:
                continue
            if elsewhere(found):
                self.left_out.append(name)
            elif "REFERENCE_LIST" not in found.attrs:
                self.variables[name] = Variable(found)
            elif not str(_plain(found.attrs.get("NAME", b""))).startswith(_NO_VARIABLE):
                self.coordinates[name] = Variable(found)


class Source:
    """An open NetCDF4 file."""

    def __init__(self, file: H5Group, size_bytes: int) -> None:
        self.format = "netcdf4"
        self.size_bytes = size_bytes
        self.left_out: list[str] = []
        self._groups = {name: one for name, one in _hard_links(file, self.left_out) if isinstance(one, h5py.Group)}
        self.names = tuple(self._groups)

    def group(self, name: str) -> Group | None:
        """Return a group at the top, None if there is none of that name."""
        found = self._groups.get(name)
        return None if found is None else Group(found)


def read(look: Look) -> TraceFacts | ArraysFacts:
    """Return the facts of a trace, or those of the arrays in any other HDF5 file."""
    with h5py.File(f"/dev/fd/{look.descriptor}", "r", rdcc_nbytes=_CACHE_BYTES) as file:
        source = Source(file, look.size_bytes)
        if "posterior" in source.names:
            from .traces import facts  # noqa: PLC0415 # brings SciPy, which weights do without

            return facts(source)
        arrays, notes = arrays_of(file)
        return ArraysFacts(
            format="hdf5",
            size_bytes=look.size_bytes,
            arrays=tuple(arrays[:MOST_ARRAYS]),
            array_count=len(arrays),
            values=sum(math.prod(one.shape) for one in arrays),
            complete=len(arrays) <= MOST_ARRAYS and not notes,
            notes=tuple(notes),
        )


def arrays_in(stream: BinaryIO) -> tuple[list[ArrayFacts], list[str]]:
    """Return the arrays of an HDF5 file that is a member of another."""
    with h5py.File(stream, "r") as file:
        return arrays_of(file)


def arrays_of(file: H5Group) -> tuple[list[ArrayFacts], list[str]]:
    """Return the arrays below hard links, and what was left out in words."""
    left_out: list[str] = []
    found: list[ArrayFacts] = []
    waiting: list[tuple[str, H5Group]] = [("", file)]
    seen, objects = {h5py.h5o.get_info(file.id).addr}, 0
    while waiting and objects < _MOST_OBJECTS:
        path, group = waiting.pop()
        for name, one in _hard_links(group, left_out):
            objects += 1
            address = h5py.h5o.get_info(one.id).addr
            if address in seen or objects >= _MOST_OBJECTS:
                continue
            seen.add(address)
            if isinstance(one, h5py.Group):
                waiting.append((f"{path}{name}/", one))
            elif isinstance(one, h5py.Dataset):
                found.append(_array(f"{path}{name}", one, len(found) < MOST_ARRAYS))
    notes = [f"Not followed: {', '.join(left_out[:10])}."] if left_out else []
    return found, notes if objects < _MOST_OBJECTS else [*notes, f"Only {_MOST_OBJECTS} objects were looked at."]


def _array(path: str, dataset: H5Dataset, look_inside: bool) -> ArrayFacts:
    shape: tuple[int, ...] = dataset.shape or ()
    values: Values | None = None
    if look_inside and dataset.dtype.kind in "fciub" and math.prod(shape) and not elsewhere(dataset):
        values = np.asarray(dataset[runs(shape, SAMPLE_VALUES, 0.0)])
    return array_facts(path, str(dataset.dtype), shape, math.prod(shape) * dataset.dtype.itemsize, values)


def elsewhere(dataset: H5Dataset) -> bool:
    """Return whether its values lie in other files."""
    return bool(dataset.is_virtual or dataset.external)


def _hard_links(group: H5Group, left_out: list[str]) -> Iterator[tuple[str, Any]]:
    """Yield what stands in a group itself; note soft and external links, which may lead anywhere."""
    for name in sorted(group):
        if type(group.get(name, getlink=True)) is h5py.HardLink:
            yield name, group[name]
        else:
            left_out.append(name)


def _attributes(group: H5Group) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in sorted(group.attrs)[:_MOST_ATTRIBUTES]:
        try:
            found[name] = _plain(group.attrs[name])
        except (OSError, TypeError, ValueError):  # a type that h5py does not know
            continue
    return found


def _plain(value: object) -> object:
    """Return the first of several values, as Python's own type."""
    if isinstance(value, np.ndarray):
        array = cast(npt.NDArray[Any], value)
        first: object = array.reshape(-1)[0].item() if array.size and array.dtype.kind in "fiub" else None
        return first
    return cast(object, value.item()) if isinstance(value, np.generic) else value


def _dims(dataset: H5Dataset) -> tuple[str, ...]:
    """Return the names of the dimensions, empty where there are none: NetCDF4 keeps them as references to scales."""
    names: list[str] = []
    for axis in range(len(dataset.shape or ())):
        scales = dataset.dims[axis]
        names.append(str(scales[0].name).rpartition("/")[2] if len(scales) else "")
    return tuple(names)
