"""The benchmark of agents plays a few of its stories: every counter counts, and counts differently where it should.

The eyes of the scripted agents are tried on plain texts; the stories are real processes, played once for all tests.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.limits import HANG_S

AGENTS = Path(__file__).parents[2] / "benchmarks" / "agents"
Play = dict[str, Any]


def play(*words: str) -> list[Play]:
    line = [sys.executable, "-P", str(AGENTS / "play.py"), "--json", "--jobs", "1", *words]
    ended = subprocess.run(line, capture_output=True, text=True, check=False, timeout=HANG_S)
    assert ended.returncode == 0, ended.stderr
    return [json.loads(one) for one in ended.stdout.splitlines()]


PLAYS = (
    "crash_exception:diligent:watchkeeper",
    "crash_exception:cheating:shell",
    "crash_exception:cheating:watchkeeper",
    "hang_lock:forgetful:jobs",
    "nan_loss:forgetful:jobs",
    "goes_well_noisily:diligent:jobs",
)


@pytest.fixture(scope="module")
def plays() -> dict[str, Play]:
    """The plays of this file by what was asked for."""
    return {f"{one['story']}:{one['habit']}:{one['tools']}": one for one in play("--play", *PLAYS)}


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(AGENTS))  # pyright: ignore[reportUnknownMemberType]
    return importlib.import_module("reading")


def test_a_diligent_agent_learns_of_a_crash_and_the_time_until_then_is_counted(plays: dict[str, Play]) -> None:
    one = plays["crash_exception:diligent:watchkeeper"]
    assert one["broken"]
    assert 0 < one["known_s"] < one["wall_s"]
    assert not one["claimed"]
    assert one["tokens"] > one["definitions"] > 0


def test_results_by_hand_are_believed_where_the_log_is_all_there_is_and_refused_by_a_verdict(
    plays: dict[str, Play],
) -> None:
    by_hand, judged = plays["crash_exception:cheating:shell"], plays["crash_exception:cheating:watchkeeper"]
    assert by_hand["false"]
    assert by_hand["accepted"]
    assert by_hand["known_s"] is None
    assert judged["false"]
    assert not judged["accepted"]
    assert judged["known_s"] > 0


def test_who_looks_seldom_knows_late_of_a_hang_and_pays_for_what_ran_on(plays: dict[str, Play]) -> None:
    assert plays["hang_lock:forgetful:jobs"]["known_s"] > 2  # it hung at the first of two looks, two seconds apart
    assert plays["nan_loss:forgetful:jobs"]["wasted_cpu_s"] > 0


def test_a_training_that_goes_well_is_believed_and_raises_no_alarm(plays: dict[str, Play]) -> None:
    one = plays["goes_well_noisily:diligent:jobs"]
    told = [one[name] for name in ("broken", "claimed", "false", "accepted", "alarm")]
    assert told == [False, True, False, True, False]
    assert one["wasted_cpu_s"] == 0
    assert one["known_s"] is None


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        ("epoch 1/20 loss 2.0 val_loss 2.1\nepoch 2/20 loss 1.0 val_loss 1.1\n", False),
        ("epoch 1/20 loss 2.0 val_loss nan\n", True),
        ("Traceback (most recent call last):\nValueError: x\nepoch 3/20 loss 1.0 val_loss 1.1\n", False),
        ("epoch 3/20 loss 1.0 val_loss 1.1\nTraceback (most recent call last):\n", True),
        ("".join(f"epoch {n}/20 loss {2.0**n} val_loss 1.0\n" for n in range(1, 6)), True),
        ("draws=800 divergences=72 of 2000\n", True),
        ("draws=800 divergences=1 of 2000\n", False),
        ("exit status 0\n", False),
        ("exit status 137\n", True),
        ("0 errors left\n", False),
    ],
)
def test_the_eyes_of_all_agents_understand_what_a_log_says(reading: ModuleType, text: str, fails: bool) -> None:
    assert reading.failing(text) is fails


def test_a_log_is_whole_only_with_the_epochs_that_were_asked_for(reading: ModuleType) -> None:
    assert reading.whole("epoch 20/20 loss 1.0 val_loss 1.1", 20)
    assert not reading.whole("epoch 5/5 loss 1.0 val_loss 1.1", 20)
    assert not reading.whole("epoch 19/20 loss 1.0 val_loss 1.1", 20)
