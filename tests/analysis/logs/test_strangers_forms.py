"""Forms in logs of a stranger that were once judged wrongly: notebooks, samplers, other languages, launchers."""

from __future__ import annotations

import io

import pytest
from watchkeeper.server.analysis.logs.scan import ScanResult, scan
from watchkeeper.server.vocabulary.runs import Finding

EPOCHS = "".join(f"epoch {i} loss {2 - i / 10:.2f}\n" for i in range(3))
HEAD = "KeyError                                  Traceback (most recent call last)\n"
PANDAS = (
    "File /env/lib/python3.11/site-packages/pandas/core/indexes/base.py:3805, in Index.get_loc(self, key)\n"
    "   3804 try:\n-> 3805     return self._engine.get_loc(casted_key)\n\nKeyError: 'tenure'\n\n"
    "The above exception was the direct cause of the following exception:\n\n" + HEAD
)
STAN = (
    "Chain [1] Rejecting initial value:\nChain [1]   Log probability evaluates to log(0), i.e. negative infinity.\n"
    "Chain [1] Initialization between (-2, 2) failed after 100 attempts. \n"
    "Chain [1]  Try specifying initial values, or reparameterizing the model.\nChain [1] Initialization failed.\n"
    'Traceback (most recent call last):\n  File "/work/fit.py", line 4, in <module>\n    fit = model.sample(data=d)\n'
    "RuntimeError: Error during sampling:\n"
)
CHECK = "[12:00:01] /src/data/data.cc:501: Check failed: labels.size() == n (3 vs. 4) : size of labels\n"


def read(text: str, exit_code: int = 1) -> ScanResult:
    return scan(io.BytesIO((EPOCHS + text).encode()), exit_code=exit_code)


def first(text: str, exit_code: int = 1) -> Finding:
    return read(text, exit_code).findings[0]


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("Cell In[11], line 3\n      1 x = 1\n----> 3 y = df['tenure']\n", "data"),
        ("Input In [11], in <cell line: 3>()\n----> 3 y = df['tenure']\n", "data"),
        ("<ipython-input-11-0f3a> in <module>\n      2 x = 1\n----> 3 y = df['tenure']\n", "data"),
        ("Cell In[11], line 3, in load(path)\n----> 3 y = rows['tenure']\n", "data"),
        ("Cell In[11], line 3\n----> 3 y = cfg['tenure']\n", "implementation"),
        ("Cell In[11], line 3\n      2 z = df['other']\n----> 3 y = d['tenure']\n", "implementation"),
    ],
)
def test_the_statement_of_a_notebooks_cell_tells_the_type(cell: str, kind: str) -> None:
    found = first(f"{'-' * 75}\n{HEAD}{cell}\nKeyError: 'tenure'\n")
    assert (found.type, found.line) == (kind, 4)


def test_a_chain_of_a_notebook_has_the_place_of_its_first_cause_and_the_cell_as_the_users_own() -> None:
    found = first(f"{'-' * 75}\n{HEAD}{PANDAS}Cell In[11], line 3\n----> 3 y = x['tenure']\n\nKeyError: 'tenure'\n")
    assert (found.type, found.line, found.frame) == ("data", 4, "Cell In[11]:3")


def test_the_statement_that_rich_marks_tells_the_type() -> None:
    box = (
        "╭───────────── Traceback (most recent call last) ─────────────╮\n"
        "│ /work/train.py:12 in main                                   │\n"
        "│   11     rows = read()                                      │\n"
        "│ ❱ 12     y = row['label']                                   │\n"
        "╰─────────────────────────────────────────────────────────────╯\nKeyError: 'label'\n"
    )
    assert first(box).type == "data"
    assert first(box.replace("row[", "cfg[")).type == "implementation"


def test_a_sampler_that_finds_no_start_did_not_converge_whatever_its_wrapper_raises() -> None:
    found = first(STAN)
    assert (found.type, found.line) == ("convergence", 6)


def test_a_metric_whose_name_holds_brackets_is_followed() -> None:
    lines = "".join(f"After {i} sequences: Obj(log[Pzx]) = {v}   Acc = 3%\n" for i, v in enumerate((-9, "nan", "nan")))
    found = first(lines, 0)
    assert (found.line, found.type) == (5, "convergence")


def test_the_status_of_a_child_is_read_at_the_beginning_of_a_sentence_too() -> None:
    assert first("Exited with code 137\n").line == first("worker exited with code 137\n").line == 4


