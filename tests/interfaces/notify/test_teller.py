"""Who tells: a server that nobody calls, `watchkeeper watch` after its death; a command that hangs delays no tool."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from watchkeeper.server.interfaces.commands import cli

from ...limits import HANG_S
from ...play import FAILS, WAITS, Place
from ...runtime.keeper.helpers import until
from . import helpers

US = [sys.executable, "-P", "-m", "watchkeeper.server", "--workspace"]


def run(place: Place, *words: str) -> None:
    assert cli.main(["--workspace", str(place.root), *words]) == 0


def test_a_server_that_nobody_calls_tells_and_a_watch_goes_on_when_it_is_killed(place: Place) -> None:
    place.policy(helpers.table(helpers.command(place.root))).script(FAILS).script(WAITS, model="2")
    us, said = [*US, str(place.root)], place.root / "said"
    server = subprocess.Popen([*us, "serve"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    run(place, "start", "1", "quick")
    run(place, "start", "2", "quick")
    until(lambda: len(helpers.told(place.root)) == 1, "the server told of the failure")
    with said.open("wb") as out:
        watch = subprocess.Popen([*us, "watch"], stdout=out)
    until(lambda: "somebody else tells at present" in said.read_text(), "the watch waits for its turn")
    server.kill()
    server.communicate()
    run(place, "report", "Input has NaN.", "--run", "1-quick-1")
    until(lambda: len(helpers.told(place.root)) == 2, "the watch told of the report")
    place.policy("[notify\n")
    place.go()
    until(lambda: len(helpers.told(place.root)) == 3, "a policy that was broken meanwhile silences nobody")
    assert [one["told"][0]["kind"] for one in helpers.told(place.root)] == ["failed", "waits", "done"]
    watch.send_signal(signal.SIGINT)
    assert watch.wait(HANG_S) == 130
    assert "told: " in said.read_text()


@pytest.mark.anyio
async def test_a_command_that_hangs_holds_up_no_answer(place: Place) -> None:
    hanging = helpers.command(place.root, body=f'touch "{place.root}/begun"; exec sleep 3600')
    place.policy(helpers.table(hanging, "timeout_s = 5.0")).script(FAILS)
    async with place.served() as agent:
        await agent.ask("start_training", model="1", phase="quick")
        until((place.root / "begun").exists, "it is told")
        seen = await agent.watch("1-quick-1")
        assert seen["state"] == "failed"
        await agent.ask("report_error", run="1-quick-1", what_happened="Input has NaN.")
