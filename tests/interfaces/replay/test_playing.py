"""Playing: real servers, real runs, and differences that tell where and what."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from watchkeeper.server.interfaces.replay.expectations import Difference
from watchkeeper.server.interfaces.replay.sandbox_folder import Stage

from ...play import FAILS, GOOD, WAITS, Place
from ...runtime.keeper.helpers import processes_of, until
from .helpers import STEPS, call, played, script, written

pytestmark = pytest.mark.anyio

START = call("start_training", arguments={"model": "1", "phase": "quick"}, expect={"run": {"$capture": "run"}})
BRIEF: STEPS = {"wait_s": 0}


async def test_a_difference_names_the_line_the_call_the_place_and_both_values(place: Place) -> None:
    wrong = call("poll_training", arguments=BRIEF, expect={"runs": [], "next": "rest", "owed": {"$absent": True}})
    came = await played(written(call("poll_training", arguments=BRIEF), wrong), place.root)
    assert came.failure is not None
    assert (came.steps, came.failure.at, came.failure.doing) == (2, "line 3", "trainer poll_training")
    said = "nothing was started: start_training(model=…, phase='quick')"
    assert came.failure.differences[0] == Difference("next", '"rest"', f'"{said}"')
    text = str(came.failure)
    assert text.startswith('line 3: trainer poll_training\n  next\n    expected "rest"\n    got      "nothing was st')
    assert '"cursor":' in text, "the whole answer is shown"


async def test_the_steps_behind_a_difference_are_not_played(place: Place) -> None:
    wrong = call("poll_training", arguments=BRIEF, expect={"next": "rest"})
    came = await played(written(wrong, {"write": {"later": "x"}}), place.root)
    assert came.failure is not None
    assert not (place.root / "later").exists()


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (call("poll_training", arguments=BRIEF, refused="never"), "expected a refusal, got an answer"),
        (call("poll_training", arguments={"run": "9"}), "expected an answer, got a refusal"),
        (call("poll_training", arguments=BRIEF, until={"state": "x"}, within_s=0.2), "did not come true within 0.2 s:"),
        ({"read": "nowhere", "until": {"$any": True}, "within_s": 0.1}, "did not come true within 0.1 s:"),
        ({"write": {"../outside": "x"}}, "leads out of the workspace"),
        ({"write": {".watchkeeper/ledger.sqlite3": "x"}}, "is watchkeeper's own"),
        ({"kill_keeper": "1-quick-1"}, "Nobody keeps '1-quick-1'"),
        ({"kill_process": "1"}, "Process 1 is none of a run of"),
        ({"kill_process": "one"}, '"one" is no pid'),
    ],
)
async def test_why_a_step_failed_is_said(place: Place, step: STEPS, why: str) -> None:
    came = await played(written(step), place.root)
    assert why in str(came.failure)


async def test_a_refusal_is_held_against_its_pattern(place: Place) -> None:
    asked = call("poll_training", arguments={"run": "9"}, refused="There is no run '9'")
    other = call("poll_training", arguments={"run": "9"}, refused="There is no model")
    came = await played(written(asked, other), place.root)
    assert came.failure is not None
    assert came.failure.at == "line 3"
    assert "text with the pattern There is no model" in str(came.failure)


async def test_a_process_that_is_none_of_a_run_here_is_never_killed(place: Place) -> None:
    other = psutil.Popen(["sleep", "3600"])
    try:
        came = await played(written({"kill_process": str(other.pid)}), place.root)
        assert "is none of a run" in str(came.failure)
        assert other.is_running()
    finally:
        other.kill()
        other.wait()


async def test_each_agent_has_a_server_of_its_role_and_none_is_left(place: Place) -> None:
    before = set(psutil.Process().children())
    steps = [call("answer_report", arguments={}, refused="no tool 'answer_report' for the role trainer")]
    steps += [call("start_training", "boss", {}, refused="no tool 'start_training' for the role director")]
    came = await played(written(*steps, agents={"trainer": "trainer", "boss": "director"}), place.root, cold=True)
    assert came.failure is None
    assert set(psutil.Process().children()) <= before  # of which some may have ended


async def test_branches_go_on_at_the_same_time_and_a_failure_in_one_ends_the_others(place: Place) -> None:
    waits = call("poll_training", arguments={**BRIEF}, until={"runs": {"$length": 5}}, within_s=600.0)
    fails: list[STEPS] = [{"write": {"go": "x"}}, {"read": "go", "expect": "y"}]
    came = await played(written({"parallel": [[waits], list(fails)]}), place.root)
    assert came.failure is not None
    assert came.failure.at == "line 2, branch 2, step 2"


async def test_runs_that_a_transcript_leaves_going_are_stopped_and_others_are_not(place: Place) -> None:
    place.script(WAITS)
    async with place.trainer() as trainer:
        earlier = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        begun = call("start_training", arguments={"model": "2", "phase": "quick"})
        came = await played(written(begun, files=script(WAITS, "2")), place.root)
        assert came.failure is None
        assert (await trainer.poll("2-quick-1"))["state"] == "stopped"
        assert (await trainer.poll(earlier))["state"] == "running"
        place.go()
        await trainer.watch(earlier)


async def test_a_broken_policy_does_not_keep_runs_from_being_ended(place: Place) -> None:
    steps = [START, {"write": {"watchkeeper.toml": "[quick"}}]
    came = await played(written(*steps, files=script(WAITS)), place.root)
    assert came.failure is None
    until(lambda: not processes_of(place.root), "its processes have ended")


async def test_nothing_is_overwritten_at_the_start(place: Place) -> None:
    place.script(FAILS)
    came = await played(written(START, files=script(GOOD)), place.root)
    assert "overwrites nothing at its start" in str(came.failure)
    assert place.read("output/implementation/code/model_1.py") == FAILS
    assert Stage(place.root).read("nothing") is None


@pytest.mark.training
async def test_a_server_that_does_not_come_up_is_told(tmp_path: Path) -> None:
    (tmp_path / ".watchkeeper").write_text("in the way")
    came = await played(b'{"transcript": 1}\n{"agent": "trainer", "tool": "poll_training"}\n', tmp_path)
    assert "The server of trainer did not come up" in str(came.failure)


async def test_variables_of_the_header_reach_the_server(place: Place) -> None:
    seen = script('import os\nprint("marked", os.environ.get("LANG"))\n')
    steps = [START, {"read": "output/implementation/logs/training_quick_1.log", "until": "marked xx_YY\n"}]
    came = await played(written(*steps, files=seen, env={"LANG": "xx_YY"}), place.root)
    assert came.failure is None, str(came.failure)
