"""The OpenAI Agents SDK: its server object with its own time limit of 5 s, or an agent with the limit raised."""

from __future__ import annotations

import asyncio

from agents import Agent, Runner
from agents.mcp import MCPServerStdio
from playing import ARGUMENTS, ASKED, LIMIT_S, SERVER, play


async def main() -> None:
    async with MCPServerStdio(params={"command": SERVER, "args": ARGUMENTS}) as server:
        tools = await server.list_tools()

        async def call(tool, arguments):
            return "\n".join(one.text for one in (await server.call_tool(tool, arguments)).content)

        await play("openai-agents", len(tools), call)


async def agent() -> None:
    parameters = {"command": SERVER, "args": ARGUMENTS}
    async with MCPServerStdio(params=parameters, client_session_timeout_seconds=LIMIT_S) as server:
        await Runner.run(Agent("trainer", model="scripted", mcp_servers=[server]), ASKED, max_turns=20)


asyncio.run(agent() if ASKED else main())
