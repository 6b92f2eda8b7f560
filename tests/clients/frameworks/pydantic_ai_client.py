"""pydantic-ai: an agent whose model makes the calls that the story wants. Its own limit for connecting is 5 s."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from fastmcp.client.transports import StdioTransport
from playing import ARGUMENTS, ASKED, KEPT, SERVER, play
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel


async def main() -> None:
    offered, wanted = set(), {}

    def respond(messages, info):
        offered.update(one.name for one in info.function_tools)
        last = messages[-1].parts[-1]
        if last.part_kind == "tool-return":
            wanted["answer"] = last.content if isinstance(last.content, str) else json.dumps(last.content)
            return ModelResponse(parts=[TextPart("seen")])
        return ModelResponse(parts=[ToolCallPart(wanted["tool"], wanted["arguments"])])

    agent = Agent(FunctionModel(respond), toolsets=[MCPToolset(StdioTransport(SERVER, ARGUMENTS), init_timeout=120)])

    async def call(tool, arguments):
        wanted.update(tool=tool, arguments=arguments)
        await agent.run("Go on.")
        return wanted["answer"]

    async with agent:
        await agent_lists(call)
        await play("pydantic-ai-slim", len(offered), call)


async def agent_lists(call) -> None:
    """Let the model see the tools once."""
    await call("poll_training", {})


async def asked() -> bytes:
    """Let an agent with a model of its own do what it is asked, and return its messages."""
    tools = MCPToolset(StdioTransport(SERVER, ARGUMENTS), init_timeout=120)
    async with Agent("openai-chat:scripted", toolsets=[tools]) as agent:
        return (await agent.run(ASKED)).all_messages_json()


if ASKED:
    Path(KEPT).write_bytes(asyncio.run(asked()))
else:
    asyncio.run(main())
