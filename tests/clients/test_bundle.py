"""The bundle for Claude Desktop: packed by the official tool, unpacked elsewhere, started by uv as the client does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import StdioServerParameters
from mcp.client import Client
from watchkeeper.server.vocabulary.runs import Role
from watchkeeper.tools import TOOLS

from ..limits import HANG_S
from .frameworks.environments import UV
from .pages import ROOT
from .programs import Package, installed, node
from .tried import Tried

NAME = "bundle (MCPB, uv)"
pytestmark = [
    *(pytest.mark.usefixtures("nothing_left"), pytest.mark.clients, pytest.mark.anyio),
    pytest.mark.xdist_group(NAME),
]
TOOL = Package("@anthropic-ai/mcpb", "2.1.2", "mcpb")


def mcpb(*words: str) -> None:
    path = {**os.environ, "PATH": f"{node() / 'bin'}:{os.environ['PATH']}"}
    command = [str(installed(TOOL) / TOOL.command), *words]
    ended = subprocess.run(command, cwd=ROOT, env=path, capture_output=True, text=True, timeout=HANG_S, check=False)
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]


def command_of(bundle: Path, workspace: Path) -> tuple[str, list[str]]:
    """Return what Claude Desktop runs for an unpacked bundle, with its user's settings put in."""
    manifest: dict[str, Any] = json.loads((bundle / "manifest.json").read_text("utf-8"))
    config: dict[str, Any] = manifest["server"]["mcp_config"]
    given = {"${__dirname}": str(bundle), "${user_config.workspace}": str(workspace), "${user_config.role}": "trainer"}
    words: list[str] = config["args"]
    return config["command"], [given.get(one, one) for one in words]


async def test_the_bundle_is_packed_unpacked_elsewhere_and_answers_when_uv_starts_it(
    tmp_path: Path, tried: Tried
) -> None:
    if not UV.is_file():
        pytest.skip("no uv: `make setup` brings it")
    packed, elsewhere, workspace = tmp_path / "one.mcpb", tmp_path / "elsewhere", tmp_path / "project"
    workspace.mkdir()
    mcpb("validate", "manifest.json")
    mcpb("pack", ".", str(packed))
    with zipfile.ZipFile(packed) as archive:
        names = archive.namelist()
        archive.extractall(elsewhere)
    assert not [one for one in names if one.split("/")[0] in {"tests", "benchmarks", ".venv", ".git"}]
    command, arguments = command_of(elsewhere, workspace)
    path = f"{UV.parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "UV_PYTHON": sys.executable, "VIRTUAL_ENV": ""}
    with anyio.fail_after(HANG_S):
        async with Client(StdioServerParameters(command=command, args=arguments, env=environment)) as client:
            tools = (await client.list_tools()).tools
            answer = await client.call_tool("poll_training", {"wait_s": 0})
    assert len(tools) == sum(Role.TRAINER in one.roles for one in TOOLS)
    assert answer.structured_content is not None
    assert answer.structured_content["runs"] == []
    megabytes = sum(one.stat().st_size for one in (elsewhere / ".venv").rglob("*") if one.is_file()) / 1e6
    about = f"{packed.stat().st_size / 1e6:.1f} MB, {len(names)} files; its environment {megabytes:.0f} MB"
    tried(NAME, version=about, connects="yes", lists="yes", calls="yes")
