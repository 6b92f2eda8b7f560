"""Forms and messages as people report them of the usual frameworks: kinds that were once judged wrongly."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from watchkeeper.server.analysis.logs.error_types import type_or_implementation
from watchkeeper.server.analysis.logs.scan import scan
from watchkeeper.server.vocabulary.runs import Finding

MESSAGES = Path(__file__).with_name("messages.tsv")
"""Rows: the types that are right, the first of them the best; the class; the message."""
EPOCHS = "".join(f"epoch {i} loss {2 - i / 10:.2f}\n" for i in range(3))


def first(text: str, exit_code: int = 1) -> Finding:
    return scan(io.BytesIO((EPOCHS + text).encode()), exit_code=exit_code).findings[0]


def test_the_messages_that_are_reported_most_have_their_type() -> None:
    rows = [line.split("\t") for line in MESSAGES.read_text().splitlines()]
    said = [(type_or_implementation(name, message), kinds, name, message) for kinds, name, message in rows]
    assert [one for one in said if one[0] not in one[1].split(",")] == []


def _chain(root: str, final: str, module: str = "/usr/lib/python3.12/multiprocessing/connection.py") -> str:
    return (
        f'Traceback (most recent call last):\n  File "{module}", line 634, in SocketClient\n    s.connect(address)\n'
        f"{root}\n\nThe above exception was the direct cause of the following exception:\n\n"
        'Traceback (most recent call last):\n  File "/work/train.py", line 10, in <module>\n    main()\n'
        f"RuntimeError: {final}\n"
    )


@pytest.mark.parametrize(
    ("root", "kind"),
    [
        ("_queue.Empty", "resource"),
        ("ConnectionRefusedError: [Errno 111] Connection refused", "resource"),
        ("RuntimeError: DataLoader worker (pid 12) is killed by signal: Segmentation fault.", "implementation"),
    ],
)
def test_what_the_death_of_a_worker_broke_does_not_give_the_type_but_its_signal_does(root: str, kind: str) -> None:
    assert first(_chain(root, "DataLoader worker (pid(s) 12) exited unexpectedly")).type == kind


def test_a_refused_connection_to_a_server_stays_what_it_is() -> None:
    log = _chain("ConnectionRefusedError: [Errno 111] Connection refused", "no tracking", "/env/redis/connection.py")
    assert first(log).type == "infrastructure"


def test_the_note_that_jax_puts_before_a_traceback_is_no_cause() -> None:
    found = first(
        "jax.errors.SimplifiedTraceback: For simplicity, JAX has removed its internal frames from the traceback.\n\n"
        "The above exception was the direct cause of the following exception:\n\n"
        'Traceback (most recent call last):\n  File "/work/train.py", line 101, in <module>\n    step(state)\n'
        "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Ran out of memory in memory space hbm.\n"
    )
    assert (found.root_exception, found.type) == ("XlaRuntimeError", "resource")


@pytest.mark.parametrize("form", ["{0:06d}   ", "[{0}] ", "{0} | "])
def test_a_traceback_whose_lines_are_numbered_is_read(form: str) -> None:
    lines = (
        "Traceback (most recent call last):",
        '  File "/work/a.py", line 3, in load',
        "    d = self.queue.get()",
        "ConnectionError: refused",
        "",
        "During handling of the above exception, another exception occurred:",
        "",
        "Traceback (most recent call last):",
        '  File "/work/train.py", line 9, in <module>',
        "    main()",
        "RuntimeError: no data",
    )
    found = first("".join(form.format(9995 + n) + line + "\n" for n, line in enumerate(lines)))
    assert (found.line, found.last_line) == (4, 14)
    assert (found.root_exception, found.exception, found.frame) == (
        "ConnectionError",
        "RuntimeError",
        "/work/train.py:9",
    )


def test_two_processes_whose_numbers_stand_in_brackets_are_no_counted_lines() -> None:
    def lines(pid: int, name: str) -> list[str]:
        trace = (
            "Traceback (most recent call last):",
            f'  File "/work/{name}.py", line 3, in f',
            "    f()",
            f"{name}: x",
        )
        return [f"[{pid}] {line}\n" for line in trace]

    one, two = lines(4100, "ValueError"), lines(4307, "KeyError")
    mixed = "".join(line for pair in zip(one, two, strict=True) for line in pair)
    found = scan(io.BytesIO((EPOCHS + mixed).encode()), exit_code=1).findings
    assert {(f.exception, f.frame) for f in found} == {
        ("ValueError", "/work/ValueError.py:3"),
        ("KeyError", "/work/KeyError.py:3"),
    }


def test_a_column_that_an_old_notebook_asked_for_is_data() -> None:
    found = first(
        "-" * 75 + "\nKeyError                                  Traceback (most recent call last)\n"
        "~/env/lib/python3.6/site-packages/pandas/core/indexes/base.py in get_loc(self, key, method, tolerance)\n"
        "   2441             try:\n-> 2442                 return self._engine.get_loc(key)\n\nKeyError: 'target'\n"
    )
    assert (found.root_exception, found.type) == ("KeyError", "data")


def test_what_a_background_worker_says_gives_the_type_of_the_exception_that_points_to_it() -> None:
    found = first(
        "Exception in background worker 4:\n [Errno 13] Permission denied: '/data/x.npy'\n"
        'Traceback (most recent call last):\n  File "/work/train.py", line 11, in <module>\n    main()\n'
        "RuntimeError: abort_event was set, something went wrong. Maybe one of your workers crashed\n"
    )
    assert (found.line, found.exception, found.type) == (4, "RuntimeError", "infrastructure")


def test_samples_of_different_sizes_in_a_batch_are_data() -> None:
    found = first(
        'Traceback (most recent call last):\n  File "/env/site-packages/torch/utils/data/_utils/collate.py", line 55, '
        "in default_collate\n    return torch.stack(batch, 0, out=out)\n"
        "RuntimeError: invalid argument 0: Sizes of tensors must match except in dimension 0. Got 16000 and 15986\n"
    )
    assert found.type == "data"


def test_a_scheduler_that_calmly_notes_a_killed_task_is_the_reason() -> None:
    found = first(
        "[2026-03-01, 10:00:44 UTC] {local_task_job.py:212} INFO - Task exited with return code Negsignal.SIGKILL\n"
        "[2026-03-01, 10:00:44 UTC] {taskinstance.py:1394} INFO - Marking task as FAILED. dag_id=train, task_id=fit\n"
    )
    assert (found.line, found.type) == (4, "resource")


def test_a_child_that_says_nothing_but_its_status_is_no_network_failure_for_the_advice_behind_it() -> None:
    found = first(
        'Traceback (most recent call last):\n  File "/env/bin/torchrun", line 8, in <module>\n    sys.exit(main())\n'
        "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n=====\ntrain.py FAILED\n"
        "Root Cause (first observed failure):\n[0]:\n  exitcode  : 1 (pid: 78970)\n"
        "  traceback : To enable traceback see: https://pytorch.org/docs/stable/elastic/errors.html\n=====\n"
    )
    assert found.type == "implementation"
