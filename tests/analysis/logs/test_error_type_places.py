"""Where an exception arose tells its type where its class and its words do not: functions, files, what is looked up."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from watchkeeper.server.analysis.logs.error_types import type_or_implementation
from watchkeeper.server.analysis.logs.scan import scan
from watchkeeper.server.vocabulary.runs import Finding

PLACED = Path(__file__).with_name("placed_messages.tsv")
"""Rows: the types that are right, the first of them the best; the class; the message; the newest frames."""
LIBRARY = "/env/lib/python3.11/site-packages/"
EPOCHS = "".join(f"epoch {i} loss {2 - i / 10:.2f}\n" for i in range(3))


def first(text: str, exit_code: int = 1) -> Finding:
    return scan(io.BytesIO((EPOCHS + text).encode()), exit_code=exit_code).findings[0]


def test_messages_have_their_type_at_the_place_where_they_are_raised() -> None:
    rows = [line.split("\t") for line in PLACED.read_text().splitlines()]
    said = [
        (type_or_implementation(name, message, place), kinds, name, message) for kinds, name, message, place in rows
    ]
    assert [one for one in said if one[0] not in one[1].split(",")] == []


@pytest.mark.parametrize(
    ("exception", "message", "frames", "kind"),
    [
        # the same key, of what was read and of what was set
        ("KeyError", "'width'", "/work/coco.py in __getitem__ w = self.info[i]['width']", "data"),
        ("KeyError", "'width'", "/work/train.py in main w = cfg['width']", "implementation"),
        ("KeyError", "'zebra'", "/work/labels.py in encode return self.class_to_id[name]", "data"),
        ("KeyError", "'zebra'", "/work/labels.py in encode return self.table[label]", "data"),
        ("KeyError", "'resnet51'", "/work/models.py in build return MODEL_REGISTRY[name]", "implementation"),
        # a folder that is called as a library or as data is
        ("KeyError", "'lr'", "/home/me/datasets/mri/train.py in main x = optim[k]", "implementation"),
        ("KeyError", "'lr'", "/data/train.py in main x = optim[k]", "implementation"),
        (
            "KeyError",
            "'depth'",
            f"{LIBRARY}pandas/core/frame.py in apply r() /work/a.py in f n = cfg['depth']",
            "implementation",
        ),
        (
            "KeyError",
            "'fold'",
            f"{LIBRARY}sklearn/utils/parallel.py in __call__ f() /work/a.py in f n = folds[k]",
            "implementation",
        ),
        ("ValueError", "wrong setting 'x'", "/work/cli.py in parse_args raise ValueError(text)", "implementation"),
        # what a library that takes apart what was read says of a value, and of a call
        (
            "TypeError",
            "uniformly strings or numbers expected. Got ['float', 'str']",
            f"{LIBRARY}sklearn/utils/_encode.py in _unique raise TypeError(",
            "data",
        ),
        (
            "TypeError",
            "merge() got an unexpected keyword argument 'onn'",
            f"{LIBRARY}pandas/core/reshape/merge.py in merge return f()",
            "implementation",
        ),
        (
            "TypeError",
            "Index does not support mutable operations",
            f"{LIBRARY}pandas/core/indexes/base.py in __setitem__ raise TypeError(",
            "implementation",
        ),
        # an index that a lookup is asked with, or a function that makes samples
        (
            "RuntimeError",
            "index 264 is out of bounds for dimension 0 with size 264",
            f"{LIBRARY}torch_scatter/scatter.py in scatter_add return out.scatter_add_(dim, index, src)",
            "data",
        ),
        (
            "IndexError",
            "index 52 is out of bounds for dimension 3 with size 52",
            "/work/utils.py in build_targets mask[b, n, gj, gi] = 1",
            "data",
        ),
        # an index, at the command line, in a file, in a table of the model
        ("IndexError", "list index out of range", "/work/train.py in main path = sys.argv[1]", "implementation"),
        ("IndexError", "list index out of range", "/work/prep.py in parse y = line.split(',')[4]", "data"),
        ("IndexError", "index 21 is out of bounds for axis 0 with size 21", "/work/seg.py in f m = lut[label]", "data"),
        ("IndexError", "index 0 is out of bounds for axis 0 with size 0", "/work/seg.py in f m = lut[0]", "data"),
        # a value that is missing, where text or a record was expected
        ("AttributeError", "'float' object has no attribute 'lower'", "/work/a.py in f x.lower()", "data"),
        ("AttributeError", "'float' object has no attribute 'item'", "/work/a.py in f x.item()", "implementation"),
        ("TypeError", "expected string or bytes-like object, got 'float'", "", "data"),
        ("TypeError", "'NoneType' object is not subscriptable", "/work/dataset.py in __getitem__ b = r['b']", "data"),
        (
            "TypeError",
            "'NoneType' object is not subscriptable",
            "/work/model.py in forward y = out[0]",
            "implementation",
        ),
        ("AttributeError", "'NoneType' object has no attribute 'text'", "/work/voc.py in f b.find('x').text", "data"),
        ("AttributeError", "'NoneType' object has no attribute 'step'", "/work/a.py in f s.step()", "implementation"),
        # an assertion without a word
        ("AssertionError", "", "/work/rotate.py in __getitem__ assert (a[:, 2:] >= a[:, :2]).all()", "data"),
        ("AssertionError", "", "/work/model.py in forward assert q.shape == k.shape", "implementation"),
        ("AssertionError", "", "/work/dataset.py in __getitem__ assert np.isfinite(image).all()", "data"),
        ("AssertionError", "", "/work/loop.py in step assert torch.isfinite(loss)", "convergence"),
        # a division by how much there is
        ("ZeroDivisionError", "division by zero", "/work/a.py in epoch print(total / len(val_loader))", "data"),
        ("ZeroDivisionError", "division by zero", "/work/a.py in rate return a / b", "implementation"),
        # a program that is not installed, and a file that is not there
        (
            "FileNotFoundError",
            "[Errno 2] No such file or directory: 'ffmpeg'",
            "/usr/lib/python3.11/subprocess.py in _execute_child raise child_exception_type(errno_num, err_msg)",
            "implementation",
        ),
        (
            "FileNotFoundError",
            "[Errno 2] No such file or directory: 'a.csv'",
            "/work/a.py in main df = pd.read_csv('a.csv')",
            "data",
        ),
        # a library that sorts and compares what was read
        (
            "TypeError",
            "'<' not supported between instances of 'str' and 'float'",
            f"{LIBRARY}sklearn/utils/_encode.py in _unique_python uniques = sorted(uniques_set)",
            "data",
        ),
        (
            "TypeError",
            "'<=' not supported between instances of 'float' and 'str'",
            f"{LIBRARY}torch/optim/adamw.py in __init__ if not 0.0 <= lr:",
            "implementation",
        ),
        (
            "TypeError",
            "Cannot compare tz-naive and tz-aware datetime-like objects",
            f"{LIBRARY}pandas/core/x.py",
            "data",
        ),
        (
            "RuntimeError",
            "index 9 is out of bounds",
            f"{LIBRARY}torch/nn/functional.py in embedding return e(w)",
            "data",
        ),
    ],
)
def test_a_class_that_says_nothing_is_told_by_its_place(exception: str, message: str, frames: str, kind: str) -> None:
    assert type_or_implementation(exception, message, frames) == kind


WORKER = """Traceback (most recent call last):
  File "/work/train.py", line 9, in <module>
    for batch in loader:
  File "/env/lib/python3.11/site-packages/torch/_utils.py", line 722, in reraise
    raise exception
{0}: Caught {0} in DataLoader worker process 0.
Original Traceback (most recent call last):
  File "/env/lib/python3.11/site-packages/torch/utils/data/_utils/fetch.py", line 54, in fetch
    data = [self.dataset[idx] for idx in possibly_batched_index]
  File "/work/boxes.py", line 31, in convert
    raise ValueError("boxes should have 2 dimensions, got 1")
{0}: {1}
"""


@pytest.mark.parametrize(
    ("exception", "message", "kind"),
    [
        ("ValueError", "boxes should have 2 dimensions, got 1", "data"),
        ("KeyError", "'helmet'", "data"),
        ("AttributeError", "module 'PIL.Image' has no attribute 'ANTIALIAS'", "implementation"),
        ("OSError", "[Errno 24] Too many open files: '/data/a.npy'", "resource"),
    ],
)
def test_what_broke_while_a_worker_made_a_sample_is_data_where_nothing_else_speaks(
    exception: str, message: str, kind: str
) -> None:
    assert first(WORKER.format(exception, message)).type == kind


def test_the_first_cause_of_a_chain_is_told_by_its_own_frames() -> None:
    found = first(
        'Traceback (most recent call last):\n  File "/work/coco.py", line 3, in __getitem__\n    c = info[i]["c"]\n'
        "KeyError: 'c'\n\nThe above exception was the direct cause of the following exception:\n\n"
        'Traceback (most recent call last):\n  File "/work/train.py", line 9, in main\n    run(cfg["model"])\n'
        "RuntimeError: the run failed\n"
    )
    assert (found.root_exception, found.type) == ("KeyError", "data")


def test_where_r_failed_is_not_why() -> None:
    log = "Error in sampler$call_sampler(args[[i]]) : \n  applies only to a list, not to a promise\nExecution halted\n"
    assert first(log).type == "implementation"
    assert first("Error in f(x) : column 'rate' : values are missing\nExecution halted\n").type == "data"
    assert first("Error in predict(fit, newdata) : missing values in newdata\nExecution halted\n").type == "data"


def test_an_initialization_that_fails_is_stans_only_in_its_words() -> None:
    assert first("Chain 2: Initialization failed.\n").type == "convergence"
    assert first("Initialization failed. Could not connect to the license server\nexit\n").type == "infrastructure"


def test_a_metric_that_is_called_error_is_no_error() -> None:
    log = "".join(f"step {i} [Error] {1 / (i + 1):.4f}\n" for i in range(5))
    assert "[Error]" not in str(first(log, exit_code=1).message)


def test_a_word_that_only_ends_a_program_is_explained_by_the_sentence_before_it() -> None:
    found = first("train.parquet has 41 columns, the model was made for 43\naborting\n")
    assert (found.line, found.type) == (4, "data")


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ('W1120 09:43:20 1 init.cc:234] *** Aborted at 1605836600 (unix time) try "date -d @1605836600"\nmore\n', 4),
        ("*** SIGSEGV (@0x110) received by PID 14665 (TID 0x7000) stack trace: ***\n    @ 0x7f _sigtramp\n", 4),
        ("2025-02-09 08:50:13 [22,947ms] [Error] [sim.plugin] engine error: cannot fetch contacts\nstopping\n", 4),
        ('Warning  Failed  kubelet  Failed to pull image "r/t:9": manifest unknown\nError: ImagePullBackOff\n', 4),
    ],
)
def test_lines_of_signal_handlers_and_services_begin_a_failure(lines: str, line: int) -> None:
    assert first(lines, exit_code=134).line == line
