"""The plugin for Claude Code, and the repository as its marketplace: what they name is there."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from watchkeeper.server.interfaces.commands import cli

ROOT = Path(__file__).parents[3]


def test_the_plugin_is_of_this_version_and_calls_the_commands_there_are() -> None:
    plugin = json.loads((ROOT / ".claude-plugin/plugin.json").read_text(encoding="utf-8"))
    bundle = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))
    declared = json.loads((ROOT / "hooks/hooks.json").read_text(encoding="utf-8"))["hooks"]
    assert {name: plugin[name] for name in ("name", "version", "description")} == {
        name: bundle[name] for name in ("name", "version", "description")
    }
    server = {"command": "watchkeeper", "args": ["serve", "--role", "trainer"]}
    # Else the tools wait behind a search, and the first turn does without them.
    assert plugin["mcpServers"] == {"watchkeeper": {**server, "alwaysLoad": True}}
    # Claude Code loads hooks/hooks.json by itself and refuses a plugin that names it once more.
    assert "hooks" not in plugin
    commands = {event: group["hooks"] for event, (group,) in declared.items()}
    assert {event: [one["command"] for one in named] for event, named in commands.items()} == {
        "Stop": ["watchkeeper hook stop"],
        "SessionStart": ["watchkeeper hook session-start"],
    }
    assert all(one["type"] == "command" and one["timeout"] <= 30 for named in commands.values() for one in named)


def test_the_repository_can_be_added_as_a_marketplace_that_offers_the_plugin() -> None:
    market = json.loads((ROOT / ".claude-plugin/marketplace.json").read_text(encoding="utf-8"))
    plugin = json.loads((ROOT / ".claude-plugin/plugin.json").read_text(encoding="utf-8"))
    assert market["name"]
    assert market["owner"]["name"]
    (offered,) = market["plugins"]
    assert {name: offered[name] for name in ("name", "description")} == {
        name: plugin[name] for name in ("name", "description")
    }
    assert (ROOT / offered["source"] / ".claude-plugin/plugin.json").is_file()
    assert "version" not in offered  # the plugin's own counts


def test_the_monitor_is_a_command_that_parses_and_follows_the_whole_project() -> None:
    (monitor,) = json.loads((ROOT / "monitors/monitors.json").read_text(encoding="utf-8"))
    assert set(monitor) == {"name", "description", "command", "when"}
    assert monitor["when"] == "always"
    program, *words = shlex.split(monitor["command"])
    assert program == "watchkeeper"
    options = cli.parser().parse_args(words)
    assert (options.follow, options.run, options.role) == (True, None, "trainer")
