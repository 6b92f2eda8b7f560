"""smolagents: every optional argument has to be passed, so what is left open is an empty text or null."""

from __future__ import annotations

import asyncio
import os

from mcp import StdioServerParameters
from playing import ARGUMENTS, ASKED, SERVER, play
from smolagents import MCPClient, OpenAIModel, ToolCallingAgent


def main() -> None:
    with MCPClient(StdioServerParameters(command=SERVER, args=ARGUMENTS), structured_output=False) as found:
        tools = {one.name: one for one in found}
        if ASKED:
            model = OpenAIModel("scripted", api_base=os.environ["OPENAI_BASE_URL"], api_key="none")
            ToolCallingAgent(tools=found, model=model, max_steps=20).run(ASKED)
            return

        async def call(tool, arguments):
            every = dict.fromkeys(tools[tool].inputs, "")
            return tools[tool](**{**every, **arguments})

        asyncio.run(play("smolagents", len(tools), call))


main()
