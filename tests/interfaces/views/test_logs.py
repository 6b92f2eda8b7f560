"""A log through a window: the lines of a run's part, whatever was asked for, whatever else stands in the file."""

from __future__ import annotations

import tempfile
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.interfaces.views.logs import END, Found, read_window
from watchkeeper.server.storage.files import log_lines
from watchkeeper.server.storage.files.log_lines import Place

LINES = st.lists(st.binary(max_size=12).map(lambda text: text.replace(b"\n", b"")), max_size=40)


@given(LINES, LINES, LINES, st.booleans(), st.integers(0, 60), st.integers(1, 30), st.integers(0, 8))
def test_a_window_holds_the_numbered_lines_of_its_part_and_no_other(
    before: list[bytes], own: list[bytes], behind: list[bytes], torn: bool, asked: int, count: int, above: int
) -> None:
    head = b"".join(one + b"\n" for one in before)
    middle = b"".join(one + b"\n" for one in own)
    middle = middle[:-1] if torn and not behind else middle
    tail = b"".join(one + b"\n" for one in behind)
    part = (len(head), len(head) + len(middle))
    ours = middle.split(b"\n")
    ours = ours[:-1] if ours[-1] == b"" else ours
    numbered = dict(enumerate(ours, start=len(before) + 1))
    with tempfile.TemporaryFile() as file:
        file.write(head + middle + tail)
        file.flush()
        found = read_window(file.fileno(), part, asked, count, above, [])
        again = read_window(file.fileno(), part, asked, count, above, found.places)
    shown = dict(enumerate(found.lines, start=found.first))
    assert shown.items() <= numbered.items()
    assert len(shown) <= count
    assert (found.first, found.lines) == (again.first, again.lines)
    assert all(isinstance(one, Place) for one in found.places)
    if ours and asked == END:
        assert found.ends
        assert found.lines[-1] == ours[-1]
    if asked in numbered and count > above:
        assert asked in shown
    if shown:
        assert found.begins == (found.first == len(before) + 1)
        assert found.ends == (max(shown) == max(numbered))


@given(st.lists(st.integers(0, 40), min_size=1, max_size=20), st.booleans(), st.integers(0, 20), st.integers(1, 12))
def test_lines_longer_than_an_excerpt_hide_neither_the_wanted_line_nor_those_behind_them(
    lengths: list[int], torn: bool, asked: int, count: int
) -> None:
    lines = [str(place).encode() + b"x" * length for place, length in enumerate(lengths, start=1)]
    text = b"\n".join(lines) + (b"" if torn else b"\n")
    with tempfile.TemporaryFile() as file, mock.patch.object(log_lines, "MOST_BYTES", 16):
        file.write(text)
        file.flush()

        def read(line: int, before: int = 0) -> Found:
            return read_window(file.fileno(), (0, len(text)), line, count, before, [])

        found = read(asked, count // 4)
        walked = [read(1)]
        while not walked[-1].ends:
            walked.append(read(walked[-1].first + len(walked[-1].lines)))
    shown = range(found.first, found.first + len(found.lines))
    assert asked == END or asked > len(lines) or asked in shown
    assert asked != END or (found.ends and len(lines) in shown)
    told = [line for one in walked for line in one.lines]
    assert len(told) == len(lines)
    assert all(whole.startswith(line) for line, whole in zip(told, lines, strict=True))
