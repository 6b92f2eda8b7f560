"""Arrays in files of their own: NumPy's format and safetensors. What is the same for all arrays."""

from __future__ import annotations

import io
import json
import math
import os
import re
from array import array
from collections.abc import Iterable
from typing import IO, Any, cast

import numpy as np
import numpy.typing as npt

from .facts import ArrayFacts, ArraysFacts
from .formats import Look
from .recurring import as_chains, recurring
from .tables import MOST_CELLS, MOST_COLUMNS, Table
from .trouble import CannotInspectError

MOST_ARRAYS = 500
SAMPLE_VALUES = 65_536
MOST_NAME_CHARACTERS = 160
_PLACES = 3
_MOST_HEADER_BYTES = 32 << 20
_MOST_METADATA = 50
_MOST_DRAWN_BYTES = 32 << 20
_DRAWS = re.compile(r"draw|chain|sample|posterior|trace|theta|param|^arr_0$|^$", re.IGNORECASE)
"""What arrays of draws are called; one that stands alone has no name of its own."""
_SAFETENSORS = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "bfloat16", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?", "C64": "<c8",
}  # fmt: skip

Values = npt.NDArray[Any]


def array_facts(name: str, dtype: str, shape: Iterable[int], size_bytes: int, values: Values | None) -> ArrayFacts:
    """Return the facts of one array, with what a sample of its values shows."""
    sampled, non_finite, constant = 0, 0, None
    if values is not None and values.size and values.dtype.kind in "fciub":
        flat = values.reshape(-1)
        sampled = int(flat.size)
        non_finite = int(np.count_nonzero(~np.isfinite(flat))) if values.dtype.kind in "fc" else 0
        constant = bool((flat == flat[0]).all()) if flat.size > 1 else None
    return ArrayFacts(
        name=name[:MOST_NAME_CHARACTERS],
        dtype=dtype[:MOST_NAME_CHARACTERS],
        shape=tuple(shape),
        size_bytes=size_bytes,
        sampled=sampled,
        non_finite=non_finite,
        constant=constant,
    )


def may_be_draws(name: str, dtype: np.dtype[Any], size_bytes: int) -> bool:
    """Whether an array is called what draws are, and is small enough to be looked at as a whole."""
    return dtype.kind == "f" and size_bytes <= _MOST_DRAWN_BYTES and _DRAWS.search(name) is not None


def recurring_in(values: Values | None, shape: tuple[int, ...]) -> float | None:
    """Return how much of an array of draws comes again."""
    if values is None or values.size != math.prod(shape):
        return None
    chains = as_chains(values.reshape(shape))
    return None if chains is None else recurring(chains)


