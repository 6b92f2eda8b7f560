"""What went wrong when the real programs were first tried, and the test that each fault became."""

from __future__ import annotations

import re

import pytest

from .pages import ROOT

BY_NAME = re.compile(
    r"(?<!\")\b(?:pipx? install|uv pip install|uv tool install|uvx)(?: --?[\w-]+)*"
    r" ['\"]?watchkeeper(?:\[[\w,]+\])?['\"]?(?=[\s`;,)]|$)"
)
"""A line that asks a package index for the project by its name.

Messages of ours may (in quotes, where a page shows a record): they are read where it is installed, and there pip takes
what is installed and asks for the extra's libraries only.
"""
FAULTS = {
    "Gemini CLI adds `wait_for_previous` to every call": "acts/test_toolbox.py::test_what_is_meant_is_taken",
    'smolagents passes `follows=""` and `args="[]"`': "acts/test_toolbox.py::test_what_is_meant_is_taken",
    "Gemini CLI offers nothing untrusted; its turn is over": "clients/test_stories.py::"
    "test_a_trainer_and_a_director_in_two_sessions_bring_a_failing_training_to_its_verdict",
    "the Stop hook let go between a crash and the director's answer": "interfaces/commands/test_hooks.py::"
    "test_a_crash_holds_the_turn_until_it_is_reported_and_then_until_it_is_answered",
    "Codex skips hooks that nobody reviewed": "clients/test_stories.py::"
    "test_a_turn_that_the_model_wants_to_end_is_held_by_the_hooks_of_the_page",
    "hooks without full paths": "interfaces/commands/test_cli.py::"
    "test_the_hooks_that_init_prints_work_where_no_path_holds_watchkeeper",
    "a background poll that Claude Code ends": "interfaces/commands/test_hooks.py::"
    "test_no_text_that_an_agent_reads_has_a_command_wait_longer_in_the_background_than_clients_let_it",
    "tools missing in the first turn of the plugin": "interfaces/commands/test_plugin.py::"
    "test_the_plugin_is_of_this_version_and_calls_the_commands_there_are",
    "no marketplace.json": "interfaces/commands/test_plugin.py::"
    "test_the_repository_can_be_added_as_a_marketplace_that_offers_the_plugin",
    "the bundle ran with the tools of its developers": "test_mcpb.py::"
    "test_the_bundle_is_run_without_what_only_its_developers_need",
    "a mere start made `.watchkeeper/`": "interfaces/test_no_trace.py::"
    "test_a_server_that_is_started_and_asked_leaves_no_trace",
    "a poll that the OpenAI Agents SDK cut": "clients/frameworks/test_frameworks.py::"
    "test_a_framework_starts_polls_as_next_says_and_reads_the_verdict",
    "a missing module was called a failure of the script": "acts/watch/test_environment.py::"
    "test_a_module_that_is_installed_nowhere_is_infrastructure_and_the_interpreter_is_named",
    "a resource that is not found said nothing of its address": "interfaces/mcp/test_resources.py::"
    "test_what_is_not_found_is_answered_with_the_address_that_was_asked_for",
    "README told to install a name that nobody has registered": "clients/test_faults.py::"
    "test_no_page_installs_the_project_by_a_name_that_no_index_has",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_that_was_seen_has_a_test(fault: str) -> None:
    file, _, name = FAULTS[fault].partition("::")
    assert re.search(rf"^(?:async )?def {name}\(", (ROOT / "tests" / file).read_text("utf-8"), re.MULTILINE)


def test_no_page_installs_the_project_by_a_name_that_no_index_has() -> None:
    pages = [
        ROOT / "README.md",
        ROOT / "CHANGELOG.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "skills").rglob("*.md"),
    ]
    said = {page.name: BY_NAME.findall(page.read_text("utf-8")) for page in pages}
    assert not {page: found for page, found in said.items() if found}


@pytest.mark.parametrize(
    ("line", "by_name"),
    [
        ("pip install watchkeeper", True),
        ("`pip install 'watchkeeper[ui]'`, then", True),
        ("uvx watchkeeper serve", True),
        ("uv tool install 'watchkeeper'", True),
        ("pip install .", False),
        ("pip install '.[ui]'  # a page", False),
        ("pip install './watchkeeper-0.2.0-py3-none-any.whl[ui]'", False),
        ("uvx --from dist/watchkeeper-0.2.0-py3-none-any.whl watchkeeper --version", False),
        ("pip install . && watchkeeper init", False),
    ],
)
def test_a_line_that_asks_an_index_for_the_project_is_recognised(line: str, by_name: bool) -> None:
    assert bool(BY_NAME.search(line)) is by_name
