"""LangChain's adapters: each tool of ours as a tool of LangChain's, called or given to an agent."""

from __future__ import annotations

import asyncio

from langchain_mcp_adapters.client import MultiServerMCPClient
from playing import ARGUMENTS, ASKED, SERVER, play


async def main() -> None:
    server = {"transport": "stdio", "command": SERVER, "args": ARGUMENTS}
    tools = {one.name: one for one in await MultiServerMCPClient({"watchkeeper": server}).get_tools()}
    if ASKED:
        await agent(list(tools.values()))
        return

    async def call(tool, arguments):
        return await tools[tool].ainvoke(arguments)

    await play("langchain-mcp-adapters", len(tools), call)


async def agent(tools) -> None:
    from langchain.agents import create_agent
    from langchain_openai import ChatOpenAI

    await create_agent(ChatOpenAI(model="scripted"), tools).ainvoke({"messages": [("user", ASKED)]})


asyncio.run(main())
