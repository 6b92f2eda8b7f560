"""The prompts: each loads, fills in, and names only what there is for its role."""

from __future__ import annotations

import re

import pytest
from watchkeeper.prompts import Prompt, load
from watchkeeper.server.interfaces.mcp.resources import TEMPLATES
from watchkeeper.server.vocabulary.runs import Role
from watchkeeper.tools import TOOLS

from ...play import Mode, Place

PROMPTS = {one.name: one for one in load()}
LONGEST_BYTES = {"model_trainer": 6_000}
USUAL_BYTES = 2_400
COMPLETED = {"run", "model", "report"}
"""Arguments that a client can have completed."""

each = pytest.mark.parametrize("prompt", PROMPTS.values(), ids=lambda one: one.name)


def test_the_prompts_are_those_of_the_two_roles() -> None:
    assert {name: one.role for name, one in PROMPTS.items()} == {
        "diary_entry": "trainer",
        "director": "director",
        "full_training": "trainer",
        "metacognition_handoff": "trainer",
        "model_trainer": "trainer",
        "quick_validation": "trainer",
        "watch_run": "trainer",
    }


@each
def test_a_prompt_is_complete_once_its_arguments_are_filled_in(prompt: Prompt) -> None:
    filled = prompt.filled(dict.fromkeys(prompt.arguments, "1-full-1"))
    assert prompt.description
    assert set(re.findall(r"\{([a-z_]+)\}", filled)) <= {"error", "resolution"}  # a form that other agents parse
    assert "+++" not in filled
    assert len(filled.encode()) < LONGEST_BYTES.get(prompt.name, USUAL_BYTES)


@each
def test_every_argument_of_a_prompt_changes_its_text(prompt: Prompt) -> None:
    names = [*prompt.arguments, *prompt.optional]
    assert set(prompt.without) == set(prompt.optional)
    for name in names:
        assert "sentinel" in prompt.filled({**dict.fromkeys(names, "1"), name: "sentinel"})


def calls_in(text: str) -> list[tuple[str, set[str]]]:
    """Return the name and the arguments of each call that a text shows as code."""
    shown = re.findall(r"`([a-z_]+)\(([^)]*)\)`", text)
    return [(name, set(re.findall(r"\b([a-z_]+)=", inside))) for name, inside in shown]


@each
def test_a_prompt_names_only_tools_and_arguments_that_exist_for_its_role(prompt: Prompt) -> None:
    tools = {one.name: {about.name for about in one.parameters} for one in TOOLS if prompt.role in one.roles}
    calls = calls_in(prompt.text)
    assert calls
    for name, arguments in calls:
        assert name in tools, f"the role {prompt.role} has no tool {name}"
        assert arguments <= tools[name], name
    others = {one.name for one in TOOLS} - set(tools)
    assert [name for name in others if re.search(rf"\b{name}\b", prompt.text)] == []


@each
def test_every_address_in_a_prompt_is_one_that_can_be_read(prompt: Prompt) -> None:
    kinds = {one.name for one in TEMPLATES} | {"brief"}
    assert set(re.findall(r"watchkeeper://([a-z]+)", prompt.text)) <= kinds


def test_the_checks_of_the_prompts_would_see_a_tool_that_is_not_there() -> None:
    assert calls_in("`poll_training(run='1', wait=3)` or `train(model=…)`") == [
        ("poll_training", {"run", "wait"}),
        ("train", {"model"}),
    ]


def test_the_role_is_told_whole() -> None:
    text = PROMPTS["model_trainer"].text
    tools = {one.name for one in TOOLS if Role.TRAINER in one.roles}
    assert {name for name in tools if f"`{name}(" in text} == tools
    for word in ("5A", "5B", "10-20 %", "30 minutes", "2-6 hours", "never skipped", "not the symptom", "magic number"):
        assert word.lower() in text.lower()


def test_the_value_of_an_argument_is_capped_and_never_filled_in_itself() -> None:
    prompt = Prompt("x", "y", "run {run}, {model}.", {"run": "id", "model": "id"})
    assert prompt.filled({"run": "r" * 1000, "model": "{run}"}) == f"run {'r' * 200}, {{run}}."


def test_a_missing_argument_is_an_error_and_an_optional_one_has_words_of_its_own() -> None:
    with pytest.raises(KeyError):
        PROMPTS["watch_run"].filled({})
    assert "Decide on each open report" in PROMPTS["director"].filled({})
    assert "Decide on 1-r1." in PROMPTS["director"].filled({"report": "1-r1"})


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_server_offers_the_prompts_of_its_role_in_both_eras(place: Place, mode: Mode) -> None:
    async with place.served("director", mode) as director:
        offered = (await director.client.list_prompts()).prompts
        (argument,) = offered[0].arguments or []
        filled = await director.client.get_prompt("director", {})
    assert [one.name for one in offered] == ["director"]
    assert (argument.name, argument.required) == ("report", False)
    assert "each open report" in getattr(filled.messages[0].content, "text", "")
