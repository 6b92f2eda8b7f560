"""The frameworks that call MCP tools, each in an environment of its own: from a start to the verdict."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ...acts.verify.stories.scripts import BEGINNING, DESCENT
from ...limits import HANG_S
from ...play import Place, script
from ..programs import Package, installed, node
from ..tried import Tried
from .environments import Framework, python

pytestmark = [pytest.mark.usefixtures("nothing_left"), pytest.mark.clients, pytest.mark.xdist_group("frameworks")]
HERE = Path(__file__).parent
SERVER = str(Path(sys.prefix) / "bin/watchkeeper")
FRAMEWORKS = (
    Framework("Python SDK 1.x", ("mcp==1.30.*",), "sdk1_client.py"),
    Framework("fastmcp", ("fastmcp==4.2.*",), "fastmcp_client.py"),
    Framework("LangChain adapters", ("langchain-mcp-adapters==0.3.*",), "langchain_client.py"),
    Framework("OpenAI Agents SDK", ("openai-agents==0.24.*",), "agents_client.py"),
    Framework("pydantic-ai", ("pydantic-ai-slim[mcp]==2.68.*",), "pydantic_ai_client.py"),
    Framework("smolagents", ("smolagents[mcp]==1.26.*", "mcp==1.30.*"), "smolagents_client.py"),
)
TYPESCRIPT = Package("@modelcontextprotocol/sdk", "1.32.2", "node")
INSPECTOR = Package("@modelcontextprotocol/inspector", "2.12.0", "mcp-inspector")


@pytest.fixture
def project(tmp_path: Path) -> Place:
    (tmp_path / "project").mkdir()
    return Place(tmp_path / "project").script(script(BEGINNING + DESCENT))


def lines(command: list[str], folder: Path) -> str:
    """Run a client and return what it printed; it must succeed."""
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=HANG_S, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stdout


def check(place: Place, seen: dict[str, object]) -> None:
    """What a client saw is what is on record."""
    assert [(one.id, one.outcome) for one in place.runs()] == [("1-quick-1", "completed")]
    assert [one.word for one in place.verdicts()] == [seen["verdict"]]
    assert (seen["state"], seen["tools"]) == ("completed", 7)


@pytest.mark.parametrize("framework", FRAMEWORKS, ids=lambda one: one.name)
def test_a_framework_starts_polls_and_reads_the_verdict(framework: Framework, project: Place, tried: Tried) -> None:
    command = [str(python(framework)), str(HERE / framework.script), SERVER, str(project.root)]
    seen = json.loads(lines(command, project.root).splitlines()[-1])
    check(project, seen)
    tried(framework.name, version=seen["version"], connects="yes", lists="yes", calls="yes")


def test_the_typescript_sdk_starts_polls_and_reads_the_verdict(project: Place, tried: Tried) -> None:
    folder = installed(TYPESCRIPT).parent.parent
    source = (HERE / "typescript_client.mjs").read_text("utf-8")
    command = [str(node() / "bin/node"), "--input-type=module", "--eval", source, SERVER, str(project.root)]
    check(project, json.loads(lines(command, folder).splitlines()[-1]))
    tried("TypeScript SDK", version=TYPESCRIPT.version, connects="yes", lists="yes", calls="yes")


def test_the_inspector_calls_one_tool_an_invocation(project: Place, tried: Tried) -> None:
    entry = installed(INSPECTOR) / INSPECTOR.command
    server = [SERVER, "--workspace", str(project.root), "serve", "--role", "trainer"]
    patient = ["--connect-timeout", str(int(HANG_S * 1000))]  # its own limit is 15 s

    def asked(*words: str) -> dict[str, object]:
        return json.loads(
            lines([str(node() / "bin/node"), str(entry), "--cli", *server, *patient, *words], project.root)
        )

    def called(tool: str, **arguments: str) -> dict[str, object]:
        given = [word for name, value in arguments.items() for word in ("--tool-arg", f"{name}={value}")]
        answer = asked("--method", "tools/call", "--tool-name", tool, *given)["structuredContent"]
        assert isinstance(answer, dict)
        return answer  # pyright: ignore[reportUnknownVariableType]

    listed = asked("--method", "tools/list")["tools"]
    assert isinstance(listed, list)
    called("start_training", model="1", phase="quick")
    project.ends("1-quick-1")
    state = called("poll_training", run="1-quick-1", wait_s="5")["state"]
    verdict = called("verify_compute", run="1-quick-1")["verdict"]
    check(project, {"tools": len(listed), "state": state, "verdict": verdict})  # pyright: ignore[reportUnknownArgumentType]
    tried("Inspector CLI", version=INSPECTOR.version, connects="yes", lists="yes", calls="yes")
