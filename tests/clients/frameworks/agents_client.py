"""The OpenAI Agents SDK: its server object with its own time limit of 5 s, or an agent with the limit raised."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from agents import Agent, Runner
from agents.mcp import MCPServerStdio
from playing import ARGUMENTS, ASKED, KEPT, LIMIT_S, SERVER, play


async def connected():
    """Return a connected server object; on a busy machine the 5 s may be too short for the server's start as well."""
    for _ in range(20):
        server = MCPServerStdio(params={"command": SERVER, "args": ARGUMENTS})
        try:
            await server.connect()
        except Exception as error:
            sys.stderr.write(f"not connected: {error!r}\n")
        else:
            return server
    raise SystemExit("the server did not start within 5 s, 20 times in a row")


async def main() -> None:
    server = await connected()
    try:
        tools = await server.list_tools()

        async def call(tool, arguments):
            return "\n".join(one.text for one in (await server.call_tool(tool, arguments)).content)

        await play("openai-agents", len(tools), call)
    finally:
        await server.cleanup()


async def agent() -> list:
    parameters = {"command": SERVER, "args": ARGUMENTS}
    async with MCPServerStdio(params=parameters, client_session_timeout_seconds=LIMIT_S) as server:
        done = await Runner.run(Agent("trainer", model="scripted", mcp_servers=[server]), ASKED, max_turns=20)
        return done.to_input_list()


if ASKED:
    Path(KEPT).write_text(json.dumps(asyncio.run(agent())), encoding="utf-8")
else:
    asyncio.run(main())
