"""Runs on several nodes of a real Slurm: a keeper on each, sums over all of them, one stop, one cause."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator

import pytest
from watchkeeper.server.acts.desk import Desk
from watchkeeper.server.acts.start import stop
from watchkeeper.server.acts.watch.look import find_run
from watchkeeper.server.runtime.keeper import procfs, records
from watchkeeper.server.vocabulary.runs import RunState

from ...play import WAITS, Place, script
from ...runtime.keeper.helpers import until
from ...slurm import Slurm, slurm
from .conftest import ENGINE
from .helpers import LOG, RUN, becomes, begun, ended, job

pytestmark = pytest.mark.xdist_group("slurm")
TWO = ENGINE.replace('mem = "100M"\ntime = "00:40:00"', 'mem = "100M"\ntime = "00:40:00"\nnodes = 2')


EACH_WAITS = WAITS.replace('wait_for("go")', 'open("on-" + os.environ["SLURM_PROCID"], "w").close()\nwait_for("go")')
"""Goes on until the test says go; a file says which rank has begun."""


@pytest.fixture(scope="module")
def two_nodes(tmp_path_factory: pytest.TempPathFactory) -> Generator[Slurm]:
    with slurm(tmp_path_factory.mktemp("slurm2"), 2) as up:
        yield up


@pytest.fixture
def cluster(two_nodes: Slurm, monkeypatch: pytest.MonkeyPatch) -> Slurm:
    """A Slurm of two nodes, which every command of a test finds."""
    monkeypatch.setenv("SLURM_CONF", str(two_nodes.conf))
    return two_nodes


@pytest.fixture
def on_two(place: Place, cluster: Slurm) -> Place:
    """A workspace whose quick runs have two nodes each."""
    assert cluster.idle() >= 0
    return place.policy(TWO)


def member(desk: Desk, node: str, name: str) -> dict[str, object]:
    return records.read(desk.workspace.run_dir(RUN) / records.NODES / node / name) or {}


def test_each_node_has_a_keeper_and_what_they_used_is_summed(on_two: Place) -> None:
    on_two.script(
        script("""
rank = os.environ["SLURM_PROCID"]
print("rank", rank, "of", os.environ["SLURM_NNODES"], "ready", flush=True)
while time.process_time() < 0.5:
    pass
wait_for("go")
if rank == "0":
    leave_what_the_phase_asks_for()
""")
    )
    desk = on_two.desk()
    begun(desk)
    on_two.says(LOG, "rank 0 of 2 ready")
    on_two.go()
    assert ended(desk) is RunState.COMPLETED
    ends = [member(desk, node, records.EXIT) for node in ("n1", "n2")]
    used_s = [records.number(one, "cpu_s") or 0.0 for one in ends]
    assert min(used_s) > 0.5
    end = find_run(desk, RUN).end
    assert end is not None
    assert sum(used_s) <= (end.cpu_s or 0.0) < sum(used_s) + 0.5  # srun itself takes a little
    marks = {records.text(member(desk, node, records.SPEC), "run") for node in ("n1", "n2")}
    assert marks == {f"{RUN}/nodes/n1", f"{RUN}/nodes/n2"}
    assert "rank 1" not in on_two.read(LOG)  # it has a log of its own


@pytest.mark.anyio
async def test_a_verdict_counts_the_work_of_all_nodes_and_what_was_witnessed_on_each(on_two: Place) -> None:
    on_two.policy(TWO.replace("[engine.full]\n", "[engine.full]\nnodes = 2\n"))
    on_two.script(
        script("""
import sqlite3
print("sampling", flush=True)
while time.process_time() < 1.0:
    pass
open("part-" + os.environ["SLURM_PROCID"], "w").close()
if os.environ["SLURM_PROCID"] == "0":
    leave_what_the_phase_asks_for()
print("done")
""")
    )
    async with on_two.trainer() as trainer:
        await trainer.trained(phase="quick")
        full = await trainer.trained(phase="full")
        verdict, text = await trainer.call("verify_compute", run=full)
        _, again = await trainer.call("verify_compute", run=full, rerun=True)
    assert "2 process(es)" in text
    assert "the record was guarded: on; of 2 nodes, what ranks beyond the first told the probe was not" in text
    assert verdict["cpu_s"] > 2.0
    assert "it ran on 2 nodes, and would be played on one" in again


def test_a_stop_reaches_the_members_first(on_two: Place) -> None:
    on_two.script(
        script("""
