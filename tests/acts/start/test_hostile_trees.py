"""A training that works against its keeper is ended all the same, with whatever it started."""

from __future__ import annotations

import json

import anyio
import pytest
from watchkeeper.server.runtime.keeper import procfs

from ...play import Agent, Place, script
from ...runtime.keeper.helpers import until

pytestmark = pytest.mark.anyio

KNOWS_ITS_KEEPER = """
import json, signal, subprocess
run_dir = pathlib.Path(os.environ["WATCHKEEPER_RUN_DIR"])
def keeper():
    return json.loads((run_dir / "keeper.lock").read_bytes().partition(b"\\n")[0])["pid"]
"""
STOPS_ITS_KEEPER = script(
    KNOWS_ITS_KEEPER + "print('ready', flush=True)\nos.kill(keeper(), signal.SIGSTOP)\nwait_for('go')\n"
)
STOPS_IT_AGAIN_AND_AGAIN = script(
    KNOWS_ITS_KEEPER + "signal.signal(signal.SIGTERM, signal.SIG_IGN)\npid = keeper()\nprint('ready', flush=True)\n"
    "while not pathlib.Path('go').exists():\n    os.kill(pid, signal.SIGSTOP)\n    time.sleep(0.001)\n"
)
DAEMON = """
if not os.fork():
    os.setsid()
    if not os.fork():
        pathlib.Path("daemon").write_text(str(os.getpid()))
        {before}
        os.execve("/bin/sleep", ["sleep", "600"], {{}})
    os._exit(0)
os.wait()
wait_for("daemon")
"""
LEAVES_A_DAEMON = script(
    KNOWS_ITS_KEEPER
    + DAEMON.format(before="null = os.open('/dev/null', os.O_RDWR); [os.dup2(null, n) for n in (0, 1, 2)]")
    + "print('ready', flush=True)\nwait_for('kill')\nos.kill(keeper(), signal.SIGKILL)\nwait_for('go')\n"
)
LEAVES_A_DAEMON_AT_ONCE = script(
    KNOWS_ITS_KEEPER
    + DAEMON.format(before="pass")
    + "os.kill(keeper(), signal.SIGKILL)\nprint('ready', flush=True)\nwait_for('go')\n"
)
"""Its daemon keeps standard output; no sample has seen it."""


SHEDS_EVERYTHING = script(
    KNOWS_ITS_KEEPER
    + "print('ready', flush=True)\nwait_for('kill')\nos.kill(keeper(), signal.SIGKILL)\n"
    + DAEMON.format(before="null = os.open('/dev/null', os.O_RDWR); [os.dup2(null, n) for n in (0, 1, 2)]")
)
"""Its daemon begins when no keeper is left, and keeps neither environment nor parents, session or output."""


async def begun(place: Place, trainer: Agent) -> str:
    started = await trainer.ask("start_training", model="1", phase="quick")
    await anyio.to_thread.run_sync(place.says, started["log"], "ready")
    return str(started["run"])


@pytest.mark.parametrize("text", [STOPS_ITS_KEEPER, STOPS_IT_AGAIN_AND_AGAIN], ids=["once", "again and again"])
async def test_one_that_stops_its_keeper_by_a_signal_is_ended(place: Place, text: str) -> None:
    place.policy(instead_of="grace_s = 30.0", by="grace_s = 1.0").script(text)
    async with place.trainer() as trainer:
        run = await begun(place, trainer)
        stopped = await trainer.ask("stop_training", run=run, reason="it fights")
        assert "left_processes" not in stopped
        assert (await trainer.watch(run))["state"] == "stopped"


@pytest.mark.parametrize("text", [LEAVES_A_DAEMON, LEAVES_A_DAEMON_AT_ONCE], ids=["known", "prints"])
async def test_one_that_kills_its_keeper_and_whose_daemon_gave_up_its_environment_is_ended_whole(
    place: Place, text: str
) -> None:
    place.script(text)
    async with place.trainer() as trainer:
        run = await begun(place, trainer)
        pid = place.root / "daemon"
        daemon = int(until(lambda: pid.exists() and pid.read_text(), "the daemon has said its pid"))
        found = procfs.stat(daemon)
        assert found is not None
        noted = place.root / f".watchkeeper/runs/{run}/processes.json"
        if text is LEAVES_A_DAEMON:
            until(lambda: noted.exists() and str(daemon) in noted.read_text(), "a sample has seen it")
            (place.root / "kill").touch()
        stopped = await trainer.ask("stop_training", run=run, reason="it fights")
        assert stopped["state"] in ("stopped", "lost")
        assert "left_processes" not in stopped
        assert not procfs.alive(daemon, found.start_ticks)


async def test_what_gave_up_all_that_it_had_is_found_by_the_mount_that_it_cannot_give_up(place: Place) -> None:
    place.script(SHEDS_EVERYTHING)
    async with place.trainer() as trainer:
        run = await begun(place, trainer)
        guarded = json.loads((place.root / f".watchkeeper/runs/{run}/start.json").read_bytes())["guard"]
        if guarded != "on":
            pytest.skip(f"no mount namespace here: {guarded}")
        (place.root / "kill").touch()
        pid = place.root / "daemon"
        daemon = int(until(lambda: pid.exists() and pid.read_text(), "the daemon has said its pid"))
        found = procfs.stat(daemon)
        assert found is not None
        stopped = await trainer.ask("stop_training", run=run, reason="left over")
        assert "left_processes" not in stopped
        assert not procfs.alive(daemon, found.start_ticks)
