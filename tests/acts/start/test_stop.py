"""Stopping: the whole tree, with a reason that stays; a full run that is given up is the director's business."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from watchkeeper.server.acts import launch
from watchkeeper.server.acts.start import start, stop
from watchkeeper.server.runtime.engines.local import LocalEngine
from watchkeeper.server.storage.record import Kind
from watchkeeper.server.vocabulary.runs import Phase

from ...analysis.evidence.trainings import HONEST, full
from ...limits import LONG_S
from ...play import GOOD, WAITS, WAITS_LONG, Agent, Place, script
from ...runtime.keeper.helpers import processes_of, until

pytestmark = pytest.mark.anyio

FAMILY = script(
    "import subprocess\n"
    "child = 'import time; time.sleep(600)'\n"
    "subprocess.Popen([sys.executable, '-c', child])\n"
    "subprocess.Popen([sys.executable, '-c', child], start_new_session=True)\n"
    "subprocess.run(['sh', '-c', f'{sys.executable} -c \"{child}\" &'])\n"
    "print('ready')\n"
    "wait_for('go')\n"
)
"""Has a child, one in a session of its own and an orphan."""
STUBBORN = script("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('ready')\nwait_for('go')\n")
LOSES_ITS_ENVIRONMENT = script(
    "if os.environ.get('WATCHKEEPER_ATTEMPT') == '1': raise ValueError('the first one fails')\n"
    "if '--again' not in sys.argv: os.execve(sys.executable, [sys.executable, sys.argv[0], '--again'], {'A': '1'})\n"
    "print('ready', flush=True)\nwait_for('go')\n"
)
"""Its second attempt cannot be told by its mark, as one that calls setproctitle."""
FULL_WAITS = script(
    "leave_what_the_phase_asks_for()\nprint('ready')\n"
    "wait_for('go') if os.environ['WATCHKEEPER_PHASE'] == 'full' else None\n"
)


async def ready(place: Place, trainer: Agent, phase: str = "quick") -> str:
    """Start a run and wait until its script has said that it is ready."""
    begun = await trainer.ask("start_training", model="1", phase=phase)
    await anyio.to_thread.run_sync(place.says, begun["log"], "ready")
    return str(begun["run"])


async def test_the_whole_tree_is_gone_and_the_reason_is_kept(place: Place) -> None:
    place.script(FAMILY)
    async with place.trainer() as trainer:
        run = await ready(place, trainer)
        assert len(processes_of(place.root)) >= 5
        stopped = await trainer.ask("stop_training", run=run, reason="the loss does not fall")
        # On a quick machine one of them was once seen right after the answer.
        await anyio.to_thread.run_sync(until, lambda: processes_of(place.root) == [], "the whole tree is gone")
        seen = await trainer.poll(run)
    assert (stopped["state"], stopped["reason"]) == ("stopped", "the loss does not fall")
    assert "left_processes" not in stopped
    assert "report" not in stopped
    assert (seen["state"], seen["reason"], seen["findings"]) == ("stopped", "the loss does not fall", [])
    stop = place.recorded(run).stop
    assert stop is not None
    assert stop.who == "trainer of the test"


async def test_a_training_that_ignores_the_request_is_killed_after_the_grace_time(place: Place) -> None:
    place.policy(instead_of="grace_s = 30.0", by="grace_s = 0.2").script(STUBBORN)
    async with place.trainer() as trainer:
        stopped = await trainer.ask("stop_training", run=await ready(place, trainer), reason="enough")
    assert stopped["state"] == "stopped"
    assert processes_of(place.root) == []


class NoKeeper(LocalEngine):
    """An engine whose keeper does not come, as when the server is killed right after the start was recorded."""

    def launch(self, run_dir: Path, log_fd: int) -> None:
        """Start nothing."""


async def test_a_run_that_was_stopped_before_it_began_never_started_and_failed_nobody(place: Place) -> None:
    place.script(GOOD)
    desk = replace(place.desk(), engine=NoKeeper())
    begun = start.start(desk, start.request(desk, "1", Phase.QUICK, None, [], None))
    assert isinstance(begun, start.Start)
    stop.request_stop(desk, begun.run, "changed my mind")
    launch.launch(replace(desk, engine=LocalEngine()), begun.run)
    desk.ledger.close()
    async with place.trainer() as trainer:
        seen = await trainer.watch(begun.run.id)
    assert (seen["state"], seen["findings"]) == ("never_started", [])
    assert not (place.root / begun.run.results).exists()


async def test_a_second_stop_changes_nothing_and_the_first_reason_stands(place: Place) -> None:
    place.script(WAITS)
    async with place.trainer() as trainer, place.director() as director:
        run = await ready(place, trainer)
        first = await trainer.ask("stop_training", run=run, reason="the first reason")
        second = await director.ask("stop_training", run=run, reason="the second reason")
    assert [(one["state"], one["reason"]) for one in (first, second)] == [("stopped", "the first reason")] * 2


async def test_a_stop_of_an_ended_attempt_spares_the_next_one_that_prints_to_the_same_log(place: Place) -> None:
    place.script(LOSES_ITS_ENVIRONMENT)
    async with place.trainer() as trainer:
        await trainer.trained()
        begun = await trainer.ask("start_training", model="1", phase="quick", follows="1-quick-1")
        await anyio.to_thread.run_sync(place.says, begun["log"], "ready")
        stopped = await trainer.ask("stop_training", run="1-quick-1", reason="left over")
        place.go()
        seen = await trainer.watch("1-quick-2")
    assert (stopped["state"], "left_processes" in stopped) == ("failed", False)
    assert (seen["state"], seen["exit_code"]) == ("completed", 0)


async def test_two_stops_at_once_are_one(place: Place) -> None:
    place.script(WAITS)
    async with place.trainer() as trainer, place.director() as director:
        run = await ready(place, trainer)
        async with anyio.create_task_group() as group:
            for agent in (trainer, director):
                group.start_soon(lambda agent=agent: agent.ask("stop_training", run=run, reason="at once"))
    desk = place.desk()
    assert [one.kind for one in desk.ledger.events()].count(Kind.STOP) == 1
    desk.ledger.close()


async def test_a_run_that_had_ended_by_itself_is_not_called_stopped(place: Place) -> None:
    place.script(GOOD)
    async with place.trainer() as trainer:
        await trainer.trained()
        full = await trainer.ask("start_training", model="1", phase="full")
        await anyio.to_thread.run_sync(place.ends, full["run"])
        late = await trainer.ask("stop_training", run=full["run"], reason="too long")
    assert late["state"] == "completed"
    assert "report" not in late
    assert place.reports() == []


async def test_a_trainers_stop_of_a_full_run_opens_a_report_once(place: Place) -> None:
    place.script(FULL_WAITS)
    async with place.trainer() as trainer:
        await trainer.trained()
        run = await ready(place, trainer, "full")
        stopped = await trainer.ask("stop_training", run=run, reason="it overfits")
        await trainer.ask("stop_training", run=run, reason="it overfits")
        text = await trainer.refused("start_training", model="1", phase="full", follows=run)
    (report,) = place.reports()
    assert (report.id, report.run, report.status) == (stopped["report"], run, "open")
    assert report.what_happened == "The trainer stopped the run: it overfits"
    assert f"Report {report.id} on {run} is not answered yet." in text


async def test_a_directors_stop_of_a_full_run_needs_no_report(place: Place) -> None:
    place.script(FULL_WAITS)
    async with place.trainer() as trainer, place.director() as director:
        await trainer.trained()
        run = await ready(place, trainer, "full")
        stopped = await director.ask("stop_training", run=run, reason="another model is better")
        seen = await trainer.poll(run)
    assert "report" not in stopped
    assert (seen["state"], seen["reason"]) == ("stopped", "another model is better")
    assert place.reports() == []


async def test_a_stop_wakes_the_trainer_who_waits(place: Place) -> None:
    place.policy(WAITS_LONG).script(WAITS)
    async with place.trainer() as trainer, place.director() as director, anyio.create_task_group() as group:
        run = await ready(place, trainer)
        cursor = (await trainer.poll(run))["cursor"]

        async def wait() -> None:
            seen = await trainer.poll(run, cursor=cursor, wait_s=LONG_S)
            while seen["state"] == "running":
                seen = await trainer.poll(run, cursor=seen["cursor"], wait_s=LONG_S)
            assert seen["reason"] == "enough"

        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        await director.ask("stop_training", run=run, reason="enough")


async def test_what_a_run_left_behind_is_named_keeps_the_next_start_away_and_is_ended_by_a_stop(
    place: Place,
) -> None:
    place.script(
        script(
            "import subprocess\nleave('RESULTS')\nname = 'x\\x1b[31m\\u202e'\n"
            "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', name], start_new_session=True)\n"
        )
    )
    async with place.trainer() as trainer:
        run = str((await trainer.ask("start_training", model="1", phase="quick"))["run"])
        place.ends(run)
        living = await trainer.poll(run, wait_s=2)
        text = await trainer.refused("start_training", model="1", phase="quick", follows=run)
        assert living["state"] == "running"
        assert "what it left goes on" in living["reason"]
        assert f"{run} is still active" in text
        assert not {"\x1b", "\u202e"} & {*text, *living["reason"]}
        stopped = await trainer.ask("stop_training", run=run, reason="left over")
        assert stopped["state"] == "completed"
        assert processes_of(place.root) == []


async def test_a_quick_run_over_its_limit_is_timed_out_with_a_finding(place: Place) -> None:
    place.policy(instead_of="max_minutes = 30.0", by="max_minutes = 0.01").script(WAITS)
    async with place.trainer() as trainer:
        begun = await trainer.ask("start_training", model="1", phase="quick")
        seen = await trainer.watch(begun["run"])
        text = await trainer.refused("start_training", model="1", phase="full")
    assert seen["state"] == "timed_out"
    assert seen["reason"].startswith("It ran into its limit of 0.6 s")
    (finding,) = seen["findings"]
    assert (finding["level"], finding["type"]) == ("failure", "infrastructure")
    assert "limit of 0.6 s" in finding["untrusted"]["message"]
    assert "it is timed_out" in text
    assert processes_of(place.root) == []


async def test_a_full_run_has_no_limit(place: Place) -> None:
    place.policy(instead_of="max_hours = 0.25", by="max_hours = 0.00004")  # 0.144 s: its work alone takes 0.16 s
    async with place.trainer() as trainer:
        verdict = await full(place, trainer, HONEST)
    assert (verdict["verdict"], verdict["met"]) == ("WARN_SLOW", True)


@pytest.mark.parametrize(("arguments", "says"), [({"reason": " "}, "A stop needs a reason"), ({}, "needs reason")])
async def test_a_stop_without_a_reason_is_refused(place: Place, arguments: dict[str, str], says: str) -> None:
    place.script(WAITS)
    async with place.trainer() as trainer:
        run = await ready(place, trainer)
        assert says in await trainer.refused("stop_training", run=run, **arguments)
        assert (await trainer.poll(run))["state"] == "running"
        place.go()
        await trainer.watch(run)


async def test_an_observer_cannot_stop_anything(place: Place) -> None:
    async with place.agent("observer") as observer:
        assert "Tools: poll_training, verify_compute" in await observer.refused(
            "stop_training", run="1-quick-1", reason="x"
        )
