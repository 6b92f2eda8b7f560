"""Starting: once, never twice, never past a gate, and never anything from outside the workspace."""

from __future__ import annotations

import os

import anyio
import pytest
from watchkeeper.server.acts import launch
from watchkeeper.server.acts.desk import Desk
from watchkeeper.server.acts.start import start as starting
from watchkeeper.server.runtime import run_directory
from watchkeeper.server.storage.record import Run
from watchkeeper.server.vocabulary.runs import Phase

from ...play import FAILS, GOOD, WAITS, Place, script

pytestmark = pytest.mark.anyio

FAILS_AT_FIRST = "import os\nassert os.environ['WATCHKEEPER_ATTEMPT'] != '1', 'the first attempt fails'\n" + GOOD


async def test_the_first_start_needs_a_model_and_a_phase_and_says_where_everything_lies(place: Place) -> None:
    place.script(WAITS)
    async with place.trainer() as trainer:
        started = await trainer.ask("start_training", model=1, phase="quick")
        place.go()
        await trainer.watch(started["run"])
    named = {name: started[name] for name in ("run", "phase", "log", "results", "script", "limit_minutes")}
    assert named == {
        "run": "1-quick-1",
        "phase": "quick",
        "log": "output/implementation/logs/training_quick_1.log",
        "results": "output/implementation/data/results_quick_1.csv",
        "script": "output/implementation/code/model_1.py",
        "limit_minutes": 30.0,
    }
    assert started["state"] in ("starting", "running")
    assert "existing" not in started
    assert place.read(started["results"]) == "draw,mu\n1,4.4\n"


async def test_the_script_learns_its_phase_its_paths_and_its_attempt_from_the_environment(place: Place) -> None:
    names = "MODEL PHASE DATA_FRACTION ATTEMPT RESUME WORKSPACE RUN_DIR CHECKPOINT_DIR RESULTS FINAL_MODEL"
    place.script(script(f"for name in {names.split()!r}: print(name, os.environ['WATCHKEEPER_' + name])"))
    async with place.trainer() as trainer:
        run = await trainer.trained()
    state = place.root / ".watchkeeper"
    assert dict(line.split(" ", 1) for line in place.read(place.recorded(run).log).splitlines()) == {
        "MODEL": "1",
        "PHASE": "quick",
        "DATA_FRACTION": "0.2",
        "ATTEMPT": "1",
        "RESUME": "start",
        "WORKSPACE": str(place.root),
        "RUN_DIR": str(state / "runs/1-quick-1"),
        "CHECKPOINT_DIR": str(state / "checkpoints/1-quick"),
        "RESULTS": str(place.root / "output/implementation/data/results_quick_1.csv"),
        "FINAL_MODEL": str(place.root / "output/implementation/models/model_1_full.pkl"),
    }


async def test_the_arguments_reach_the_script_one_by_one_and_no_shell_reads_them(place: Place) -> None:
    place.script("import sys\nprint(sys.argv[1:])\n")
    words = ["--draws", "2000", "$(touch hacked); `id`", "a b", ""]
    async with place.trainer() as trainer:
        run = await trainer.trained(args=words)
    assert place.read(place.recorded(run).log) == f"{words}\n"
    assert not (place.root / "hacked").exists()


async def test_the_same_call_again_gives_the_run_that_exists_running_or_ended(place: Place) -> None:
    place.script(WAITS)
    async with place.trainer() as trainer:
        first = await trainer.ask("start_training", model="1", phase="quick")
        while_running = await trainer.ask("start_training", model="1", phase="quick")
        place.go()
        await trainer.watch(first["run"])
        after_the_end = await trainer.ask("start_training", model="1", phase="quick")
    for again in (while_running, after_the_end):
        assert (again["run"], again["existing"], again["script_changed_since"]) == (first["run"], True, False)
    assert after_the_end["state"] == "completed"
    assert len(place.runs()) == 1
    assert place.read(first["log"]).count("ready") == 1


async def test_starting_again_says_that_the_script_was_changed_and_what_to_call(place: Place) -> None:
    place.script(FAILS)
    async with place.trainer() as trainer:
        run = await trainer.trained()
        reported = await trainer.ask("report_error", run=run, what_happened="NaN in the data")
        place.script(GOOD)
        again = await trainer.ask("start_training", model="1", phase="quick")
        assert (again["run"], again["state"], again["script_changed_since"]) == (run, "failed", True)
        async with place.director() as director:
            await director.ask("answer_report", report=reported["report"], action="RESTART", instructions="mended")
        again = await trainer.ask("start_training", model="1", phase="quick")
    assert again["next"].startswith(f"start_training(model='1', phase='quick', follows='{run}')")


