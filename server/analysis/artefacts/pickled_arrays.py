"""Arrays and tensors among the objects of a pickle: NumPy's own, joblib's and torch's."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from .arrays import SAMPLE_VALUES, array_facts, from_bytes
from .facts import ArrayFacts
from .symbols import JOBLIB, Blob, Call, Mapping, Name, Sequence, Stored, kind

_RECONSTRUCT = ".multiarray._reconstruct"
_FROM_BUFFER = ".numeric._frombuffer"
_SCALAR = ".multiarray.scalar"
_TENSOR = ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor")
_TORCH_TYPES = {
    "DoubleStorage": "<f8", "FloatStorage": "<f4", "HalfStorage": "<f2", "BFloat16Storage": "bfloat16",
    "LongStorage": "<i8", "IntStorage": "<i4", "ShortStorage": "<i2", "CharStorage": "i1", "ByteStorage": "u1",
    "BoolStorage": "?",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What joblib writes behind an object: so many bytes of values, or another pickle."""

    size_bytes: int
    aligned: bool
    objects: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An array, or one number that was stored as one."""

    path: str
    array: ArrayFacts | None = None
    number: float | None = None


Fetch = Callable[[str, int, int], bytes]
"""Returns bytes of a member of torch's archive: key of the storage, offset and size in bytes."""


def data_behind(call: Call) -> Behind | None:
    """Return what follows in a joblib file after this object was built; None where nothing does."""
    if not call.name.endswith(JOBLIB):
        return None
    state = _attributes(call)
    code, shape = _dtype(state.get("dtype")), _shape(state.get("shape"))
    if code is None or shape is None:
        raise ValueError("an array of joblib without type and shape")
    if "O" in code:
        return Behind(size_bytes=0, aligned=False, objects=True)
    aligned = isinstance(state.get("numpy_array_alignment_bytes"), int)
    return Behind(size_bytes=math.prod(shape) * _item_bytes(code), aligned=aligned, objects=False)


def found_in(places: Iterable[tuple[str, object]], fetch: Fetch | None = None) -> Iterator[Found]:
    """Yield arrays and scalars among (path, object).

    :param fetch: for tensors, whose values stand in other members of the archive.
    """
    for path, value in places:
        if isinstance(value, Call):
            found = _found(path, value, fetch)
            if found is not None:
                yield found


def _found(path: str, call: Call, fetch: Fetch | None) -> Found | None:
    if call.name.endswith(_SCALAR):
        return _scalar(path, call)
    if call.name in _TENSOR:
        return _tensor(path, call, fetch)
    if call.name.endswith(JOBLIB):
        state = _attributes(call)
        return _array(path, state.get("dtype"), state.get("shape"), call.data)
    if call.name.endswith(_FROM_BUFFER) and len(call.items) >= 3:  # buffer, type, shape
        data, dtype, shape = call.items[:3]
        return _array(path, dtype, shape, data)
    if call.name.endswith(_RECONSTRUCT) and call.state and isinstance(state := call.state[-1], Sequence):
        # (version, shape, type, whether in Fortran's order, values), numpy's ndarray.__reduce__
        return (
            _array(path, state.items[2], state.items[1], state.items[4]) if len(state.items) == 5 else None
        )  # as above
    return None


def _array(path: str, dtype: object, shape: object, data: object) -> Found | None:
    code, lengths = _dtype(dtype), _shape(shape)
    if code is None or lengths is None:
        return None
    raw = _raw(data)
    values = from_bytes(raw, code) if raw is not None else None
    size_bytes = math.prod(lengths) * _item_bytes(code)
    return Found(path=path, array=array_facts(path, code, lengths, size_bytes, values))


def _raw(data: object) -> bytes | None:
    """Return the bytes of an array, or the first of them; protocols 0 to 2 write them as text."""
    if isinstance(data, Call) and data.name == "_codecs.encode" and data.items:
        data = data.items[0]
    if isinstance(data, str):
        return data.encode("latin-1", "replace")
    if isinstance(data, Blob):
        return data.head
    return bytes(data) if isinstance(data, bytes | bytearray) else None


def _scalar(path: str, call: Call) -> Found | None:
    code = _dtype(call.items[0]) if call.items else None
    raw = _raw(call.items[1]) if len(call.items) > 1 else None
    values = from_bytes(raw, code) if code is not None and raw is not None else None
    if values is None or values.size != 1 or values.dtype.kind not in "fiub":
        return None
    number = float(values[0])
    return Found(path=path, number=number if math.isfinite(number) else None)


def _tensor(path: str, call: Call, fetch: Fetch | None) -> Found | None:
    """Return a tensor: storage, offset in items, shape, strides …; the storage is ("storage", type, key, device, n)."""
    if len(call.items) < 3 or not isinstance(stored := call.items[0], Stored):  # storage, offset, shape
        return None
    identity = stored.identity.items if isinstance(stored.identity, Sequence) else []
    begin, lengths = call.items[1], _shape(call.items[2])
    if (
        len(identity) < 5 or not isinstance(identity[1], Name) or lengths is None or not isinstance(begin, int)
    ):  # as above
        return None
    name = kind(identity[1]).rpartition(".")[2]
    code = _TORCH_TYPES.get(name)
    if code is None:
        return Found(path=path, array=array_facts(path, name, lengths, 0, None))
    item_bytes, count = 2 if code == "bfloat16" else _item_bytes(code), math.prod(lengths)
    values = None
    if fetch is not None and begin >= 0:
        values = from_bytes(fetch(str(identity[2]), begin * item_bytes, min(count, SAMPLE_VALUES) * item_bytes), code)
    array = array_facts(path, code, lengths, count * item_bytes, values)
    single = float(values[0]) if values is not None and count == 1 and values.size == 1 else math.nan
    return Found(path=path, array=array, number=single if math.isfinite(single) else None)


def _attributes(call: Call) -> dict[str, object]:
    state = call.state[-1] if call.state else None
    pairs = state.pairs if isinstance(state, Mapping) else []
    return {key: value for key, value in pairs if isinstance(key, str)}


def _dtype(value: object) -> str | None:
    """Return NumPy's spelling of a type: the call numpy.dtype("f8", …) whose state names the order of bytes."""
    if not isinstance(value, Call) or value.name != "numpy.dtype" or not value.items:
        return None
    code = value.items[0]
    state = value.state[-1].items if value.state and isinstance(value.state[-1], Sequence) else []
    order = state[1] if len(state) > 1 and state[1] in ("<", ">") else ""
    return f"{order}{code}" if isinstance(code, str) and len(code) < 10 else None  # "V4294967296" is none


def _shape(value: object) -> tuple[int, ...] | None:
    if not isinstance(value, Sequence) or len(value.items) > 64:  # NumPy's own limit
        return None
    lengths = [one for one in value.items if isinstance(one, int) and one >= 0]
    return tuple(lengths) if len(lengths) == len(value.items) else None


def _item_bytes(code: str) -> int:
    """Return the size of an item: the digits of "<f8"; characters of four bytes for "<U10"."""
    digits = code.lstrip("<>|=").lstrip("?abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    size_bytes = int(digits) if digits.isdecimal() else 1
    return size_bytes * 4 if "U" in code else size_bytes
