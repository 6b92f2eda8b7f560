"""Traces in Zarr folders, format 2 and 3."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any, cast

import numpy as np
import zarr
from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype

from .arrays import Values
from .facts import TraceFacts
from .formats import Look
from .selecting import Selection
from .sources import COORDINATES
from .traces import facts
from .trouble import CannotInspectError
from .zarr_files import Beneath

_MOST_FILE_BYTES = 512 << 20
_CODECS = {
    "blosc", "bytes", "bz2", "crc32c", "delta", "endian", "gzip", "lz4", "lzma", "sharding_indexed", "shuffle",
    "transpose", "vlen-bytes", "vlen-utf8", "zlib", "zstd",
}  # fmt: skip
"""Codecs that only unpack. "pickle" is one of zarr's, and any plug-in may add more."""

_ZARR = cast(Any, zarr)  # its functions are typed in part


class BeneathStore(Store):
    """What zarr reads chunks through: read only, lists nothing."""

    def __init__(self, files: Beneath) -> None:
        super().__init__(read_only=True)
        self._files = files

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BeneathStore) and self._files is other._files

    def __hash__(self) -> int:
        return id(self._files)

    async def get(self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None) -> Buffer | None:
        """See Store."""
        first, most = _range(byte_range, self._files.size(key))
        data = self._files.read(key, min(most, _MOST_FILE_BYTES), first)
        return None if data is None else prototype.buffer.from_bytes(data)

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """See Store."""
        return [await self.get(key, prototype, byte_range) for key, byte_range in key_ranges]

    async def exists(self, key: str) -> bool:
        """See Store."""
        return self._files.read(key, 0) is not None

    @property
    def supports_writes(self) -> bool:
        """See Store."""
        return False

    @property
    def supports_deletes(self) -> bool:
        """See Store."""
        return False

    @property
    def supports_listing(self) -> bool:
        """See Store: arrays are opened by name."""
        return False

    async def set(self, key: str, value: Buffer) -> None:  # noqa: ARG002 # refused whatever it is
        """Refuse."""
        raise PermissionError(key)

    async def delete(self, key: str) -> None:
        """Refuse."""
        raise PermissionError(key)

    def list(self) -> AsyncIterator[str]:
        """Refuse."""
        raise NotImplementedError

    def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """Refuse."""
        raise NotImplementedError(prefix)

    def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Refuse."""
        raise NotImplementedError(prefix)


def _range(wanted: ByteRequest | None, size_bytes: int) -> tuple[int, int]:
    match wanted:
        case RangeByteRequest(start, end):
            return start, max(0, end - start)
        case OffsetByteRequest(offset):
            return offset, max(0, size_bytes - offset)
        case SuffixByteRequest(suffix):
            return max(0, size_bytes - suffix), suffix
        case _:
            return 0, size_bytes


class Variable:
    """An array as the reader of traces wants it; opened when it is read."""

    def __init__(self, store: BeneathStore, path: str, metadata: dict[str, Any]) -> None:
        self._store, self._path = store, path
        self.shape = tuple(int(one) for one in metadata["shape"])
        self.dims = tuple(str(one) for one in metadata["dims"] or ())
        self.kind = _kind(metadata["type"])

    def read(self, selection: Selection) -> Values:
        """Return the values of a selection."""
        array: Any = _ZARR.open_array(self._store, path=self._path, mode="r")
        return np.asarray(array[selection])


def _kind(name: object) -> str:
    """Return NumPy's kind of a type that is written "<f8" or "float64"; "O" for what is no number."""
    try:
        return np.dtype(name).kind if isinstance(name, str) else "O"
    except TypeError:
        return "O"


class Group:
    """A group with its attributes and the variables of its own."""

    def __init__(self, files: Beneath, path: str, attributes: dict[str, Any]) -> None:
        self.attributes = attributes
        self.variables: dict[str, Variable] = {}
        self.coordinates: dict[str, Variable] = {}
        store = BeneathStore(files)
        names, self.left_out = files.folders(path)
        for name in names:
            metadata = _array(files, f"{path}/{name}")
            if metadata is None or name in COORDINATES:
                continue
            kept = self.coordinates if metadata["dims"] == [name] else self.variables
            if _codecs(metadata["codecs"]) <= _CODECS:
                kept[name] = Variable(store, f"{path}/{name}", metadata)
            elif kept is self.variables:
                self.left_out.append(name)


def _array(files: Beneath, path: str) -> dict[str, Any] | None:
    """Return shape, type, dims and codecs of an array in either format; None if there is no array."""
    third = files.metadata(f"{path}/zarr.json")
    if third is not None:
        if third.get("node_type") != "array":
            return None
        dims = third.get("dimension_names")
        return {"shape": third["shape"], "type": third["data_type"], "dims": dims, "codecs": third.get("codecs")}
    second = files.metadata(f"{path}/.zarray")
    if second is None:
        return None
    dims = (files.metadata(f"{path}/.zattrs") or {}).get("_ARRAY_DIMENSIONS")
    codecs = [second.get("filters"), second.get("compressor")]
    return {"shape": second["shape"], "type": second["dtype"], "dims": dims, "codecs": codecs}


def _codecs(found: object) -> set[str]:
    """Return the names of all codecs, those inside shards too."""
    names: set[str] = set()
    if isinstance(found, list):
        for one in cast(list[object], found):
            names |= _codecs(one)
    elif isinstance(found, dict):
        codec = cast(dict[str, Any], found)
        names.add(str(codec.get("name", codec.get("id", ""))))
        inner = codec.get("configuration")
        if isinstance(inner, dict):
            for key in ("codecs", "index_codecs"):
                names |= _codecs(cast(dict[str, Any], inner).get(key, []))
    elif isinstance(found, str):
        names.add(found)
    return names


class Source:
    """An open Zarr folder."""

    def __init__(self, folder: int) -> None:
        self._files = Beneath(folder)
        self.size_bytes = self._files.total_bytes()
        folders, self.left_out = self._files.folders("")
        self.names = tuple(name for name in folders if self._attributes(name) is not None)
        third = self._files.metadata("zarr.json") is not None
        self.format = "zarr v3" if third else "zarr v2"

    def _attributes(self, name: str) -> dict[str, Any] | None:
        third = self._files.metadata(f"{name}/zarr.json")
        if third is not None:
            return third.get("attributes") or {} if third.get("node_type") == "group" else None
        if self._files.metadata(f"{name}/.zgroup") is None:
            return None
        return self._files.metadata(f"{name}/.zattrs") or {}

    def group(self, name: str) -> Group | None:
        """Return a group at the top, None if there is none of that name."""
        attributes = self._attributes(name) if name in self.names else None
        return None if attributes is None else Group(self._files, name, attributes)


def read(look: Look) -> TraceFacts:
    """Return the facts of a trace in a Zarr folder.

    :raises CannotInspectError: if it is none.
    """
    # Each thread takes address space, and there is nothing to wait for.
    _ZARR.config.set({"threading.max_workers": 1, "async.concurrency": 1})
    source = Source(look.descriptor)
    if "posterior" not in source.names:
        raise CannotInspectError("unsupported", "The folder is no Zarr store with a group named posterior.")
    return facts(source)
