"""What killed servers and keepers left half written is swept by the next server; nothing else is touched."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from watchkeeper.server.storage.files.leftovers import ABANDONED_AFTER_S, sweep

from ...limits import HANG_S
from ...play import Place
from ...runtime.keeper.helpers import until

WRITES_FOR_EVER = """
import sys
from pathlib import Path
from watchkeeper.server.storage.files.workspace import Workspace
place = Workspace(Path(sys.argv[1]))
place.ensure_state()
print("writing", flush=True)
while True:
    place.write_text_atomically(".watchkeeper/reports/1-r1.md", "x" * 200_000)
"""


def age(path: Path, by_s: float) -> None:
    long_ago = time.time() - by_s
    os.utime(path, (long_ago, long_ago))


def drafts(root: Path) -> list[Path]:
    return sorted((root / ".watchkeeper").rglob("*.tmp"))


def test_the_draft_of_a_writer_that_was_killed_is_swept_once_it_is_old(tmp_path: Path) -> None:
    for _ in range(40):
        with subprocess.Popen(
            [sys.executable, "-c", WRITES_FOR_EVER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "writing\n"
            until(lambda: drafts(tmp_path), "it is in the middle of a write")
            writer.kill()
            writer.wait(HANG_S)
        if drafts(tmp_path):
            break
    (draft,) = drafts(tmp_path)
    assert sweep(tmp_path / ".watchkeeper") == [], "a young one may be somebody's who lives"
    age(draft, ABANDONED_AFTER_S + 60)
    assert sweep(tmp_path / ".watchkeeper") == [f"reports/{draft.name}"]
    assert drafts(tmp_path) == []


def test_nothing_but_our_own_old_drafts_is_swept(tmp_path: Path) -> None:
    run = tmp_path / "runs/1-quick-1"
    run.mkdir(parents=True)
    kept = [run / "metrics.jsonl", run / "model.tmp", run / ".watchkeeper-zz.tmp", tmp_path / "checkpoints.tmp"]
    for path in kept:
        path.touch()
    (run / f".watchkeeper-{'0' * 16}.tmp").symlink_to(kept[0])
    (run / f"exit.json.{'a' * 12}.tmp").mkdir()
    ours = [run / f"start.json.{'a' * 12}.tmp", run / "members.1234.tmp", run / f".watchkeeper-{'b' * 16}.tmp"]
    for path in ours:
        path.touch()
    for path in (*kept, *ours):
        age(path, 10 * ABANDONED_AFTER_S)
    assert sorted(sweep(tmp_path)) == sorted(str(one.relative_to(tmp_path)) for one in ours)
    assert all(one.exists() for one in kept)
    assert sweep(tmp_path / "nothing here") == []


@pytest.mark.parametrize("linked", [".watchkeeper", ".watchkeeper/reports", ".watchkeeper/runs", ".watchkeeper/runs/1"])
def test_no_link_to_a_folder_is_followed(tmp_path: Path, linked: str) -> None:
    elsewhere, link = tmp_path / "elsewhere", tmp_path / "place" / linked
    link.parent.mkdir(parents=True)
    kept = [elsewhere / inside / f".watchkeeper-{'d' * 16}.tmp" for inside in ("", "reports", "runs/1", "1")]
    for path in kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        age(path, 10 * ABANDONED_AFTER_S)
    link.symlink_to(elsewhere)
    assert sweep(tmp_path / "place/.watchkeeper") == []
    assert all(one.exists() for one in kept)


@pytest.mark.anyio
async def test_a_server_sweeps_when_it_begins(place: Place) -> None:
    async with place.served():
        pass
    place.desk().workspace.ensure_state()
    draft = place.root / f".watchkeeper/verdicts/.watchkeeper-{'c' * 16}.tmp"
    draft.touch()
    age(draft, 10 * ABANDONED_AFTER_S)
    async with place.served():
        until(lambda: not draft.exists(), "it is swept")
