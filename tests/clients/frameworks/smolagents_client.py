"""smolagents: every optional argument has to be passed, so what is left open is an empty text or null."""

from __future__ import annotations

import asyncio

from mcp import StdioServerParameters
from playing import ARGUMENTS, SERVER, play
from smolagents import MCPClient


def main() -> None:
    with MCPClient(StdioServerParameters(command=SERVER, args=ARGUMENTS), structured_output=False) as found:
        tools = {one.name: one for one in found}

        async def call(tool, arguments):
            every = dict.fromkeys(tools[tool].inputs, "")
            return tools[tool](**{**every, **arguments})

        asyncio.run(play("smolagents", len(tools), call))


main()
