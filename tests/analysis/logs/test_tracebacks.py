"""Tracebacks of every shape become one finding each; real processes print them where the standard library can."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from watchkeeper.server.analysis.logs.scan import ScanResult, scan
from watchkeeper.server.vocabulary.runs import ErrorType, Finding, Level

from ...limits import HANG_S

EPOCHS = "".join(f"epoch {i} train_loss={1 / (i + 1):.4f} val_error={1.1 / (i + 1):.4f}\n" for i in range(4))


def read(text: str, exit_code: int | None = None) -> ScanResult:
    return scan(io.BytesIO(text.encode()), exit_code=exit_code)


def run(tmp_path: Path, source: str) -> tuple[ScanResult, str]:
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(source))
    done = subprocess.run(
        [sys.executable, "-u", str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=HANG_S,
        check=False,
    )
    return scan(io.BytesIO(done.stdout), exit_code=done.returncode), done.stdout.decode()


def only_failure(result: ScanResult) -> Finding:
    failures = [finding for finding in result.findings if finding.level is Level.FAILURE]
    assert len(failures) == 1, result.render()
    return failures[0]


def test_an_uncaught_exception_is_one_finding_with_lines_class_message_and_own_frame(tmp_path: Path) -> None:
    result, log = run(
        tmp_path,
        """
        import json
        print("epoch 0 loss 1.0")
        def load(text): return json.loads(text)
        load('{"a": 1,')
        """,
    )
    finding = only_failure(result)
    assert result.outcome == "failed"
    assert (finding.line, finding.last_line) == (2, log.count("\n"))
    assert (finding.exception, finding.root_exception, finding.type) == (
        "JSONDecodeError",
        "JSONDecodeError",
        ErrorType.DATA,
    )
    assert finding.frame == f"{tmp_path / 'train.py'}:4"
    assert finding.before == ("epoch 0 loss 1.0",)
    assert finding.message.startswith("Expecting property name")


def test_a_chain_is_one_finding_whose_root_is_the_first_cause(tmp_path: Path) -> None:
    result, _ = run(
        tmp_path,
        """
        try: open('/nowhere/x.csv')
        except OSError as error: raise ValueError('dataset unavailable') from error
        """,
    )
    finding = only_failure(result)
    assert (finding.line, finding.exception, finding.root_exception) == (1, "ValueError", "FileNotFoundError")
    assert finding.type is ErrorType.DATA


def test_an_exception_while_handling_another_is_one_finding_too(tmp_path: Path) -> None:
    result, _ = run(
        tmp_path,
        """
        try: {}['lr']
        except KeyError: raise RuntimeError('missing setting')
        """,
    )
    finding = only_failure(result)
    assert (finding.exception, finding.root_exception) == ("RuntimeError", "KeyError")


def test_an_exception_group_is_one_finding_whose_root_is_its_first_member(tmp_path: Path) -> None:
    result, log = run(
        tmp_path,
        """
        print("epoch 0 loss 1.0")
        raise ExceptionGroup("workers failed", [KeyError("shard"), ValueError("x")])
        """,
    )
    finding = only_failure(result)
    assert (finding.line, finding.exception, finding.root_exception) == (2, "ExceptionGroup", "KeyError")
    assert finding.last_line == log.count("\n")


def test_the_remote_traceback_of_a_process_pool_is_part_of_the_finding(tmp_path: Path) -> None:
    result, log = run(
        tmp_path,
        """
        from concurrent.futures import ProcessPoolExecutor
        def f(x): return 1 / (x - 3)
        if __name__ == '__main__':
            print("epoch 0 loss 1.0")
            with ProcessPoolExecutor(2) as pool: print(list(pool.map(f, range(5))))
        """,
    )
    finding = only_failure(result)
    lines = log.split("\n")
    assert lines[(finding.line or 0) - 1].endswith("_RemoteTraceback: ")
    assert finding.root_exception == "ZeroDivisionError"


def test_a_thread_that_died_while_the_run_went_on_is_noticed(tmp_path: Path) -> None:
    result, log = run(
        tmp_path,
        """
        import threading
        def push(): raise ConnectionRefusedError(111, 'refused')
        print('epoch 0 loss=1.0')
        t = threading.Thread(target=push, name='pusher'); t.start(); t.join()
        for i in range(1, 4): print(f'epoch {i} loss={1 / (i + 1)}')
        """,
    )
    assert result.outcome == "healthy"
    assert [(f.level, f.exception) for f in result.findings] == [(Level.NOTICED, "ConnectionRefusedError")]
    assert log.split("\n")[(result.findings[0].line or 0) - 1].startswith("Exception in thread pusher")


def test_a_keyboard_interrupt_is_infrastructure(tmp_path: Path) -> None:
    result, _ = run(tmp_path, "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(20)")
    finding = only_failure(result)
    assert (finding.exception, finding.type) == ("KeyboardInterrupt", ErrorType.INFRASTRUCTURE)


def test_a_syntax_error_without_a_header_begins_at_its_file_line(tmp_path: Path) -> None:
    result, _ = run(tmp_path, "def f(:\n    pass\n")
    finding = only_failure(result)
    assert (finding.line, finding.exception, finding.type) == (1, "SyntaxError", ErrorType.IMPLEMENTATION)


def test_a_failing_unittest_is_found_at_its_name(tmp_path: Path) -> None:
    result, log = run(
        tmp_path,
        """
        import unittest
        class T(unittest.TestCase):
            def test_b(self): self.assertEqual(1, 2)
        unittest.main()
        """,
    )
    decisive = result.findings[0]
    assert log.split("\n")[(decisive.line or 0) - 1].startswith("FAIL: test_b")
    assert decisive.exception == "AssertionError"


def test_a_fatal_python_error_names_signal_and_own_frame(tmp_path: Path) -> None:
    result, _ = run(tmp_path, "import faulthandler, os\nfaulthandler.enable()\nprint('epoch 0 loss 1.0')\nos.abort()\n")
    finding = only_failure(result)
    assert (finding.line, finding.root_exception) == (2, "SIGABRT")
    assert finding.frame == f"{tmp_path / 'train.py'}:4"


TRACE = (
    "Traceback (most recent call last):\n"
    '  File "/home/user/project/code/train.py", line 12, in <module>\n'
    "    main()\n"
    '  File "/home/user/project/.venv/lib/python3.11/site-packages/torch/nn/functional.py", line 9, in linear\n'
    "    return torch._C.linear(x)\n"
    "RuntimeError: mat1 and mat2 shapes cannot be multiplied (8x32 and 64x1)\n"
)


@pytest.mark.parametrize(
    "prefix",
    ["[rank1]: ", "2026-11-23 18:26:18,{i:03d} | worker-0 | ", "worker[3] ", "(pid=812) "],
)
def test_a_prefix_on_every_line_is_no_part_of_the_traceback(prefix: str) -> None:
    lines = [prefix.format(i=i) + line for i, line in enumerate(TRACE.splitlines(), 7)]
    finding = only_failure(read(EPOCHS + "\n".join(lines) + "\n", exit_code=1))
    assert (finding.line, finding.last_line, finding.exception) == (5, 10, "RuntimeError")
    assert finding.frame == "/home/user/project/code/train.py:12"


def test_tracebacks_of_two_workers_torn_into_each_other_are_two_findings() -> None:
    one = ["2026-11-23 18:00:01 | worker-0 | " + line for line in TRACE.splitlines()]
    other = ["2026-11-23 18:00:01 | worker-1 | " + line.replace("RuntimeError", "KeyError") for line in one]
    other = [line.replace("worker-0 | ", "") for line in other]
    mixed = "\n".join(line for pair in zip(one, other, strict=True) for line in pair) + "\n"
    found = read(EPOCHS + mixed).findings
    assert sorted(f.exception or "" for f in found) == ["KeyError", "RuntimeError"]


def test_a_thread_and_its_traceback_may_be_a_thousand_lines_apart() -> None:
    between = "".join(f"step {i} loss {1 / (i + 1):.5f}\n" for i in range(1117))
    finding = read("Exception in thread Thread-1 (loop):\n" + between + TRACE, exit_code=1).findings[0]
    assert (finding.line, finding.last_line, finding.exception) == (1, 1124, "RuntimeError")


def test_lines_of_others_inside_a_traceback_are_left_out() -> None:
    lines = TRACE.splitlines()
    torn = "\n".join([*lines[:2], "epoch 9 loss=0.5000", *lines[2:4], "epoch 10 loss=0.4000", *lines[4:]]) + "\n"
    finding = read(EPOCHS + torn, exit_code=1).findings[0]
    assert (finding.line, finding.last_line, finding.exception) == (5, 12, "RuntimeError")


def test_a_header_glued_to_a_progress_bar_is_seen() -> None:
    finding = read("\r 10%|█  | 1/10 [00:01<00:09, 1.0it/s]" + TRACE, exit_code=1).findings[0]
    assert (finding.line, finding.exception) == (1, "RuntimeError")


def test_the_last_frame_of_a_bar_after_the_traceback_is_no_progress() -> None:
    text = "\r 10%|█  | 1/10 [00:01<00:09, 1.0it/s]\n" + TRACE + "\r 10%|█  | 1/10 [00:02<00:18, 2.0s/it]\n"
    assert read(text).outcome == "failed"


def test_two_frames_at_different_positions_are_progress() -> None:
    text = TRACE + "\r 10%|█ | 1/10 [00:01<00:09, 1.0it/s]\r 20%|██ | 2/10 [00:02<00:08, 1.0it/s]\n"
    assert read(text).outcome == "healthy"


def test_a_traceback_inside_a_json_line_is_found_with_its_root() -> None:
    inner = (
        TRACE
        + "\nDuring handling of the above exception, another exception occurred:\n\n"
        + TRACE.replace("RuntimeError", "ValueError")
    )
    text = json.dumps({"level": "info", "epoch": 1}) + "\n" + json.dumps({"level": "error", "exc": inner}) + "\n"
    finding = only_failure(read(text, exit_code=1))
    assert (finding.line, finding.exception, finding.root_exception) == (2, "ValueError", "RuntimeError")


def test_the_original_traceback_of_a_data_loader_worker_is_the_root() -> None:
    text = TRACE.replace("RuntimeError: mat1", "ValueError: Caught OSError in DataLoader worker process 0.\nOriginal ")
    text = text.replace("Original  and mat2 shapes cannot be multiplied (8x32 and 64x1)\n", "Original ")
    text += TRACE.replace("RuntimeError: mat1", "OSError: truncated mat1")
    finding = read(text, exit_code=1).findings[0]
    assert (finding.line, finding.exception, finding.root_exception) == (1, "ValueError", "OSError")


def test_ipython_and_rich_formats_are_read() -> None:
    ipython = (
        "-" * 75 + "\nValueError                                Traceback (most recent call last)\n"
        "File /home/user/fit.py:5\n      3 import numpy\n----> 5 fit()\n\n"
        "File /home/user/fit.py:4, in fit(x)\n----> 4 raise ValueError('x')\n\nValueError: cannot fit\n"
    )
    rich = (
        "╭───────────── Traceback (most recent call last) ─────────────╮\n"
        "│ /home/user/fit.py:5 in <module>                             │\n"
        "│ ❱ 5 fit()                                                   │\n"
        "╰─────────────────────────────────────────────────────────────╯\nValueError: cannot fit\n"
    )
    for text, line in ((ipython, "/home/user/fit.py:4"), (rich, "/home/user/fit.py:5")):
        finding = only_failure(read(EPOCHS + text, exit_code=1))
        assert (finding.line, finding.exception, finding.frame, finding.message) == (
            5,
            "ValueError",
            line,
            "cannot fit",
        )


def test_colours_hide_nothing_and_the_lines_are_kept_as_they_stand() -> None:
    coloured = TRACE.replace("RuntimeError", "\x1b[31mRuntimeError\x1b[0m").replace("File", "\x1b[32mFile\x1b[0m")
    finding = only_failure(read("epoch \x1b[1m0\x1b[0m loss 1\n" + coloured, exit_code=1))
    assert (finding.line, finding.exception, finding.frame) == (
        2,
        "RuntimeError",
        "/home/user/project/code/train.py:12",
    )


def test_a_logged_error_and_its_traceback_are_one_finding() -> None:
    text = "2026-11-23 18:00:00,000 INFO t: epoch 0 loss 1.0\n2026-11-23 18:00:01,000 ERROR t: run failed\n" + TRACE
    finding = only_failure(read(text, exit_code=1))
    assert (finding.line, finding.last_line, finding.exception) == (2, 8, "RuntimeError")


def test_a_traceback_that_was_cut_is_a_failure_without_a_class() -> None:
    finding = read(EPOCHS + "".join(TRACE.splitlines(keepends=True)[:4])).findings[0]
    assert (finding.level, finding.line, finding.exception) == (Level.FAILURE, 5, None)


def test_a_documented_traceback_without_frames_is_nothing() -> None:
    text = ">>> fit(None)\nTraceback (most recent call last):\n    ...\nTypeError: x must not be None\n" + EPOCHS
    assert read(text).outcome == "healthy"
    assert read(text, exit_code=0).outcome == "healthy"


def test_a_logged_and_reraised_exception_of_a_spawned_process_keeps_its_root() -> None:
    text = (
        TRACE.replace(
            "RuntimeError: mat1 and mat2 shapes cannot be multiplied (8x32 and 64x1)", "ProcessRaisedException: "
        )
        + "\n-- Process 1 terminated with the following error:\n"
        + TRACE.replace("RuntimeError", "ValueError")
    )
    finding = only_failure(read(EPOCHS + text, exit_code=1))
    assert (finding.line, finding.exception, finding.root_exception) == (5, "ProcessRaisedException", "ValueError")


@pytest.mark.parametrize(
    "file",
    [
        "/opt/src/server/runtime/probe/path/watchkeeper_probe.py",
        "/opt/src/server/runtime/probe/hook/watchkeeper_hook.py",
        "/opt/src/server/runtime/witness/hook/sitecustomize.py",
    ],
)
def test_our_own_files_in_the_run_are_never_blamed(file: str) -> None:
    trace = (
        'Traceback (most recent call last):\n  File "/home/user/train.py", line 5, in <module>\n    fit()\n'
        f'  File "{file}", line 40, in fit\n    return told(begin)\nKeyError: 1\n'
    )
    assert only_failure(read(EPOCHS + trace, 1)).frame == "/home/user/train.py:5"
    assert only_failure(read(EPOCHS + trace.replace(file, "/home/user/sitecustomize.py"), 1)).frame == (
        "/home/user/sitecustomize.py:40"
    )


def test_exceptions_without_a_traceback_of_their_own_are_the_first_causes_of_a_chain() -> None:
    cause = "\nThe above exception was the direct cause of the following exception:\n\n"
    text = (
        f"epoch 1 loss=0.5\nhttpcore.ConnectError: refused\n{cause}httpx.ConnectTimeout: gave up\n{cause}"
        'Traceback (most recent call last):\n  File "a.py", line 3, in <module>\n    load()\n'
        "OSError: no connection and nothing in the cache\n"
    )
    finding = read(text, 1).findings[0]
    assert (finding.line, finding.last_line) == (2, 13)
    assert (finding.root_exception, finding.exception) == ("ConnectError", "OSError")
    assert finding.type is ErrorType.INFRASTRUCTURE