def test_what_a_check_of_a_library_throws_may_be_caught() -> None:
    assert first(CHECK).line == 4
    assert read(f"{CHECK}fold 2 skipped, 4 of 5 folds fitted\n", 0).outcome != "failed"
    assert read(f"{CHECK}fold 2 skipped, 4 of 5 folds fitted\n", 0).findings[0].level != "failure"


@pytest.mark.parametrize(
    "line",
    [
        "Exited with code 143: evaluator stopped after its last job",
        "worker 3 exited with code 137, restarting it",
        "❌ 3 of 400 images unreadable, skipped",
        "✘ wandb: not logged in, using offline mode",
        "Unrecognized variable 'foo' in config, ignored",
        "Error using cached features: rebuilding them instead",
        "Program received signal SIGUSR1, writing a checkpoint",
        "ENABLE_ASSERT: true",
        "Error in validation : 0.31",
        "Fehler in der Validierung : 0.31",
        "Error in try(f(x)) : object 'y' not found\nfalling back to default",
        "Syntax error in 'notes.md', line 12: skipped",
        "EXIT: Optimal Solution Found.",
        "Chain 1 Rejecting initial value:\nChain 1   Stan can't start sampling from this initial value.",
        "curl: (22) The requested URL returned error: 404\nusing the mirror",
        "could not load libtensorrt, not found; fine",
        "0 (non-NA) cases in group 7, skipped",
        "srun: error: n7: task 3: Killed\nrestarting task 3",
        "[12:00:01] [trainer] Error: train 0.31, valid 0.33",
        "INFO: singularity exec image ready",
        'Exception in thread "reporter" java.net.ConnectException: refused\n\tat a.b.C.d(C.java:1)\nreporter: retrying',
        "  what():  queue is full\nretrying the write",
        "model fit failed for Resample3: mtry=2 Error in f.default(x) : \n  too few rows",
        "Error in rule fit:\n    jobid: 3\n    output: fold3.pkl\nTrying to restart job 3.",
        "Error in loadOne (line 3)\nskipping this file",
        '{"tried": 3, "last": "TimeoutError: no answer"}',
        "cannot reach the tracker\nAborted (core dumped)\nretrying",
    ],
)
def test_what_only_resembles_the_words_of_a_failure_leaves_a_run_healthy(line: str) -> None:
    assert read(f"{line}\nepoch 3 loss 1.70\nepoch 4 loss 1.60\nsaved model\n", 0).outcome == "healthy"
    assert read(f"epoch 3 loss 1.70\n{line}\nsaved model\n", 0).outcome == "healthy"


LOGGED = "ERROR    trainer:train.py:97 RuntimeError: loss is not finite (nan), stopping\n"
FAILED_STEP = "Process `FIT (3)` terminated with an error exit status (137)\n"


@pytest.mark.parametrize("passed", ["PASSED                             [ 21%]", "t.py::test_nan PASSED", "ok"])
def test_what_was_logged_in_a_test_that_passed_was_meant_to_be(passed: str) -> None:
    log = f"INFO trainer:train.py:88 step 3 loss nan\n{LOGGED}{{}}\n12 passed in 41.07s\n"
    assert read(log.format(passed), 0).outcome == "healthy"
    assert read(log.format("FAILED"), 0).outcome != "healthy"


def test_a_heading_between_a_library_that_skips_a_model_and_its_traceback_hides_nothing() -> None:
    trace = 'Traceback (most recent call last):\n  File "/env/a.py", line 3, in fit\n    go()\nAssertionError: rows\n'
    log = (
        f"Warning: Exception caused NN to fail ... Skipping this model.\n  too many rows\nDetailed Traceback:\n{trace}"
    )
    assert read(f"{log}saved\n", 0).outcome == "healthy"
    assert read(f"{log.replace('Skipping this model', 'See below')}saved\n", 0).outcome == "suspect"


def test_a_step_of_a_workflow_begins_at_its_heading_and_has_the_type_of_its_status() -> None:
    found = first(f"ERROR ~ Error executing process > 'FIT (3)'\n\nCaused by:\n  {FAILED_STEP}  epoch 1 loss 0.4\n")
    assert (found.line, found.type) == (4, "resource")


