"""The type of a failure (implementation, data, resource, convergence, infrastructure) from its class and message.

A hint, never more: the class of the exception and the user's own frame are the facts. First what class and frames tell
together (here), then the table of known messages (`error_type_table`), then the words of the rest (`error_type_score`).
"""

from __future__ import annotations

import re
from functools import cache

from ...vocabulary.runs import ErrorType
from .error_type_score import score, without_positions
from .error_type_table import ROWS

TEXT_LIMIT = 1200

_READERS = re.compile(
    r"(?:pandas|polars|datasets|h5py|netCDF4|xarray|pyarrow|tables|geopandas|dask|cudf|zarr|"
    r"sklearn/preprocessing)[/\\]"
)
"""Libraries whose keys are those of what was read."""
_HELD = re.compile(r"([A-Za-z_]\w*)(?:\.\w+)*\[[^\[\]]*\]")
_DATA_NAMES = re.compile(
    r"(?i)^(?:(?:\w+_)?df\w*|(?:\w+_)?data\w*|rows?|rec|records?|samples?|items?|ex|examples?|batch|feats?|features?|"
    r"inputs?|anns?|annotations?|meta(?:data)?|labels?\w*|targets?|cols?|columns?|tables?|frames?|entry|entries|"
    r"lines?|"
    r"docs?|documents?|json\w*|payload|obs|observations?|\w+_(?:map|to_idx?|to_index|index|ids)|\w+2(?:id|idx|"
    r"index)\w*|ckpt|"
    r"checkpoint|state_dict|vocab\w*|stoi|class_to_idx|schema|h5\w*|hf|npz|arrays?|raw|parsed|response|resp)$"
)
_STATUS = re.compile(
    r"(?i)(?:exit(?:ed|s)?|execution|return(?:ed|s)?|terminated|finished|died|failed)\b[^.;\n]{0,40}?"
    r"(?:code|status)[\s:=(]*(-\d{1,2}|12[4-9]|13\d|14\d)\b|\bsignal:? (\d{1,2})\b"
)
_SIGNALS = {
    **dict.fromkeys((4, 6, 8, 11), ErrorType.IMPLEMENTATION),
    **dict.fromkeys((7, 9, 24, 25), ErrorType.RESOURCE),
    **dict.fromkeys((1, 2, 10, 12, 15), ErrorType.INFRASTRUCTURE),
}
_CHECKS_DATA = re.compile(
    r"assert\b.*\b(?:\w*df|data\w*|labels?|targets?|rows|columns|y_(?:train|test)|X)\b(?:\.|\[|\))"
)
"""An assertion about a data frame or the like."""
_API_OF_FRAMES = (
    *("append", "iteritems", "ix", "as_matrix", "lookup", "mad", "sort", "get_value", "set_value", "applymap"),
    *(
        "swaplevel",
        "to_panel",
        "from_csv",
        "rolling_mean",
        "groupby_rolling",
        "with_column",
        "tolist",
        "reshape",
        "cuda",
    ),
)
"""Methods that a data frame had or other objects have: to ask for them is no missing column."""
_NO_ATTRIBUTE = re.compile(r"'(?:\w+\.)*(DataFrame|Series|NoneType)' object has no attribute '(\w+)'")
_PIPES = re.compile(r"^Connection(?:Reset|Refused)Error$|^EOFError$|^BrokenPipeError$|^(?:_queue\.)?(?:Empty|Full)$")
"""What waits for another process raises these when that one is gone."""
_WORKER_GONE = re.compile(r"(?i)\bworkers?\b.{0,40}(?:exited unexpectedly|killed by signal|died|terminated|was lost)")
_MIXED = re.compile(r"(?:not supported between|unsupported operand).*'(?:str|float|NoneType|int)'")
_RAGGED = re.compile(r"(?i)sizes? of tensors|equal size|same (?:size|shape|length)")
"""What `torch.stack` says of samples that differ."""
_SPLITS = re.compile(r"split\(|partition\(")
_READS_IMAGES = re.compile(r"imread|cv2|Image\.open|img|image", re.IGNORECASE)


def tells_of_a_worker(message: str) -> bool:
    """Whether an exception says that a worker process is gone: what else a chain holds is only what that broke."""
    return _WORKER_GONE.search(message) is not None


