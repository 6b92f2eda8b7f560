"""Two agent frameworks play a story through the server, trainer and director at once: from divergences to a verdict.

One plays it with PyMC; the other with a script that prints as PyMC's does and then descends a gradient: what an agent
reads is the same.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.limits import HANG_S
from tests.play import Place, script

from ..acts.verify.stories.scripts import BEGINNING, DESCENT, design
from .brains import MEND, Brain, Director, Trainer

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("default"),  # what other libraries warn of is theirs
]

SCHOOLS = Path(__file__).parents[2] / "examples/eight_schools"
POLICY = """
[quick]
max_minutes = 30.0
[full]
min_hours = 0.00004
max_hours = 0.25
[compute]
max_idle_share = 0.9
"""


def smaller(script: str) -> str:
    """Return an example that draws a few hundred times: the story is the same, the test shorter.

    With this seed 7.8 % of so few draws diverge where the model is centred, and none where it is not.
    """
    text = (SCHOOLS / script).read_text(encoding="utf-8")
    changes = {
        "(5_000, 1_000, 2)": "(600, 300, 2)",
        "(50_000, 2_000, 4)": "(600, 500, 4)",
        "random_seed=20260125": "random_seed=12",
    }
    for written, wanted in changes.items():
        assert written in text
        text = text.replace(written, wanted)
    return text


DIVERGING, MENDED = (
    script(
        'if os.environ["WATCHKEEPER_PHASE"] == "quick":\n'
        f'    print("draws=200 divergences={divergences} of 200", flush=True)\n{BEGINNING}{DESCENT}'
    )
    for divergences in (8, 0)
)
"""Tell of their quick draws as the example does, 4 % diverged and none; the full phase is eighty honest epochs."""


@pytest.fixture
def workplace(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    (tmp_path / "watchkeeper.toml").write_text(POLICY, encoding="utf-8")
    return place


def command(place: Place, role: str) -> list[str]:
    return ["-P", "-m", "watchkeeper.server", "--workspace", str(place.root), "serve", "--role", role]


def check_story(place: Place, director: Director) -> None:
    """The record tells the story: failed, reported, answered, mended, written down, approved."""
    runs = {one.id: one.outcome for one in place.runs()}
    assert set(runs) == {"1-quick-1", "1-quick-2", "1-full-1"}
    assert runs["1-full-1"] == "completed"
    reports = place.reports()
    assert reports[0].error_type == "convergence"
    assert {one.status for one in reports} == {"closed"}
    assert director.answers[0].arguments["action"] == "RESTART"
    (entry,) = place.entries()
    assert "### The Why" in place.read(entry.path)
    assert place.verdicts()[-1].word == "APPROVE"


@pytest.mark.skipif(importlib.util.find_spec("pymc") is None, reason="eight schools needs PyMC")
async def test_two_pydantic_ai_agents_play_the_eight_schools_story(workplace: Place) -> None:
    schools = workplace.script(smaller("model_centred.py"))
    design(schools, "| Draws | 600 | 600 | |\n| Tune | 500 | 500 | |\n| Chains | 4 | 4 | |\n")
    pydantic_ai = pytest.importorskip("pydantic_ai")
    from fastmcp.client.transports import StdioTransport
    from pydantic_ai.mcp import MCPToolset
    from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
    from pydantic_ai.models.function import AgentInfo, FunctionModel
    from pydantic_ai.usage import UsageLimits

    def model(brain: Brain) -> Any:
        def respond(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
            last = messages[-1].parts[-1]
            content = getattr(last, "content", "") if last.part_kind == "tool-return" else ""
            call = brain(content if isinstance(content, str) else json.dumps(content))
            if not call.tool:
                return ModelResponse(parts=[TextPart(call.said)])
            assert call.tool in {one.name for one in info.function_tools}
            return ModelResponse(parts=[ToolCallPart(call.tool, dict(call.arguments))])

        return FunctionModel(respond)

    def agent(role: str, brain: Brain) -> Any:
        server = MCPToolset(StdioTransport(sys.executable, command(schools, role)), init_timeout=HANG_S)
        return pydantic_ai.Agent(model(brain), toolsets=[server])

    trains, directs = Trainer(), Director()
    trainer, director = agent("trainer", trains), agent("director", directs)

    def mend_script() -> str:
        schools.script(smaller("model_noncentred.py"))
        return f"{MEND}: done"

    trainer.tool_plain(mend_script)
    unlimited = UsageLimits(request_limit=None)

    async def run(who: Any) -> None:
        async with who:
            await who.run("Bring model 1 to its verdict.", usage_limits=unlimited)

    with anyio.fail_after(HANG_S):
        async with anyio.create_task_group() as both:
            both.start_soon(run, trainer)
            both.start_soon(run, director)
    check_story(schools, directs)


async def test_two_agents_of_the_openai_sdk_play_a_story_of_divergences(workplace: Place) -> None:
    design(workplace.script(DIVERGING), "| Epochs | 80 | 60 | |\n")
    agents = pytest.importorskip("agents")
    from agents.mcp import MCPServerStdio
    from agents.models.interface import Model
    from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

    agents.set_tracing_disabled(True)

    class BrainModel(Model):
        """A model that is a brain of ours."""

        def __init__(self, brain: Brain) -> None:
            self._brain = brain

        async def get_response(self, system_instructions: Any, input: Any, *_: Any, **__: Any) -> Any:  # noqa: A002, ARG002 (the SDK's names)
            last: dict[str, Any] = {} if isinstance(input, str) else input[-1]
            output = last.get("output", "") if last.get("type") == "function_call_output" else ""
            call = self._brain(output if isinstance(output, str) else json.dumps(output))
            item = _called(call.tool, call.arguments) if call.tool else _said(call.said)
            return agents.ModelResponse(output=[item], usage=agents.Usage(), response_id=None)

        def stream_response(self, *_: Any, **__: Any) -> AsyncIterator[Any]:
            raise NotImplementedError  # nothing here streams

    def _called(tool: str, arguments: Any) -> Any:
        return ResponseFunctionToolCall(
            type="function_call", name=tool, arguments=json.dumps(dict(arguments)), call_id=uuid.uuid4().hex
        )

    def _said(text: str) -> Any:
        part = ResponseOutputText(type="output_text", text=text, annotations=[])
        return ResponseOutputMessage(id="1", type="message", role="assistant", status="completed", content=[part])

    def mend_script() -> str:
        workplace.script(MENDED)
        return f"{MEND}: done"

    async def run(role: str, brain: Brain, tools: list[Any]) -> None:
        parameters = {"command": sys.executable, "args": command(workplace, role)}
        async with MCPServerStdio(params=parameters, client_session_timeout_seconds=HANG_S) as server:  # type: ignore[arg-type]  (a TypedDict)
            who = agents.Agent(name=role, model=BrainModel(brain), mcp_servers=[server], tools=tools)
            await agents.Runner.run(who, "Bring model 1 to its verdict.", max_turns=500)

    directs = Director()
    with anyio.fail_after(HANG_S):
        async with anyio.create_task_group() as both:
            both.start_soon(run, "trainer", Trainer(), [agents.function_tool(mend_script)])
            none: list[Any] = []
            both.start_soon(run, "director", directs, none)
    check_story(workplace, directs)
