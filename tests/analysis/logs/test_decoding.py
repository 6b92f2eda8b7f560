"""Logs in UTF-16 and of containers are read line by line; what cannot be read is said to be so."""

from __future__ import annotations

import gzip
import io
import json
import random

import pytest
from watchkeeper.server.analysis.logs.decoding import unwrapped
from watchkeeper.server.analysis.logs.recognise import Recogniser
from watchkeeper.server.analysis.logs.scan import scan
from watchkeeper.server.vocabulary.runs import Level

LINES = [
    "epoch 1 loss 0.5 ░é",
    "epoch 2 loss 0.25",
    "Traceback (most recent call last):",
    '  File "/a/train.py", line 3, in <module>',
    '    main("x")',
    "ValueError: bad ░ thing",
]
TEXT = "\n".join(LINES) + "\n"
WINDOWS = TEXT.replace("\n", "\r\n")


def docker(lines: list[str], end: str = "\n") -> bytes:
    """Return lines as docker's driver json-file keeps them."""
    rows = ({"log": line + end, "stream": "stderr", "time": "2026-01-01T00:00:00.123456789Z"} for line in lines)
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows).encode()


WRITTEN = {
    "UTF-16, marked": b"\xff\xfe" + WINDOWS.encode("utf-16-le"),
    "UTF-16 from the high byte, marked": b"\xfe\xff" + WINDOWS.encode("utf-16-be"),
    "UTF-16, not marked": WINDOWS.encode("utf-16-le"),
    "docker": docker(LINES),
    "docker on Windows": docker(LINES, "\r\n"),
    "containerd": "".join(f"2026-01-01T00:00:00.123456789Z stderr F {line}\n" for line in LINES).encode(),
}


@pytest.mark.parametrize("form", WRITTEN)
def test_a_failure_in_a_log_of_this_form_stands_at_its_line(form: str) -> None:
    found = scan(io.BytesIO(WRITTEN[form]))
    assert found.outcome == "failed"
    assert [(one.line, one.exception, one.message) for one in found.findings] == [(3, "ValueError", "bad ░ thing")]


@pytest.mark.parametrize("form", WRITTEN)
def test_what_is_found_does_not_depend_on_how_the_bytes_come_in(form: str) -> None:
    source, data = random.Random(7), WRITTEN[form]
    recogniser, rows, begin = Recogniser(), list[dict[str, float]](), 0
    while begin < len(data):
        end = begin + source.choice((1, 2, 3, 40))
        recogniser.feed(data[begin:end])
        rows += [row.values for row in recogniser.take_rows()]
        recogniser, begin = Recogniser(state=json.loads(json.dumps(recogniser.state()))), end
    ended = recogniser.end(None)
    assert rows[:2] == [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}]
    assert [(one.finding.line, one.finding.exception) for one in ended if one.finding.level is Level.FAILURE]


def test_utf_16_behind_lines_of_utf_8_is_read_too() -> None:
    found = scan(io.BytesIO(b"started\n" * 3 + b"\xff\xfe" + WINDOWS.encode("utf-16-le")))
    assert [(one.line, one.exception) for one in found.findings] == [(6, "ValueError")]


def test_a_line_of_docker_that_is_too_long_is_cut_and_those_behind_it_keep_their_numbers() -> None:
    found = scan(io.BytesIO(docker(["x" * 9000, 'y "q" ' * 1500, *LINES])))
    assert [(one.line, one.exception) for one in found.findings] == [(5, "ValueError")]


def test_frames_of_a_bar_within_a_docker_line_stay_frames() -> None:
    assert unwrapped(docker(["\r 10%", "\r 20%"], end="")) == b"\r 10%\n\r 20%\n"


def test_json_lines_of_a_program_are_left_as_they_are() -> None:
    line = b'{"log":"hello","level":"info"}\n'
    assert unwrapped(line) == line


def test_a_packed_log_is_said_to_be_unreadable() -> None:
    (found,) = scan(io.BytesIO(gzip.compress(TEXT.encode() * 100))).findings
    assert (found.kind, found.level) == ("unreadable", Level.FLAG)
    assert found.message.startswith("the log is packed (gzip) and cannot be read")


def test_an_empty_log_and_one_of_a_single_byte_are_text() -> None:
    assert scan(io.BytesIO(b"")).findings == scan(io.BytesIO(b"\xff")).findings == ()
