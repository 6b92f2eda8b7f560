"""Servers, keepers, waiters are killed, disks fill, calls fail: nothing acknowledged is lost, and nothing ran twice."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from ..limits import LONG_S
from . import campaign, full_disks, shim
from .mutants import ROOT

CAMPAIGNS = [("kill_servers", 15), ("kill_keepers", 12), ("full_disks", 6), ("failing_calls", 6), ("every_call", 6)]
LONG = [("plants", 9)] if shim.TRIES else []
"""Only as torture: the tests of each kind of file are quicker."""


@pytest.mark.training
@pytest.mark.parametrize(("who", "wanted"), CAMPAIGNS + LONG)
def test_whoever_is_killed_and_whatever_fails_at_any_moment_what_was_acknowledged_holds(
    who: str, wanted: int, tmp_path: Path
) -> None:
    if who == "full_disks" and (lacks := full_disks.missing()):
        pytest.skip(f"not here: {', '.join(lacks)}")
    if who in ("failing_calls", "every_call"):
        shim.library(tmp_path)
    wanted = max(wanted, shim.TRIES * 3)
    command = [sys.executable, "-m", f"tests.torture.{who}", "--wanted", str(wanted), "--seed", str(shim.SEED)]
    command += ["--results", str(tmp_path / "results"), "--folder", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONG_S * 4, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rounds = [json.loads(line) for line in (tmp_path / "results").read_text().splitlines()]
    assert sum(sum(one["faults"].values()) for one in rounds) >= wanted


def _play(root: Path, draw: random.Random, found: campaign.Round) -> None:
    (root / "workspace").touch()
    found.faults["kill"] += 3
    found.allowed["known"] += 1
    if draw.random() < 0.5:
        found.violations.append("lost")


def test_a_drawing_goes_on_where_its_file_ends_and_says_what_did_not_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = str(tmp_path / "results")
    words = ["--results", results, "--folder", str(tmp_path), "--seed", "7", "--wanted"]
    assert campaign.run(_play, [*words, "6"], "") == 1
    before = Path(results).read_text()
    assert before.count("\n") == 2
    before += before.splitlines()[1][:30]  # killed in the middle of a line
    Path(results).write_text(before)
    assert campaign.run(_play, [*words, "12"], "") == 1
    after = Path(results).read_text()
    assert after.startswith(before)
    assert [json.loads(line)["seed"] for line in after.splitlines() if line.endswith("}")] == [7, 8, 9, 10]
    lost = after.count("lost")
    assert 0 < lost < 4
    told = f"12 faults in 4 rounds: {{'kill': 12}}\n{lost} violations; allowed: {{'known': 4}}; "
    assert told in capsys.readouterr().out
    assert len([one for one in tmp_path.iterdir() if one.is_dir()]) == lost, "workspaces of violations are kept"
    with pytest.raises(SystemExit, match="of other seeds"):
        campaign.run(_play, ["--results", results, "--seed", "8"], "")