async def test_the_cursor_of_a_start_that_existed_hides_none_of_the_failures_since(place: Place) -> None:
    place.script(FAILS)
    async with place.trainer() as trainer:
        run = await trainer.trained()
    async with place.trainer() as trainer:
        again = await trainer.ask("start_training", model="1", phase="quick")
        seen = await trainer.poll(run, cursor=again["cursor"])
    assert [one["exception"] for one in seen["findings"]] == ["ValueError"]


async def test_a_later_attempt_names_the_one_it_follows_and_the_same_call_twice_is_one(place: Place) -> None:
    place.script(FAILS_AT_FIRST)
    async with place.trainer() as trainer:
        first = await trainer.trained()
        second = await trainer.ask("start_training", model="1", phase="quick", follows=first)
        await trainer.watch(second["run"])
        again = await trainer.ask("start_training", model="1", phase="quick", follows=first)
    assert (second["run"], second.get("existing")) == ("1-quick-2", None)
    assert (again["run"], again["existing"], again["state"]) == ("1-quick-2", True, "completed")
    assert place.recorded("1-quick-2").follows == first
    assert len(place.runs()) == 2


async def test_follows_must_name_an_attempt_of_this_model_and_phase(place: Place) -> None:
    place.script(GOOD).script(GOOD, model="2")
    async with place.trainer() as trainer:
        nothing_yet = await trainer.refused("start_training", model="1", phase="quick", follows="1-quick-7")
        assert "1-quick-7" in nothing_yet
        assert place.runs() == []
        await trainer.trained()
        other = await trainer.trained(model="2")
        for wrong in ("1-quick-7", other, "no run", "../1-quick-1"):
            text = await trainer.refused("start_training", model="1", phase="quick", follows=wrong)
            assert "The latest is 1-quick-1: start_training(model='1', phase='quick', follows='1-quick-1')." in text


async def test_nothing_follows_a_run_that_is_still_active(place: Place) -> None:
    place.script(WAITS)
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        text = await trainer.refused("start_training", model="1", phase="quick", follows=run)
        place.go()
        await trainer.watch(run)
    assert f"{run} is still active" in text
    assert f"poll_training(run='{run}')" in text
    assert f"stop_training(run='{run}', reason=…)" in text


async def test_a_run_that_ended_unseen_does_not_block_the_next_one(place: Place) -> None:
    place.script(FAILS_AT_FIRST)
    async with place.trainer() as trainer:
        first = await trainer.ask("start_training", model="1", phase="quick")
        await anyio.to_thread.run_sync(place.ends, first["run"])
        second = await trainer.ask("start_training", model="1", phase="quick", follows=first["run"])
        assert second["run"] == "1-quick-2"
        await trainer.watch(second["run"])


@pytest.mark.parametrize(
    ("word", "phase"), [("5A", "quick"), ("5a", "quick"), ("Quick", "quick"), (" quick ", "quick"), ("5b", "full")]
)
async def test_a_phase_goes_by_its_name_or_its_label_in_any_case(place: Place, word: str, phase: str) -> None:
    place.script(GOOD)
    async with place.trainer() as trainer:
        if phase == "full":
            await trainer.trained()
        assert (await trainer.ask("start_training", model="1", phase=word))["phase"] == phase
        await trainer.watch(f"1-{phase}-1")


async def test_the_policy_names_the_labels_and_a_wrong_phase_is_answered_with_them(place: Place) -> None:
    place.policy(instead_of="[quick]", by='[quick]\nlabel = "Probe"').script(GOOD)
    async with place.trainer() as trainer:
        text = await trainer.refused("start_training", model="1", phase="5A")
        assert "quick (Probe), full (5B)" in text
        assert await trainer.trained(phase="PROBE") == "1-quick-1"


