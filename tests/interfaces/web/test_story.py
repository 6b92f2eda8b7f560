"""A run or a model as one file: complete in itself, without a script, asking for nothing."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from watchkeeper.server.interfaces.commands import cli

from ...limits import HANG_S
from ...play import Place


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("1-quick-1", ["ValueError", "1-quick-1-L23", "Drop the 14 pupils", "&lt;script&gt;alert"]),
        (
            "3",
            [
                "3-quick-1",
                "3-full-1",
                "AttributeError",
                "rejected: incomplete training",
                "tau: draws, R-hat",
                "DRAWS 20000 -&gt; 1000",
            ],
        ),
    ],
)
def test_a_story_is_one_file_that_asks_for_nothing_and_tells_all(
    shared: Place, tmp_path: Path, name: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "story.html"
    assert cli.main(["--workspace", str(shared.root), "report", name, "-o", str(path)]) == 0
    assert "complete in itself" in capsys.readouterr().out
    text = path.read_text("utf-8")
    assert [one for one in words if one not in text] == []
    assert not re.search(r"<script|\son\w+=|\sstyle=|<link|<img|url\(|@import", text)
    assert [one for one in re.findall(r'(?:src|href)="([^"]*)"', text) if not one.startswith("#")] == []
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)[0]
    assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in text
    targets = set(re.findall(r'href="#([^"]+)"', text))
    assert targets <= set(re.findall(r'id="([^"]+)"', text))


def test_a_story_of_nothing_and_a_file_that_cannot_be_written_are_refused(
    shared: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--workspace", str(shared.root), "report"]
    assert cli.main([*words, "9-quick-9", "-o", str(tmp_path / "story.html")]) == 1
    assert "no run and no model" in capsys.readouterr().err
    assert cli.main([*words, "1-quick-1", "-o", str(tmp_path / "nowhere" / "story.html")]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_story_goes_through_a_link_and_into_a_pipe_and_replaces_neither(shared: Place, tmp_path: Path) -> None:
    def written(path: Path) -> int:
        return cli.main(["--workspace", str(shared.root), "report", "1-quick-1", "-o", str(path)])

    link, pipe = tmp_path / "link.html", tmp_path / "pipe"
    link.symlink_to(tmp_path / "real.html")
    assert written(link) == 0
    assert link.is_symlink()
    whole = (tmp_path / "real.html").read_text("utf-8")
    assert "</html>" in whole
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as thread:
        read = thread.submit(pipe.read_text, "utf-8")
        assert written(pipe) == 0
        assert "</html>" in read.result(HANG_S)
    assert stat.S_ISFIFO(pipe.lstat().st_mode)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link.html", "pipe", "real.html"]
