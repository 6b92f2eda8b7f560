"""The OpenAI Agents SDK's server object, with its own time limit of 5 s."""

from __future__ import annotations

import asyncio

from agents.mcp import MCPServerStdio
from playing import ARGUMENTS, SERVER, play


async def main() -> None:
    async with MCPServerStdio(params={"command": SERVER, "args": ARGUMENTS}) as server:
        tools = await server.list_tools()

        async def call(tool, arguments):
            return "\n".join(one.text for one in (await server.call_tool(tool, arguments)).content)

        await play("openai-agents", len(tools), call)


asyncio.run(main())
