"""`watchkeeper init`: a short policy file that fits the project, and the lines that wire up each client."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

import tomli_w

from ...acts.start import project
from ...acts.start.project import Project
from ...storage.files.workspace import Workspace
from ...storage.policy import profiles
from ...vocabulary.errors import Refused
from ...vocabulary.sanitize import one_line
from .hooks import COMMAND

POLICY_FILE = "watchkeeper.toml"


def initialise(workspace: Workspace, python: str, *, force: bool, profile: str | None = None) -> str:
    """Write a short watchkeeper.toml that fits the project, and return what was found, what is next and the wiring.

    :param python: the interpreter that runs watchkeeper; clients start it by its full path.
    :param profile: the one that the project looks like, if None.
    :raises Refused: if the file exists and `force` is not given.
    """
    if workspace.exists(POLICY_FILE) and not force:
        raise Refused(
            f"{workspace.root / POLICY_FILE} exists.", "Edit it, or overwrite it with `watchkeeper init --force`."
        )
    chosen = profile or profiles.usual(workspace)
    found = project.look(workspace, os.environ)
    workspace.write_text_atomically(POLICY_FILE, short_policy(chosen, found))
    workspace.ensure_state()
    return f"{greeting(workspace, chosen, found)}\n\n{wiring(workspace.root, python)}"


def short_policy(profile: str, found: Project) -> str:
    """Return a policy file that says what differs from its profile, and that loads. Pure."""
    lines = [
        "# The rules of this workspace, where they differ from the profile. All, with reasons: `watchkeeper policy`.",
        *(f"# {name}: {about}" for name, about in profiles.ABOUT.items()),
        f'profile = "{profile}"',
    ]
    if found.python is not None:
        lines += [
            "",
            "[python]",
            f"# {one_line(found.python.source, 120)}",
            tomli_w.dumps({"interpreter": found.python.path}).strip(),
        ]
    if profile != profiles.CONTEST and found.scripts:
        lines += ["", "[names]", "# what starts without naming a script", _script(found.scripts[0])]
    return "\n".join(lines) + "\n"


def _script(path: str) -> str:
    return tomli_w.dumps({"script": path}).strip()


def greeting(workspace: Workspace, profile: str, found: Project) -> str:
    """Return what was found in the project and the first commands."""
    lines = [f"Wrote {workspace.root / POLICY_FILE}: profile {profile}, {profiles.ABOUT[profile]}."]
    if found.python is not None:
        lines.append(f"  trains with  {found.python.path} ({found.python.source})")
    else:
        lines.append("  trains with  watchkeeper's own Python, as no other was found")
    lines += [f"  but          {found.missing}"] if found.missing else []
    lines += [f"  scripts      {', '.join(found.scripts[:4])}"] if found.scripts else []
    lines += [f"  notebooks    {', '.join(found.notebooks[:3])}"] if found.notebooks else []
    lines += [f"  read too     {', '.join(f'{name}/ ({whose})' for name, whose in found.trackers)}"] * bool(
        found.trackers
    )
    return "\n".join([*lines, "", "Next:", *(f"  {one}" for one in _first_commands(workspace, profile, found))])


def _first_commands(workspace: Workspace, profile: str, found: Project) -> list[str]:
    contest = profile == profiles.CONTEST
    if contest and (not found.scripts or profiles.usual(workspace) == profiles.CONTEST):
        return ["watchkeeper start 1 quick", "watchkeeper poll 1-quick-1 --until end --wait 1800"]
    words = ["python", found.scripts[0] if found.scripts else "train.py"]
    if not found.scripts and found.notebooks:
        notebook = found.notebooks[0]
        words = ["papermill", notebook, f"run-{notebook.rpartition('/')[2]}"]
    quick = "--phase quick " if contest else ""
    return [f"watchkeeper run {quick}-- {shlex.join(words)}", "watchkeeper status"]


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
