"""What was hashed is what runs, whatever somebody puts in the script's place in between."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from watchkeeper.server.runtime.keeper import records
from watchkeeper.server.runtime.witness import witness_environment
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.vocabulary.runs import RunState

from ...limits import HANG_S
from ...play import Place, script
from ...runtime.keeper.helpers import Run

pytestmark = pytest.mark.anyio

GOOD = "print('the hashed one')\n"
OTHER = "open('it-ran', 'w').write('x')\n"
SWAPS = """
import os, sys
good, other, script = sys.argv[1:]
print("swapping", flush=True)
while True:
    for target in (other, good):
        os.symlink(target, script + ".new")
        os.rename(script + ".new", script)
"""
SLOWLY = """
print("ready", flush=True)
wait_for("go")
import amounts
print(amounts.N)
leave_what_the_phase_asks_for()
"""
TRIES = max(25, int(os.environ.get("WATCHKEEPER_TORTURE_TRIES", "0")))
"""Fewer might never meet the other file, and show nothing."""


def begin(folder: Path, snapshot: str) -> subprocess.CompletedProcess[str]:
    """Run the script as a keeper would, with what looks at it before it begins."""
    script = str(folder / "train.py")
    given = {"PATH": os.environ["PATH"], "WATCHKEEPER_WORKSPACE": str(folder)}
    given |= witness_environment(given, folder=None, nonce="", hooked=True, script=(script, snapshot))
    given["WATCHKEEPER_PROBE"] = "pymc"
    command = [sys.executable, script]
    return subprocess.run(
        command,
        cwd=folder,
        env=given,
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
        start_new_session=True,
    )


@pytest.mark.training
def test_a_script_that_is_swapped_all_the_time_runs_as_it_was_hashed_or_not_at_all(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    snapshot = str(workspace.snapshots_dir / workspace.store_snapshot(GOOD.encode()))
    good, other = tmp_path / "good.py", tmp_path / "other.py"
    good.write_text(GOOD)
    other.write_text(OTHER)
    (tmp_path / "train.py").write_text(GOOD)
    command = [sys.executable, "-c", SWAPS, str(good), str(other), str(tmp_path / "train.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as swapper:
        assert swapper.stdout is not None
        assert swapper.stdout.readline() == "swapping\n"
        try:
            ends = [begin(tmp_path, snapshot) for _ in range(TRIES)]
        finally:
            swapper.kill()
    assert not (tmp_path / "it-ran").exists()
    refused = [one for one in ends if one.returncode]
    assert all("what was hashed is not what Python was about to run" in one.stderr for one in refused), refused
    assert all(one.stdout == "the hashed one\n" for one in ends if not one.returncode)
    assert refused, "some of the tries must have met the other file, or this test shows nothing"


@pytest.mark.training
def test_a_script_with_a_constant_that_is_not_even_equal_to_itself_runs(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    text = "NAN = 1e999 - 1e999\nINSIDE = lambda: (1e999 * 0, {0.0, -0.0}, 'a', frozenset('abc'))\nprint('ran')\n"
    snapshot = str(workspace.snapshots_dir / workspace.store_snapshot(text.encode()))
    (tmp_path / "train.py").write_text(text)
    assert begin(tmp_path, snapshot).stdout == "ran\n"
    (tmp_path / "train.py").write_text(text.replace("'ran'", "'other'"))
    assert "what was hashed is not" in begin(tmp_path, snapshot).stderr


def test_a_script_that_was_changed_before_it_is_let_go_never_starts(workspace: Path) -> None:
    (workspace / "train.py").write_text(OTHER)
    run = Run(workspace, argv=[sys.executable, str(workspace / "train.py")])
    told = {"script": "train.py", "script_sha256": hashlib.sha256(GOOD.encode()).hexdigest()}
    records.write(run.dir / records.SPEC, {**(records.read(run.dir / records.SPEC) or {}), **told})
    status = run.launch().becomes(RunState.NEVER_STARTED)
    assert "was changed after it was hashed" in status.reason
    assert not (workspace / "it-ran").exists()


async def test_a_module_that_is_swapped_until_it_is_imported_is_told_by_the_verdict(place: Place) -> None:
    module = place.root / "output/implementation/code/amounts.py"
    place.script(script(SLOWLY))
    module.write_text("N = 2000\n")
    place.go()
    async with place.trainer() as trainer:
        await trainer.trained()
        (place.root / "go").unlink()
        started = await trainer.ask("start_training", model="1", phase="full")
        place.says(started["log"], "ready")
        module.write_text("N = 10\n")
        place.go()
        await trainer.watch(started["run"])
        module.write_text("N = 2000\n")
        verdict = await trainer.ask("verify_compute", run=started["run"])
    assert place.read(started["log"]).endswith("10\n")
    (told,) = [one for one in verdict["checks"] if one["check"] == "outside"]
    assert "amounts.py was another file when it was imported" in told["evidence"], verdict


async def test_a_run_has_its_own_path_its_traceback_and_its_neighbours(place: Place) -> None:
    place.script("import neighbour\nprint(__file__, __name__)\nraise ValueError(neighbour.WORD)\n")
    (place.root / "output/implementation/code/neighbour.py").write_text("WORD = 'from beside'\n")
    async with place.trainer() as trainer:
        await trainer.trained()
    log = place.read("output/implementation/logs/training_quick_1.log")
    path = place.root / "output/implementation/code/model_1.py"
    assert f"{path} __main__" in log
    assert f'Traceback (most recent call last):\n  File "{path}", line 3, in <module>\n' in log
    assert "ValueError: from beside" in log
