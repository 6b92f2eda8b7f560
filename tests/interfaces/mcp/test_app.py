"""The server as a client of the SDK sees it, in memory, in both eras of the protocol."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema
from watchkeeper.prompts import load
from watchkeeper.server.acts.desk import Desk, open_desk
from watchkeeper.server.acts.toolbox import Tool
from watchkeeper.server.interfaces.mcp.app import build
from watchkeeper.server.interfaces.mcp.calling import answered
from watchkeeper.server.interfaces.mcp.instructions import instructions
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.vocabulary.runs import Role
from watchkeeper.tools import TOOLS

pytestmark = pytest.mark.anyio
ERAS: tuple[Literal["auto", "legacy"], ...] = ("auto", "legacy")


@asynccontextmanager
async def client_of(
    folder: Path, role: Role = Role.TRAINER, era: Literal["auto", "legacy"] = "auto"
) -> AsyncGenerator[Client]:
    desk = open_desk(Workspace(folder), role, who="a test")
    try:
        async with Client(build(desk, TOOLS, load(), "0.0"), mode=era) as client:
            yield client
    finally:
        desk.ledger.close()


async def said(client: Client, tool: str, **arguments: object) -> str:
    """Call a tool that shall refuse and return what it says."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert result.structured_content is None
    return "".join(getattr(block, "text", "") for block in result.content)


SEEN_BY = {
    Role.TRAINER: {
        "start_training", "poll_training", "plot_training", "stop_training", "report_error", "verify_compute",
        "write_diary_entry", "log_search",
    },
    Role.DIRECTOR: {"poll_training", "plot_training", "stop_training", "answer_report", "verify_compute"},
    Role.OBSERVER: {"poll_training", "plot_training", "verify_compute"},
}  # fmt: skip


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("role", [role for role in Role if role.agent])
async def test_a_role_sees_only_its_tools(tmp_path: Path, role: Role, era: Literal["auto", "legacy"]) -> None:
    async with client_of(tmp_path, role, era) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == SEEN_BY[role]
        for name in set(SEEN_BY[Role.TRAINER] | SEEN_BY[Role.DIRECTOR]) - SEEN_BY[role]:
            assert f"no tool '{name}' for the role {role}" in await said(client, name)


async def test_lists_have_titles_an_icon_and_a_time_for_which_they_may_be_kept(tmp_path: Path) -> None:
    async with client_of(tmp_path) as client:
        tools, prompts = await client.list_tools(), await client.list_prompts()
        templates = await client.list_resource_templates()
        told = client.server_info
    assert told is not None
    assert [one.mime_type for one in told.icons or ()] == ["image/svg+xml"]
    assert {one.title for one in tools.tools} >= {"Start training", "Poll training", "Log search"}
    assert all(one.title for one in (*prompts.prompts, *templates.resource_templates))
    assert (tools.ttl_ms, tools.cache_scope) == (300_000, "private")


async def test_annotations_tell_what_a_tool_may_do(tmp_path: Path) -> None:
    async with client_of(tmp_path) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    hints = {name: tool.annotations for name, tool in tools.items()}
    assert all(one is not None and one.open_world_hint is False for one in hints.values())
    assert {name for name, one in hints.items() if one and one.read_only_hint} == {"poll_training", "plot_training"}
    assert {name for name, one in hints.items() if one and one.destructive_hint} == {"stop_training"}
    assert {name for name, one in hints.items() if one and one.idempotent_hint} == set(tools)


async def test_output_schemas_are_flat_and_input_schemas_closed(tmp_path: Path) -> None:
    async with client_of(tmp_path) as client:
        for tool in (await client.list_tools()).tools:
            if tool.name == "plot_training":  # clients show its picture only where nothing structured stands beside it
                assert tool.output_schema is None
                continue
            assert tool.output_schema is not None
            assert all(set(one) == {"type"} for one in tool.output_schema["properties"].values())
            assert tool.input_schema["additionalProperties"] is False
            assert tool.description


