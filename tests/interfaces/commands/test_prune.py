"""`watchkeeper prune`: shows first, gives up only when told to, and says what it kept and why."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from watchkeeper.server.interfaces.commands.cli import main

from ...acts.prune.helpers import ended, state
from ...play import GOOD, Place


def said(place: Place, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = main(["--workspace", str(place.root), "prune", *words])
    out, err = capsys.readouterr()
    return status, out + err


def test_it_shows_what_could_go_and_changes_nothing_until_it_is_told_to(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    ended(place, "1-quick-1")
    ended(place, "1-quick-2")
    ended(place, "1-full-1", code="1-quick-2", verdict="APPROVE")
    for words in ((), ("--dry-run",)):
        status, text = said(place, capsys, *words)
        assert status == 0
        assert re.search(r"^1-quick-1 +20..-..-.. +\d+\.\d kB  witness \d", text, re.MULTILINE)
        assert "1-full-1                 the next start is compared with it" in text
        assert "of 1 runs could go. Nothing was changed. The same with --yes gives it up." in text
        assert state(place, "runs/1-quick-1/witness").exists()
    status, text = said(place, capsys, "--yes", "--json")
    told = json.loads(text)
    assert (status, [one["run"] for one in told["runs"]], told["left"]) == (0, ["1-quick-1"], [])
    assert told["snapshots_bytes"] > 0
    assert not state(place, "runs/1-quick-1/witness").exists()
    assert said(place, capsys, "--yes") == (0, "Gave up 0 B of 0 runs; the record says so.\n")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--older-than=soon",), "takes a time such as 90d"),
        (("--larger-than=-1GB",), "takes a size such as 500MB"),
        (("--yes", "--dry-run"), "ask for two things"),
    ],
)
def test_what_it_cannot_take_is_said(
    place: Place, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], what: str
) -> None:
    status, text = said(place, capsys, *words)
    assert status != 0
    assert what in text


def test_a_run_that_was_pruned_is_still_told_of_and_the_next_start_goes_on(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    def asked(*words: str) -> Any:
        assert main(["--workspace", str(place.root), *words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    place.script(GOOD)
    begun = str(asked("start", "1", "quick")["run"])
    asked("poll", begun, "--until", "end", "--wait", "300")
    place.script(GOOD + "# mended\n")
    again = str(asked("start", "1", "quick", "--follows", begun)["run"])
    asked("poll", again, "--until", "end", "--wait", "300")
    kept = asked("prune")["kept"]
    assert set(kept) == {begun, again}, "before the first full run both are compared with"
    full = str(asked("start", "1", "full")["run"])
    asked("poll", full, "--until", "end", "--wait", "300")
    verdict = asked("verify", full)["verdict_id"]
    assert [one["run"] for one in asked("prune", "--yes")["runs"]] == [begun]
    rows = {one["run"]: one for one in asked("status")}
    assert (rows[begun]["state"], rows[begun]["note"]) == ("completed", "(pruned)")
    assert asked("poll", begun)["state"] == "completed"
    assert main(["--workspace", str(place.root), "verify", begun]) == 1
    assert f"{begun} was pruned on" in capsys.readouterr().err
    assert asked("verify", full)["verdict_id"] == verdict, "nothing that its verdict looks at is gone"
    assert main(["--workspace", str(place.root), "doctor"]) == 0
    capsys.readouterr()
    later = str(asked("start", "1", "quick", "--follows", again)["run"])
    assert asked("poll", later, "--until", "end", "--wait", "300")["state"] == "completed"
