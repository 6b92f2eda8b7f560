"""`watchkeeper init`: a commented policy file, and the lines that wire the server into each client."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from ...storage.files.workspace import Workspace
from ...storage.policy.policy import default_policy_text
from ...vocabulary.errors import Refused

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
    command = [python, "-P", "-m", "watchkeeper.server", "--workspace", str(root), "serve", "--role", "trainer"]
    entry = {"command": command[0], "args": command[1:]}
    words = shlex.join(command)
    toml_args = json.dumps(command[1:])
    return f"""Wire it into your client. A director agent gets a server of its own: the same lines with another name and
--role director.

Claude Code
  claude mcp add watchkeeper -- {words}

Claude Desktop (claude_desktop_config.json), Gemini CLI (~/.gemini/settings.json)
  {json.dumps({"mcpServers": {"watchkeeper": entry}})}

VS Code (.vscode/mcp.json)
  {json.dumps({"servers": {"watchkeeper": {"type": "stdio", **entry}}})}

Codex CLI (~/.codex/config.toml)
  [mcp_servers.watchkeeper]
  command = {json.dumps(command[0])}
  args = {toml_args}

Then tell the agent: call poll_training() first.
Check the set-up: watchkeeper --workspace {shlex.quote(str(root))} doctor"""
