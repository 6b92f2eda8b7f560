"""Describes an array without keeping it (docs/witness.md, "A fingerprint of numbers").

NumPy is the training's own. Nothing here raises: what cannot be described says so.
"""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import math
from typing import Any

from .state import can_afford, numpy
from .writer import digest

MOST_VALUES = 32
MOST_NUMBERS = 1 << 21
BLOCKS, BLOCK_NUMBERS = 64, 1 << 15
MOST_ROWS = 200_000
MOST_COLUMNS = 64
MOST_SHAPE = 8
_MOST_LISTED, _MOST_TEXT = 1 << 22, 1 << 26
"""Of the numbers in a list, of the characters in all its texts: of more a copy would be made that has no room."""
_AT_HAND = (str, bytes, bytearray, range, memoryview, dict)
_MOST_KEPT = 32
_described_before: dict[Any, dict[str, Any]] = {}
"""What was said of arrays by their digest: of the rows that are predicted again and again, the truth of each metric."""
_GOLDEN = 0x9E3779B97F4A7C15
"""2^64 by the golden ratio: multiplied with it, neighbouring numbers lie far apart."""


def fp(value: Any, *, rows: bool = False, always: bool = False) -> dict[str, Any] | None:
    """Return the fingerprint of an array, a table, a list or a number; None for None.

    :param rows: count its distinct rows too; of one column its distinct values.
    :param always: also where the time for digests is used up, because there is only one of its kind.
    """
    if value is None:
        return None
    try:
        np = numpy()
        if np is None:
            return {"shape": shape(value), "skipped": "error"}
        if not (always or can_afford()):
            return {"shape": shape(value), "skipped": "budget"}
        return _described(np, value, rows)
    except Exception:
        return {"shape": shape(value), "skipped": "error"}


def shape(value: Any) -> list[int]:
    """Return an array's shape, or the length of what has one."""
    try:
        found = getattr(value, "shape", None)
        if found is not None:
            return [int(each) for each in found][:MOST_SHAPE]
        return [len(value)]
    except Exception:
        return []


