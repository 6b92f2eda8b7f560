"""Whatever the chunks, the engine or the interruptions: the same bytes give the same findings, within bounds."""

from __future__ import annotations

import importlib
import json
import random
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper.server.analysis.logs.recognise import Change, MetricRow, Recogniser
from watchkeeper.server.analysis.logs.scan import fold
from watchkeeper.server.vocabulary.runs import Ended, Finding, Level

from ...engines import ENGINES, needs_hyperscan
from ...growth import assert_grows_with_its_input
from ...limits import examples

TRACE = (
    b"Traceback (most recent call last):\n"
    b'  File "/home/user/train.py", line 12, in <module>\n    main()\n'
    b"ValueError: bad batch 7\n"
)
FRAGMENTS = [
    b"epoch 1 loss=0.5\n",
    b"epoch 2 loss=0.25 val_loss=nan\n",
    b"epoch 3 loss=nan\n",
    b"draws=400 divergences=37\n",
    b"draws 50/1000 divergences 0\n",
    b"draws 900/1000 divergences 5\n",
    b"draws 900/1000 divergences 5 Traceback (most recent call last):\n",
    b"fold 3: Mean Squared Error: 0.25  Error: 0 failed\n",
    b"fold 3: E1rror: x\n",
    b"Error: 17\n",
    b"There were 57 divergences after tuning. Increase `target_accept`.\n",
    b"\r 10%|\xe2\x96\x88  | 1/10 [00:01<00:09, 1.0it/s, loss=0.5]",
    b"\x1b[31mERROR\x1b[0m could not load, retrying\n",
    b"\n",
    b"\r\n",
    b"Exception in thread Thread-1 (f):\n",
    b"Exception ignored in: <function f>\n",
    b"Task exception was never retrieved\nfuture: <Task finished exception=KeyError(1)>\n",
    b"httpx.ConnectError: refused\n\nThe above exception was the direct cause of the following exception:\n\n",
    b"  Progress   Draw   Dive\xe2\x80\xa6   size\n  \xe2\x94\x81\xe2\x94\x81   500   97   1.212   7   0.00 draws/s\n",
    TRACE,
    b"\nDuring handling of the above exception, another exception occurred:\n\n",
    TRACE.replace(b"ValueError", b"KeyError"),
    b"[rank1]: " + TRACE.replace(b"\n", b"\n[rank1]: "),
    b"  + Exception Group Traceback (most recent call last):\n  | ExceptionGroup: x (1 sub-exception)\n",
    b"terminate called after throwing an instance of 'std::runtime_error'\n  what():  x\n",
    b"Segmentation fault (core dumped)\n",
    b"x" * 5000,
    b"\xff\xfe\x00\x01",
    "épöch 1 ❱ │ ╭─ Traceback (most recent call last) ─╮\n".encode(),
    b'{"level": "error", "exc": "Traceback (most recent call last):\\n  File \\"a.py\\", line 1\\nKeyError: 1"}\n',
    b"training complete\n",
]
CHUNK = 32_768
"""The smaller input is one chunk, the larger one eight: what reads all of a log again for each chunk shows."""
logs = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=60)), max_size=25).map(b"".join)


def findings(data: bytes, cuts: list[int], *, resume: bool = False, engine: str = "shapes") -> dict[str, Finding]:
    recogniser = Recogniser(engine=engine)
    changes: list[Change] = []
    start = 0
    for cut in [*sorted(cuts), len(data)]:
        changes += recogniser.feed(data[start:cut])
        start = cut
        if resume:
            recogniser = Recogniser(engine=engine, state=json.loads(json.dumps(recogniser.state())))
    return fold([*changes, *recogniser.end(Ended(exit_code=1))])


@given(logs, st.lists(st.integers(0, 6000), max_size=12))
@settings(max_examples=examples(150), deadline=None)
def test_any_chunking_gives_the_same_findings_as_one_piece(data: bytes, cuts: list[int]) -> None:
    assert findings(data, cuts) == findings(data, [])


@given(logs, st.lists(st.integers(0, 6000), max_size=6))
@settings(max_examples=examples(100), deadline=None)
def test_a_recogniser_made_from_a_state_continues_exactly(data: bytes, cuts: list[int]) -> None:
    assert findings(data, cuts, resume=True) == findings(data, [])


