"""The client of Python's SDK 1.x."""

from __future__ import annotations

import asyncio

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from playing import ARGUMENTS, SERVER, play


async def main() -> None:
    async with (
        stdio_client(StdioServerParameters(command=SERVER, args=ARGUMENTS)) as (read, write),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        tools = (await session.list_tools()).tools

        async def call(tool, arguments):
            return (await session.call_tool(tool, arguments)).structuredContent

        await play("mcp", len(tools), call)


asyncio.run(main())
