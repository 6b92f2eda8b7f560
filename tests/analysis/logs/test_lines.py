"""The rows of numbers that a text states, where one line of it is written over and over."""

from __future__ import annotations

from watchkeeper.server.analysis.logs.lines import read_frames, read_lines

OVERWRITTEN = "".join(f"\rEpoch {epoch:4d}/40  loss {1 / epoch:.5f}  {epoch / 10:5.1f} s" for epoch in range(1, 41))


def test_a_line_that_each_epoch_writes_over_has_a_row_for_each_of_them() -> None:
    records, names = read_lines(OVERWRITTEN + "\n")
    assert [one["epoch"] for one in records] == list(range(1, 41))
    assert records[-1]["loss"] == 0.025
    assert "loss" in names
    assert [one["loss"] for one in read_frames(OVERWRITTEN)] == [one["loss"] for one in records]


def test_of_the_frames_of_one_epoch_the_last_counts() -> None:
    text = "".join(f"\rEpoch {e}/3  loss {10 - e - b / 10:.1f}" for e in (1, 2, 3) for b in range(5))
    assert [one["loss"] for one in read_frames(text)] == [8.6, 7.6, 6.6]
    assert [one["loss"] for one in read_lines(text)[0]] == [8.6, 7.6, 6.6]


def test_of_a_bar_that_names_no_epoch_a_line_keeps_its_last_frame() -> None:
    bar = "\r{share:3}%|███       | {done}/30 [00:01<00:02,  9.1it/s, loss={loss}]"
    text = "".join(bar.format(share=done * 3, done=done, loss=loss) for done, loss in ((10, 0.5), (20, 0.4), (30, 0.3)))
    assert [one["loss"] for one in read_lines(text)[0]] == [0.3]
    assert len(read_frames(text)) == 3