def test_a_chunk_may_end_at_any_byte() -> None:
    data = b"".join(FRAGMENTS)
    whole = findings(data, [])
    assert len(whole) >= 3
    assert findings(data, list(range(0, len(data), 7))) == whole
    assert findings(data, list(range(0, 600, 1))) == whole


@needs_hyperscan
@given(logs)
@settings(max_examples=examples(150), deadline=None)
def test_both_engines_give_the_same_findings(data: bytes) -> None:
    assert findings(data, [], engine="hyperscan") == findings(data, [])


@pytest.mark.parametrize("engine", ENGINES)
def test_recognisers_of_the_same_rules_may_read_in_several_threads_at_once(engine: str) -> None:
    data = b"".join(FRAGMENTS) * 20
    cuts = list(range(0, len(data), 4_000))
    with ThreadPoolExecutor(4) as pool:
        reads = [pool.submit(findings, data, cuts, engine=engine) for _ in range(4)]
    assert [read.result() for read in reads] == [findings(data, cuts, engine=engine)] * 4


@pytest.mark.parametrize("engine", ENGINES)
def test_a_recogniser_is_made_from_a_state_without_compiling_its_rules_again(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = Recogniser(engine=engine).state()
    monkeypatch.setattr(re, "compile", None)
    if engine == "hyperscan":
        monkeypatch.setattr(importlib.import_module("hyperscan"), "Database", None)
    Recogniser(state=state, engine=engine)


@given(st.binary(max_size=20_000))
@settings(max_examples=examples(60), deadline=None)
def test_no_bytes_crash_it_and_its_state_stays_small(data: bytes) -> None:
    recogniser = Recogniser()
    recogniser.feed(data)
    recogniser.quiet()
    assert len(json.dumps(recogniser.state())) <= 65_536
    recogniser.end(None)
    assert recogniser.line == data.count(b"\n") + 1


@pytest.mark.parametrize("sign", ["x", "é", "\u4e00", "\x01", '"\\'])
def test_the_state_stays_below_64_kb_on_the_nastiest_logs(sign: str) -> None:
    random_ = random.Random(1)
    recogniser = Recogniser()
    largest = 0
    for number in range(22):  # it is full after twenty
        name = "".join(random_.choices("abcdefghij", k=60))
        message = (sign * 3000)[:3000]
        log = (
            f"{name} {message}\nERROR {name}{message}\nepoch {number} {name}_loss=nan {name}=1\n"
            f'[{name}] Traceback (most recent call last):\n[{name}]   File "{message}.py", line 1, in f\n'
            f"[{name}]     {message}\n[{name}] {name.title()}Error: {message}\n"
            f'[{name}] Traceback (most recent call last):\n[{name}]   File "{message}.py", line 1, in f\n'
        )
        recogniser.feed(log.encode())
        recogniser.feed((sign * 4000).encode()[:4000])
        largest = max(largest, len(json.dumps(recogniser.state())))
        recogniser.feed(b"\n")
    assert 10_000 < largest <= 65_536


def test_a_failure_is_seen_at_once_and_settled_by_silence() -> None:
    recogniser = Recogniser()
    assert recogniser.feed(b"epoch 0 loss=1.0\n" + TRACE[:-10]) == []
    seen = recogniser.feed(TRACE[-10:])
    assert [(c.kind, c.key, c.finding.level) for c in seen] == [("seen", "L2", Level.FAILURE)]
    assert [(c.kind, c.key, c.finding.level) for c in recogniser.quiet()] == [("settled", "L2", Level.FAILURE)]
    assert recogniser.quiet() == []


def test_an_unterminated_last_line_counts_as_written_when_it_is_quiet() -> None:
    recogniser = Recogniser()
    assert recogniser.feed(TRACE[:-1]) == []
    assert [(c.kind, c.key) for c in recogniser.quiet()] == [("seen", "L1"), ("settled", "L1")]
    assert recogniser.line == 4


def test_progress_after_a_failure_settles_it_as_noticed_with_the_lines_after_it() -> None:
    recogniser = Recogniser()
    recogniser.feed(b"step 1 loss=1.0\n" + TRACE)
    changes = recogniser.feed(b"skipping batch\nstep 2 loss=0.9\n")
    assert [(c.kind, c.finding.level, c.finding.after) for c in changes] == [
        ("settled", Level.NOTICED, ("skipping batch", "step 2 loss=0.9"))
    ]


def test_a_failure_that_comes_a_thousand_times_is_one_finding_with_a_count() -> None:
    recogniser = Recogniser()
    changes = recogniser.feed((TRACE + b"step 3 loss=0.5\n") * 1000)
    assert len(changes) < 10
    finding = fold([*changes, *recogniser.end(Ended(exit_code=0))])
    assert [(f.count, f.line, f.last_line, f.level) for f in finding.values()] == [(1000, 1, 4, Level.NOTICED)]


def test_a_log_of_nothing_but_different_failures_keeps_few_in_mind() -> None:
    recogniser = Recogniser()
    words = ["".join(random.Random(n).choices("ghijklmnop", k=12)) for n in range(3000)]
    log = b"".join(TRACE.replace(b"batch 7", word.encode()) for word in words)
    changes = recogniser.feed(log)
    assert len({change.key for change in changes}) <= 1100
    assert len(json.dumps(recogniser.state())) <= 65_536


def test_keys_are_unique_when_two_failures_share_a_line() -> None:
    recogniser = Recogniser()
    changes = recogniser.feed(b"epoch 1 loss=nan\r" + TRACE.replace(b"\n", b"\r") + b"epoch 2 loss=nan\n")
    keys = [change.key for change in changes if change.kind == "seen"]
    assert len(keys) == len(set(keys)) == 2


def test_exit_without_a_word_in_the_log_is_a_finding_of_its_own() -> None:
    for ended, cause, message in (
        (Ended(exit_code=3), None, "exited with status 3 and the log says nothing"),
        (Ended(signal=9), "SIGKILL", "killed by SIGKILL and the log says nothing"),
        (Ended(signal=9, out_of_memory=True), "SIGKILL", "killed by the kernel for lack of memory"),
        (Ended(signal=9, hang=True), "stall", "hung and was ended for that"),
    ):
        recogniser = Recogniser()
        recogniser.feed(b"epoch 0 loss 1.0\n")
        (change,) = recogniser.end(ended)
        assert (change.key, change.finding.line, change.finding.level) == ("exit", None, Level.FAILURE)
        assert (change.finding.root_exception, change.finding.message) == (cause, message)


def test_a_stop_on_purpose_is_no_failure() -> None:
    recogniser = Recogniser()
    recogniser.feed(b"epoch 0 loss 1.0\n")
    assert recogniser.end(Ended(signal=15, stopped=True)) == []


def test_metric_rows_of_a_growing_log_are_all_there() -> None:
    recogniser = Recogniser()
    recogniser.feed(b"epoch 0 loss=1.0\nnothing\nepoch 1 loss=0.")
    recogniser.feed(b"5 val_loss=0.7\n")
    assert recogniser.take_rows() == [
        MetricRow(1, {"epoch": 0.0, "loss": 1.0}),
        MetricRow(3, {"epoch": 1.0, "loss": 0.5, "val_loss": 0.7}),
    ]
    assert recogniser.take_rows() == []
    assert recogniser.latest == {"epoch": 1.0, "loss": 0.5, "val_loss": 0.7}


def test_metric_rows_of_a_long_log_are_sampled_and_the_newest_is_kept() -> None:
    recogniser = Recogniser()
    recogniser.feed(b"".join(b"epoch %d loss=%d.5\n" % (n, n) for n in range(200_000)))
    rows = recogniser.take_rows()
    assert 10 < len(rows) <= 2000
    assert rows[-1] == MetricRow(200_000, {"epoch": 199_999.0, "loss": 199_999.5})
    assert all(row.values["epoch"] == row.line - 1 for row in rows)


@pytest.mark.parametrize(
    "line",
    [
        TRACE,
        b"Traceback (most recent call last):\n",
        b'Traceback (most recent call last):\n  File "a.py", line 1, in f\n',
        b"epoch 1 loss nan\n",
        b"nan,nan,nan\n",
        b"a" * 399 + b" ",
        b"loss=" + b"9" * 300,
        b"-a" * 200,
        b"\x1b]0;",
        b"\r",
        b"1/",
        b"draws 1/9 divergences 1\n",
        b"ERROR: " + b"x " * 100 + b"\n",
    ],
    ids=repr,
)
def test_no_input_makes_it_quadratic(line: bytes) -> None:
    def read(data: bytes) -> None:
        recogniser = Recogniser()
        for at in range(0, len(data), CHUNK):
            recogniser.feed(data[at : at + CHUNK])
        recogniser.end(None)

    assert_grows_with_its_input(read, lambda size: (line * (size // len(line) + 1))[:size], CHUNK)