import signal
def bye(*_):
    pathlib.Path("bye-" + os.environ["SLURM_PROCID"]).touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, bye)
print("ready", flush=True)
pathlib.Path("ready-" + os.environ["SLURM_PROCID"]).touch()
wait_for("go")
""")
    )
    desk = on_two.desk()
    begun(desk)
    for rank in "01":
        on_two.says(f"ready-{rank}", "")
    done = stop.stop(desk, find_run(desk, RUN), "enough")
    assert (done.status.state, done.status.reason) == (RunState.STOPPED, "enough")
    assert [(on_two.root / f"bye-{rank}").exists() for rank in "01"] == [True, True]
    for node in ("n1", "n2"):
        assert records.text(records.part(member(desk, node, records.EXIT), "stop"), "reason") == "enough"


def test_the_first_member_that_fails_is_the_cause_and_its_traceback_is_in_the_log(
    on_two: Place, cluster: Slurm
) -> None:
    on_two.script(
        script("""
print("ready", flush=True)
if os.environ["SLURM_PROCID"] == "1":
    wait_for("go")
    raise ValueError("Input X contains NaN")
wait_for("never")
""")
    )
    desk = on_two.desk()
    begun(desk)
    becomes(desk, RunState.RUNNING)
    on_two.go()
    assert ended(desk) is RunState.FAILED
    end = find_run(desk, RUN).end
    assert end is not None
    assert (end.exit_code, end.reason) == (1, "Rank 1 on n2 ended with status 1.")
    assert "Input X contains NaN" in [one.message for one in on_two.findings()]
    stopped = records.part(member(desk, "n1", records.EXIT), "stop")
    assert records.text(stopped, "reason") == "Rank 1 on n2 ended with status 1."
    number = job(desk, cluster)
    until(lambda: "ExitCode=1:0" in cluster.ask("scontrol", "show", "job", number), "Slurm knows the rank's status")


def test_a_run_at_its_limit_ends_on_every_node(on_two: Place) -> None:
    on_two.policy(TWO, instead_of="max_minutes = 30.0", by="max_minutes = 0.05").script(WAITS)
    desk = on_two.desk().current()
    begun(desk)
    assert ended(desk) is RunState.TIMED_OUT
    for node in ("n1", "n2"):
        reason = records.text(records.part(member(desk, node, records.EXIT), "stop"), "reason")
        assert reason == "The run came to its limit (3 s)."


def processes(desk: Desk, node: str) -> list[int]:
    """Return the pids of a node's waiter, keeper and training; of the head where it is named so."""
    start = member(desk, node, records.START)
    if node == "head":
        start = records.read(desk.workspace.run_dir(RUN) / records.START) or {}
    keeper = records.whole(records.part(start, "keeper"), "pid") or 0
    waiter = procfs.stat(keeper)
    return [waiter.ppid if waiter else 0, keeper, records.whole(start, "pid") or 0]


@pytest.mark.parametrize("node", ["n2", "head"])
def test_a_keeper_that_is_killed_is_followed_by_its_waiter_on_every_node(on_two: Place, node: str) -> None:
    on_two.script(EACH_WAITS)
    desk = on_two.desk()
    begun(desk)
    for rank in "01":
        on_two.says(f"on-{rank}", "")
    os.kill(processes(desk, node)[1], signal.SIGKILL)
    on_two.go()
    assert ended(desk) is RunState.COMPLETED
    assert records.whole(member(desk, "n2", records.EXIT), "exit_code") == 0


def test_a_member_that_dies_with_its_keeper_ends_the_run_and_what_was_not_seen_is_a_lower_bound(on_two: Place) -> None:
    on_two.script(EACH_WAITS)
    desk = on_two.desk()
    begun(desk)
    for rank in "01":
        on_two.says(f"on-{rank}", "")
    for pid in processes(desk, "n2"):
        os.kill(pid, signal.SIGKILL)
    assert ended(desk) is RunState.FAILED
    end = find_run(desk, RUN).end
    assert end is not None
    assert end.cpu_is_lower_bound
    assert "n2: task 1: Killed" in on_two.read(LOG)
