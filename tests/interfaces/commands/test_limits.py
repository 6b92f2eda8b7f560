"""A limit of the process that is too low is named before anything begins."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from watchkeeper.server.acts.launch import checkpoint_dir
from watchkeeper.server.interfaces.commands import limits
from watchkeeper.server.vocabulary.runs import Phase

from ...play import GOOD, Place


@pytest.mark.parametrize("command", [["serve", "--role", "trainer"], ["status"], ["start", "1", "quick"]])
@pytest.mark.parametrize(
    ("limit", "value"),
    [("RLIMIT_NOFILE", 16), ("RLIMIT_NOFILE", 10), ("RLIMIT_FSIZE", 1 << 20), ("RLIMIT_AS", 500 << 20)],
)
def test_a_command_that_could_not_work_is_refused_with_the_limit_named(
    tmp_path: Path, command: list[str], limit: str, value: int
) -> None:
    lower = f"""
import os, resource, sys
resource.setrlimit(resource.{limit}, ({value}, {value}))
os.execv(sys.executable, sys.argv[1:])
"""
    server = [sys.executable, "-P", "-m", "watchkeeper.server", "--workspace", str(tmp_path), *command]
    done = subprocess.run(
        [sys.executable, "-c", lower, *server], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert limit in done.stderr
    assert "ulimit -" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_limits_of_this_process_are_high_enough() -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= 64
    assert limits.refusal() == ""


@pytest.mark.anyio
async def test_folders_of_the_state_are_their_owners_alone_whatever_the_umask_is(place: Place) -> None:
    before = os.umask(0)
    try:
        (place.root / ".watchkeeper" / "checkpoints").mkdir(parents=True)
        place.script(GOOD)
        async with place.trainer() as trainer:
            run = await trainer.trained()
    finally:
        os.umask(before)
    desk = place.desk()
    folders = [desk.workspace.state_dir / "checkpoints", checkpoint_dir(desk, "1", Phase.QUICK)]
    for folder in (*folders, desk.workspace.state_dir, desk.workspace.run_dir(run)):
        assert folder.stat().st_mode & 0o777 == 0o700, folder