def type_or_implementation(exception: str, message: str, frames: str = "") -> ErrorType:
    """Return the most likely type of a failure; implementation where nothing says otherwise."""
    return type_of_exception(exception, message, frames) or ErrorType.IMPLEMENTATION


def type_of_exception(exception: str, message: str, frames: str = "", *, least: int = 2) -> ErrorType | None:
    """Return the most likely type of a failure; None where nothing speaks for any.

    :param exception: class name, with or without its module.
    :param message: what stands behind the class, all its lines if there are several.
    :param frames: the files and code lines of the traceback, newest last; they tell a worker that was killed from a
        network that failed, and a key of what was read from a key of the code's own.
    :param least: how much must speak for a type that only single words tell (see `error_type_score`).
    """
    message = message[:TEXT_LIMIT]
    told = _by_frames(exception, message, frames)
    if told:
        return told
    told = _by_status(message)
    if told:
        return told
    found = next((kind for kind, name, text in _rows() if name.search(exception) and text.search(message)), None)
    return found or _by_words(exception, message, frames, least)


@cache
def _rows() -> list[tuple[ErrorType, re.Pattern[str], re.Pattern[str]]]:
    """Return the table, compiled at the first failure: a server that only watches starts without."""
    return [
        (ErrorType(kind), re.compile(name), re.compile(f"(?i)(?<![a-z])(?:{message})")) for kind, name, message in ROWS
    ]


def _by_status(message: str) -> ErrorType | None:
    """Return what an exit status or a signal in a message tells ("exited with return code = -11")."""
    found = _STATUS.search(message)
    if found is None:
        return None
    number = int(found[1] or found[2])
    return _SIGNALS.get(number - 128 if number > 128 else abs(number)) if number != 124 else ErrorType.INFRASTRUCTURE


def _by_words(exception: str, message: str, frames: str, least: int) -> ErrorType | None:
    """Return what the words of class, message and raising frame speak of most, where no row of the table knows them."""
    if exception == "AssertionError" and _CHECKS_DATA.search(frames[-200:]):
        return ErrorType.DATA
    if exception == "AssertionError" and not message:
        message = _asserted(frames)
    found = score(exception, without_positions(message), frames)
    kind = max(found, key=lambda one: (found[one], one is ErrorType.IMPLEMENTATION))
    return kind if found[kind] >= least else None


def _asserted(frames: str) -> str:
    """Return what a bare assertion asks for, its identifiers as words: `loss_ok` says "loss ok"."""
    _, found, code = frames.rpartition("assert ")
    return code.replace("_", " ").replace(".", " ") if found else ""


def _by_frames(exception: str, message: str, frames: str) -> ErrorType | None:
    """Return what class and frames together tell; None where they tell nothing."""
    if _PIPES.search(exception) and "multiprocessing" in frames:
        return ErrorType.RESOURCE
    if exception == "AssertionError" and re.search(r"isnan|isfinite|isinf", frames):
        return ErrorType.CONVERGENCE
    if exception == "KeyError":
        sentence = " " in message.strip("'\" ") and not message.startswith("Timestamp(")
        read = _key_of_what_was_read(frames) or message.startswith("Timestamp(")
        return ErrorType.DATA if read else None if sentence else ErrorType.IMPLEMENTATION
    if exception == "AttributeError":
        return ErrorType.DATA if _missing_column(message, frames) else ErrorType.IMPLEMENTATION
    if exception == "RuntimeError" and "collate" in frames and _RAGGED.search(message):
        return ErrorType.DATA
    mixed = exception == "TypeError" and _MIXED.search(message) and _READERS.search(frames)
    ragged = exception == "ValueError" and "to unpack" in message and _SPLITS.search(frames)
    return ErrorType.DATA if mixed or ragged else None


def _key_of_what_was_read(frames: str) -> bool:
    if _READERS.search(frames):
        return True
    held = _HELD.findall(frames[-160:])
    return bool(held) and _DATA_NAMES.match(held[-1]) is not None


def _missing_column(message: str, frames: str) -> bool:
    found = _NO_ATTRIBUTE.search(message)
    if not found:
        return False
    if found[1] == "NoneType":
        return found[2] in ("shape", "convert", "resize", "astype") and _READS_IMAGES.search(frames) is not None
    return found[2] not in _API_OF_FRAMES
