"""`watchkeeper poll --follow`: one line an event, until the run has ended."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from watchkeeper.server.interfaces.commands import cli
from watchkeeper.server.interfaces.commands.following import Line

from ... import warm
from ...play import FAILS, GOOD, WAITS, Place
from ...runtime.keeper.helpers import until


class Following(warm.Begun):
    """A process that follows."""

    def __init__(self, place: Place, *words: str, workspace: Path | None = None) -> None:
        named = {**os.environ, "CLAUDE_PROJECT_DIR": str(workspace or place.root)}
        super().__init__("poll", *words, "--follow", environment=named)

    def lines(self) -> list[str]:
        return self.out.splitlines()

    def says(self, word: str) -> None:
        until(lambda: any(word in one for one in self.lines()), f"a line says {word}")

    def end(self, number: int) -> int:
        self.send(number)
        return self.ends()


def run(place: Place, *words: str) -> None:
    assert cli.main(["--workspace", str(place.root), *words]) == 0


def test_a_run_is_followed_from_its_start_to_its_end_through_a_restart_of_who_follows(place: Place) -> None:
    place.script(WAITS)
    run(place, "start", "1", "quick")
    with Following(place, "1-quick-1") as first:
        first.says("1-quick-1 started, quick run of model 1")
        assert first.end(signal.SIGKILL) == -signal.SIGKILL
    with Following(place, "1-quick-1", "--json") as second:
        place.go()
        assert second.ends() == 0
        told = [json.loads(one) for one in second.lines()]
    assert [one["event"] for one in told] == ["run.start", "run.ended"]
    assert told[1]["what"].startswith("completed after ")
    assert all(one["run"] == "1-quick-1" for one in told)


def test_all_runs_are_followed_by_a_monitor_that_makes_nothing_and_lives_until_it_is_ended(place: Place) -> None:
    empty = place.root / "empty"
    empty.mkdir()
    with Following(place, workspace=empty) as nowhere, Following(place) as monitor:
        place.script(FAILS)
        run(place, "start", "1", "quick")
        monitor.says("failed after")
        run(place, "report", "Input has NaN.\nSecond line.", "--run", "1-quick-1")
        monitor.says("waits for the director")
        run(place, "answer", "1-r1", "RESTART", "--instructions", "drop them")
        monitor.says("report 1-r1 is answered: RESTART")
        with Following(place) as later:
            later.says("report 1-r1 is answered")
            assert monitor.status is None
            assert monitor.end(signal.SIGINT) == 130
            assert later.end(signal.SIGTERM) == -signal.SIGTERM
        told = monitor.lines()
        (failure,) = [one for one in told if "1-quick-1:L8" in one]
        assert failure.endswith('failure data traceback: 1-quick-1:L8 | untrusted: "ValueError: Input X contains NaN"')
        assert len([one for one in told if "report 1-r1" in one]) == 2
        assert nowhere.status is None
        assert nowhere.end(signal.SIGINT) == 130
        assert (nowhere.lines(), list(empty.iterdir())) == ([], [])


def test_the_exit_status_says_how_a_run_ended_also_afterwards(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.script(FAILS).script(GOOD, model="2")
    run(place, "start", "1", "quick")
    run(place, "start", "2", "quick")
    follow = ["--workspace", str(place.root), "poll", "--follow"]
    assert cli.main([*follow, "1-quick-1"]) == 4
    assert cli.main([*follow, "2-quick-1"]) == 0
    assert cli.main([*follow, "3-quick-1"]) == 1
    assert "There is no run '3-quick-1'" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--until", "end"], ["--wait", "5"], ["--cursor", "x"]])
def test_what_following_has_no_use_for_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert cli.main(["--workspace", str(tmp_path), "poll", "1-quick-1", "--follow", *words]) == 2
    assert "--follow takes a run and nothing else" in capsys.readouterr().err


def test_a_line_is_one_line_whatever_stands_in_it_and_carries_no_secret() -> None:
    line = Line(0.0, "1-quick-1", "finding.seen", "failure: 1-quick-1:L1", 'a"b\\n password=hunter2hunter2')
    assert line.text().startswith("00:00:00Z 1-quick-1 failure: 1-quick-1:L1 | untrusted: ")
    assert "hunter2" not in line.text() + line.json()
    assert len(line.text().splitlines()) == 1
    assert json.loads(line.json())["run"] == "1-quick-1"