def from_bytes(data: bytes, dtype: str) -> Values | None:
    """Return bytes as values; None for a type that NumPy does not know or whose values are objects.

    :param dtype: as NumPy writes it, or "bfloat16".
    """
    if dtype == "bfloat16":
        halves = np.frombuffer(data[: len(data) // 2 * 2], dtype="<u2").astype(np.uint32)
        return (halves << 16).view(np.float32)
    try:
        kind = np.dtype(dtype)
    except (TypeError, ValueError):
        return None
    if kind.hasobject or kind.itemsize == 0:
        return None
    return np.frombuffer(data[: len(data) // kind.itemsize * kind.itemsize], dtype=kind)


def sample(descriptor: int, offset: int, size_bytes: int, item_bytes: int) -> bytes:
    """Return up to SAMPLE_VALUES items from the start, the middle and the end of a stretch of a file."""
    items = size_bytes // item_bytes if item_bytes else 0
    if items <= SAMPLE_VALUES:
        return os.pread(descriptor, items * item_bytes, offset)
    run = SAMPLE_VALUES // _PLACES
    starts = [(items - run) * place // (_PLACES - 1) for place in range(_PLACES)]
    return b"".join(os.pread(descriptor, run * item_bytes, offset + start * item_bytes) for start in starts)


def npy_header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Read the header of NumPy's format; the stream stands at the first value then.

    :raises ValueError: if it is none.
    """
    version = np.lib.format.read_magic(stream)  # pyright: ignore[reportArgumentType] # takes any file
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = header(stream)  # pyright: ignore[reportArgumentType] # takes any file
    return shape, dtype


def read_npy(look: Look) -> ArraysFacts:
    """Return the facts of an .npy file."""
    stream = io.BytesIO(os.pread(look.descriptor, 1 << 17, 0))
    shape, dtype = npy_header(stream)
    size_bytes, begin = math.prod(shape) * dtype.itemsize, stream.tell()
    there = max(0, look.size_bytes - begin)
    data = b"" if dtype.hasobject else sample(look.descriptor, begin, min(size_bytes, there), dtype.itemsize)
    consistent = dtype.hasobject or there == size_bytes
    return ArraysFacts(
        format="npy",
        size_bytes=look.size_bytes,
        arrays=(array_facts("", str(dtype), shape, size_bytes, from_bytes(data, dtype.str)),),
        array_count=1,
        values=math.prod(shape),
        consistent=consistent,
        notes=() if consistent else (f"The header promises {size_bytes} bytes of values, {there} are there.",),
    )


def cells(look: Look) -> tuple[Table, bool]:
    """Return the columns of an .npy file of numbers with one or two axes, as far as they are looked at.

    :raises CannotInspectError: if it holds anything else.
    """
    stream = io.BytesIO(os.pread(look.descriptor, 1 << 17, 0))
    shape, dtype = npy_header(stream)
    width = shape[1] if len(shape) == 2 else 1
    if dtype.kind not in "fiu" or not 1 <= len(shape) <= 2 or not 1 <= width <= MOST_COLUMNS:
        raise CannotInspectError("unsupported", "Only arrays of numbers with one axis or two are searched.")
    rows = min(shape[0], MOST_CELLS // width)
    by_column = bool(stream.getvalue()[: stream.tell()].count(b"'fortran_order': True")) and len(shape) == 2
    if by_column and rows < shape[0]:
        raise CannotInspectError("too large", "An array that is kept by columns is searched as a whole only.")
    data = os.pread(look.descriptor, rows * width * dtype.itemsize, stream.tell())
    values = np.frombuffer(data[: len(data) // dtype.itemsize * dtype.itemsize], dtype).astype(float)
    whole = values[: len(values) // width * width].reshape((width, -1) if by_column else (-1, width))
    table = Table(["the array"] if len(shape) == 1 else [f"column {number}" for number in range(width)])
    table.rows = len(whole.T if by_column else whole)
    for column, numbers in zip(table.columns, whole if by_column else whole.T, strict=True):
        column.numbers = int(np.isfinite(numbers).sum())
        column.series = array("d", numbers) if column.numbers == len(numbers) else None
    return table, table.rows == shape[0]


def read_safetensors(look: Look) -> ArraysFacts:
    """Return the facts of a safetensors file (https://huggingface.co/docs/safetensors).

    :raises CannotInspectError: if its header cannot be read.
    """
    header_bytes = int.from_bytes(look.head[:8], "little")
    if look.size_bytes < 8 or header_bytes > look.size_bytes - 8:
        raise CannotInspectError("damaged", "Its header is longer than the file.")
    if header_bytes > _MOST_HEADER_BYTES:
        raise CannotInspectError("too large", f"Its header has more than {_MOST_HEADER_BYTES >> 20} MB.")
    header = cast(dict[str, dict[str, Any]], json.loads(os.pread(look.descriptor, header_bytes, 8)))
    metadata = cast(dict[str, object], header.pop("__metadata__", {}))
    problems = _problems(header, look.size_bytes - 8 - header_bytes)
    arrays = [_tensor(look, 8 + header_bytes, *one) for one in list(header.items())[:MOST_ARRAYS]]
    return ArraysFacts(
        format="safetensors",
        size_bytes=look.size_bytes,
        arrays=tuple(arrays),
        array_count=len(header),
        values=sum(math.prod(cast(list[int], one["shape"])) for one in header.values()),
        metadata=tuple((key[:160], str(value)[:160]) for key, value in list(metadata.items())[:_MOST_METADATA]),
        consistent=not problems,
        complete=len(header) <= MOST_ARRAYS,
        notes=tuple(problems[:10]),
    )


def _tensor(look: Look, begin: int, name: str, entry: dict[str, Any]) -> ArrayFacts:
    first, last = cast(list[int], entry["data_offsets"])
    dtype, shape = str(entry["dtype"]), [int(one) for one in entry["shape"]]
    known = _SAFETENSORS.get(dtype)
    item_bytes = 0 if known is None else 2 if known == "bfloat16" else np.dtype(known).itemsize
    there = max(0, min(last, look.size_bytes - begin) - first) if first >= 0 else 0
    data = sample(look.descriptor, begin + first, there, item_bytes) if item_bytes and there else b""
    return array_facts(name, dtype, shape, last - first, from_bytes(data, known) if known else None)


def _problems(header: dict[str, dict[str, Any]], data_bytes: int) -> list[str]:
    """Return where types, shapes and offsets contradict each other or the file: tensors lie end to end."""
    problems: list[str] = []
    end = 0
    for name, entry in sorted(header.items(), key=lambda one: cast(list[int], one[1]["data_offsets"])):
        first, last = cast(list[int], entry["data_offsets"])
        shown = name[:MOST_NAME_CHARACTERS]
        if first != end:
            problems.append(f"{shown} begins at byte {first}, not at {end}.")
        known = _SAFETENSORS.get(str(entry["dtype"]))
        if known is not None:
            item_bytes = 2 if known == "bfloat16" else np.dtype(known).itemsize
            wanted = math.prod(cast(list[int], entry["shape"])) * item_bytes
            if wanted != last - first:
                problems.append(f"{shown} takes {last - first} bytes, its shape and type {wanted}.")
        end = last
    if end != data_bytes:
        problems.append(f"The tensors take {end} bytes, {data_bytes} are there.")
    return problems
