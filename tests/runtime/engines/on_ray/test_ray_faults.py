"""What Ray clusters do to runs: nodes die, heads are started anew; the record stays true, and a run goes on."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

import pytest
from watchkeeper.server.acts.start import start
from watchkeeper.server.acts.start.start import Start
from watchkeeper.server.acts.watch.look import find_run
from watchkeeper.server.vocabulary.runs import Level, Phase, RunState

from ....play import GOOD, WAITS, Place
from ....ray import Ray
from ....runtime.keeper.helpers import until
from ..helpers import EVERY_FAULT, LOG, RUN, becomes, begun, ended, process, status
from .conftest import ends, engine

pytestmark = [
    pytest.mark.xdist_group("ray"),
    pytest.mark.skipif(
        EVERY_FAULT not in os.environ, reason=f"takes a minute and more: make engines ({EVERY_FAULT}=1)"
    ),
]
SPECIAL = "resources = { special = 1 }"


def test_a_run_that_loses_its_node_or_its_raylet_is_interrupted_and_goes_on_from_its_checkpoint_by_policy(
    on_ray: Place, head: Ray
) -> None:
    on_ray.policy(engine(head.address, "resume_interrupted = 1", SPECIAL))
    on_ray.script('import os\nprint("resume", os.environ["WATCHKEEPER_RESUME"])\n' + WAITS)
    desk = on_ray.desk().current()
    begun(desk)
    assert "asks for" not in becomes(desk, RunState.QUEUED).reason, "of a cluster's own resources nothing is guessed"
    head.add_node("n1", special=1)
    assert head.addresses() == {"127.0.0.1"}
    on_ray.says(LOG, "ready")
    pids = [process(desk, kind) for kind in ("waiter", "keeper", "main")]
    head.kill("n1")
    for pid in pids:  # what a power cut takes with it
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert ended(desk) is RunState.INTERRUPTED
    assert "JOB_SUPERVISOR_ACTOR_DIED" in find_run(desk, RUN).end.reason  # type: ignore[union-attr]
    assert [one.level for one in on_ray.findings() if one.kind == "exit"] == [Level.FLAG]
    again = begun(desk, follows=RUN)
    head.add_node("n2", special=1)
    on_ray.says(LOG, "resume checkpoint")
    until(lambda: on_ray.read(LOG).count("ready") == 2, "the second attempt runs")
    head.kill_raylet("n2")  # Ray says RUNNING for some twenty seconds more
    assert ends(desk, again) is RunState.INTERRUPTED
    head.kill("n2")


def test_a_head_that_is_started_anew_interrupts_what_ran_and_is_given_what_waits(on_ray: Place, head: Ray) -> None:
    on_ray.script(WAITS).script(GOOD, model="2")
    desk = on_ray.desk()
    begun(desk)
    on_ray.says(LOG, "ready")
    head.kill("head")
    until(lambda: status(desk).state is RunState.STOPPED, "its keeper has ended it")
    assert not status(desk).settled, "why is the head's to say"
    made = start.start(desk, start.request(desk, "2", Phase.QUICK, None, (), None))
    assert isinstance(made, Start)
    waits = status(desk, made.run.id)
    assert waits.state is RunState.QUEUED
    assert "Ray has not answered" in waits.reason
    assert "Any later look tries again" in waits.reason
    head.start_head()
    assert ended(desk) is RunState.INTERRUPTED
    assert "started anew" in find_run(desk, RUN).end.reason  # type: ignore[union-attr]
    assert ends(desk, made.run.id) is RunState.COMPLETED
