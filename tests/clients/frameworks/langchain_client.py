"""LangChain's adapters: each tool of ours as a tool of LangChain's."""

from __future__ import annotations

import asyncio

from langchain_mcp_adapters.client import MultiServerMCPClient
from playing import ARGUMENTS, SERVER, play


async def main() -> None:
    server = {"transport": "stdio", "command": SERVER, "args": ARGUMENTS}
    tools = {one.name: one for one in await MultiServerMCPClient({"watchkeeper": server}).get_tools()}

    async def call(tool, arguments):
        return await tools[tool].ainvoke(arguments)

    await play("langchain-mcp-adapters", len(tools), call)


asyncio.run(main())
