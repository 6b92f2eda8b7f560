"""A defect of the recogniser costs the line that shows it: never the watch, never the lines around it."""

from __future__ import annotations

import json

import pytest
from watchkeeper.server.analysis.logs import guarded, judge, lines, metrics
from watchkeeper.server.analysis.logs.guarded import KEY, GuardedRecogniser
from watchkeeper.server.analysis.logs.mcmc import Mcmc
from watchkeeper.server.analysis.logs.recognise import Change, Recogniser
from watchkeeper.server.analysis.logs.rules import DEFAULT_RULES
from watchkeeper.server.vocabulary.runs import Ended, Level

POISON = "divergences poison\n"
FAILURE = "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\nKeyError: 'x'\n"


@pytest.fixture
def defective(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the recogniser raise at every line of poison, as a defect of it does."""
    sound = Mcmc.read

    def read(self: Mcmc, number: int, text: str, *others: object) -> object:
        if "poison" in text:
            raise ZeroDivisionError(text)
        return sound(self, number, text, *others)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(Mcmc, "read", read)


def reader() -> GuardedRecogniser:
    return GuardedRecogniser(DEFAULT_RULES)


def last_of(changes: list[Change], key: str) -> Change:
    return [one for one in changes if one.key == key][-1]


@pytest.mark.usefixtures("defective")
class TestDefect:
    """What a defect leaves."""

    def test_it_is_told_with_the_lines_that_were_skipped_and_is_no_failure_of_the_training(self) -> None:
        (told,) = reader().feed(f"one\n{POISON}three\n".encode())
        found = told.finding
        assert (told.kind, told.key, found.kind, found.level, found.type) == (
            *("seen", KEY, "log_not_read"),
            *(Level.FLAG, None),
        )
        assert (found.line, found.last_line, found.count) == (2, 2, 1)
        assert "ZeroDivisionError" in found.message
        assert f"{len(POISON)} bytes" in found.message

    @pytest.mark.parametrize("lines", [1, 100, 40_000])
    def test_failures_before_and_behind_it_are_found_in_their_lines(self, lines: int) -> None:
        text = "x\n" * lines + FAILURE + "epoch 1 loss 0.5\n" * lines + POISON + "x\n" * lines
        text += FAILURE.replace("KeyError", "OSError") + "epoch 2 loss 0.5\n"
        found = {one.finding.exception: one.finding.line for one in reader().feed(text.encode()) if one.key != KEY}
        assert found == {"KeyError": lines + 1, "OSError": 3 * lines + 5}

    def test_a_thousand_of_them_are_told_as_one(self) -> None:
        one = reader()
        changes = [change for _ in range(100) for change in one.feed(POISON.encode() * 10)]
        assert [change.kind for change in changes if change.kind == "seen"] == ["seen"]
        assert len(changes) <= 200
        assert last_of(changes, KEY).finding.count == 1000
        assert one.line == 1001

    def test_a_block_of_nothing_else_is_given_up_as_a_whole(self) -> None:
        one = reader()
        changes = one.feed(POISON.encode() * 50_000)
        assert last_of(changes, KEY).finding.count <= 300
        assert one.line == 50_001
        assert one.feed(FAILURE.encode() + b"x\n")[0].finding.line == 50_001

    def test_another_server_reads_on_behind_it_and_counts_on(self) -> None:
        one = reader()
        one.feed(POISON.encode())
        other = GuardedRecogniser(DEFAULT_RULES, state=one.state())
        (told,) = other.feed(POISON.encode())
        assert (told.kind, told.finding.count, told.finding.line, other.line) == ("repeated", 2, 1, 3)

    def test_an_unfinished_line_of_poison_is_told_once_and_the_end_is_judged_all_the_same(self) -> None:
        one = reader()
        assert one.feed(POISON.rstrip().encode()) == []
        assert [change.key for _ in range(5) for change in one.quiet()] == [KEY]
        again = GuardedRecogniser(DEFAULT_RULES, state=one.state())
        assert again.quiet() == []
        assert [change.key for change in again.end(Ended(exit_code=1)) if change.kind == "seen"] == ["exit"]


def _raises(*_: object, **__: object) -> object:
    raise RuntimeError("a defect")


@pytest.mark.parametrize(
    ("room", "name"),
    [
        (judge, "levels"),
        *((Recogniser, name) for name in ("state", "take_rows", "feed", "quiet")),
        (lines, "read_metrics"),
        (metrics, "normalise"),
    ],
)
def test_nothing_that_the_recogniser_raises_escapes_and_all_of_it_is_told(
    room: object, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, name, _raises)
    one = reader()
    changes = one.feed(f"epoch 1 loss 0.5\n{FAILURE}epoch 2 loss 0.4\nunfin".encode())
    one.take_rows()
    assert isinstance(one.latest, dict)
    changes += one.quiet()
    assert json.loads(one.state())["line"] == 6
    changes += one.end(Ended(exit_code=1))
    assert last_of(changes, KEY).finding.level is Level.FLAG


def test_a_state_that_was_taken_up_and_makes_every_line_fail_is_left_behind() -> None:
    damaged = json.loads(reader().state())
    damaged["reader"]["register"]["distinct"] = "five"
    one = GuardedRecogniser(DEFAULT_RULES, state=json.dumps(damaged))
    changes = one.feed(b"x\n" + FAILURE.encode() + b"epoch 1 loss 0.5\n")
    seen = [change for change in changes if change.kind == "seen"]
    assert [(one.key, one.finding.exception) for one in seen] == [("L2", "KeyError")]  # and no line was skipped


def test_pieces_hold_all_bytes_and_end_with_lines() -> None:
    data = b"one\r\ntwo\rthree\n" * 2000 + b"rest"
    parts = guarded._parts(data)  # pyright: ignore[reportPrivateUsage]
    assert b"".join(parts) == data
    assert all(part[-1:] in b"\r\n" for part in parts[:-1])
