"""How long a tool call may last for the client at hand; a poll answers before that, whatever it was asked to wait.

A client that gives up on a call tells its model of an error, and some models then give up the watch. The name is the
one that a client gives of itself (`clientInfo` of MCP's initialize request, or in the metadata of each request). A
client that is not listed is left to `[watch] max_wait_s`; `[clients]` of the policy adds to this table, and overrides.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ...acts.desk import Desk
from ...storage.policy.policy import Policy

LIMITS_S: Mapping[str, float] = MappingProxyType(
    {
        # The Python SDK's name where its user sets none. Three frameworks leave it so and give up after 5 s on stdio:
        # the OpenAI Agents SDK (agents/mcp/server.py of 0.24: client_session_timeout_seconds=5), Google ADK (2.13:
        # StdioConnectionParams.timeout=5.0), AutoGen (0.7: StdioServerParams.read_timeout_seconds=5). LangChain's
        # adapters, smolagents, fastmcp and the SDK itself have no limit, and cannot be told from these.
        "mcp": 5.0,
        # Moved to the background after 120 s (MCP_TOOL_TIMEOUT is longer; seen with 2.1.332).
        "claude-code": 120.0,
        # Claude Desktop: 240 s on stdio, progress does not extend it (issue threads, 2026).
        "claude-ai": 240.0,
        # codex-rs 0.171: tool_timeout_sec = 300.
        "codex-mcp-client": 300.0,
        # Gemini CLI 0.61: MCP_DEFAULT_TIMEOUT_MSEC, 10 minutes; the server's name may follow behind a dash.
        "gemini-cli-mcp-client": 600.0,
        # The TypeScript SDK's DEFAULT_REQUEST_TIMEOUT_MSEC, 60 s, which these leave as it is.
        "cursor-vscode": 60.0,
        "opencode": 60.0,
        # GitHub Copilot in JetBrains' products (issue threads, 2026); the name begins with the product's.
        "copilot-intellij": 30.0,
    }
)
"""Seconds, by client."""

MOST_MARGIN_S = 10.0
LEAST_MARGIN_S = 1.5
"""An answer has a way to go: on a busy machine a look at a run takes about a second."""


def limit_s(client: str, own: Mapping[str, float]) -> float | None:
    """Return the seconds that a call may last for a client; None if nothing is known of it. Pure.

    :param own: the policy's limits by name.
    """
    wanted = client.strip().lower()
    for table in (own, LIMITS_S):
        names = sorted(table, key=len, reverse=True)
        found = next((table[one] for one in names if _is(wanted, one.lower())), None)
        if found is not None:
            return found
    return None


def _is(client: str, name: str) -> bool:
    """Whether a client goes by a name; some put a server's name behind it or a product's in front."""
    behind = name != "mcp" and client.startswith(f"{name}-")
    return client == name or behind or client.endswith(f"/{name}")


def called_by(user_agent: str) -> str:
    """Return the client's name by what it says of itself over HTTP, empty if that says nothing. Pure.

    Python's SDK is known by its HTTP library there: nobody else speaks MCP through it (SDK 1.x httpx, 2.x httpx2).
    """
    product = user_agent.partition("/")[0].strip().lower()
    return "mcp" if product in ("python-httpx", "python-httpx2") else product


def longest_wait_s(limit: float) -> float:
    """Return how long a poll may wait so that its answer comes within the limit. Pure."""
    margin = min(MOST_MARGIN_S, max(LEAST_MARGIN_S, limit / 6))
    return max(limit - margin, limit / 2)


class Patience:
    """Gives the desk for each call of a client; remembers the last one, whose rules are dear to prepare."""

    def __init__(self) -> None:
        self._known: tuple[Policy, float, Desk] | None = None

    def desk(self, desk: Desk, client: str) -> Desk:
        """Return the desk at which no poll waits longer than the client allows, and none is suggested to."""
        limit = limit_s(client, desk.policy.clients)
        if limit is None:
            return desk
        known = self._known
        if known is None or known[0] is not desk.policy or known[1] != limit:
            known = self._known = (desk.policy, limit, desk.hurried(longest_wait_s(limit)))
        return known[2]