def quick(value: Any) -> int:
    """Return a number that differs for nearly all arrays that differ, for microseconds; 0 for what is no array."""
    try:
        np = numpy()
        array = as_array(np, value)
        if array.dtype == object:
            return hash((array.shape, str(array.flat[0]), str(array.flat[-1])))
        flat = array.ravel()[:: max(1, array.size // 64)] if array.flags.c_contiguous else array.flat[:64]
        return hash((array.shape, flat.tobytes()))
    except Exception:
        return 0


def _described(np: Any, value: Any, rows: bool) -> dict[str, Any]:
    if hasattr(value, "tocsr") and hasattr(value, "nnz"):
        return _sparse(np, value)
    if hasattr(value, "columns") and hasattr(value, "dtypes"):
        return _table(np, value, rows)
    array = as_array(np, value)
    if array.dtype.kind not in "biufcmM":
        return _text(array)
    return _numbers(np, array, rows)


def as_array(np: Any, value: Any) -> Any:
    """Return the value as an array of NumPy; a tensor of torch is detached and brought over.

    :raises ValueError: it is a list of so much, such as pictures, that no copy is made.
    """
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, (list, tuple)):
        return _of_list(np, value)
    if hasattr(value, "detach"):
        value = value.detach()
        if getattr(value, "dtype", None) is not None and str(value.dtype) == "torch.bfloat16":
            value = value.float()
        return np.asarray(value.cpu().numpy())
    if hasattr(value, "__getitem__") and not (hasattr(value, "__array__") or isinstance(value, _AT_HAND)):
        raise TypeError("what reads each part when it is asked for it, such as a Keras data set, is not read")
    return np.asarray(value)


def _of_list(np: Any, value: Any) -> Any:
    if value and isinstance(value[0], (str, bytes)):  # NumPy's own texts are each as long as the longest
        return np.array(value, dtype=object)
    if _listed(value) > _MOST_LISTED:
        raise ValueError("a list of so much is not copied")
    return np.asarray(value)


def _listed(value: Any) -> float:
    """Return how many numbers a list of lists or of arrays holds, by its first ones; of other things nobody knows."""
    count = 1
    while isinstance(value, (list, tuple)) and value:
        count *= len(value)
        value = value[0]
    found = getattr(value, "shape", None)
    if isinstance(found, tuple):
        return count * math.prod(int(each) for each in found)
    return math.inf if hasattr(value, "__array__") else count


def flat64(np: Any, array: Any) -> Any:
    """Return the numbers in the canonical form: one row of little-endian float64."""
    if array.dtype.kind in "mM":
        array = array.astype("i8")
    if array.dtype.kind == "c":
        array = np.ascontiguousarray(array, "<c16").view("<f8")
    return np.ascontiguousarray(array, "<f8").reshape(-1)


def _numbers(np: Any, array: Any, rows: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"shape": shape(array), "dtype": str(array.dtype)}
    size = int(array.size)
    if size > MOST_NUMBERS:
        source = array.reshape(-1) if array.flags.c_contiguous else array.flat  # else all of it would be copied
        begins = [k * (size - BLOCK_NUMBERS) // (BLOCKS - 1) for k in range(BLOCKS)]
        blocks = [source[begin : begin + BLOCK_NUMBERS] for begin in begins]
        flat = flat64(np, np.concatenate(blocks))
        found["sampled"] = True
        told = flat64(np, source[[i * (size - 1) // (MOST_VALUES - 1) for i in range(MOST_VALUES)]])
    else:
        flat = flat64(np, array)
        n = int(flat.size)
        told = flat if n <= MOST_VALUES else flat[[i * (n - 1) // (MOST_VALUES - 1) for i in range(MOST_VALUES)]]
    found["sha"] = digest(flat.data if flat.size else b"").hexdigest()[:32]
    key = (found["sha"], array.shape, found["dtype"], rows)
    if (before := _described_before.get(key)) is not None:
        return dict(before)
    found["bag"] = f"{int(flat.view('<u8').sum(dtype='<u8')):016x}"
    found.update(_moments(np, flat))
    found["at"] = [float(each) if math.isfinite(each) else None for each in told.tolist()]
    if rows and len(array.shape) in (1, 2) and "sampled" not in found and 0 < array.shape[0] <= MOST_ROWS:
        found.update(_rows(np, flat.reshape(array.shape[0], -1)))
    if len(_described_before) >= _MOST_KEPT:
        _described_before.clear()
    if "sampled" not in found:  # a digest of blocks says nothing of the values between them
        _described_before[key] = dict(found)
    return found


def _moments(np: Any, flat: Any) -> dict[str, Any]:
    if not flat.size:
        return {}
    finite = flat
    with np.errstate(all="ignore"):
        total = float(flat.sum())
        if not math.isfinite(total):
            finite = flat[np.isfinite(flat)]
        missing = int(flat.size - finite.size)
        found: dict[str, Any] = {"nonfinite": missing} if missing else {}
        if finite.size:
            mean = finite.mean()
            off = finite - mean
            moments = {"mean": mean, "sd": math.sqrt(off.dot(off) / off.size), "min": finite.min(), "max": finite.max()}
            found.update({k: float(v) for k, v in moments.items() if math.isfinite(v)})
    return found


def _rows(np: Any, table: Any) -> dict[str, Any]:
    """Count the distinct rows, and name some by the smallest of their hashes: tables that share rows share them."""
    return named_rows(np, row_hashes(np, table))


def row_hashes(np: Any, table: Any) -> Any:
    """Return a hash of each row of a table of float64."""
    words = table.view("<u8")
    with np.errstate(all="ignore"):
        each = np.arange(1, 2 * words.shape[1], 2, dtype="<u8") * np.uint64(_GOLDEN)  # odd, and another for each column
        mixed = (words ^ (words >> np.uint64(29))) * each
        mixed ^= mixed >> np.uint64(32)
        keys = mixed.dot(each)
        keys = (keys ^ (keys >> np.uint64(29))) * np.uint64(_GOLDEN)
        return keys ^ (keys >> np.uint64(32))


def named_rows(np: Any, keys: Any, most: int = MOST_VALUES) -> dict[str, Any]:
    """Return how many hashes are distinct, and the smallest of them."""
    distinct = distinct_of(np, keys)
    return {"rows": int(distinct.size), "row_keys": [f"{int(each):016x}" for each in distinct[:most]]}


def distinct_of(np: Any, keys: Any) -> Any:
    """Return the distinct ones of hashes, in order; these themselves are sorted on the way."""
    keys.sort()  # `unique` takes ten times as long
    return keys[np.append(True, keys[1:] != keys[:-1])] if keys.size else keys


def _table(np: Any, table: Any, rows: bool) -> dict[str, Any]:
    names = [str(each)[:80] for each in list(table.columns)[:MOST_COLUMNS]]
    kinds = {getattr(each, "kind", "O") for each in table.dtypes}
    # One with texts would become a table of objects, all of it.
    plain: Any = table.to_numpy() if kinds <= set("biuf") else None
    if getattr(plain, "dtype", None) is not None and plain.dtype.kind in "biuf":
        return {**_numbers(np, plain, rows), "columns": names}
    parts = [_described(np, np.asarray(table.iloc[:, i]), False)["sha"] for i in range(table.shape[1])]
    return {
        "shape": shape(table),
        "dtype": "table",
        "columns": names,
        "sha": digest("".join(parts).encode()).hexdigest()[:32],
        "parts": parts[:MOST_COLUMNS],
    }


def _text(array: Any) -> dict[str, Any]:
    parts = [str(each) for each in array.reshape(-1)[:MOST_NUMBERS].tolist()]
    if sum(map(len, parts)) > _MOST_TEXT:
        raise ValueError("so much text is not copied")
    sha = digest("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return {"shape": shape(array), "dtype": "text", "sha": sha, "at": [each[:40] for each in parts[:8]]}


def _sparse(np: Any, matrix: Any) -> dict[str, Any]:
    rows = matrix.tocsr()
    flat = np.concatenate([flat64(np, np.asarray(each)) for each in (rows.data, rows.indices, rows.indptr)])
    return {**_numbers(np, flat, False), "shape": shape(matrix), "dtype": "sparse"}
