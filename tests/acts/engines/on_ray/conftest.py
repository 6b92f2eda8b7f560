"""One Ray for all tests of this folder, and a place whose trainings run on it."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from watchkeeper.server.acts.desk import Desk
from watchkeeper.server.acts.watch.look import find_run, look_at
from watchkeeper.server.runtime import remote_silence
from watchkeeper.server.vocabulary.runs import RunState

from ....play import Place
from ....ray import Ray, ray
from ....runtime.keeper.helpers import until


def engine(address: str, more: str = "", full: str = "") -> str:
    """Return the tables of a policy whose runs go to a Ray."""
    return f"""
[engine]
kind = "ray"
address = "{address}"
look_s = 1.0
{more}
[engine.quick]
cpus = 1
{full}
"""


def ends(desk: Desk, run: str) -> RunState:
    """Look until the end of a run is on record."""
    until(lambda: look_at(desk, run).run.ended, f"the end of {run} is on record")
    end = find_run(desk, run).end
    assert end is not None
    return end.state


@pytest.fixture(scope="session")
def session_head() -> Generator[Ray]:
    with ray() as up:
        yield up


@pytest.fixture
def head(session_head: Ray, monkeypatch: pytest.MonkeyPatch) -> Ray:
    """A Ray of one node. On one host nothing lags: what waits out a mount's minute need not wait so long."""
    monkeypatch.setattr(remote_silence, "LAG_S", 1.0)
    return session_head


@pytest.fixture
def on_ray(place: Place, head: Ray) -> Place:
    """A workspace whose trainings are jobs of that Ray."""
    return place.policy(engine(head.address))
