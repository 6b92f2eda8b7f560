"""Environments for the frameworks, each with one of them, made by uv below ours and kept: `make clean` removes them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from ...limits import HANG_S
from ..programs import INSTALLED, NPM_S

UV = Path(sys.prefix) / "bin/uv"


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework that calls MCP tools.

    :ivar requirements: what is installed for it.
    :ivar script: the file beside this one that plays a run by it.
    :ivar agent: whether it has agents, which ask a model.
    :ivar session: the kind by which `transcribe` knows what such an agent has to say of its run; empty for none.
    :ivar every: whether a call of such an agent has to name every argument.
    """

    name: str
    requirements: tuple[str, ...]
    script: str
    agent: bool = True
    session: str = ""
    every: bool = False


def python(framework: Framework) -> Path:
    """Return the interpreter of a framework's environment; skip the test where it cannot be had."""
    if not UV.is_file():
        pytest.skip("no uv: `make setup` brings it")
    folder = INSTALLED / re.sub(r"[^\w.=-]", "", "-".join(("python", *framework.requirements)))
    if not folder.is_dir():
        INSTALLED.mkdir(exist_ok=True)
        _make(framework, folder)
    return folder / "bin/python"


def version(framework: Framework) -> str:
    """Return which version of a framework its environment holds."""
    name = re.split(r"[\[=]", framework.requirements[0])[0]
    asks = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"
    command = [str(python(framework)), "-c", asks, name]
    return subprocess.run(command, capture_output=True, text=True, timeout=HANG_S, check=True).stdout.strip()


def _make(framework: Framework, folder: Path) -> None:
    """Make an environment; it gets its name when it is whole."""
    with tempfile.TemporaryDirectory(dir=INSTALLED) as scratch:
        made = Path(scratch) / "made"
        for words in (["venv", "--relocatable", "--python", sys.executable, str(made)], _install(framework, made)):
            try:
                ended = subprocess.run(
                    [str(UV), *words], capture_output=True, text=True, timeout=NPM_S, check=False, env=dict(os.environ)
                )
            except subprocess.TimeoutExpired:
                pytest.skip(f"no {framework.name} in {NPM_S:g} s")
            if ended.returncode:
                pytest.skip(f"uv cannot bring {framework.name}: {ended.stderr[-300:]}")
        made.rename(folder)


def _install(framework: Framework, folder: Path) -> list[str]:
    return ["pip", "install", "--quiet", "--python", str(folder / "bin/python"), *framework.requirements]
