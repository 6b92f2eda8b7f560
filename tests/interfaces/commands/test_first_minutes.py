"""The first commands of README and tutorial, typed beside the tutorial's train.py, print what stands below them.

On the pages `…` stands for anything, and a number for any number.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ...limits import HANG_S

ROOT = Path(__file__).parents[3]
README, TUTORIAL = ((ROOT / one).read_text("utf-8") for one in ("README.md", "docs/tutorial.md"))


def fenced(page: str, language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", page)


def typed(page: str) -> Iterator[tuple[str, list[str]]]:
    """Give the commands of a page's consoles, each with the lines that are shown below it."""
    for block in fenced(page, "console"):
        for part in re.split(r"(?m)^\$ ", block)[1:]:
            command, *shown = part.splitlines()
            yield command, shown


def pattern(shown: str) -> str:
    """Return what a line must look like for this one to show it."""
    parts = re.split(r"(…|\d+(?:\.\d+)?)", shown)
    return "".join(".*" if one == "…" else r"[\d.]+" if one[:1].isdigit() else re.escape(one) for one in parts)


def missing(shown: Sequence[str], printed: str) -> list[str]:
    """Return the lines that are shown and were not printed, in this order."""
    lines = iter(printed.splitlines())
    return [one for one in shown if one != "…" and not any(re.fullmatch(pattern(one), line) for line in lines)]


@pytest.fixture
def said(workspace: Path) -> dict[str, str]:
    """What each command of the tutorial printed when all were typed one after the other; the last time, if repeated."""
    (workspace / "train.py").write_text(fenced(TUTORIAL, "python")[0], encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"}
    printed: dict[str, str] = {}
    for command, shown in typed(TUTORIAL):
        done = subprocess.run(
            ["bash", "-c", command], cwd=workspace, env=environment, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=HANG_S, check=False,
        )  # fmt: skip
        assert not missing(shown, done.stdout), f"$ {command}\n{done.stdout}"
        printed[command] = done.stdout
    return printed


def test_the_commands_of_readme_and_tutorial_print_what_stands_below_them(said: dict[str, str]) -> None:
    assert list(typed(README))
    for command, shown in typed(README):
        assert not missing(shown, said[command]), said[command]
    first = [line.partition(" #")[0].strip() for line in fenced(README, "sh")[0].splitlines()]
    assert [one for one in first if one.startswith("watchkeeper ")]
    assert {one for one in first if not one.startswith(("pip install ", "cd "))} <= set(said)


@pytest.mark.parametrize(
    ("shown", "printed", "left"),
    [
        (["epoch 1/20 loss 2.8", "…", "done after 3.5 s"], "epoch 1/20 loss 2.91\nmore\ndone after 12 s\n", []),
        (["done …: APPROVE"], "done 1-full-1: APPROVE\n", []),
        (["verdict: APPROVE"], "verdict: REJECT\n", ["verdict: APPROVE"]),
        (["b", "a"], "a\nb\n", ["a"]),
    ],
)
def test_what_is_shown_is_looked_for_line_by_line(shown: list[str], printed: str, left: list[str]) -> None:
    assert missing(shown, printed) == left
