"""The command lines: how each is told of the scripted model, wired as docs/clients.md says, and asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .pages import merged, paste, told
from .programs import Home, Package, installed

KEY = "none-needed"
SEES_PICTURES = {"attachment": True, "modalities": {"input": ["text", "image"], "output": ["text"]}}
"""What opencode has to be told of a model, else it puts an error in place of a picture."""


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A client with a command line.

    :ivar page: the headings of docs/clients.md below which its lines stand.
    :ivar settings: its environment, for the model's address.
    :ivar model: writes into its settings where the model is, for programs that are told so in a file.
    :ivar holds: the event at which its hooks may hold a turn.
    :ivar asks: the command that asks it for something, and lets it work until it has ended its turn.
    """

    package: Package
    page: tuple[str, ...]
    settings: Callable[[str], Mapping[str, str]]
    model: Callable[[Home, str], None]
    asks: tuple[str, ...]
    holds: str = "Stop"

    @property
    def name(self) -> str:
        return self.page[0]

    def home(self, folder: Path, workspace: Path, url: str, project: Path | None = None) -> Home:
        """Make a home in which the program knows its model, and nothing else."""
        folder.mkdir()
        home = Home(folder, project or workspace, workspace, installed(self.package), self.settings(url))
        self.model(home, url)
        return home

    def wire(self, home: Home, role: str = "trainer", **instead: str) -> None:
        """Paste the page's lines, with other words in place of some; a director's are the same with its role."""
        by = {"--role trainer": f"--role {role}", '"--role", "trainer"': f'"--role", "{role}"'}
        paste(told(*self.page), home, **by, **instead)

    def command(self, words: str) -> list[str]:
        return [words if one == "WORDS" else one for one in self.asks]


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    before: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    path.write_text(json.dumps(merged(before, content)), encoding="utf-8")


def _no_model(home: Home, url: str) -> None:
    """Leave a program that is told by its environment as it is."""


def _codex_model(home: Home, url: str) -> None:
    provider = {"name": "loopback", "base_url": f"{url}/v1", "env_key": "MODEL_KEY", "wire_api": "responses"}
    lines = ['model = "scripted"', 'model_provider = "loopback"', "[model_providers.loopback]"]
    lines += [f"{name} = {json.dumps(value)}" for name, value in provider.items()]
    folder = home.home / ".codex"
    folder.mkdir()
    (folder / "config.toml").write_text("\n".join([*lines, ""]), encoding="utf-8")


def _gemini_model(home: Home, url: str) -> None:
    key = {"security": {"auth": {"selectedType": "gemini-api-key"}}}
    _write_json(home.home / ".gemini/settings.json", {**key, "privacy": {"usageStatisticsEnabled": False}})


def _opencode_model(home: Home, url: str) -> None:
    options = {"baseURL": f"{url}/v1", "apiKey": KEY}
    provider: dict[str, Any] = {
        "npm": "@ai-sdk/openai-compatible",
        "options": options,
        "models": {"scripted": SEES_PICTURES},
    }
    content = {"model": "loopback/scripted", "provider": {"loopback": provider}}
    _write_json(home.home / ".config/opencode/opencode.json", content)


CLAUDE_CODE = CommandLine(
    Package("@anthropic-ai/claude-code", "2.1.332", "claude"),
    ("Claude Code", "As a server"),
    lambda url: {
        "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": KEY,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1",
    },
    _no_model,
    ("claude", "-p", "WORDS", "--allowedTools", "mcp__watchkeeper__*"),
)  # fmt: skip
AS_PLUGIN = replace(
    CLAUDE_CODE,
    page=("Claude Code", "As a plugin"),
    asks=("claude", "-p", "WORDS", "--allowedTools", "mcp__plugin_watchkeeper_watchkeeper__*"),
)
"""The same program with our plugin, which brings the hooks along."""
CODEX = CommandLine(
    Package("@openai/codex", "0.171.0", "codex"),
    ("Codex CLI", "As a server"),
    lambda _: {"MODEL_KEY": KEY},
    _codex_model,
    ("codex", "exec", "--skip-git-repo-check", "WORDS"),
)
CODEX_WITH_HOOKS = replace(CODEX, asks=(*CODEX.asks[:-1], "--dangerously-bypass-hook-trust", "WORDS"))
"""Codex runs a hook that nobody reviewed in its terminal only so."""
GEMINI = CommandLine(
    Package("@google/gemini-cli", "0.61.0", "gemini"),
    ("Gemini CLI", "As a server"),
    lambda url: {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": KEY, "GEMINI_CLI_TRUST_WORKSPACE": "true"},
    _gemini_model,
    ("gemini", "--model", "gemini-2.5-flash", "-p", "WORDS"),
    "AfterAgent",
)
OPENCODE = CommandLine(
    Package("opencode-ai", "1.18.33", "opencode"),
    ("opencode", "As a server"),
    lambda _: {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"},
    _opencode_model,
    ("opencode", "run", "WORDS"),
)
COMMAND_LINES = (CLAUDE_CODE, CODEX, GEMINI, OPENCODE)
