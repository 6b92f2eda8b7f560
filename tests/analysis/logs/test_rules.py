"""Single lines: what is fatal, what is not, and rules that a project adds."""

from __future__ import annotations

import io

import pytest
from watchkeeper.server.analysis.logs.recognise import Recogniser
from watchkeeper.server.analysis.logs.rules import DEFAULT_RULES, Rule, Weight
from watchkeeper.server.analysis.logs.scan import ScanResult, scan
from watchkeeper.server.vocabulary.errors import InvalidArgument, PolicyInvalid
from watchkeeper.server.vocabulary.runs import ErrorType, Level

EPOCHS = "".join(f"epoch {i} train_loss={1 / (i + 1):.4f}\n" for i in range(4))


def read(text: str, exit_code: int | None = None) -> ScanResult:
    return scan(io.BytesIO(text.encode()), exit_code=exit_code)


@pytest.mark.parametrize(
    ("line", "exit_code", "type_", "root"),
    [
        ("terminate called after throwing an instance of 'std::runtime_error'", -6, "implementation", "runtime_error"),
        ("terminate called after throwing an instance of 'std::bad_alloc'", -6, "resource", "bad_alloc"),
        ("free(): double free detected in tcache 2", -6, "implementation", "SIGABRT"),
        ("malloc(): corrupted top size", -6, "implementation", "SIGABRT"),
        ("Fatal Python error: Segmentation fault", -11, "implementation", "SIGSEGV"),
        ("train: fit.cc:7: int main(): Assertion `n > 0' failed.", -6, "implementation", "SIGABRT"),
        ("train.sh: line 3:  4242 Segmentation fault      (core dumped) ./fit", 139, "implementation", "SIGSEGV"),
        ("train.sh: line 3:  4242 Killed                  python fit.py", 137, "resource", "SIGKILL"),
        ("Killed", 137, "resource", "SIGKILL"),
        ("slurmstepd: error: Detected 1 oom_kill event in StepId=7.batch.", 1, "resource", "SIGKILL"),
        (
            "slurmstepd: error: *** JOB 7 CANCELLED AT 2026-11-23T18:00 DUE TO TIME LIMIT ***",
            -15,
            "infrastructure",
            "SIGTERM",
        ),
        (
            "[rank0]:[E1123 ProcessGroupNCCL.cpp:6] Watchdog caught collective operation timeout: Work",
            -6,
            "infrastructure",
            "DistBackendError",
        ),
        ("thread 'main' panicked at src/main.rs:4:9:", 101, "implementation", "PanicException"),
        ("python: can't open file 'train.py': [Errno 2] No such file or directory", 2, "implementation", None),
        ("make: *** [Makefile:3: all] Error 3", 2, "implementation", None),
        ("2026-11-23 18:00:00 CRITICAL cannot parse target column", 1, "data", None),
        ("ERROR: dataset is empty, aborting", 2, "data", None),
        ("RuntimeError: CUDA error: out of memory", 1, "resource", "OutOfMemoryError"),
        ("cp: error writing 'x': No space left on device", 1, "resource", "OSError"),
        ("Detected KeyboardInterrupt, attempting graceful shutdown ...", 1, "infrastructure", "KeyboardInterrupt"),
        ("2026-11-23 23:42:35 [error    ] cannot read features", 1, "data", None),
        ("bash: line 1: DATA_DIR: unbound variable", 1, "implementation", None),
        ("run.sh: line 3: nvcc: command not found", 127, "implementation", None),
        ("bash: line 1: /x.sh: Permission denied", 126, "infrastructure", None),
        ("cat: /data/missing.csv: No such file or directory", 1, "data", None),
        ("[CRITICAL] root - FileNotFoundError: /data/val.npz", 1, "data", "FileNotFoundError"),
    ],
)
def test_the_last_word_of_a_failed_run_is_its_failure(line: str, exit_code: int, type_: str, root: str | None) -> None:
    finding = read(EPOCHS + line + "\n", exit_code).findings[0]
    assert (finding.level, finding.line) == (Level.FAILURE, 5)
    assert (finding.type, finding.root_exception) == (ErrorType(type_), root)