class TestScriptPath:
    """Only plain files in the workspace are started; everything else is refused with what to do."""

    @pytest.mark.parametrize("path", ["../evil.py", "output/../../evil.py", "/etc/passwd", "/proc/self/environ"])
    async def test_a_script_outside_the_workspace_is_refused(self, place: Place, path: str) -> None:
        (place.root.parent / "evil.py").write_text("print('evil')")
        async with place.trainer() as trainer:
            text = await trainer.refused("start_training", model="1", phase="quick", script=path)
        assert "leads out of the workspace" in text
        assert "Copy it into the workspace" in text

    async def test_a_link_that_leads_out_is_refused_and_one_inside_is_followed(self, place: Place) -> None:
        place.script(GOOD)
        (place.root.parent / "evil.py").write_text("print('evil')")
        (place.root / "out.py").symlink_to("../evil.py")
        (place.root / "in.py").symlink_to("output/implementation/code/model_1.py")
        async with place.trainer() as trainer:
            text = await trainer.refused("start_training", model="1", phase="quick", script="out.py")
            assert "leads out of the workspace" in text
            assert await trainer.trained(script="in.py") == "1-quick-1"

    async def test_a_fifo_is_refused_and_nobody_waits_for_its_writer(self, place: Place) -> None:
        os.mkfifo(place.root / "pipe.py")
        async with place.trainer() as trainer:
            text = await trainer.refused("start_training", model="1", phase="quick", script="pipe.py")
        assert "not a plain file" in text

    async def test_a_folder_is_refused(self, place: Place) -> None:
        (place.root / "folder.py").mkdir()
        async with place.trainer() as trainer:
            assert "is a folder" in await trainer.refused(
                "start_training", model="1", phase="quick", script="folder.py"
            )

    async def test_a_missing_script_is_answered_with_what_there_is(self, place: Place) -> None:
        place.script(GOOD, model="sir")
        async with place.trainer() as trainer:
            text = await trainer.refused("start_training", model="sir_2", phase="quick")
        assert "output/implementation/code/model_sir_2.py does not exist" in text
        assert "There is: model_sir.py" in text

    async def test_an_absolute_path_inside_is_the_same_script(self, place: Place) -> None:
        place.script(GOOD)
        path = place.root / "output/implementation/code/model_1.py"
        async with place.trainer() as trainer:
            started = await trainer.ask("start_training", model="1", phase="quick", script=str(path))
            await trainer.watch(started["run"])
        assert started["script"] == "output/implementation/code/model_1.py"

    async def test_nothing_that_was_refused_leaves_a_run(self, place: Place) -> None:
        async with place.trainer() as trainer:
            for model in ("1", "../1", "-rf", "a" * 33, "", "é"):
                await trainer.refused("start_training", model=model, phase="quick")
        assert place.runs() == []
        assert not (place.root / ".watchkeeper").exists()


async def test_an_interpreter_that_is_not_there_is_a_failure_that_never_started(place: Place) -> None:
    place.policy('[python]\ninterpreter = "/nowhere/python"\n').script(GOOD)
    async with place.trainer() as trainer:
        started = await trainer.ask("start_training", model="1", phase="quick")
        seen = await trainer.watch(started["run"])
    assert seen["state"] == "never_started"
    assert "/nowhere/python could not be executed" in seen["reason"]
    assert [(one["level"], one["type"]) for one in seen["findings"]] == [("failure", "infrastructure")]


@pytest.mark.parametrize("done", ["nothing", "folder", "policy"])
@pytest.mark.parametrize("late", [False, True])
async def test_a_start_whose_server_was_killed_before_it_was_written_down_is_completed_or_closed_by_the_next_look(
    place: Place, monkeypatch: pytest.MonkeyPatch, done: str, late: bool
) -> None:
    def killed(desk: Desk, run: Run) -> None:
        run_dir = desk.workspace.run_dir(run.id)
        if done != "nothing":
            run_dir.mkdir(parents=True, mode=0o700)
        if done == "policy":
            (run_dir / "policy.toml").write_text("")
        raise KeyboardInterrupt

    place.script(GOOD)
    desk = place.desk()
    wanted = starting.request(desk, "1", Phase.QUICK, None, (), None)
    monkeypatch.setattr(launch, "launch", killed)
    with pytest.raises(KeyboardInterrupt):
        starting.start(desk, wanted)
    monkeypatch.undo()
    if late:
        monkeypatch.setattr(run_directory, "LAUNCH_WITHIN_S", -1.0)
    async with place.trainer() as trainer:
        await trainer.poll()
        seen = await trainer.watch("1-quick-1")
    assert seen["state"] == ("never_started" if late else "completed")
