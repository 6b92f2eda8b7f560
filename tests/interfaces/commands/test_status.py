"""`watchkeeper status --follow`: the table again whenever something happens, until somebody ends it."""

from __future__ import annotations

import json
import signal
from typing import Any

from watchkeeper.server.interfaces.commands import cli

from ...play import WAITS, Place
from ...runtime.keeper.helpers import until
from .helpers import begun


def test_the_table_is_told_again_when_something_happens_and_not_because_time_passes(place: Place) -> None:
    place.script(WAITS)
    with begun(place, "status", "--follow", "--json") as following:

        def tables() -> list[list[dict[str, Any]]]:
            return [json.loads(line) for line in following.out.splitlines(keepends=True) if line.endswith("\n")]

        until(lambda: tables() == [[]], "an empty table first")
        assert cli.main(["--workspace", str(place.root), "start", "1", "quick"]) == 0
        until(lambda: [one["state"] for one in tables()[-1]] == ["running"], "the run is running")
        place.go()
        until(lambda: [one["state"] for one in tables()[-1]] == ["completed"], "the run is done")
        following.send(signal.SIGINT)
        assert following.ends() == 130
        states = [[one["state"] for one in table] for table in tables()]
    assert len(states) == len([one for place, one in enumerate(states) if place == 0 or one != states[place - 1]])
