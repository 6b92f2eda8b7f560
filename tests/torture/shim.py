"""What stands between a process and its file system: `failpoint.c`, compiled where a compiler is there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from watchkeeper.server.storage.record import Ledger
from watchkeeper.server.vocabulary.errors import WatchkeeperError

from ..limits import HANG_S

HERE = Path(__file__).parent
TRIES = int(os.environ.get("WATCHKEEPER_TORTURE_TRIES", "0"))
SEED = int(os.environ.get("WATCHKEEPER_TORTURE_SEED", "0"))
WORK = """
import os, sys
from pathlib import Path
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.storage.record import Ledger
from watchkeeper.server.storage.record.records import RunStarted
from watchkeeper.server.vocabulary.errors import WatchkeeperError
from watchkeeper.server.vocabulary.runs import Phase
root, rounds, weaker = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] == ["weaker"]
told = os.open(sys.argv[1] + ".told", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
files = Workspace(root)
def said(what):
    os.write(told, what.encode() + b"\\n")
    if "WK_RECORD" in os.environ:
        os.write(os.open(root / "told", os.O_CREAT | os.O_WRONLY | os.O_APPEND), what.encode() + b"\\n")
def tried(what, act):
    try:
        act()
    except (WatchkeeperError, OSError) as error:
        print("refused", what, type(error).__name__)
    else:
        said(what)
def append(name):
    with ledger.transaction() as record:
        record.append(RunStarted(phase=Phase.QUICK), name, run=name, model="1")
try:
    ledger = Ledger(root / "ledger.sqlite3")
except WatchkeeperError as error:
    print("refused ledger", error)
    sys.exit(0)
if weaker:
    ledger._opened.execute("PRAGMA synchronous = OFF")
    os.fsync = lambda descriptor: None
for number in range(rounds):
    tried(f"event 1-quick-{number}", lambda: append(f"1-quick-{number}"))
    tried(f"text {number}", lambda: files.write_text_atomically("report.md", f"text {number}\\n" * 400))
    tried(f"line {number}", lambda: files.append_durably("diary.md", f"line {number}\\n"))
"""
"""Does three acts a round and says which were acknowledged; a refusal in words is no trouble, a traceback is."""


@cache
def library(folder: Path) -> Path:
    """Compile the library into a folder; skip the test, and say so, where no compiler is there."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("no C compiler here")
    target = folder / "failpoint.so"
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", str(target), str(HERE / "failpoint.c")]
    subprocess.run(command, check=True, capture_output=True)
    return target


def worked(
    shim: Path, root: Path, rounds: int, more: Mapping[str, str], *words: str
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Let a process do its acts beneath a folder; return it, and what it was told that it had done."""
    environment = {**os.environ, "LD_PRELOAD": str(shim), "WK_ROOT": str(root), **more}
    command = [sys.executable, "-P", "-c", WORK, str(root), str(rounds), *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=HANG_S, check=False)
    told = root.with_name(root.name + ".told")
    return done, told.read_text().splitlines() if told.exists() else []


def kept(root: Path) -> str:
    """Return what is wrong with what lies beneath a folder, given what its process had been told; empty: nothing."""
    path = root / "told"
    told = path.read_text("utf-8", "replace").splitlines() if path.exists() else []
    events = [one.removeprefix("event ") for one in told if one.startswith("event ")]
    try:
        ledger = Ledger(root / "ledger.sqlite3")
    except WatchkeeperError as error:
        return f"the ledger: {error}"
    try:
        if broken := ledger.broken():
            return f"the chain: {broken[0]}"
        if lost := set(events) - {one.id for one in ledger.runs()}:
            return f"acknowledged and lost: {sorted(lost)}"
    finally:
        ledger.close()
    return _text_kept(root, told) or _lines_kept(root, told)


def _text_kept(root: Path, told: list[str]) -> str:
    newest = max((int(one.split()[1]) for one in told if one.startswith("text ")), default=-1)
    if newest < 0:
        return ""
    path = root / "report.md"
    text = path.read_text("utf-8", "replace") if path.exists() else ""
    number = int(text.split()[1]) if text else -1
    whole = text == f"text {number}\n" * 400
    return "" if whole and number >= newest else f"a text of round {newest} became one of {number}, whole: {whole}"


def _lines_kept(root: Path, told: list[str]) -> str:
    lines = (root / "diary.md").read_text("utf-8", "replace").splitlines() if (root / "diary.md").exists() else []
    lost = {one for one in told if one.startswith("line ")} - set(lines)
    return f"lines that were acknowledged are lost: {sorted(lost)}" if lost else ""
