"""A Ray that asks for a token. The Ray of the other tests is taken down for it, and comes up again for who asks."""

from __future__ import annotations

import os

import pytest
from watchkeeper.server.acts.start import start, stop
from watchkeeper.server.acts.start.start import Start
from watchkeeper.server.acts.watch.look import find_run, look_at
from watchkeeper.server.interfaces.commands import doctor
from watchkeeper.server.vocabulary.runs import Phase, RunState

from ....play import GOOD, WAITS, Place
from ....ray import ray
from ....runtime.keeper.helpers import until
from ..helpers import EVERY_FAULT, RUN, begun, status
from .conftest import ends, engine

pytestmark = pytest.mark.xdist_group("ray")


@pytest.mark.skipif(EVERY_FAULT not in os.environ, reason=f"a Ray of its own: make engines ({EVERY_FAULT}=1)")
def test_a_ray_that_asks_for_a_token_takes_ours_and_gives_up_nothing_that_we_do_not_hand_over_again(
    place: Place, no_shared_head: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "t0ken-of-this-ray-that-nobody-may-read"
    with ray(cpus=1, RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=token, RAY_JOB_START_TIMEOUT_SECONDS="10") as guarded:
        place.policy(engine(guarded.address)).script(WAITS)
        desk = place.desk().current()
        begun(desk)
        why = "asks who is there (401): name [engine] token_file or token_env"
        until(lambda: why in status(desk).reason, "Ray asks for a token")
        assert stop.stop(desk, find_run(desk, RUN), "it needs a token").status.state is RunState.NEVER_STARTED
        monkeypatch.setenv("TOKEN_OF_RAY", token)
        place.policy(engine(guarded.address, 'token_env = "TOKEN_OF_RAY"')).script(GOOD, model="2")
        (seen,) = [one for one in doctor.examine(desk.workspace) if one.name == "engine"]
        assert seen.fine, seen
        assert "a job of a moment ran" in seen.seen
        assert "the token travels unencrypted" in seen.seen
        guarded.submit("hog", "exec sleep 1000", entrypoint_num_cpus=1)
        desk = place.desk().current()
        made = start.start(desk, start.request(desk, "2", Phase.QUICK, None, (), None))
        assert isinstance(made, Start)
        until(lambda: look_at(desk, made.run.id) and f"{made.run.id}" in "".join(guarded.names()), "it is submitted")
        until(lambda: look_at(desk, made.run.id) and any(one.endswith(".3") for one in guarded.names()), "twice anew")
        guarded.stop("hog")
        assert ends(desk, made.run.id) is RunState.COMPLETED
        left = [path for path in place.root.rglob("*") if path.is_file() and token.encode() in path.read_bytes()]
        assert left == []
