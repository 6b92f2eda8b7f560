"""A write, sync or rename fails, once or for as long as it lasts: no exit status is lost, no keeper leaves a trace."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest
from watchkeeper.server.runtime.engines.local import LocalEngine
from watchkeeper.server.runtime.keeper import procfs, records
from watchkeeper.server.runtime.run_directory import RunStatus
from watchkeeper.server.vocabulary.runs import RunState

from .helpers import SERVER_FOLDER, WAITS, Run, until

COUNTS = "open('ran', 'a').write('x')\n" + WAITS + "sys.exit(3)"
FAULTS = """
import json, os, pathlib, sys
_plan = json.loads(pathlib.Path(__file__).with_name("plan.json").read_text())
_lifted = pathlib.Path(__file__).with_name("lifted")
_sound, _seen = getattr(os, _plan["call"]), 0
def _faulty(*arguments, **named):
    global _seen
    if _plan["call"] == "write" and arguments[0] == 2:
        return _sound(*arguments, **named)
    _seen += 1
    if _seen >= _plan["nth"] and _seen < _plan["nth"] + _plan["times"] and not _lifted.exists():
        raise OSError(_plan["errno"], os.strerror(_plan["errno"]))
    return _sound(*arguments, **named)
if "keep" in sys.argv:
    setattr(os, _plan["call"], _faulty)
"""
"""Stands in the keeper's package: the calls from the nth on fail, in the keeper and in the child at its gate."""
FOR_GOOD = 10**9
HALF_WRITTEN = shutil.ignore_patterns("*.pyc.*")
"""What an interpreter is compiling beside us. What is compiled already is copied: each keeper would compile it anew."""


class Faulty:
    """A run whose keeper meets a fault of the disk or of a pipe."""

    def __init__(self, workspace: Path, call: str, nth: int, times: int, code: int) -> None:
        folder = workspace / "server" / "keeper"
        shutil.copytree(SERVER_FOLDER / "keeper", folder, ignore=HALF_WRITTEN)
        plan = {"call": call, "nth": nth, "times": times, "errno": code}
        (folder / "plan.json").write_text(json.dumps(plan))
        (folder / "__init__.py").write_text(FAULTS)
        self._lifted = folder / "lifted"
        self.run = Run(workspace, COUNTS)
        self.run.engine = LocalEngine(folder.parent)
        self.run.launch()

    def lift(self) -> None:
        self._lifted.touch()

    @property
    def ran(self) -> str:
        path = self.run.workspace / "ran"
        return path.read_text() if path.exists() else ""

    def has_begun(self) -> bool:
        """Wait until the script is ready, or its keeper has said or written down why it cannot be; return which."""
        records_an_end = (self.run.dir / records.EXIT).exists
        until(lambda: "ready" in self.run.said() or self.run.complaints() or records_an_end(), "it begins, or cannot")
        return (self.run.dir / records.START).exists() and self.run.status().state is not RunState.NEVER_STARTED

    def ends(self) -> RunStatus:
        return self.run.go().ends()


@pytest.mark.parametrize("call", ["write", "fsync", "replace", "pwrite", "link", "unlink"])
@pytest.mark.parametrize("nth", range(1, 9))
def test_a_fault_that_comes_once_costs_no_exit_status(workspace: Path, call: str, nth: int) -> None:
    """One of the two errors in turn: nothing in the keeper tells them apart."""
    faulty = Faulty(workspace, call, nth, 1, (errno.ENOSPC, errno.EIO)[nth % 2])
    begun = faulty.has_begun()
    faulty.run.go()
    until(lambda: not faulty.run.keepers(), "its keeper has nothing more to do")
    status = faulty.run.status()
    if begun:
        assert (status.state, status.exit_code, faulty.ran) == (RunState.FAILED, 3, "x")
    else:
        assert faulty.ran == ""
        assert status.state in (RunState.STARTING, RunState.NEVER_STARTED)
    assert "Traceback" not in faulty.run.complaints()


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
@pytest.mark.parametrize("nth", range(1, 12, 2))
def test_a_fault_that_lasts_costs_no_exit_status_once_it_is_lifted(workspace: Path, call: str, nth: int) -> None:
    faulty = Faulty(workspace, call, nth, FOR_GOOD, errno.EDQUOT)
    if faulty.has_begun():
        pid, start_ticks = faulty.run.pid, records.whole(faulty.run.record(records.START), "start_ticks") or 0
        faulty.run.go()
        until(lambda: not procfs.alive(pid, start_ticks), "the training ends")
        assert faulty.run.status().state in (RunState.FAILED, RunState.STARTING, RunState.RUNNING)
        faulty.lift()
        status = faulty.run.ends()
        assert (status.state, status.exit_code, faulty.ran) == (RunState.FAILED, 3, "x")
        until(lambda: not faulty.run.keepers(), "its keeper has nothing more to do")
        assert records.whole(faulty.run.record(records.EXIT), "exit_code") == 3
    else:
        faulty.lift()
        until(lambda: not faulty.run.keepers(), "its keeper has nothing more to do")
        assert faulty.ran == ""
    assert "Traceback" not in faulty.run.complaints()


@pytest.mark.parametrize(("call", "nth"), [("fsync", 8), ("replace", 2)])
def test_a_record_that_no_sync_and_no_rename_takes_can_be_read_from_the_space_that_was_set_aside(
    workspace: Path, call: str, nth: int
) -> None:
    faulty = Faulty(workspace, call, nth, FOR_GOOD, errno.EIO)
    assert faulty.has_begun()
    status = faulty.ends()
    assert (status.state, status.exit_code) == (RunState.FAILED, 3)
    assert call == "fsync" or not (faulty.run.dir / records.EXIT).exists()
    keeper = faulty.run.keeper
    os.kill(keeper[0], 9)
    until(lambda: not procfs.alive(*keeper))
    assert faulty.run.status().exit_code == 3