def test_a_thread_that_died_is_why_the_program_gave_up_much_later() -> None:
    trace = (
        "Exception in thread Thread-4 (prefetch):\nTraceback (most recent call last):\n"
        '  File "/work/pf.py", line 9, in run\n'
        "    self.tranform(x)\nAttributeError: 'Prefetcher' object has no attribute 'tranform'\n"
    )
    more = "".join(f"epoch {i} loss {2 - i / 10:.2f}\n" for i in range(3, 9))
    found = first(f"{trace}{more}main: prefetch thread died, giving up\n")
    assert (found.line, found.exception) == (4, "AttributeError")
    assert first(f"{trace}{more}main: cannot write to /out, giving up\n").exception != "AttributeError"


def test_an_environment_that_could_not_be_entered_is_why_a_module_is_missing() -> None:
    trace = 'Traceback (most recent call last):\n  File "/work/a.py", line 3, in <module>\n    import lightgbm\n'
    missing = f"{trace}ModuleNotFoundError: No module named 'lightgbm'\n"
    found = first(f"CondaError: Run 'conda init' before 'conda activate'\n{missing}")
    assert (found.line, found.type) == (4, "infrastructure")
    assert first(missing).type == "implementation"


MARIAN = (
    "[task 2025-01-21T17:12:18.382Z] [2025-01-21 17:10:38] Error: {why}\n"
    "[task 2025-01-21T17:12:18.382Z] [2025-01-21 17:10:38] Error: Aborted from f(size_t) in /src/tensors/rand.cpp:74\n"
    "[task 2025-01-21T17:12:18.382Z] \n[task 2025-01-21T17:12:18.382Z] [CALL STACK]\n"
)


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        ("Curand error 203 - /src/rand.cpp:74: curandCreateGenerator(&g, D)", "infrastructure"),
        ("Curand error 102 - /src/rand.cpp:74: curandGenerateNormal(g, p, n)", "resource"),
        ("Curand error 105 - /src/rand.cpp:74: curandGenerateNormal(g, p, n)", "implementation"),
        ("CUDA error 2 'out of memory' - /src/device.cu:38: cudaMalloc(&data_, size)", "resource"),
    ],
)
def test_a_program_that_aborts_says_why_in_the_line_before_and_closing_words_hide_nothing(why: str, kind: str) -> None:
    text = MARIAN.format(why=why)
    closed = read(f"{text}### Training is completed\nExit Code: 0\n", 0)
    assert (closed.outcome, closed.findings[0].type, closed.findings[0].line) == ("suspect", kind, 4)
    assert closed.findings[0].level == "failure"
    died = first(f"{text}Aborted (core dumped)\n", 134)
    assert (died.type, died.line) == (kind, 4)
    assert read(f"{text}epoch 3 loss 1.70\nepoch 4 loss 1.60\n", 0).findings[0].level == "noticed"


def test_what_a_step_of_snakemake_was_given_is_no_sign_that_the_run_goes_on() -> None:
    job = "rule fit:\n    output: fold{}.pkl\n    jobid: {}\n"
    failed = "NameError in file \"/w/Snakefile\", line 5:\nname 'run' is not defined\n"
    log = (
        f"{job.format(1, 1)}{failed}[Tue Aug 26 14:02:13 2025]\nError in {job.format(3, 3)}WorkflowError:\nAt least one"
    )
    found = first(f"{log} job did not complete successfully.\n")
    assert (found.type, found.line, found.exception) == ("implementation", 7, "NameError")


def test_the_innermost_exception_that_the_jvm_names_is_the_cause() -> None:
    line = 'Exception in thread "main" org.apache.spark.SparkException: Job aborted: Lost task 3.0 (TID 4): {}\n'
    found = first(line.format("java.lang.OutOfMemoryError: Java heap space"))
    assert (found.type, found.root_exception, found.message) == ("resource", "OutOfMemoryError", "Java heap space")
    found = first(
        line.format("java.io.IOException: failed") + "Caused by: java.net.ConnectException: Connection refused\n"
    )
    assert (found.type, found.root_exception, found.last_line) == ("infrastructure", "ConnectException", 5)


def test_what_a_crashed_program_complained_of_directly_before_is_why_and_a_warning_or_a_report_is_not() -> None:
    end = "Segmentation fault (core dumped)\n"
    found = first(f"Cannot load image data/7.jpg\n{end}", 139)
    assert (found.type, found.line, found.root_exception) == ("data", 4, "SIGSEGV")
    for calm in ("a.cpp (59) : warning : Failed to allocate pinned memory.", "INFO could not find a cached tokenizer"):
        found = first(f"{calm}\n{end}", 139)
        assert (found.type, found.line) == ("implementation", 5)
    assert first(end, 139).line == 4
