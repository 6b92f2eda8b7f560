"""fastmcp's client."""

from __future__ import annotations

import asyncio

from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from playing import ARGUMENTS, SERVER, play


async def main() -> None:
    async with Client(StdioTransport(SERVER, ARGUMENTS)) as client:
        tools = await client.list_tools()

        async def call(tool, arguments):
            return (await client.call_tool(tool, arguments)).structured_content

        await play("fastmcp", len(tools), call)


asyncio.run(main())