@pytest.mark.parametrize(
    "text",
    [
        "fold 0: Mean Squared Error: 12835.64  Error: 0.5\nRootMeanSquaredError: 2.24 - loss: 1\n",
        "0 errors, 0 failures\nerrors: 0 exceptions: 0 failed: 0\nTraining completed with 0 errors\n",
        "ImportError: No module named 'apex' -- falling back to torch.optim\n" + EPOCHS,
        "OSError: [Errno 98] Address already in use; trying another port\n" + EPOCHS,
        "fatal: not a git repository\n/bin/sh: 1: nvidia-smi: not found\n" + EPOCHS,
        "[ERROR] could not import tensorrt, continuing without\nERROR:root:metrics endpoint unreachable\n" + EPOCHS,
        "x.py:3: FutureWarning: In a future version this will raise a KeyError; use .get\n" + EPOCHS,
        "m.py:7: ConvergenceWarning: Maximum Likelihood optimization failed to converge.\n" + EPOCHS,
        "sample 1: the engine threw Exception: oil low\nKilled by the bear\nTerminated contracts: 5\n" + EPOCHS,
        "Raises\n------\nValueError: If the input contains NaN.\n" + EPOCHS,
        "Standard Errors are heteroscedasticity robust\nThe smallest eigenvalue is 1e-30, the matrix is singular\n",
        'Exception ignored in: f\nTraceback (most recent call last):\n  File "a.py", line 1, in f\nKeyError: 1\n'
        + EPOCHS,
    ],
)
def test_frightening_text_of_a_healthy_run_is_no_failure(text: str) -> None:
    assert read(text).outcome == "healthy"
    assert read(text, 0).outcome == "healthy"


def test_a_usage_error_begins_at_its_usage_line() -> None:
    text = "usage: train.py [-h] [--lr LR]\ntrain.py: error: argument --lr: invalid float value: 'abc'\n"
    finding = read(text, 2).findings[0]
    assert (finding.line, finding.last_line, finding.root_exception) == (1, 2, "SystemExit")
    assert read(text).outcome == "failed"


def test_the_message_of_sys_exit_is_the_failure_whatever_status_it_gives() -> None:
    text = EPOCHS + "config invalid: lr must be positive\n"
    finding = read(text, 1).findings[0]
    assert (finding.line, finding.message) == (5, "config invalid: lr must be positive")
    assert read(text, 3).findings[0].line == 5
    assert read(text, 137).findings[0].line is None


def test_a_log_that_ends_within_a_line_at_a_full_block_had_a_full_disk() -> None:
    lines = (EPOCHS * 60).encode()
    finding = scan(io.BytesIO(lines[:4096]), exit_code=1).findings[0]
    assert (finding.line, finding.type, finding.root_exception) == (None, ErrorType.RESOURCE, "OSError")


@pytest.mark.parametrize(
    "lead",
    [
        "Exception ignored in: <function Writer.__del__ at 0x7f>",
        "Exception ignored in atexit callback: <function sync at 0x7f>",
        "Exception ignored while calling deallocator <function f at 0x7f>:",
        "Task exception was never retrieved\nfuture: <Task finished exception=KeyError(1)>",
        "ERROR:asyncio:Task exception was never retrieved\nfuture: <Task finished exception=KeyError(1)>",
    ],
)
def test_an_exception_that_the_interpreter_or_a_loop_goes_on_after_is_noticed_once(lead: str) -> None:
    text = f'{EPOCHS}{lead}\nTraceback (most recent call last):\n  File "a.py", line 1, in f\n    x\nKeyError: 1\n'
    for found in (read(text), read(text, 0)):
        assert (found.outcome, [(f.level, f.line, f.exception) for f in found.findings]) == (
            "healthy",
            [(Level.NOTICED, 5, "KeyError")],
        )
    assert read(text, 3).outcome == "failed"


