"""Two machines, one workspace: what runs on the other one is no lost run, and only one of them writes the record."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from watchkeeper.server.acts.watch.lag import LAG_S
from watchkeeper.server.acts.watch.look import Look, look_at
from watchkeeper.server.interfaces.commands.cli import main
from watchkeeper.server.runtime.keeper import records
from watchkeeper.server.vocabulary.runs import Level, RunState

from ...limits import HANG_S
from ...machines import Machine, machine
from ...play import FAILS, WAITS, Place
from ...runtime.keeper.helpers import until

RUN = "1-quick-1"


@pytest.fixture
def other(tmp_path_factory: pytest.TempPathFactory) -> Generator[Machine]:
    """Another machine that sees the same folders."""
    with machine("login2", tmp_path_factory.mktemp("login2")) as made:
        yield made


def here(place: Place, *words: str) -> int:
    return main(["--workspace", str(place.root), *words])


def polled(place: Place, other: Machine) -> dict[str, Any]:
    done = other.watchkeeper(place.root, "poll", RUN, "--wait", "0", "--json")
    assert done.stdout, done.stderr
    return dict(json.loads(done.stdout))


def looked(place: Place, later_s: float = 0.0) -> Look:
    desk = place.desk(clock=lambda: time.time() + later_s)
    try:
        return look_at(desk, RUN)
    finally:
        desk.ledger.close()


def test_a_run_of_another_host_goes_on_and_only_one_host_writes_until_the_ledger_is_moved(
    place: Place, other: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    place.script(WAITS)
    assert here(place, "start", "1", "quick") == 0
    place.says("output/implementation/logs/training_quick_1.log", "ready")

    seen = polled(place, other)
    assert seen["state"] == "running"
    assert "not recorded: Host" in json.dumps(seen)
    refused = other.watchkeeper(place.root, "stop", RUN, "--reason", "enough")
    assert refused.returncode != 0
    assert f"Host {os.uname().nodename} holds this ledger, and this is login2" in refused.stderr
    assert "doctor --move-ledger" in refused.stderr
    assert not (place.root / ".watchkeeper/runs" / RUN / records.STOP).exists()
    assert here(place, "poll", RUN, "--wait", "0") == 0
    assert [one.level for one in place.findings()] == []
    assert "WRONG ledger: host" in other.watchkeeper(place.root, "doctor").stdout

    moved = other.watchkeeper(place.root, "doctor", "--move-ledger")
    assert "this one, login2, writes it" in moved.stdout
    capsys.readouterr()
    assert here(place, "stop", RUN, "--reason", "enough") != 0
    assert "Host login2 holds this ledger" in capsys.readouterr().err

    place.go()
    settles(place)
    assert polled(place, other)["state"] == "completed"
    assert place.ending(RUN).state is RunState.COMPLETED


def test_what_another_host_took_with_it_is_flagged_then_a_failure_and_lost_only_when_a_stop_finds_nobody(
    place: Place, other: Machine
) -> None:
    place.script(WAITS)
    assert other.watchkeeper(place.root, "start", "1", "quick").returncode == 0
    place.says("output/implementation/logs/training_quick_1.log", "ready")
    assert here(place, "doctor", "--move-ledger") == 0
    status = looked(place).status
    assert (status.state, status.host) == (RunState.RUNNING, "login2")

    other.power_cut()
    silent_for(place, 1000.0)
    seen = asked_anew(place)
    assert seen["state"] == "running_unattended"
    assert "host login2" in seen["reason"]
    assert [(one.kind, one.level) for one in place.findings()] == [("unheard", Level.FAILURE)]
    records.create(run_dir(place) / records.STOP, {"reason": "gone", "who": "test", "at": time.time() - 500.0})
    assert asked_anew(place)["state"] == "lost"
    assert "was not answered" in place.ending(RUN).reason


def asked_anew(place: Place) -> dict[str, Any]:
    """Poll by a process of its own: this one remembers when it last saw a sample change."""
    words = [sys.executable, "-P", "-m", "watchkeeper.server", "--workspace", str(place.root)]
    done = subprocess.run(
        [*words, "poll", RUN, "--wait", "0", "--json"], capture_output=True, text=True, timeout=HANG_S, check=False
    )
    assert done.stdout, done.stderr
    return dict(json.loads(done.stdout))


def run_dir(place: Place) -> Path:
    return place.root / ".watchkeeper/runs" / RUN


def settles(place: Place) -> None:
    """Wait until the keeper has written the end for good: one poll before that says it and does not record it yet."""
    place.ends(RUN)
    path = run_dir(place) / records.EXIT
    until(lambda: (records.read(path) or {}).get("settled") is True, "the end is settled")


def silent_for(place: Place, seconds: float) -> None:
    """Make the keeper's last sign of life that old."""
    path = run_dir(place) / records.USAGE
    last = json.loads(path.read_text().splitlines()[-1])
    path.write_text(json.dumps({**last, "at": time.time() - seconds}) + "\n")


@pytest.mark.parametrize("comes", [True, False], ids=["which comes", "which never comes"])
def test_the_end_of_a_log_that_is_not_seen_yet_is_waited_for_and_then_named(
    place: Place, other: Machine, comes: bool
) -> None:
    place.script(FAILS)
    assert other.watchkeeper(place.root, "start", "1", "quick").returncode == 0
    settles(place)
    assert here(place, "doctor", "--move-ledger") == 0
    log = place.root / "output/implementation/logs/training_quick_1.log"
    whole = log.read_bytes()
    log.write_bytes(whole[:-40])  # as a mount shows it that is behind

    first = looked(place)
    assert first.awaited
    assert first.behind_bytes == 40
    assert place.recorded(RUN).end is None
    if comes:
        log.write_bytes(whole)
    last = looked(place, later_s=0.0 if comes else LAG_S + 1.0)
    assert last.behind_bytes == 0
    kinds = {one.kind for one in place.findings()}
    assert place.ending(RUN).state is RunState.FAILED
    assert ("log_short" in kinds) is not comes
    if not comes:
        assert f"bytes {len(whole) - 40} to {len(whole)}" in next(
            one.message for one in place.findings() if one.kind == "log_short"
        )
