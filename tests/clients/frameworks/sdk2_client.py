"""The client of Python's SDK 2.x, without a name of its own."""

from __future__ import annotations

import asyncio

from mcp import StdioServerParameters
from mcp.client import Client
from playing import ARGUMENTS, SERVER, play


async def main() -> None:
    async with Client(StdioServerParameters(command=SERVER, args=ARGUMENTS)) as client:
        tools = (await client.list_tools()).tools

        async def call(tool, arguments):
            return (await client.call_tool(tool, arguments)).structured_content

        await play("mcp", len(tools), call)


asyncio.run(main())
