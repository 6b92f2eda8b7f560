"""`watchkeeper status --follow`: the table again whenever something happens, until somebody ends it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import Any

from watchkeeper.server.interfaces.commands import cli

from ...limits import HANG_S
from ...play import WAITS, Place
from ...runtime.keeper.helpers import until


def test_the_table_is_told_again_when_something_happens_and_not_because_time_passes(place: Place) -> None:
    place.script(WAITS)
    words = [sys.executable, "-P", "-m", "watchkeeper.server", "--workspace", str(place.root)]
    said = place.root / "said"
    with said.open("wb") as out:
        following = subprocess.Popen([*words, "status", "--follow", "--json"], stdout=out)

    def tables() -> list[list[dict[str, Any]]]:
        return [json.loads(line) for line in said.read_text("utf-8").splitlines(keepends=True) if line.endswith("\n")]

    until(lambda: tables() == [[]], "an empty table first")
    assert cli.main(["--workspace", str(place.root), "start", "1", "quick"]) == 0
    until(lambda: [one["state"] for one in tables()[-1]] == ["running"], "the run is running")
    place.go()
    until(lambda: [one["state"] for one in tables()[-1]] == ["completed"], "the run is done")
    following.send_signal(signal.SIGINT)
    assert following.wait(HANG_S) == 130
    states = [[one["state"] for one in table] for table in tables()]
    assert len(states) == len([one for place, one in enumerate(states) if place == 0 or one != states[place - 1]])
