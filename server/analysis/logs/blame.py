"""The type of a failure (implementation, data, resource, convergence, infrastructure) from its class and message.

A hint, never more: the class of the exception and the user's own frame are the facts. Rows are tried in order; the
convention is the one of docs: *data* is missing or corrupt input, *resource* memory, disk, descriptors and workers
that were killed, *convergence* NaN and optimisers, *infrastructure* network, permission, signals, lost ranks.
"""

from __future__ import annotations

import re

from ...vocabulary.runs import ErrorType

_D, _R, _C, _I = ErrorType.DATA, ErrorType.RESOURCE, ErrorType.CONVERGENCE, ErrorType.INFRASTRUCTURE

_BLAME: tuple[tuple[str, str, ErrorType], ...] = (
    # class, message (both searched), type
    ("", r"(?i)input .*contains|(?:label|target|data)s? contains? (?:nan|inf)|convert float nan|nan to integer", _D),
    ("", r"(?i)initial evaluation of model|bad initial energy|starting point failed|initial point", _D),
    ("", r"(?i)initialization points failed", _D),
    ("", r"(?i)out of memory|(?:can.?t|cannot|could not|unable to|failed to) allocate|bad_alloc", _R),
    ("", r"inline_container.*unexpected pos|PytorchStreamWriter failed writing", _R),
    ("", r"(?i)no space left|quota exceeded|too many open files|resource temporarily|file too large", _R),
    ("", r"(?i)killed by signal|exited unexpectedly|terminated abruptly|start new thread|unexpected bus error", _R),
    ("", r"(?i)insufficient shared memory|shm|RESOURCE_EXHAUSTED|worker .*(?:died|was killed)|SIGKILL", _R),
    (r"Memory|TerminatedWorker|BrokenProcessPool|BrokenExecutor|ResourceExhausted|WorkerCrashed|OutOfMemory", "", _R),
    ("", r"(?i)\bnans?\b|non-?finite|not finite|infinit|positive.?definite|diverge|loss is inf", _C),
    ("", r"(?i)(?:not|fail\w* to) converge|ABNORMAL|mass matrix contains zeros|overflow encountered", _C),
    (r"FloatingPoint|Diverg|Convergence|NonFinite|NaN", "", _C),
    (r"KeyboardInterrupt|Timeout|^Connect|Permission|URLError|HTTPError|gaierror|SSL|BrokenPipe", "", _I),
    (r"Disconnected|SignalException|^Dist[A-Z]|RayActor|NCCL|ChildFailed|ProxyError|ReadError|ChunkedEncoding", "", _I),
    (
        "",
        r"(?i)nccl|gloo|connection (?:refused|reset|closed|error|timed)|timed? ?out|permission denied|unreachable",
        _I,
    ),
    ("", r"(?i)address already in use|read-only file system|name resolution|service unavailable|couldn.t connect", _I),
    (
        r"FileNotFound|Decode(?:Error)?$|ScannerError|YAMLError|EmptyData|Parser|Unicode|Unpickling|BadZip|BadGzip|EOFError|NotADirectory",
        "",
        _D,
    ),
    (r"IsADirectory|zlib|binascii|Arrow|Safetensor|SchemaError|Validation|UnidentifiedImage|IntCasting", "", _D),
    (r"NotFittedError", "", ErrorType.IMPLEMENTATION),
    ("", r"file contain(?:s|ing) pickled", _D),
    ("", r"\b(?:sample|row|record|shard|image|batch) \S+ (?:is empty|is missing|has \d)|\bfolder \S+ is empty", _D),
    (
        r"LinAlg|SamplingError|CatBoostError|XGBoostError|LightGBMError",
        r"(?i)singular|initial|label|target|data|feature",
        _D,
    ),
    ("", r"(?i)singular|corrupt|truncat|checksum|bad magic|malformed|invalid header|unexpected end|failed reading", _D),
    (
        "",
        r"(?i)could not convert|cannot convert|invalid literal|cannot parse|unable to parse|unknown label|unseen label",
        _D,
    ),
    ("", r"(?i)no such file|does not exist|file not found|unable to (?:synchronously )?open|signature not found", _D),
    (
        "",
        r"(?i)missing (?:columns?|values?|data|input|fields?)|not in index|not found in axis|are in the \[|no columns",
        _D,
    ),
    (
        "",
        r"(?i)0 sample|inconsistent numbers? of samples|index out of range in self|bounds\.$|empty (?:data|file|csv)",
        _D,
    ),
    (
        "",
        r"(?i)does not match format|out of range for day|columns? .*(?:mismatch|missing)|\bcsv\b|parquet magic",
        _D,
    ),
    (
        "",
        r"(?i)number of classes|only one class|least populated class|invalid classes|dataset .*(?:unavailable|empty)",
        _D,
    ),
)
_COMPILED = [(re.compile(name), re.compile(message), kind) for name, message, kind in _BLAME]


def blame(exception: str, message: str, frames: str = "") -> ErrorType:
    """Return the most likely type of a failure.

    :param exception: class name, with or without its module.
    :param message: what stands behind the class, all its lines if there are several.
    :param frames: the files and code lines of the traceback, newest last; they tell a worker that was killed from a
        network that failed, and a missing column from a missing key.
    """
    if re.search(r"ConnectionReset|EOFError|BrokenPipe", exception) and "multiprocessing" in frames:
        return ErrorType.RESOURCE
    if exception == "KeyError" and re.search(r"pandas/|polars/", frames):
        return ErrorType.DATA
    if exception == "AssertionError" and re.search(r"isnan|isfinite|isinf", frames):
        return ErrorType.CONVERGENCE
    for name, text, kind in _COMPILED:
        if name.search(exception) and text.search(message):
            return kind
    return ErrorType.IMPLEMENTATION
