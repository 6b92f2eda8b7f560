"""`watchkeeper init`: a commented policy file, and the lines that wire the server into each client."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from ...storage.files.workspace import Workspace
from ...storage.policy.policy import default_policy_text
from ...vocabulary.errors import Refused
from .hooks import COMMAND

POLICY_FILE = "watchkeeper.toml"


def initialise(workspace: Workspace, python: str, *, force: bool) -> str:
    """Write watchkeeper.toml and return what to paste into a client's configuration.

    :param python: the interpreter that runs watchkeeper; clients start it by its full path.
    :raises Refused: if the file exists and `force` is not given.
    """
    if workspace.exists(POLICY_FILE) and not force:
        raise Refused(
            f"{workspace.root / POLICY_FILE} exists.", "Edit it, or overwrite it with `watchkeeper init --force`."
        )
    workspace.write_text_atomically(POLICY_FILE, default_policy_text())
    workspace.ensure_state()
    return (
        f"Wrote {workspace.root / POLICY_FILE}: every rule with its default; delete what you do not change.\n\n"
        + wiring(workspace.root, python)
    )


def wiring(root: Path, python: str) -> str:
    """Return the lines for each client; a second server with --role director is for the director agent."""
    ours = [python, "-P", "-m", "watchkeeper.server", "--workspace", str(root)]
    command = [*ours, "serve", "--role", "trainer"]
    entry = {"command": command[0], "args": command[1:]}
    gemini = {"mcpServers": {"watchkeeper": {**entry, "trust": True}}, **_hooks(ours, "AfterAgent", unit_ms=True)}
    allowed = {"permissions": {"allow": ["mcp__watchkeeper__*"]}, **_hooks(ours, "Stop")}
    return f"""Wire it into your client. A director agent gets a server of its own: the same lines with another name and
--role director, and without the hooks, which hold the trainer's turn while a run is unwatched.

Claude Code
  claude mcp add watchkeeper -- {shlex.join(command)}
 .claude/settings.json of the project: an agent that works unattended may call the tools without being asked; hooks
  {json.dumps(allowed)}

Claude Desktop (claude_desktop_config.json)
  {json.dumps({"mcpServers": {"watchkeeper": entry}})}

Gemini CLI (.gemini/settings.json of the project, a trusted folder; "trust" lets it call the tools unasked)
  {json.dumps(gemini)}

VS Code (.vscode/mcp.json)
  {json.dumps({"servers": {"watchkeeper": {"type": "stdio", **entry}}})}

Codex CLI (~/.codex/config.toml; "required": the first turn waits for the tools; "approve": it calls them unasked)
  [mcp_servers.watchkeeper]
  command = {json.dumps(command[0])}
  args = {json.dumps(command[1:])}
  required = true
  default_tools_approval_mode = "approve"
 .codex/hooks.json of the project; Codex asks you to trust them
  {json.dumps(_hooks(ours, "Stop"))}

Then tell the agent: call poll_training() first.
Check the set-up: watchkeeper --workspace {shlex.quote(str(root))} doctor"""


def _hooks(ours: list[str], at_the_end_of_a_turn: str, *, unit_ms: bool = False) -> dict[str, Any]:
    """Return the table of hooks of a client, by the full path of our Python: its PATH need not hold ours."""

    def hook(event: str, limit_s: int) -> list[dict[str, Any]]:
        command = shlex.join([*ours, COMMAND, event])
        limit = limit_s * 1000 if unit_ms else limit_s
        return [{"hooks": [{"type": "command", "command": command, "timeout": limit}]}]

    return {"hooks": {at_the_end_of_a_turn: hook("stop", 10), "SessionStart": hook("session-start", 20)}}
