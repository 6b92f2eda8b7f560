"""A workspace that is renamed under a server, or whose path no record could hold, is told in words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from watchkeeper.server.interfaces.commands.cli import main
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.vocabulary.errors import PathRefused

from ...play import GOOD, WAITS, Place

pytestmark = pytest.mark.anyio


async def test_a_renamed_workspace_is_told_and_its_run_is_watched_on_from_the_new_place(
    tmp_path: Path, nothing_left: None
) -> None:
    (tmp_path / "before").mkdir()
    place = Place(tmp_path / "before").script(WAITS)
    async with place.trainer() as trainer:
        run = (await trainer.ask("start_training", model="1", phase="quick"))["run"]
        place.says("output/implementation/logs/training_quick_1.log", "ready")
        (tmp_path / "before").rename(tmp_path / "after")
        for tool, words in (("poll_training", {"run": run}), ("stop_training", {"run": run, "reason": "x"})):
            assert "was moved, renamed or replaced" in await trainer.refused(tool, **words)
    moved = Place(tmp_path / "after")
    async with moved.trainer() as trainer:
        assert (await trainer.poll(run))["state"] == "running"
        moved.go()
        assert (await trainer.watch(run))["exit_code"] in (0, 1)  # its results were to go to the old place


def test_a_path_that_is_no_utf_8_is_refused_in_words_by_every_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    Path(folder).mkdir()
    Place(Path(folder)).script(GOOD)
    with pytest.raises(PathRefused, match="is no UTF-8"):
        Workspace(Path(folder))
    for words in (["status"], ["doctor"], ["start", "1", "quick"], ["serve"]):
        assert main(["--workspace", folder, *words]) == 1
        assert "is no UTF-8" in capsys.readouterr().err
