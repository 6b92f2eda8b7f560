"""The bundle for Claude Desktop: its manifest names what there is (MCPB 0.4, server type uv)."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from watchkeeper.server.interfaces.commands.cli import parser
from watchkeeper.server.vocabulary.runs import Role
from watchkeeper.tools import TOOLS

ROOT = Path(__file__).parents[1]


@pytest.fixture
def manifest() -> dict[str, Any]:
    return json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_manifest_has_what_the_validator_wants(manifest: dict[str, Any]) -> None:
    assert manifest["manifest_version"] == "0.4"
    assert manifest["server"]["type"] == "uv"
    assert (ROOT / manifest["server"]["entry_point"]).is_file()
    assert set(manifest["server"]["mcp_config"]) >= {"command", "args"}
    assert manifest["author"]["name"]


def test_the_manifest_says_the_same_as_the_project(manifest: dict[str, Any], project: dict[str, Any]) -> None:
    for name in ("name", "version", "license", "keywords"):
        assert manifest[name] == project[name] or set(manifest[name]) <= set(project[name])
    assert manifest["compatibility"]["runtimes"]["python"] == project["requires-python"]


def test_the_manifest_names_every_tool(manifest: dict[str, Any]) -> None:
    assert [one["name"] for one in manifest["tools"]] == [one.name for one in TOOLS]
    assert all(one["description"] for one in manifest["tools"])


def test_what_the_bundle_launches_is_a_command_that_parses(manifest: dict[str, Any]) -> None:
    arguments: list[str] = manifest["server"]["mcp_config"]["args"]
    settings = {
        "${user_config.workspace}": "/somewhere",
        "${user_config.role}": manifest["user_config"]["role"]["default"],
    }
    command = [settings.get(word, word) for word in arguments[arguments.index("watchkeeper") + 1 :]]
    options = parser().parse_args(command)
    assert (options.workspace, Role(options.role)) == ("/somewhere", Role.TRAINER)
    used = {word.removeprefix("${user_config.").removesuffix("}") for word in arguments if "user_config" in word}
    assert used == set(manifest["user_config"])


def test_the_bundle_leaves_out_what_no_user_needs() -> None:
    ignored = (ROOT / ".mcpbignore").read_text(encoding="utf-8").split()
    assert {".venv", ".git", "tests", "benchmarks", "__pycache__", ".pytest_cache", ".watchkeeper"} <= set(ignored)


def test_the_bundle_is_run_without_what_only_its_developers_need(manifest: dict[str, Any]) -> None:
    arguments: list[str] = manifest["server"]["mcp_config"]["args"]
    assert arguments[0] == "run"
    assert "--no-dev" in arguments[: arguments.index("watchkeeper")]
