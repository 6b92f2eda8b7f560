"""The format of an artefact: by its first bytes, and by the suffix of its name where these do not say."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import PurePath

from .trouble import CannotInspectError

_HEAD_BYTES = 4096
_HDF5 = b"\x89HDF\r\n\x1a\n"
_COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"\x5d\x00\x00": "lzma"}
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_PICKLE_SUFFIXES = {".pkl", ".pickle", ".joblib", ".p"}
_TABLE_SUFFIXES = {".csv": "csv", ".tsv": "tsv"}
_BOOSTERS = {
    b"tree\nversion=": "a model of LightGBM",
    b"CBM1": "a model of CatBoost",
    b"{L\x00\x00\x00\x00\x00\x00\x00\x07learner": "a model of XGBoost",
}
"""How libraries begin their own files of models: the name of the final model is ours, one may stand under it."""
_JSON = re.compile(rb'\s*(?:\{\s*"|\[\s*[\[{"\d-])')
_JSON_SUFFIXES = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is known of an artefact before its format is.

    :ivar descriptor: one of our own, so that the caller's offset stays where it is.
    :ivar detail: of the format: the compression of a pickle, the kind of a table.
    :ivar compression: of a text: "gzip", "bz2", "xz", "lzma" or empty.
    """

    descriptor: int
    size_bytes: int
    head: bytes
    suffix: str
    format: str
    detail: str = ""
    compression: str = ""

    @property
    def needs_threads(self) -> bool:
        """Whether its library works in threads of its own."""
        return self.format in ("zarr", "parquet")


def first_look(descriptor: int, name: str) -> Look:
    """Return the format of an open file or folder.

    :raises CannotInspectError: for what is neither, and for a folder that is no Zarr store.
    """
    mode = os.fstat(descriptor).st_mode
    suffix = PurePath(name).suffix.lower()
    if stat.S_ISDIR(mode):
        return Look(descriptor=descriptor, size_bytes=0, head=b"", suffix=suffix, format="zarr")
    if not stat.S_ISREG(mode):
        raise CannotInspectError("unsupported", "It is neither a plain file nor a folder.")
    own = os.open(f"/dev/fd/{descriptor}", os.O_RDONLY)
    size_bytes, head = os.fstat(own).st_size, os.pread(own, _HEAD_BYTES, 0)
    packed, inner = _compression(head), PurePath(PurePath(name).stem).suffix.lower()
    if packed and (text := _textual(inner)):
        return Look(
            descriptor=own, size_bytes=size_bytes, head=head, suffix=inner, format=text[0], detail=text[1],
            compression=packed,
        )  # fmt: skip
    found, detail = _format(head, suffix, size_bytes)
    return Look(descriptor=own, size_bytes=size_bytes, head=head, suffix=suffix, format=found, detail=detail)


def _compression(head: bytes) -> str:
    return next((name for magic, name in _COMPRESSED.items() if head.startswith(magic)), "")


def _format(head: bytes, suffix: str, size_bytes: int) -> tuple[str, str]:  # noqa: PLR0911 (one for each magic)
    if head.startswith(_HDF5) or suffix in (".nc", ".nc4", ".h5", ".hdf5"):
        return "hdf5", ""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return ("sheet", "xlsx") if suffix in (".xlsx", ".xlsm") else ("zip", "")
    if head.startswith(b"PAR1"):
        return "parquet", ""
    if head.startswith(b"ARROW1"):
        return "parquet", "arrow"
    if head.startswith(b"\x93NUMPY"):
        return "npy", ""
    if _is_safetensors(head, suffix, size_bytes):
        return "safetensors", ""
    found = _compressed(head, suffix) or _textual(suffix) or _model(head, suffix) or _pickled(head, suffix)
    return found or ("unknown", "")


def _is_safetensors(head: bytes, suffix: str, size_bytes: int) -> bool:
    return suffix == ".safetensors" or (
        head[8:9] == b"{" and len(head) > 9 and int.from_bytes(head[:8], "little") <= size_bytes - 8
    )


def _compressed(head: bytes, suffix: str) -> tuple[str, str] | None:
    if name := _compression(head):
        return "pickle", name
    # Two bytes are little to go by: "x^" begins many a text.
    return ("pickle", "zlib") if head.startswith(_ZLIB) and suffix in _PICKLE_SUFFIXES | {".z", ".zlib"} else None


def _textual(suffix: str) -> tuple[str, str] | None:
    if suffix in _TABLE_SUFFIXES:
        return "table", _TABLE_SUFFIXES[suffix]
    return ("json", _JSON_SUFFIXES[suffix]) if suffix in _JSON_SUFFIXES else None


def _model(head: bytes, suffix: str) -> tuple[str, str] | None:
    """A booster in its library's own form, or JSON, under whatever name: no pickle begins with these."""
    if name := next((name for magic, name in _BOOSTERS.items() if head.startswith(magic)), ""):
        return "unknown", name
    return ("json", "json") if suffix in _PICKLE_SUFFIXES and _JSON.match(head) else None


def _pickled(head: bytes, suffix: str) -> tuple[str, str] | None:
    # PROTO with a protocol that exists; what is older says so by its suffix only.
    protocol = head[:1] == b"\x80" and len(head) > 1 and 2 <= head[1] <= 5
    return ("pickle", "") if protocol or suffix in _PICKLE_SUFFIXES else None
