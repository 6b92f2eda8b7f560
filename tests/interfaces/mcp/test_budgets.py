"""What the definitions of the tools cost before anything is asked. `pytest -s` prints the counts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from watchkeeper.server.interfaces.mcp.app import described
from watchkeeper.server.interfaces.mcp.instructions import instructions
from watchkeeper.server.vocabulary.runs import Role
from watchkeeper.tools import TOOLS

ROOT = Path(__file__).parents[3]
DEFINITIONS = 2_000
SKILL = 1_500
FOR_TOOLS_TO_COME = 150
OUTPUT_SCHEMAS = 1_000
LONGEST_TEXT_BYTES = 2_048
"""Claude Code cuts descriptions and instructions there."""


def tokens(content: object) -> float:
    return len(json.dumps(content, separators=(",", ":"), ensure_ascii=False)) / 4


def sent(role: Role) -> list[dict[str, Any]]:
    return [described(one).model_dump(by_alias=True, exclude_none=True) for one in TOOLS if role in one.roles]


@pytest.mark.parametrize("role", [role for role in Role if role.agent])
def test_the_tools_of_a_role_stay_within_their_token_budget(role: Role) -> None:
    definitions = sum(
        tokens({name: one[name] for name in ("name", "description", "inputSchema")}) for one in sent(role)
    )
    outputs = sum(tokens(one["outputSchema"]) for one in sent(role) if "outputSchema" in one)
    print(f"\n{role}: definitions {definitions:.0f}, output schemas {outputs:.0f} tokens")  # noqa: T201
    assert definitions <= DEFINITIONS - FOR_TOOLS_TO_COME
    assert outputs <= OUTPUT_SCHEMAS


@pytest.mark.parametrize("role", [role for role in Role if role.agent])
def test_instructions_and_descriptions_are_not_cut_by_clients(role: Role) -> None:
    assert len(instructions(role).encode()) < LONGEST_TEXT_BYTES
    assert all(len(one["description"].encode()) < LONGEST_TEXT_BYTES for one in sent(role))


@pytest.mark.parametrize("role", [role for role in Role if role.agent])
def test_schemas_carry_nothing_that_costs_tokens_and_helps_nobody(role: Role) -> None:
    for one in sent(role):
        assert "title" not in json.dumps(one["inputSchema"])
        assert "anyOf" not in json.dumps(one["inputSchema"])
        for schema in one.get("outputSchema", {"properties": {}})["properties"].values():
            assert set(schema) == {"type"}


def test_the_skill_is_short_names_commands_that_are_there_and_says_when_it_is_meant() -> None:
    text = (ROOT / "skills/watchkeeper/SKILL.md").read_text(encoding="utf-8")
    _, head, body = text.split("---\n", 2)
    facts = dict(line.split(": ", 1) for line in head.splitlines())
    assert facts["name"] == "watchkeeper"
    assert 100 < len(facts["description"]) < 1024
    assert tokens(text) < SKILL
    commands = {one.command for one in TOOLS} | {"doctor", "COMMAND"}
    assert set(re.findall(r"`watchkeeper (\w+)", body)) <= commands
    named = set(re.findall(r"`([a-z]+_[a-z_]+)[(`]", body))
    assert {"start_training", "poll_training", "report_error", "answer_report", "verify_compute"} <= named
    assert named <= {one.name for one in TOOLS} | {"changes_pending"}
