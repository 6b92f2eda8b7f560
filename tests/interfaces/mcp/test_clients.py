"""A poll answers within what the client at hand allows, and never suggests a wait that this client cuts."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.client import Client
from mcp_types import Implementation
from watchkeeper.prompts import load
from watchkeeper.server.interfaces.commands.cli import version
from watchkeeper.server.interfaces.mcp.app import build
from watchkeeper.server.interfaces.mcp.clients import LIMITS_S, Patience, limit_s, longest_wait_s
from watchkeeper.server.vocabulary.errors import PolicyInvalid
from watchkeeper.tools import TOOLS

from ...play import WAITS, WAITS_LONG, Agent, Place

ERAS: tuple[Literal["auto", "legacy"], ...] = ("auto", "legacy")


@pytest.mark.parametrize(
    ("client", "allowed"),
    [
        ("mcp", 5.0),
        ("claude-code", 120.0),
        ("Claude-AI", 240.0),
        ("gemini-cli-mcp-client-watchkeeper", 600.0),
        ("JetBrains-IU/copilot-intellij", 30.0),
        ("mcp-something", None),
        ("claude-codex", None),
        ("", None),
    ],
)
def test_a_client_is_known_by_the_name_it_gives(client: str, allowed: float | None) -> None:
    assert limit_s(client, {}) == allowed


def test_the_policy_adds_to_the_table_and_overrides_it() -> None:
    own = {"mcp": 90.0, "Visual Studio Code": 30.0}
    assert limit_s("mcp", own) == 90.0
    assert limit_s("Visual Studio Code", own) == 30.0
    assert limit_s("claude-code", own) == LIMITS_S["claude-code"]


@given(st.floats(0.001, 86_400))
def test_an_answer_has_time_for_its_way(limit: float) -> None:
    longest = longest_wait_s(limit)
    assert limit / 2 <= longest < limit
    assert limit - longest <= 10.001
    assert limit < 3 or limit - longest >= 1.499


@pytest.mark.anyio
@pytest.mark.parametrize("era", ERAS)
async def test_a_poll_of_a_client_that_gives_up_after_five_seconds_answers_before(
    place: Place, era: Literal["auto", "legacy"]
) -> None:
    place.policy(WAITS_LONG).script(WAITS)
    desk = place.desk()
    async with Client(build(desk, TOOLS, load(), version()), mode=era) as client:  # the Python SDK, unnamed
        agent = Agent(client)
        started = await agent.ask("start_training", model="1", phase="quick")
        quiet = await agent.poll(started["run"], cursor=started["cursor"], wait_s=1e9)  # else it would hang
        place.go()
        await agent.watch(started["run"])
    desk.ledger.close()
    assert quiet["state"] in ("starting", "running")
    texts = (started["next"], quiet["next"])
    suggested = [float(one) for text in texts for one in re.findall(r"wait_s=([0-9.]+)", text)]
    assert suggested
    assert max(suggested) <= 3.5


@pytest.mark.anyio
async def test_a_client_that_the_policy_names_waits_as_long_as_it_says(place: Place) -> None:
    place.policy("[clients]\nmcp = 60\n").script(WAITS)
    desk = place.desk()
    async with Client(build(desk, TOOLS, load(), version())) as client:
        started = await Agent(client).ask("start_training", model="1", phase="quick")
        place.go()
        await Agent(client).watch(started["run"])
    desk.ledger.close()
    assert "wait_s=10" in started["next"]


def test_a_policy_that_was_raised_for_one_client_is_not_raised_for_another(place: Place) -> None:
    place.policy("[watch]\nwait_s = 110\nmax_wait_s = 110\n")
    desk = place.desk()
    patience = Patience()
    waits = [patience.desk(desk, name).policy.watch.wait_s for name in ("claude-code", "cursor-vscode", "unheard of")]
    desk.ledger.close()
    assert waits == [110.0, 50.0, 110.0]


def test_the_rules_of_a_desk_are_prepared_once_for_a_client(place: Place) -> None:
    desk = place.desk()
    patience = Patience()
    assert patience.desk(desk, "mcp").policy.rules is patience.desk(desk, "mcp").policy.rules
    desk.ledger.close()


def test_a_limit_that_is_none_is_refused(place: Place) -> None:
    place.policy("[clients]\nmcp = 0\n")
    with pytest.raises(PolicyInvalid, match=r"\[clients\] mcp"):
        place.desk()


@pytest.mark.anyio
async def test_our_own_clients_name_themselves(place: Place) -> None:
    async with place.agent("trainer", client=Implementation(name="codex-mcp-client", version="0.171")) as agent:
        assert (await agent.poll())["next"].startswith("nothing was started")
