"""What the codes in a message tell of its type: exit statuses, errno, CUDA, gRPC, HTTP, databases, clouds. Pure.

Codes are clearer than the words around them: "[Errno 5]" is a disk or a mount that fails, whatever file it names.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ...vocabulary.runs import ErrorType

_DATA, _CODE, _FULL, _OUTSIDE = (
    ErrorType.DATA,
    ErrorType.IMPLEMENTATION,
    ErrorType.RESOURCE,
    ErrorType.INFRASTRUCTURE,
)
TIMEOUT_STATUS = 124
"""Of coreutils' `timeout`."""

_STATUS = re.compile(
    r"(?i)(?:exit(?:ed|s)?|execution|return(?:ed|s)?|terminated|finished|died|failed)\b[^.;\n]{0,40}?"
    r"(?:code|status)[\s:=(]*(-\d{1,2}|12[4-9]|13\d|14\d)\b"
    r"|\b(?:by|with|via|from|on|got|caught|received|fatal|unexpected) (?:a )?signal:? (\d{1,2})\b"
    r"|^\W*signal:? (\d{1,2}) ?\(sig"
)
"""A signal is one that a process got, not one of what it reads ("signal 11 has 3 channels")."""
_SIGNALS = {
    **dict.fromkeys((4, 6, 8, 11), _CODE),
    **dict.fromkeys((126, 127), _CODE),  # a shell that could not start a program
    **dict.fromkeys((7, 9, 24, 25), _FULL),
    **dict.fromkeys((1, 2, 10, 12, 15), _OUTSIDE),
}

_ERRNO = re.compile(r"(?i)\berrno ?[:=]? ?(\d{1,3})\b|\bos error (\d{1,3})\b|\bOs \{ code: (\d{1,3})\b")
_ERRNOS = {
    # ENOMEM, ENFILE, EMFILE, EFBIG, ENOSPC, EDQUOT
    **dict.fromkeys((12, 23, 24, 27, 28, 122), _FULL),
    # EPERM, EINTR, EIO, ENXIO, EACCES, EBUSY, ENODEV, ETXTBSY, EROFS, EDEADLK, ENOLCK, ECOMM, EPROTO
    **dict.fromkeys((1, 4, 5, 6, 13, 16, 19, 26, 30, 35, 37, 70, 71), _OUTSIDE),
    # sockets and networks from EADDRINUSE to EHOSTUNREACH, ESTALE, EREMOTEIO, ECANCELED, keys
    **dict.fromkeys((*range(98, 114), 116, 121, 125, 126, 127, 128), _OUTSIDE),
    # ENOTDIR, EISDIR, EILSEQ
    **dict.fromkeys((20, 21, 84), _DATA),
    # E2BIG, ENAMETOOLONG
    **dict.fromkeys((7, 36), _CODE),
}
"""Of Linux. What stands for several things (ENOENT, EAGAIN, EEXIST, EINVAL) is told by its words."""

_CUDA = re.compile(r"(?i)\bcuda(?: runtime| driver)? error(?: \d{1,3})?(?:: ?| ?['(])([a-z][\w ,'/-]+)")
_CUDA_TEXTS = (
    (_FULL, ("out of memory",)),
    (
        _OUTSIDE,
        (
            *(
                "initialization error",
                "unknown error",
                "system not",
                "system has",
                "driver shutting",
                "unspecified launch",
            ),
            *("nvlink", "uncorrectable", "all cuda-capable", "no cuda-capable", "insufficient", "the launch timed out"),
            *("mps ", "peer access", "hardware stack", "device not ready", "driver version", "exclusive"),
        ),
    ),
    (
        _CODE,
        (
            *("invalid", "no kernel", "an illegal", "misaligned", "operation not", "too many resources"),
            *("device kernel", "unrecognized", "named symbol", "operation failed", "the provided ptx", "illegal"),
        ),
    ),
)
"""How the texts of `cudaGetErrorString` begin."""

_CURAND = re.compile(r"(?i)\bcurand (?:error|status|failure)\W{1,3}(\d{3})\b")
_CURAND_CODES = {102: _FULL, **dict.fromkeys((100, 101, 201, 202, 203, 204, 999), _OUTSIDE)}
"""Of `curandStatus_t`: no memory; a version, a card or a driver that does not fit. The others are of the call."""

_STATUS_NAME = re.compile(
    r"\b(RESOURCE_EXHAUSTED|DEADLINE_EXCEEDED|UNAVAILABLE|PERMISSION_DENIED|UNAUTHENTICATED|ABORTED|CANCELLED|DATA_LOSS)\b"
)
_STATUS_NAMES = {"RESOURCE_EXHAUSTED": _FULL, "DATA_LOSS": _DATA}
"""gRPC's and absl's; the others speak of what lies outside, those left out of several things."""

_CLOUD = re.compile(r"An error occurred \((\w+)\)(?: \(reached max retries: \d+\))? when calling the \w+ operation")
_CLOUD_CODES = (
    (_DATA, re.compile(r"^(?:404|NoSuch\w+|NotFound|\w*NotFound\w*)$")),
    (_FULL, re.compile(r"Limit(?:Exceeded)?$|LimitExceeded|Capacity|Quota")),
    (_CODE, re.compile(r"^(?:\w*Validation\w*|InvalidParameter\w*|MissingParameter|InvalidArgument|MalformedXML)$")),
)
"""Of Amazon's services; what is in no row is access, throttling, a token or a fault of theirs."""


def by_code(message: str) -> ErrorType | None:
    """Return what a code in a message tells; None where there is none or it stands for several things."""
    for tell in _TELLERS:
        if told := tell(message):
            return told
    return None


def _by_status(message: str) -> ErrorType | None:
    """An exit status or a signal ("exited with return code = -11")."""
    found = _STATUS.search(message)
    if found is None:
        return None
    number = int(found[found.lastindex or 1])
    return _SIGNALS.get(number - 128 if number > 128 else abs(number)) if number != TIMEOUT_STATUS else _OUTSIDE


def _by_errno(message: str) -> ErrorType | None:
    found = _ERRNO.search(message)
    return _ERRNOS.get(int(found[found.lastindex or 1])) if found else None


def _by_cuda(message: str) -> ErrorType | None:
    found = _CUDA.search(message)
    said = found[1].lower() if found else ""
    return next((kind for kind, begins in _CUDA_TEXTS if said.startswith(begins)), None) if said else None


def _by_curand(message: str) -> ErrorType | None:
    found = _CURAND.search(message)
    return _CURAND_CODES.get(int(found[1]), _CODE) if found else None


def _by_status_name(message: str) -> ErrorType | None:
    found = _STATUS_NAME.search(message)
    return _STATUS_NAMES.get(found[1], _OUTSIDE) if found else None


def _by_cloud(message: str) -> ErrorType | None:
    found = _CLOUD.search(message)
    if found is None:
        return None
    return next((kind for kind, code in _CLOUD_CODES if code.search(found[1])), _OUTSIDE)


_TELLERS: tuple[Callable[[str], ErrorType | None], ...] = (
    _by_status,
    _by_errno,
    _by_cuda,
    _by_curand,
    _by_status_name,
    _by_cloud,
)
