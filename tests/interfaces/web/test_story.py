"""A run or a model as one file: complete in itself, without a script, asking for nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest
from watchkeeper.server.interfaces.commands import cli

from ...play import Place


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("1-quick-1", ["ValueError", "1-quick-1-L23", "Drop the 14 pupils", "&lt;script&gt;alert"]),
        ("3", ["3-quick-1", "3-full-1", "AttributeError", "rejected: incomplete training", "DRAWS 20000 -&gt; 1000"]),
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