@pytest.mark.parametrize("era", ERAS)
async def test_a_result_is_valid_against_its_schema_and_the_same_as_text(
    tmp_path: Path, era: Literal["auto", "legacy"]
) -> None:
    async with client_of(tmp_path, era=era) as client:
        await client.list_tools()  # so that the client knows the schema and checks the result against it
        result = await client.call_tool("poll_training", {"wait_s": 0})
        assert result.structured_content is not None
        text = "".join(getattr(block, "text", "") for block in result.content)
        assert f"cursor: {result.structured_content['cursor']}" in text
        assert f"next: {result.structured_content['next']}" in text


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"run_id": "1-quick-1"}, "Did you mean run?"),
        ({"run": 1}, "There is no run '1'"),
        ({"run": '["1-quick-1"]'}, "There is no run '[\"1-quick-1\"]'"),
        ({"run": '{"id": 1}'}, "There is no run '{\"id\": 1}'"),
        ({"run": "null"}, "There is no run 'null'"),
        ({"run": "a\0b"}, "NUL"),
        ({"run": "x" * 20_001}, "20001 characters; 20000 are the most"),
        ({"run": ["1-quick-1"]}, "run takes a text"),
        ({"wait_s": "soon"}, "wait_s takes a number"),
    ],
)
async def test_an_error_is_complete_in_its_text(tmp_path: Path, arguments: dict[str, object], complaint: str) -> None:
    async with client_of(tmp_path) as client:
        assert complaint in await said(client, "poll_training", **arguments)


async def test_what_is_meant_is_taken(tmp_path: Path) -> None:
    script = tmp_path / "output/implementation/code/model_1.py"
    script.parent.mkdir(parents=True)
    script.write_text("print(1)\n")
    async with client_of(tmp_path) as client:
        assert "The full phase of model 1 needs" in await said(client, "start_training", model=1, phase="FULL")
        assert "The full phase of model 1 needs" in await said(
            client, "start_training", model="1", phase=" 5b ", args="--draws"
        )
        assert "phase takes quick (5A), full (5B)" in await said(client, "start_training", model=1, phase="both")


async def test_a_policy_that_was_broken_meanwhile_stops_acts_but_not_the_watch(tmp_path: Path) -> None:
    async with client_of(tmp_path) as client:
        (tmp_path / "watchkeeper.toml").write_text("[quick]\nmax_minuets = 5\n")
        assert "watchkeeper.toml:2" in await said(client, "report_error", model="1", what_happened="x")
        assert not (await client.call_tool("poll_training", {"wait_s": 0})).is_error
        (tmp_path / "watchkeeper.toml").write_text("[quick]\nmax_minutes = 5\n")
        assert not (await client.call_tool("report_error", {"model": "1", "what_happened": "x"})).is_error


@pytest.mark.parametrize("role", [role for role in Role if role.agent])
async def test_the_instructions_are_those_of_the_role(tmp_path: Path, role: Role) -> None:
    async with client_of(tmp_path, role) as client:
        assert client.instructions == instructions(role)
        assert f"the {role}" in instructions(role) or "only look" in instructions(role)


async def test_a_prompt_comes_filled_in_and_a_wrong_request_says_what_is_missing(tmp_path: Path) -> None:
    async with client_of(tmp_path) as client:
        prompts = {one.name: one for one in (await client.list_prompts()).prompts}
        assert [one.name for one in prompts["watch_run"].arguments or []] == ["run"]
        filled = await client.get_prompt("watch_run", {"run": "1-full-1"})
        assert "poll_training(run='1-full-1')" in getattr(filled.messages[0].content, "text", "")
        with pytest.raises(MCPError, match="needs run"):
            await client.get_prompt("watch_run", {})
        with pytest.raises(MCPError, match="There is no prompt 'nope'"):
            await client.get_prompt("nope", {})


class Torn(BaseModel):
    """A result whose picture cannot be drawn."""

    run: str = "1-quick-1"
    picture: SkipJsonSchema[Callable[[], bytes] | None] = Field(default=None, exclude=True)


async def torn(desk: Desk) -> Torn:
    """Fail while the picture is drawn."""

    def draw() -> bytes:
        raise ZeroDivisionError("a secret of the inside")

    return Torn(picture=draw)


async def test_a_picture_that_cannot_be_drawn_costs_itself_and_not_the_text(tmp_path: Path) -> None:
    desk = open_desk(Workspace(tmp_path), Role.TRAINER, who="a test")
    tool = Tool(torn, "torn", Torn, frozenset(Role), picture="picture")
    text, instead = (result := await answered(desk, {"torn": tool}, "torn", {})).content
    desk.ledger.close()
    assert not result.is_error
    assert isinstance(text, TextContent)
    assert isinstance(instead, TextContent)
    assert text.text == "run: 1-quick-1"
    assert instead.text == "No picture: drawing it failed (ZeroDivisionError)."
