"""Codes in a message are clearer than its words: statuses, errno, CUDA, gRPC, clouds; and classes that tell alone."""

from __future__ import annotations

import errno

import pytest
from watchkeeper.server.analysis.logs.error_type_classes import type_of_class
from watchkeeper.server.analysis.logs.error_type_codes import by_code
from watchkeeper.server.analysis.logs.error_types import type_or_implementation


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("exited with return code = -11", "implementation"),
        ("returned non-zero exit status 137.", "resource"),
        ("exited with code 124", "infrastructure"),
        ("[Errno 5] Input/output error: '/mnt/data/train.csv'", "infrastructure"),
        ("[Errno 24] Too many open files: 'labels.json'", "resource"),
        ('Os { code: 28, kind: StorageFull, message: "No space left on device" }', "resource"),
        ("[Errno 21] Is a directory: 'data'", "data"),
        ("[Errno 36] File name too long: 'run_lr_0.1'", "implementation"),
        ("CUDA error: uncorrectable ECC error encountered", "infrastructure"),
        ("CUDA error: invalid device ordinal", "implementation"),
        ("CUDA error: out of memory", "resource"),
        ("CUDA driver error: initialization error", "infrastructure"),
        ("RESOURCE_EXHAUSTED: Failed to allocate request for 2.0GiB", "resource"),
        ("UNAVAILABLE: connection attempt failed", "infrastructure"),
        ("worker 3 was killed by signal 9", "resource"),
        ("Signal 11 (SIGSEGV) received by PID 4711", "implementation"),
        ("DATA_LOSS: corrupted record at 4096", "data"),
        ("An error occurred (NoSuchKey) when calling the GetObject operation: no such key", "data"),
        ("An error occurred (404) when calling the HeadObject operation: Not Found", "data"),
        ("An error occurred (ResourceLimitExceeded) when calling the CreateTrainingJob operation", "resource"),
        ("An error occurred (ThrottlingException) when calling the CreateTrainingJob operation", "infrastructure"),
        (
            "An error occurred (InvalidAccessKeyId) when calling the ListObjectsV2 operation: does not exist",
            "infrastructure",
        ),
        ("An error occurred (ValidationException) when calling the CreateTrainingJob operation", "implementation"),
    ],
)
def test_a_code_tells(message: str, kind: str) -> None:
    assert by_code(message) == kind


@pytest.mark.parametrize(
    "message",
    [
        "[Errno 2] No such file or directory: 'a'",
        "[Errno 17] File exists: 'runs/1'",
        "[Errno 22] Invalid argument",
        "CUDA error: device-side assert triggered",
        "INVALID_ARGUMENT: shapes differ",
        "process 4 finished with code 1",
        "accuracy 0.91",
        "signal 11 has 3 channels, signal 12 has 2",
    ],
)
def test_a_code_that_stands_for_several_things_tells_nothing(message: str) -> None:
    assert by_code(message) is None


def test_numbers_of_errors_are_those_of_the_system() -> None:
    full = (errno.ENOMEM, errno.EMFILE, errno.EFBIG, errno.ENOSPC, errno.EDQUOT)
    outside = (errno.EACCES, errno.EIO, errno.EROFS, errno.ESTALE, errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENOLCK)
    assert {by_code(f"[Errno {number}] x") for number in full} == {"resource"}
    assert {by_code(f"[Errno {number}] x") for number in outside} == {"infrastructure"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("requests.exceptions.TooManyRedirects", "infrastructure"),
        ("DeadlockDetected", "infrastructure"),
        ("StorageInternalError", "infrastructure"),
        ("rasterio.errors.RasterioIOError", "data"),
        ("AnalysisException", "data"),
        ("StatisticsError", "data"),
        ("NoSuchBucket", "data"),
        ("OutOfResources", "resource"),
        ("ArpackNoConvergence", "convergence"),
        ("ContextualVersionConflict", "implementation"),
        ("ValueError", None),
    ],
)
def test_a_class_that_means_one_thing_tells_alone(name: str, kind: str | None) -> None:
    assert type_of_class(name) == kind
    assert kind is None or type_or_implementation(name.rpartition(".")[2], "") == kind


@pytest.mark.parametrize(
    ("exception", "message", "kind"),
    [
        ("StopIteration", "", "data"),
        ("InvalidParameterError", "must be a float in the range [0.0, inf). Got 'auto' instead.", "implementation"),
        ("ValueError", "Invalid learning rate: -0.1", "implementation"),
        ("ValueError", "alpha must be in the range (0.0, inf), got -1", "implementation"),
        ("ValueError", "domain of p is [0, inf)", "implementation"),
        ("ValueError", "the loss is (nan, inf)", "convergence"),
        ("SystemExit", "only 1.2 GiB left on /scratch, step_4000.pt needs 3.9 GiB", "resource"),
        ("SystemExit", "another trainer holds /data/run/train.lock, exiting", "infrastructure"),
        ("XGBoostError", "Check failed: info.labels_lower_bound_.Size() == ndata (0 vs. 4203)", "data"),
        ("XGBoostError", "Check failed: this->HistogramExists(nidx)", "implementation"),
        ("OSError", "/lib/libcublas.so.11: symbol cublasLtX version libcublasLt.so.11 not defined", "implementation"),
        ("SystemExit", "write /opt/lib/libcublas.so: no space left on device", "resource"),
        ("ValueError", "the shape of case BRATS_112 is smaller than the patch", "data"),
        ("ValueError", "unhandled prompt tokenization strategy: alpacca", "implementation"),
        ("ValueError", "2 of y values were found to be NA or infinite", "data"),
        ("RuntimeError", "normal expects all elements of std >= 0.0", "convergence"),
    ],
)
def test_what_speaks_of_the_code_of_data_and_of_room_is_told_apart(exception: str, message: str, kind: str) -> None:
    assert type_or_implementation(exception, message) == kind
