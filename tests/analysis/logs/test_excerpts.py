"""What a finding quotes stands in the log at the lines that its reader counts: one item, one line, blank ones too."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper.server.analysis.logs.recognise import Change, Recogniser
from watchkeeper.server.analysis.logs.scan import fold, scan
from watchkeeper.server.vocabulary.runs import Ended, Finding, Level

from ...limits import examples

TRACE = 'Traceback (most recent call last):\n  File "/home/user/train.py", line 12, in <module>\n    main()\n'
PIECES = [
    "\n",
    "\n\n",
    "epoch 1 loss=0.5\n",
    "epoch 2 loss=nan val_loss=nan\n",
    " 10%|x| 1/10 [00:01<00:09]\r 20%|x| 2/10 [00:02<00:08]\n",
    "plain words\n",
    f"{TRACE}ValueError: bad batch\n",
    f"{TRACE}\nKeyError: 'x'\n",
    "\nDuring handling of the above exception, another exception occurred:\n\n",
    "".join(f"[rank1]: {line}\n" for line in f"{TRACE}RuntimeError: x".split("\n")),
    "[rank0]: words of another rank\n",
    "Exception in thread Thread-1 (f):\n",
    "ERROR training failed\n",
    "terminate called after throwing an instance of 'std::runtime_error'\n\n  what():  x\n",
    "Segmentation fault (core dumped)\n",
    "draws=400 divergences=37\n",
    "There were 57 divergences after tuning. Increase `target_accept`.\n",
    "usage: train.py [-h]\n\ntrain.py: error: unrecognized arguments: --x\n",
    '  File "/home/user/train.py", line 3\n    x = = 1\n\nSyntaxError: invalid syntax\n',
    "Sampling words\n" * 7,
]


def findings(log: str) -> list[Finding]:
    return list(scan(io.BytesIO(log.encode()), exit_code=1).findings)


def quoted(finding: Finding) -> dict[int, str]:
    """Return what the reader of a finding shows, by line."""
    assert finding.line
    assert finding.last_line
    start = finding.line - len(finding.before)
    own = finding.text.split("\n")
    return (
        dict(enumerate(finding.before, start))
        | dict(enumerate(own, finding.line))
        | dict(enumerate(finding.after, finding.last_line + 1))
    )


def misquoted(log: str) -> list[tuple[int, str, str]]:
    lines = log.split("\n")
    pairs = [pair for finding in findings(log) if finding.line and finding.text for pair in quoted(finding).items()]
    return [(n, text, lines[n - 1]) for n, text in pairs if not _shows(text, lines[n - 1])]


def _shows(text: str, line: str) -> bool:
    frames = [frame.rstrip() for frame in line.split("\r")]
    shown = text.rstrip()
    return shown in frames or (shown.endswith(" …") and line.startswith(shown.removesuffix(" …")))


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@settings(max_examples=examples(250), deadline=None)
def test_every_line_that_a_finding_quotes_stands_where_it_is_counted(log: str) -> None:
    assert misquoted(log) == []


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.lists(st.integers(0, 1500), max_size=8))
@settings(max_examples=examples(100), deadline=None)
def test_what_is_quoted_does_not_depend_on_chunks_and_interruptions(log: str, cuts: list[int]) -> None:
    recogniser, start, data = Recogniser(), 0, log.encode()
    changes: list[Change] = []
    for cut in [*sorted(cuts), len(data)]:
        changes += recogniser.feed(data[start:cut])
        recogniser, start = Recogniser(state=json.loads(json.dumps(recogniser.state()))), max(start, cut)
    whole = Recogniser()
    expected = fold([*whole.feed(data), *whole.end(None)])
    found = fold([*changes, *recogniser.end(None)])
    assert found == expected


@pytest.mark.parametrize("piece", [piece for piece in PIECES if piece.strip()], ids=repr)
def test_every_construct_between_blank_lines_is_quoted_in_place(piece: str) -> None:
    assert misquoted(f"epoch 0 loss=0.5\n\nstart\n\n{piece}\nnext\n\nlast words\n") == []


def test_a_nan_is_quoted_from_the_line_where_it_began() -> None:
    log = "".join(f"epoch {i}/15 loss={'nan' if i >= 6 else 0.5}\n" for i in range(1, 16))
    finding = findings(log)[0]
    assert (finding.line, finding.text) == (6, "epoch 6/15 loss=nan")
    assert finding.message == "loss not finite: epoch 6/15 loss=nan"
    assert finding.before == tuple(f"epoch {i}/15 loss=0.5" for i in range(1, 6))


@pytest.mark.parametrize("lines", [2, 400])
def test_a_nan_that_is_told_late_after_an_interruption_is_quoted_from_its_first_line(lines: int) -> None:
    recogniser = Recogniser()
    recogniser.feed(b"start\n\nepoch 1 loss=0.5\n\nepoch 2 loss=nan\n" + b"other words\n" * lines)
    recogniser = Recogniser(state=recogniser.state())
    (finding,) = fold([*recogniser.feed(b"epoch 3 loss=nan\n"), *recogniser.end(None)]).values()
    assert (finding.line, finding.text) == (5, "epoch 2 loss=nan")
    assert finding.message == "loss not finite: epoch 2 loss=nan"
    assert finding.before == ("start", "", "epoch 1 loss=0.5", "")


def test_a_nan_that_comes_again_is_quoted_from_where_it_began_again() -> None:
    values = ["0.5", "nan", "nan", "0.5", "0.5", *["nan"] * 20]
    finding = findings("".join(f"epoch {i} loss={value}\n" for i, value in enumerate(values, 1)))[0]
    assert (finding.level, finding.line, finding.text) == (Level.FAILURE, 6, "epoch 6 loss=nan")
    assert finding.before[-1] == "epoch 5 loss=0.5"


def test_blank_lines_are_kept_before_within_and_after_a_traceback() -> None:
    chain = "\nDuring handling of the above exception, another exception occurred:\n\n"
    own = f"{TRACE}ValueError: x\n{chain}{TRACE}KeyError: 1"
    (finding,) = findings(f"one\n\n\ntwo\n\n{own}\n\nthree\n\n\nfour\n")
    assert finding.before == ("one", "", "", "two", "")
    assert finding.text == own
    assert finding.after == ("", "three", "", "", "four")


def test_a_log_line_of_many_frames_is_one_line_before_and_after_a_failure() -> None:
    bar = "\r".join(f" {i}0%|x| {i}/10 [00:0{i}<00:09, 1.0it/s]" for i in range(1, 5)) + "\n"
    (finding,) = findings(f"start\n{bar}{TRACE}ValueError: x\nbye 1\rbye 2\n")
    assert finding.before == ("start", " 40%|x| 4/10 [00:04<00:09, 1.0it/s]")
    assert finding.after == ("bye 2",)


def test_a_long_traceback_ends_early_with_a_mark_and_its_exception_is_told() -> None:
    log = "Traceback (most recent call last):\n" + '  File "/u/a.py", line 1, in f\n    g()\n' * 99 + "KeyError: 'k'\n"
    (finding,) = findings(log)
    assert finding.text.endswith(" …")
    assert (finding.exception, finding.message, misquoted(log)) == ("KeyError", "'k'", [])


def test_the_line_of_a_divergence_that_became_an_emergency_stays_the_one_quoted() -> None:
    recogniser = Recogniser()
    changes = recogniser.feed(b"draws 400/1000 divergences 12\n") + recogniser.feed(b"draws 500/1000 divergences 90\n")
    (finding,) = fold([*changes, *recogniser.end(Ended(exit_code=0))]).values()
    assert (finding.line, finding.text, finding.emergency) == (1, "draws 400/1000 divergences 12", True)
    assert finding.message == "90 divergences in 500 draws (18.0%)"


def test_one_divergence_is_told_in_the_singular() -> None:
    (finding,) = scan(io.BytesIO(b"draws=1000 divergences=1\n"), exit_code=0).findings
    assert finding.message == "1 divergence in 1000 draws (0.1%)"
