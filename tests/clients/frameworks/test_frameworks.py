"""The frameworks that call MCP tools, each in an environment of its own: from a start to the verdict."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from watchkeeper.server.vocabulary.runs import Role
from watchkeeper.tools import TOOLS

from ...acts.verify.stories.scripts import BEGINNING, DESCENT
from ...limits import HANG_S
from ...play import Place, script
from ..model.service import serving
from ..players import Patient, Player
from ..programs import Package, installed, node
from ..replays import replayed_alone
from ..stories import NUMBERS, PATIENT, TRAIN, waiting
from ..tried import Tried, sees
from .environments import Framework, python, version

pytestmark = [pytest.mark.usefixtures("nothing_left"), pytest.mark.clients]
HERE = Path(__file__).parent
TRAINERS = sum(Role.TRAINER in one.roles for one in TOOLS)
"""How many tools a trainer is offered."""
SERVER = str(Path(sys.prefix) / "bin/watchkeeper")
FRAMEWORKS = (
    Framework("Python SDK 1.x", ("mcp==1.30.*",), "sdk1_client.py", agent=False),
    Framework("Python SDK 2.x", ("mcp==2.3.*",), "sdk2_client.py", agent=False),
    Framework("fastmcp", ("fastmcp==4.2.*",), "fastmcp_client.py", agent=False),
    Framework(
        "LangChain adapters",
        ("langchain-mcp-adapters==0.3.*", "langchain==1.5.*", "langchain-openai==1.7.*"),
        "langchain_client.py",
    ),
    Framework("OpenAI Agents SDK", ("openai-agents==0.24.*",), "agents_client.py", session="openai-agents"),
    Framework("pydantic-ai", ("pydantic-ai-slim[mcp,openai]==2.68.*",), "pydantic_ai_client.py", session="pydantic-ai"),
    Framework("smolagents", ("smolagents[mcp,openai]==1.26.*", "mcp==1.30.*"), "smolagents_client.py", every=True),
)
TYPESCRIPT = {
    "TypeScript SDK 1.x": Package("@modelcontextprotocol/sdk", "1.32.2", "node"),
    "TypeScript SDK 2.x": Package("@modelcontextprotocol/client", "2.4.0", "node"),
}


def of_each(frameworks: Sequence[Framework]) -> pytest.MarkDecorator:
    """Play a test with each framework; those of one after each other, so that its environment is made once."""
    params = [pytest.param(one, marks=pytest.mark.xdist_group(one.name), id=one.name) for one in frameworks]
    return pytest.mark.parametrize("framework", params)


@pytest.fixture
def project(tmp_path: Path) -> Place:
    (tmp_path / "project").mkdir()
    return Place(tmp_path / "project").script(script(BEGINNING + DESCENT))


def lines(command: list[str], folder: Path, **settings: str) -> str:
    """Run a client and return what it printed; it must succeed."""
    ended = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=HANG_S, check=False, env={**os.environ, **settings}
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stdout


def seen_by(command: list[str], folder: Path) -> dict[str, Any]:
    """Return what a client printed as its last line."""
    return json.loads(lines(command, folder).splitlines()[-1])


def check(place: Place, seen: dict[str, object]) -> None:
    """What a client saw is what is on record."""
    assert [(one.id, one.outcome) for one in place.runs()] == [("1-quick-1", "completed")]
    assert [one.word for one in place.verdicts()] == [seen["verdict"]]
    assert (seen["state"], seen["tools"]) == ("completed", TRAINERS)


@contextmanager
def going_on(folder: Path) -> Generator[Place]:
    """Give a project whose training goes on; it ends with the block."""
    place = waiting(folder / "waits")
    try:
        yield place
    finally:
        place.go()
    place.ends("1-quick-1")


def typescript(name: str, place: Place, asked: str = "") -> dict[str, Any]:
    """Play by a version of the TypeScript SDK."""
    package = TYPESCRIPT[name]
    source = (HERE / "typescript_client.mjs").read_text("utf-8")
    words = [SERVER, str(place.root), package.name.rpartition("/")[2], asked]
    command = [str(node() / "bin/node"), "--input-type=module", "--eval", source, *words]
    return seen_by(command, installed(package).parent.parent)


@of_each(FRAMEWORKS)
def test_a_framework_starts_polls_as_next_says_and_reads_the_verdict(
    framework: Framework, project: Place, tried: Tried
) -> None:
    seen = seen_by([str(python(framework)), str(HERE / framework.script), SERVER, str(project.root)], project.root)
    check(project, seen)
    tried(framework.name, version=seen["version"], connects="yes", lists="yes", calls="yes")


@of_each([one for one in FRAMEWORKS if not one.agent])
def test_a_framework_without_a_model_waits_45_seconds(framework: Framework, tmp_path: Path, tried: Tried) -> None:
    with going_on(tmp_path) as place:
        command = [str(python(framework)), str(HERE / framework.script), SERVER, str(place.root), "wait"]
        seen = seen_by(command, place.root)
    assert seen["waited_s"] >= 45.0
    tried(framework.name, seen["version"], waits_45_s="yes")


@of_each([one for one in FRAMEWORKS if one.agent])
def test_an_agent_of_a_framework_waits_45_seconds_and_what_its_model_sees_is_noted(
    framework: Framework, tmp_path: Path, tried: Tried
) -> None:
    patient = Patient(45.0)
    player = Player(patient, every=framework.every)
    with going_on(tmp_path) as place, serving(player) as service:
        model = {"OPENAI_BASE_URL": f"{service.url}/v1", "OPENAI_API_KEY": "none", "NO_PROXY": "127.0.0.1"}
        quiet = {"OPENAI_AGENTS_DISABLE_TRACING": "1"}
        kept = tmp_path / "session.json"
        command = [str(python(framework)), str(HERE / framework.script), SERVER, str(place.root), TRAIN, str(kept)]
        lines(command, place.root, **model, **quiet)
        assert not service.failures
        sees(framework.name, version(framework), patient, player, tried)
    if framework.session:
        assert replayed_alone(tmp_path, framework.session, kept.read_bytes(), NUMBERS, PATIENT) == 0
        tried(framework.name, version(framework), transcript="replays")


@pytest.mark.parametrize("name", [pytest.param(one, marks=pytest.mark.xdist_group(one)) for one in TYPESCRIPT])
def test_the_typescript_sdk_starts_polls_as_next_says_and_reads_the_verdict(
    name: str, project: Place, tried: Tried
) -> None:
    check(project, typescript(name, project))
    tried(name, version=TYPESCRIPT[name].version, connects="yes", lists="yes", calls="yes")


@pytest.mark.parametrize("name", [pytest.param(one, marks=pytest.mark.xdist_group(one)) for one in TYPESCRIPT])
def test_the_typescript_sdk_waits_45_seconds(name: str, tmp_path: Path, tried: Tried) -> None:
    with going_on(tmp_path) as place:
        assert typescript(name, place, "wait")["waited_s"] >= 45.0
    tried(name, TYPESCRIPT[name].version, waits_45_s="yes")