def test_what_glog_logged_as_an_error_explains_a_bad_end() -> None:
    line = "E1124 03:56:35.123 12 train.py:6] tweedie could not be trained: XGBoostError: unknown objective\n"
    finding = read(f"{EPOCHS}{line}I1124 03:56:36.000 12 train.py:7] artefacts uploaded\n", 3).findings[0]
    assert (finding.line, finding.root_exception, finding.message) == (5, "XGBoostError", "unknown objective")


def test_what_nothing_followed_is_suspect_when_the_status_is_0() -> None:
    text = EPOCHS + 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    x\nKeyError: 1\n'
    assert (read(text, 0).outcome, read(text, 1).outcome, read(text).outcome) == ("suspect", "failed", "failed")


def test_the_first_of_several_last_words_is_decisive_and_the_others_follow_from_it() -> None:
    trace = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    x\n'
    text = EPOCHS + trace + "KeyError: 'a'\n" + trace + "torch.x.ChildFailedError: \n"
    assert [(f.level, f.exception) for f in read(text, 1).findings] == [
        (Level.FAILURE, "KeyError"),
        (Level.FLAG, "ChildFailedError"),
    ]


def test_a_project_adds_rules_of_its_own() -> None:
    rules = DEFAULT_RULES.extended(
        [Rule(name="feed", words=("price feed stale",), type=ErrorType.DATA, weight=Weight.FATAL, advice="Refetch it.")]
    )
    log = (EPOCHS + "price feed stale since 09:00\n").encode()
    (finding,) = scan(io.BytesIO(log), rules=rules).findings
    assert (finding.line, finding.type, finding.level, finding.advice) == (
        5,
        ErrorType.DATA,
        Level.FAILURE,
        "Refetch it.",
    )
    assert scan(io.BytesIO(log)).findings == ()


def test_a_rule_that_asks_for_certain_digits_finds_them_behind_lines_with_other_digits() -> None:
    rules = DEFAULT_RULES.extended([Rule(name="device", words=("device state",), pattern=r"device state 7\d\b")])
    log = "".join(f"device state {state}\n" for state in (*range(10, 70), 75, 80)).encode()
    (finding,) = scan(io.BytesIO(log), rules=rules).findings
    assert (finding.line, finding.count) == (61, 1)


def test_an_error_line_is_found_behind_lines_of_metrics_with_the_same_words() -> None:
    log = "".join(f"fold {n}: Mean Squared Error: {n}.25  Error: 0\n" for n in range(300))
    (finding,) = read(log + "fold 300: Error: bad\n" + log + "KeyError: 'a'\n", 1).findings
    assert (finding.line, finding.exception) == (602, "KeyError")


@pytest.mark.parametrize(
    "rule", [Rule(name="a", words=()), Rule(name="b", words=("1.2",)), Rule(name="c", words=("word",), pattern="(")]
)
def test_a_rule_that_cannot_work_is_refused(rule: Rule) -> None:
    with pytest.raises(PolicyInvalid, match=repr(rule.name)):
        DEFAULT_RULES.extended([rule])


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="no engine 'grep'"):
        Recogniser(engine="grep")


def test_the_result_is_plain_data_and_a_few_lines_for_people() -> None:
    result = read(EPOCHS + "Killed\n", 137)
    assert result.to_json() == {
        "outcome": "failed",
        "findings": [
            {
                "level": "failure",
                "line": 5,
                "last_line": 5,
                "type": "resource",
                "exception": None,
                "root_exception": "SIGKILL",
                "message": "Killed",
                "frame": None,
            }
        ],
    }
    assert result.render() == "failed\nfailure line 5: SIGKILL: Killed"
