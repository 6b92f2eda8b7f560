"""One Ray for all tests of this folder, and a place whose trainings run on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

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


HERE = Path(__file__).parent
_up = ExitStack()
_heads: list[Ray] = []


def _down() -> None:
    _heads.clear()
    _up.close()


@pytest.fixture(scope="session")
def down_at_the_end() -> Iterator[None]:
    yield
    _down()


@pytest.fixture
def shared_head(down_at_the_end: None) -> Ray:
    """The Ray of this folder's tests: up for the first that asks for it, down behind the last."""
    if not _heads:
        _heads.append(_up.enter_context(ray()))
    return _heads[0]


@pytest.fixture
def no_shared_head() -> None:
    """Two at once are too many for a small machine; who asks for the shared one afterwards has it up again."""
    _down()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Take it down with the last test of this folder: a Ray that waits takes 7 % of a core, to the end of the suite."""
    if nextitem is None or HERE not in nextitem.path.parents:
        _down()


@pytest.fixture
def head(shared_head: Ray, monkeypatch: pytest.MonkeyPatch) -> Ray:
    """A Ray of one node. On one host nothing lags: what waits out a mount's minute need not wait so long."""
    monkeypatch.setattr(remote_silence, "LAG_S", 1.0)
    return shared_head


@pytest.fixture
def on_ray(place: Place, head: Ray) -> Place:
    """A workspace whose trainings are jobs of that Ray."""
    return place.policy(engine(head.address))
