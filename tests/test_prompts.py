"""The prompts: each loads, fills in, and names only what there is."""

from __future__ import annotations

import re

import pytest
from watchkeeper.prompts import Prompt, load
from watchkeeper.tools import TOOLS

PROMPTS = {one.name: one for one in load()}


def test_the_prompts_are_those_of_the_files() -> None:
    assert {"watch_run", "direct"} <= set(PROMPTS)


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=lambda one: one.name)
def test_a_prompt_is_complete_once_its_arguments_are_filled_in(prompt: Prompt) -> None:
    filled = prompt.filled(dict.fromkeys(prompt.arguments, "1-full-1"))
    assert prompt.description
    assert "{" not in filled
    assert "+++" not in filled
    assert len(filled.encode()) < 4_000


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=lambda one: one.name)
def test_every_call_in_a_prompt_is_one_that_its_tool_takes(prompt: Prompt) -> None:
    tools = {tool.name: {one.name for one in tool.parameters} for tool in TOOLS}
    named = re.findall(r"`([a-z_]+)(?:\(([^)]*)\))?`", prompt.text)
    called = [(name, inside) for name, inside in named if name in tools or inside]
    assert called
    for name, inside in called:
        assert set(re.findall(r"([a-z_]+)=", inside)) <= tools[name]


def test_the_value_of_an_argument_is_capped() -> None:
    prompt = Prompt("x", "y", "run {run}.", {"run": "id"})
    assert prompt.filled({"run": "r" * 1000}) == f"run {'r' * 200}."


def test_a_missing_argument_is_an_error() -> None:
    with pytest.raises(KeyError):
        PROMPTS["watch_run"].filled({})
