"""How a run is judged from its text and its end together: what was handled, what was cut short, what is one crash."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from watchkeeper.server.analysis.logs import crash
from watchkeeper.server.analysis.logs.judge import outcome
from watchkeeper.server.analysis.logs.recognise import Recogniser
from watchkeeper.server.analysis.logs.scan import ScanResult, fold, scan
from watchkeeper.server.vocabulary.runs import Ended, ErrorType, Finding, Level

EPOCHS = "".join(f"epoch {i} loss {2 - i / 10:.2f}\n" for i in range(3))
TRACE = 'Traceback (most recent call last):\n  File "/x/a.py", line 3, in load\n    d[k]\n'
IGNORED = (
    "Exception ignored in: <function It.__del__ at 0x7f>\nTraceback (most recent call last):\n"
    '  File "/x/dataloader.py", line 1324, in __del__\n    self._shutdown_workers()\n'
    "AssertionError: can only test a child process\n"
)
TORCHRUN = (
    "E0325 20:57:27.620000 2606 torch/distributed/elastic/api.py:869] failed (exitcode: -9) local_rank: 5 (pid: 2630)\n"
    'Traceback (most recent call last):\n  File "/opt/env/bin/torchrun", line 8, in <module>\n    sys.exit(main())\n'
    "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n=====\ntrain.py FAILED\n-----\n"
    "Root Cause (first observed failure):\n[0]:\n  rank      : 5 (local_rank: 5)\n  exitcode  : -9 (pid: 2630)\n"
    "  traceback : Signal 9 (SIGKILL) received by PID 2630\n=====\n"
)


def read(text: str, exit_code: int | None = None) -> ScanResult:
    return scan(io.BytesIO(text.encode()), exit_code=exit_code)


@pytest.mark.parametrize(
    "closing", ["", "training failed\n", "exit code: 1\n", "---\n", "bye\n", "done\n", "all done\n"]
)
def test_closing_words_do_not_show_that_a_traceback_was_handled(closing: str) -> None:
    found = read(EPOCHS + TRACE + "KeyError: 'x'\n" + closing, 0)
    first = found.findings[0]
    assert (found.outcome, first.level, first.line, first.suspect) == ("suspect", Level.FAILURE, 4, True)
    assert read(EPOCHS + TRACE + "KeyError: 'x'\n" + closing, 1).outcome == "failed"


@pytest.mark.parametrize(
    "end",
    [
        "Error: a level of the class has no name\nExecution halted\n",
        "ERROR: Out of GPU memory\nused: 99 %\npool: 6 GiB\n\nStacktrace:\n  [1] f\n    @ A ~/a.jl:1\n",
        "[LightGBM] [Fatal] Socket recv error\nMet Exceptions:\nSocket recv error\n",
        "[CUDA ERROR] at file train.cu:1187:\ninvalid configuration argument\nmake: *** [Makefile:8: run] Error 1\n",
        "At line 4 of file a\nFortran runtime error: End of file\n\nError termination. Backtrace:\n#0  0x1 in ???\n",
        "Caused by:\n  Process `FIT (3)` terminated with an error exit status (137)\n\nCommand output:\n"
        "  epoch 1/40 loss 0.7\n  epoch 2/40 loss 0.6\n\nTip: you can continue with -resume\n",
    ],
)
def test_the_last_words_of_other_runtimes_are_a_failure_though_the_exit_status_was_swallowed(end: str) -> None:
    found = read(EPOCHS + end, 0)
    assert (found.outcome, found.findings[0].level, found.findings[0].suspect) == ("suspect", Level.FAILURE, True)
    assert read(EPOCHS + end, 1).findings[0].line == found.findings[0].line


def test_an_error_that_is_not_the_end_of_its_program_stays_a_notice() -> None:
    assert read("Error: no cache yet\nERROR: ld.so: not preloaded\n" + EPOCHS + "done\n", 0).outcome == "healthy"
    retried = "NOTE: Process `FIT (3)` terminated with an error exit status (137) -- Execution is retried (1)\n"
    assert read(retried + EPOCHS + "done\n", 0).outcome == "healthy"


@pytest.mark.parametrize(
    "after",
    [
        "epoch 3 loss 1.70\nepoch 4 loss 1.60\n",
        "Epoch 8/9\n32/32 [====] - 1s 3ms/step - loss: 0.61\nEpoch 9/9\n32/32 [====] - 1s 3ms/step - loss: 0.52\n",
        "Epoch 8/9\nEpoch 9/9\n",
        "skipping the record\n",
        "train loss 0.41\ntrain loss 0.37\n",
    ],
)
def test_progress_or_its_own_words_show_that_a_traceback_was_handled(after: str) -> None:
    assert read("loading\n" + TRACE + "KeyError: 'x'\n" + after, 0).outcome == "healthy"


def test_numbers_in_brackets_of_a_stack_are_no_progress() -> None:
    text = EPOCHS + 'ERROR: LoadError: DimensionMismatch("sizes")\nStacktrace:\n [1] f\n   @ ./a.jl:1\n [2] g\n'
    first = read(text, 1).findings[0]
    assert (first.line, first.exception, first.type) == (4, "DimensionMismatch", "implementation")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("".join(f"Epoch {i}/50\n" for i in range(1, 5)), 4),
        ("".join(f"epoch {i} of 60 loss 0.{9 - i}\n" for i in range(10)) + "checkpoint saved\n", 10),
        ("".join(f"step {i}/1000\n" for i in range(100, 400, 100)), 3),
        ("Epochs:  40%|####      | 24/60 [00:10<00:15,  2.3it/s]\n", 1),
        ("Epoch [1/40] loss: 1.5230\n", 1),
        ("Epoch 1/8\nEpoch 2/8\n", 2),
        ("round 50/900\n", 1),
    ],
)
def test_a_run_that_ends_well_before_the_end_that_it_announced_is_suspect(text: str, line: int) -> None:
    found = read(text, 0)
    (cut,) = found.findings
    assert (found.outcome, cut.kind, cut.level, cut.line, cut.suspect) == (
        "suspect",
        "cut_short",
        Level.FAILURE,
        line,
        True,
    )
    assert read(text).findings == ()


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"Epoch {i}/5\n" for i in range(1, 6)),
        "".join(f"epoch {i}/5 loss 0.5\n" for i in range(5)),
        "".join(f"step:{i}/1480 val_loss:{9 - i / 500:.2f}\n" for i in range(0, 1480, 125)),
        "".join(f"Epoch {i}/50 val_loss {1 / i:.3f}\n" for i in range(1, 9)) + "Early stopping\n",
        "".join(f"Epoch {i}/50\n" for i in range(1, 9)) + "EarlyStopping counter: 7 out of 7\n",
        "".join(f"fold {k} epoch {i}/9\n" for k in range(3) for i in range(1, 10)),
        "Epoch [1/4] loss: 1.5230\n",  # a quick phase of a script that prints each fifth
        "".join(f"epoch {e}/2 step {i}/9\n" for e in (1, 2) for i in (3, 6)),
        "burn-in: 300 steps; discarded\nstep 500/600 mean log prob -3.1\n",  # who prints each 500th
        "round 50/90, 0.3 s\n40 trees\n",
        "".join(f"iteration {i}/90 loss 0.5\n" for i in (1, 2, 5, 10, 20, 50)),
    ],
)
def test_a_run_that_came_to_its_end_or_says_why_not_is_healthy(text: str) -> None:
    assert read(text, 0).outcome == "healthy"


def test_a_run_whose_validation_stood_still_may_have_been_stopped_for_that() -> None:
    values = [0.9, 0.7, 0.6, 0.61, 0.62, 0.63]
    (cut,) = read("".join(f"Epoch {i}/50\nloss: 0.5 - val_loss: {v}\n" for i, v in enumerate(values, 1)), 0).findings
    assert (cut.level, cut.suspect) == (Level.FLAG, False)


def test_how_far_a_run_came_does_not_depend_on_where_its_log_was_taken_up() -> None:
    log = "".join(f"Epoch {i}/50\nloss: 0.5 - val_loss: {1 / i:.3f}\n" for i in range(1, 9)).encode()
    recogniser = Recogniser()
    for at in range(0, len(log), 7):
        recogniser.feed(log[at : at + 7])
        recogniser = Recogniser(state=recogniser.state())
    (finding,) = fold(recogniser.end(Ended(exit_code=0))).values()
    assert finding.message == "ended with exit status 0 at epoch 8 of 50; nothing says why"


def test_an_announcement_in_the_middle_of_a_long_log_is_found_at_its_end() -> None:
    log = "".join(f"epoch {e}/60\n" + "  working on a batch of the usual size\n" * 3000 for e in range(1, 10))
    (finding,) = read(log + "epoch 10/60\n", 0).findings
    assert finding.message.startswith("ended with exit status 0 at epoch 10 of 60")


def test_a_best_value_that_is_told_once_more_at_the_end_is_no_improvement() -> None:
    epochs = "".join(
        f"Epoch {i}/50\n9/9 - 1s - loss: 0.5 - val_loss: {abs(i - 5) / 9 + 0.25:.3f}\n" for i in range(1, 20)
    )
    (cut,) = read(epochs + "19 epochs were run, best validation loss 0.24999\n", 0).findings
    assert (cut.kind, cut.level) == ("cut_short", Level.FLAG)


def test_a_signal_that_the_script_handled_is_why_it_was_cut_short() -> None:
    text = "".join(f"epoch {i}/60 loss 0.5\n" for i in range(1, 10)) + "received SIGTERM, saving checkpoint\nbye\n"
    found = read(text, 0)
    assert (found.outcome, found.findings[0].line, found.findings[0].type) == ("failed", 10, "infrastructure")
    assert len(found.findings) == 1
    done = "".join(f"epoch {i}/5 loss 0.5\n" for i in range(1, 6)) + "TensorBoard caught SIGTERM; exiting...\n"
    assert (read(done, 0).outcome, read(done).outcome) == ("healthy", "suspect")


def test_data_that_ran_out_is_why_it_was_cut_short() -> None:
    epochs = "".join(f"Epoch {i}/50\n100/100 [===] - 1s 2ms/step - loss: 0.{9 - i}\n" for i in range(1, 4))
    warning = "WARNING:tensorflow:Your input ran out of data; interrupting training.\n"
    found = read(f"{epochs}Epoch 4/50\n{warning}saved model to model.h5\n", 0)
    assert (found.outcome, found.findings[0].line, found.findings[0].type) == ("failed", 8, "data")
    went_on = f"Epoch 1/2\n{warning}Epoch 2/2\n100/100 [===] - 1s 2ms/step - loss: 0.1\n"
    assert read(went_on, 0).outcome == "healthy"


def test_steps_in_the_time_that_a_scheduler_leaves_are_no_recovery() -> None:
    cut = "slurmstepd: error: *** STEP 5.0 ON n17 CANCELLED AT 2025-01-10T15:27:25 DUE TO TIME LIMIT ***\n"
    steps = "".join(f"Epoch 10:  93%|#| {i}/20000 [5:43:21<25:20, train_loss=3.{i}]\n" for i in (18627, 18628))
    for code in (1, -15, None, 0):
        found = read(EPOCHS + cut + steps, code)
        assert (found.findings[0].level, found.findings[0].line) == (Level.FAILURE, 4)
        assert "the log says nothing" not in found.findings[0].message
    assert read(EPOCHS + cut + "resuming from checkpoint epoch 3\n" + steps, 0).outcome == "healthy"


@pytest.mark.parametrize("bar", ["", "Epoch 4:   0%|          | 0/10 [00:00<?, ?it/s, loss=0.40]", "it/s]"])
def test_an_exception_that_is_ignored_is_never_blamed(bar: str) -> None:
    text = EPOCHS + bar + IGNORED
    assert (read(text, 0).outcome, read(text).outcome) == ("healthy", "healthy")
    assert read(text, 1).findings[0].kind == "exit"
    real = read(text + TRACE + "KeyError: 'x'\n", 1).findings[0]
    assert (real.line, real.exception) == (9, "KeyError")
    before = read(EPOCHS + TRACE + "KeyError: 'x'\n" + IGNORED, 1).findings[0]
    assert (before.line, before.exception) == (4, "KeyError")


def test_the_last_words_explain_an_end_better_than_what_the_run_got_over() -> None:
    more = "".join(f"epoch {i} loss {2 - i / 10:.2f}\n" for i in range(3, 9))
    for handled in (IGNORED, "[warn] skipping bad record\n" + TRACE + "KeyError: 'x'\n"):
        text = EPOCHS + handled + more + "validation file missing, giving up\n"
        first = read(text, 1).findings[0]
        assert (first.line, first.type) == (text.count("\n"), "data")


def test_the_first_of_several_error_lines_is_the_first_line() -> None:
    text = "x: ERROR first thing that went wrong\nx: ERROR please see the docs\n" + TRACE + "CommError: timed out\n"
    assert (read(text, 1).findings[0].line, read(text, 1).findings[0].exception) == (1, "CommError")


def test_the_exit_code_of_a_child_is_its_failure_and_gives_the_type() -> None:
    found = read(EPOCHS + TORCHRUN, 1).findings[0]
    assert found.message == "exitcode -9: Signal 9 (SIGKILL) received by PID 2630"
    assert found.type is ErrorType.RESOURCE
    segfault = TORCHRUN.replace("-9", "-11").replace("Signal 9 (SIGKILL)", "Signal 11 (SIGSEGV)")
    assert read(EPOCHS + segfault, 1).findings[0].type is ErrorType.IMPLEMENTATION


@pytest.mark.parametrize(
    ("text", "root", "kind"),
    [
        (
            TRACE + "ray.exceptions.RayTaskError(KeyError): ray::f() (pid=1)\n"
            '  File "/x/t.py", line 3, in f\n    lr = config["lr_rate"]\nKeyError: \'lr_rate\'\n',
            "KeyError",
            "implementation",
        ),
        (
            TRACE + "nbclient.exceptions.CellExecutionError: An error occurred while executing the following cell:\n"
            '------------------\ndf = pd.read_csv("train.csv")\n------------------\n\n' + "-" * 75 + "\n"
            "FileNotFoundError                         Traceback (most recent call last)\n"
            'Cell In[3], line 1\n----> 1 df = pd.read_csv("train.csv")\n\n'
            "FileNotFoundError: [Errno 2] No such file or directory: 'train.csv'\n",
            "FileNotFoundError",
            "data",
        ),
        (
            TRACE + "hydra.errors.InstantiationException: Error in call to target 'torch.optim.Adam':\n"
            "TypeError(\"__init__() got an unexpected keyword argument 'lrr'\")\nfull_key: optimizer\n",
            "TypeError",
            "implementation",
        ),
        (
            TRACE + "RuntimeError: Failed to generate a new initial position\n\nCaused by:\n"
            "    0: Failed to initialize point\n    1: AttributeError: 'NoneType' object has no attribute 'shape'\n",
            "AttributeError",
            "implementation",
        ),
        (
            TRACE + "tf.errors_impl.InvalidArgumentError: Graph execution error:\n\nDetected at node 'x' defined at\n"
            "Received a label value of 10 which is outside the valid range of [0, 10).\n",
            "InvalidArgumentError",
            "data",
        ),
        (
            "500:\tlearn: 0.54\ttest: 0.60\nuncaught exception:\n    address -> 0x4d5\n"
            '    what() -> "memory_pool.h:303: Error: Out of memory. Requested 8880 MB"\n'
            "    type -> NCudaLib::TOutOfMemoryError\n",
            "TOutOfMemoryError",
            "resource",
        ),
        (
            "Error in solve.default(crossprod(X)) : \n  system is computationally singular\nExecution halted\n",
            None,
            "convergence",
        ),
    ],
)
def test_a_cause_one_level_down_is_the_root(text: str, root: str | None, kind: str) -> None:
    found = read(EPOCHS + text, 1).findings[0]
    assert (found.root_exception, found.type) == (root, kind)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("F0929 17:42:48.594200 1044529 client.h:77] Terminating process because of fatal errors", "implementation"),
        ("2024-05-11 10:01:22.1: F tensorflow/core/env.cc:74] Check failed: Thread creation failed", "resource"),
        (
            "5173/10000 [==>...] - loss: 2.6161src/tcmalloc.cc:283] Attempt to free invalid pointer 0xc2",
            "implementation",
        ),
        ("Memory access fault by GPU node-1 on address 0x1e4000. Reason: Page not present.", "implementation"),
        ("OpenBLAS blas_thread_init: pthread_create failed for thread 12 of 64: unavailable", "resource"),
        ("=>> PBS: job killed: walltime 36011 exceeded limit 36000", "infrastructure"),
        ("TERM_MEMLIMIT: job killed after reaching LSF memory usage limit.", "resource"),
        ("LLVM ERROR: out of memory", "resource"),
        ("Error: cannot allocate vector of size 12.2 Gb", "resource"),
        ("docker: Error response from daemon: could not select device driver", "infrastructure"),
    ],
)
def test_a_line_of_a_crash_is_known(line: str, kind: str) -> None:
    found = read(EPOCHS + line + "\n", 134).findings[0]
    assert (found.level, found.line, found.type) == (Level.FAILURE, 4, kind)


@pytest.mark.parametrize(
    "line",
    ["Sampling failed", "NaN detected in gradients", "Divergence detected at step 4", "Maximum iterations reached"],
)
def test_what_did_not_converge_is_told_by_words_too(line: str) -> None:
    found = read(EPOCHS + line + "\n", 1).findings[0]
    assert (found.line, found.type) == (4, "convergence")


def test_losses_that_stand_before_their_name_are_read() -> None:
    text = "119: 8.1, 8.2 avg loss, 0.001 rate\n" + "".join(f"{i}: -nan, -nan avg loss, 0.1 rate\n" for i in (120, 121))
    found = read(text, 0)
    assert (found.outcome, found.findings[0].line, found.findings[0].type) == ("failed", 2, "convergence")


@pytest.mark.parametrize(
    ("exit_code", "kind", "cause"),
    [
        (124, "infrastructure", "timeout"),
        (-9, "resource", "SIGKILL"),
        (137, "resource", "SIGKILL"),
        (-15, "infrastructure", "SIGTERM"),
    ],
)
def test_an_end_without_a_word_has_its_type(exit_code: int, kind: str, cause: str) -> None:
    (found,) = read(EPOCHS, exit_code).findings
    assert (found.type, found.root_exception) == (kind, cause)


def test_a_nan_and_the_exception_that_it_led_to_are_one_failure() -> None:
    text = EPOCHS + "epoch 3 loss nan\nepoch 4 loss nan\n" + TRACE + "RuntimeError: loss is not usable\n"
    for code in (1, None):
        first, second = read(text, code).findings
        assert (first.level, first.line, first.exception, first.type) == (
            Level.FAILURE,
            4,
            "RuntimeError",
            "convergence",
        )
        assert (second.level, second.belongs_to) == (Level.FLAG, "L4")


def test_the_exception_belongs_to_the_nan_as_soon_as_it_is_seen() -> None:
    recogniser = Recogniser()
    recogniser.feed((EPOCHS + "epoch 3 loss nan\nepoch 4 loss nan\n").encode())
    changes = recogniser.feed((TRACE + "RuntimeError: loss is not usable\n").encode())
    assert [(c.key, c.finding.level, c.finding.belongs_to) for c in changes] == [("L6", Level.FLAG, "L4")]


def test_what_follows_from_a_crash_belongs_to_it() -> None:
    text = EPOCHS + "[rank1]: " + (TRACE + "KeyError: 'x'").replace("\n", "\n[rank1]: ") + "\n" + TORCHRUN
    first, *others = [f for f in read(text, 1).findings if f.level is not Level.NOTICED]
    assert (first.exception, first.belongs_to) == ("KeyError", "")
    assert {other.belongs_to for other in others} == {"L4"}


def test_an_end_belongs_to_the_failure_of_the_log_that_has_its_type_and_is_news_otherwise() -> None:
    end = Finding(kind="exit", level=Level.FAILURE, type=ErrorType.RESOURCE)
    killed = Finding(kind="word", level=Level.FAILURE, type=ErrorType.RESOURCE, line=9)
    nan = Finding(kind="metric", level=Level.FAILURE, type=ErrorType.CONVERGENCE, line=4)
    part = replace(killed, line=6, belongs_to="L9")
    of_no_line, guessed = replace(killed, line=None), replace(killed, line=2, suspect=True)
    every = {"L4": nan, "L6": part, "L9": killed, "stall": of_no_line, "L2": guessed}
    assert crash.confirmed(end, every) == "L9"
    assert crash.confirmed(end, {"L4": nan, "L9": replace(killed, level=Level.FLAG)}) == ""
    assert crash.confirmed(replace(end, level=Level.FLAG), every) == ""


def test_a_flag_of_the_sampler_leaves_a_run_suspect() -> None:
    found = read("The rhat statistic is larger than 1.05 for some parameters.\n", 0)
    assert (found.outcome, found.findings[0].level) == ("suspect", Level.FLAG)


@pytest.mark.parametrize("end", ["Segmentation fault (core dumped)", "make: *** [train] Error 1"])
def test_an_error_that_was_the_end_of_its_program_fails_a_run_whatever_a_wrapper_says_behind_it(end: str) -> None:
    epochs = "".join(f"epoch {i} loss 0.{9 - i}\n" for i in range(3))
    found = read(f"{epochs}ERROR: could not open the cache\n{end}\nscript over\n", 0)
    assert (found.outcome, found.findings[0].line, found.findings[0].level) == ("suspect", 4, Level.FAILURE)


@pytest.mark.parametrize(
    ("status", "well", "unknown", "stopped"),
    [
        ("exited with code -15", "healthy", "suspect", "suspect"),
        ("exit code 143", "healthy", "suspect", "suspect"),
        ("return code (-2)", "healthy", "suspect", "suspect"),
        ("exited with code -9", "suspect", "failed", "suspect"),
        ("exit code 139", "suspect", "failed", "suspect"),
    ],
)
def test_a_helper_that_was_asked_to_end_is_no_last_word(status: str, well: str, unknown: str, stopped: str) -> None:
    log = "".join(f"epoch {i} loss 0.{9 - i}\n" for i in range(3)) + f"worker 3: {status}\n"
    on_purpose = Recogniser()
    changes = [*on_purpose.feed(log.encode()), *on_purpose.end(Ended(signal=15, stopped=True))]
    said = outcome(fold(changes).values(), Ended(signal=15, stopped=True))
    assert (read(log, 0).outcome, read(log).outcome, said) == (well, unknown, stopped)
