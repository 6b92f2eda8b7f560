"""Commands on a place, run to their end or begun."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from ... import warm
from ...limits import LONG_S
from ...play import Place, script

EVENT, END = (["--until", what, "--wait", str(LONG_S)] for what in ("event", "end"))
FAILS_ON_GO = script('print("ready")\nwait_for("go")\nraise ValueError("boom")\n')
SAYS_ARGUMENTS = script("print(sys.argv[1:])\nleave_what_the_phase_asks_for()\n")


def run(place: Place, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in a process of its own."""
    return warm.run("--workspace", str(place.root), *words)


def begun(place: Place, *words: str) -> warm.Begun:
    """Begin a command in a process of its own."""
    return warm.Begun("--workspace", str(place.root), *words)


def asked(place: Place, *words: str) -> dict[str, Any]:
    """Run a command that must succeed and return its JSON."""
    done = run(place, *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def started(place: Place, body: str) -> str:
    """Start a quick run of a script and return its id."""
    place.script(body)
    return str(asked(place, "start", "1", "quick")["run"])


def waits_in_a_poll(place: Place, role: str = "trainer") -> bool:
    """Whether a poll of this role has had its first look."""
    desk = place.desk("observer")
    try:
        return desk.ledger.watched("1-quick-1", role) is not None
    finally:
        desk.ledger.close()
