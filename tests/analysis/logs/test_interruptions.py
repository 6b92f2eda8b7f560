"""However a log is cut, wherever it was quiet and whoever read on: the findings in the end are those of one piece."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper.server.analysis.logs.recognise import Change, Recogniser
from watchkeeper.server.analysis.logs.scan import fold
from watchkeeper.server.vocabulary.runs import Ended, Finding, Level

from ...limits import examples

HEAD = 'Traceback (most recent call last):\n  File "/home/user/train.py", line 12, in <module>\n    main()\n'
DURING = "\nDuring handling of the above exception, another exception occurred:\n\n"
CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
WHOLE = HEAD + "ValueError: bad batch 7\n"
OTHER = HEAD + '  File "/home/user/model.py", line 3, in main\n    fit()\nKeyError: 1\n'
SILENT = HEAD + "KeyboardInterrupt\n"


def _of_rank(rank: int, text: str) -> str:
    return "".join(f"[rank{rank}]: {line}\n" for line in text.splitlines())


PIECES = [
    "\n",
    "epoch 1 loss=0.5\n",
    "epoch 2 loss=0.25 val_loss=0.7\n",
    "epoch 3 loss=nan\n",
    "epoch 4 loss=nan val_loss=nan\n",
    "plain words\n",
    "other words 17\n" * 8,
    "skipping batch\n",
    " 10%|x| 1/10 [00:01<00:09]\r 20%|x| 2/10 [00:02<00:08]\r",
    "\r 30%|x| 3/10 [00:03<00:07, loss=nan]",
    WHOLE,
    WHOLE,
    WHOLE.replace("7", "8"),
    OTHER,
    SILENT,
    WHOLE + DURING + OTHER,
    OTHER + CAUSE + WHOLE,
    DURING,
    CAUSE,
    HEAD,
    "ValueError: bad batch 7\n",
    '  File "/home/user/train.py", line 12, in <module>\n',
    "    main()\n",
    _of_rank(0, WHOLE),
    _of_rank(1, WHOLE),
    _of_rank(1, HEAD),
    "[rank1]: ValueError: bad batch 7\n",
    "Exception in thread Thread-1 (f):\n",
    "Exception ignored in: <function f>\n",
    "Task exception was never retrieved\nfuture: <Task finished exception=KeyError(1)>\n",
    "ERROR training failed\n",
    "Error: 17\n",
    "terminate called after throwing an instance of 'std::runtime_error'\n  what():  x\n",
    "Segmentation fault (core dumped)\n",
    "Killed\n",
    "draws=400 divergences=1\n",
    "draws=500 divergences=37\n",
    "draws=900 divergences=120\n",
    "There were 57 divergences after tuning. Increase `target_accept`.\n",
    "The rhat statistic is larger than 1.01 for some parameters.\n",
    "rhat=1.2\n",
    "Chain 0 reached the maximum tree depth. Increase `max_treedepth`.\n",
    "usage: train.py [-h]\n\ntrain.py: error: unrecognized arguments: --x\n",
    '  File "/home/user/train.py", line 3\n    x = = 1\n\nSyntaxError: invalid syntax\n',
    "training complete\n",
]
NUMBERS = [
    f"epoch {n} loss={loss} val_loss={held_out}\n"
    for n, loss in enumerate(["0.5", "nan", "inf", "0.25"])
    for held_out in ("0.7", "nan")
]
pieces = st.lists(st.sampled_from(PIECES), max_size=16)
numbers = st.lists(st.sampled_from([*NUMBERS, "step 7 grad_norm=nan\n", "plain words\n", WHOLE]), max_size=40)
logs = st.one_of(pieces, numbers).map("".join).map(str.encode)
ends = st.sampled_from([None, Ended(exit_code=0), Ended(exit_code=1), Ended(signal=15, stopped=True)])
breaks = st.lists(st.tuples(st.integers(0, 2500), st.booleans(), st.booleans()), max_size=12)
"""Where the log is cut, whether it is quiet there, and whether another recogniser reads on."""


def in_one_piece(data: bytes, ended: Ended | None) -> dict[str, Finding]:
    whole = Recogniser()
    return fold([*whole.feed(data), *whole.end(ended)])


def interrupted(data: bytes, ended: Ended | None, cuts: list[tuple[int, bool, bool]]) -> dict[str, Finding]:
    recogniser, start = Recogniser(), 0
    changes: list[Change] = []
    for cut, is_quiet, resumes in sorted(cuts):
        changes += recogniser.feed(data[start:cut])
        start = max(start, min(cut, len(data)))
        changes += recogniser.quiet() if is_quiet else []
        if resumes:
            recogniser = Recogniser(state=json.loads(json.dumps(recogniser.state())))
    changes += recogniser.feed(data[start:])
    return fold([*changes, *recogniser.end(ended)])


@given(logs, ends, breaks)
@settings(max_examples=examples(250), deadline=None)
def test_any_interruption_gives_the_same_findings_as_one_piece(
    data: bytes, ended: Ended | None, cuts: list[tuple[int, bool, bool]]
) -> None:
    assert interrupted(data, ended, cuts) == in_one_piece(data, ended)


def kinds(changes: list[Change]) -> list[tuple[str, str, Level, int]]:
    return [(one.kind, one.key, one.finding.level, one.finding.count) for one in changes]


def test_a_word_that_turns_out_to_be_the_beginning_of_another_sentence_is_taken_back() -> None:
    recogniser = Recogniser()
    recogniser.feed(b"epoch 1 loss=0.5\nterminate called without an active exception")
    assert [one[:3] for one in kinds(recogniser.quiet())] == [
        ("seen", "L2", Level.FAILURE),
        ("settled", "L2", Level.FAILURE),
    ]
    recogniser = Recogniser()
    recogniser.feed(b"epoch 1 loss=0.5\nKilled")
    told = recogniser.quiet()
    assert [one.key for one in told] == ["L2", "L2"]
    taken_back = recogniser.feed(b" processes so far: none\n")
    assert kinds(taken_back) == [("settled", "L2", Level.NOTICED, 0)]
    assert fold([*told, *taken_back, *recogniser.end(Ended(exit_code=0))]) == {}


def test_a_failure_that_was_told_in_silence_is_not_told_again_when_its_line_ends() -> None:
    recogniser = Recogniser()
    recogniser.feed(WHOLE.rstrip("\n").encode())
    assert [one.kind for one in recogniser.quiet()] == ["seen", "settled"]
    recogniser = Recogniser(state=json.loads(json.dumps(recogniser.state())))
    assert recogniser.feed(b"\n") == []
    assert recogniser.quiet() == []
    assert recogniser.end(Ended(exit_code=1)) == []


def test_progress_after_a_silence_still_shows_that_a_failure_was_dealt_with() -> None:
    recogniser = Recogniser()
    recogniser.feed(f"epoch 1 loss=0.5\n{WHOLE}".encode())
    assert kinds(recogniser.quiet()) == [("settled", "L2", Level.FAILURE, 1)]
    assert kinds(recogniser.feed(b"epoch 2 loss=0.4\n")) == [("settled", "L2", Level.NOTICED, 1)]


def test_a_traceback_that_was_seen_alone_before_is_another_failure_with_what_it_led_to() -> None:
    found = in_one_piece(f"{WHOLE}epoch 1 loss=0.5\nretrying\n{WHOLE}{DURING}{OTHER}".encode(), Ended(exit_code=1))
    assert [(one.line, one.last_line, one.exception, one.count, one.level) for one in found.values()] == [
        (1, 4, "ValueError", 1, Level.NOTICED),
        (7, 19, "KeyError", 1, Level.FAILURE),
    ]
    assert found["L7"].root_exception == "ValueError"
    assert found["L7"].before[-2:] == ("epoch 1 loss=0.5", "retrying")


def test_a_repetition_moves_the_count_and_leaves_the_lines_of_the_first() -> None:
    (found,) = in_one_piece((WHOLE + "epoch 1 loss=0.5\n" * 9).encode() * 3, Ended(exit_code=0)).values()
    assert (found.count, found.line, found.last_line, found.after) == (3, 1, 4, ("epoch 1 loss=0.5",))


def counters(counts: list[tuple[int, int]]) -> bytes:
    return "".join(f"draws={draws} divergences={count}\n" for draws, count in counts).encode()


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([(400, 1), (1495, 36)], "36 divergences in 1495 draws (2.4%)"),
        ([(400, 40), (1495, 41), (2000, 41)], "41 divergences in 2000 draws (2.1%)"),
        ([(400, 40), (100, 1), (2000, 2)], "40 divergences in 400 draws (10.0%)"),
        ([(400, 40), (100, 90)], "90 divergences in 100 draws (90.0%)"),
    ],
)
def test_a_repeated_counter_says_what_is_true_now(counts: list[tuple[int, int]], message: str) -> None:
    recogniser = Recogniser()
    changes = [change for one in counts for change in recogniser.feed(counters([one]))]
    assert fold(changes)["L1"].message == message
    assert in_one_piece(counters(counts), None)["L1"].message == message


def test_the_largest_r_hat_is_told() -> None:
    (found,) = in_one_piece(b"rhat=1.2\nrhat=1.25\nrhat=1.15\n", None).values()
    assert (found.message, found.line) == ("R-hat 1.25", 1)


def test_a_line_that_never_ends_takes_bounded_memory() -> None:
    recogniser = Recogniser()
    part = b"loss words " * 100_000
    recogniser.feed(part)
    tracemalloc.start()
    try:
        for _ in range(12):
            recogniser.feed(part)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 8 * len(part)
    assert len(json.dumps(recogniser.state())) < 65_536
