"""From the call that an answer names to the command that does the same."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.interfaces.commands.cli import parser
from watchkeeper.server.interfaces.commands.translate import as_command, usual_role
from watchkeeper.server.vocabulary.runs import Role
from watchkeeper.tools import TOOLS


@pytest.mark.parametrize(
    ("call", "command"),
    [
        (
            "poll_training(run='1-quick-1', cursor='8r1OW', wait_s=10)",
            "watchkeeper poll 1-quick-1 --cursor 8r1OW --wait 10",
        ),
        ("poll_training()", "watchkeeper poll"),
        ("poll_training(cursor='8r1OW')", "watchkeeper poll --cursor 8r1OW"),
        (
            "report_error(run='1-quick-1', finding='1-quick-1:L2', what_happened=…)",
            "watchkeeper report … --run 1-quick-1 --finding 1-quick-1:L2",
        ),
        (
            "start_training(model='1', phase='quick', follows='1-quick-1') with the fix",
            "watchkeeper start 1 quick --follows 1-quick-1 with the fix",
        ),
        (
            "nothing was started: start_training(model=…, phase='quick')",
            "nothing was started: watchkeeper start … quick",
        ),
        (
            "write_diary_entry(model='1', report='1-r1', struggle=…, investigation=[…], fix=…, why=…)",
            "watchkeeper diary 1 --struggle … --investigation … --fix … --why … --report 1-r1",
        ),
        ("verify_compute(run='1-full-1')", "watchkeeper verify 1-full-1"),
        ("stop_training(run='1-full-1', reason='left over')", "watchkeeper stop 1-full-1 --reason 'left over'"),
        ("the watch is over: APPROVE", "the watch is over: APPROVE"),
        ("some_other(thing='x')", "some_other(thing='x')"),
        ('poll_training(run="it\'s")', "watchkeeper poll 'it'\"'\"'s'"),
        ("poll_training(run='; rm -rf /')", "watchkeeper poll '; rm -rf /'"),
        (r"""poll_training(run='it\'s "b\\c" (2)', wait_s=1)""", """watchkeeper poll 'it'"'"'s "b\\c" (2)' --wait 1"""),
        (r"poll_training(run='\x1b[2J\u202e')", r"watchkeeper poll '\x1b[2J\u202e'"),
        ("poll_training(run='1) and so on", "poll_training(run='1) and so on"),
    ],
)
def test_a_call_becomes_the_command_that_does_the_same(call: str, command: str) -> None:
    assert as_command(call, TOOLS) == command


def test_a_role_that_the_command_would_not_take_by_itself_is_named() -> None:
    answer = "answer_report(report='1-r1', action='RESTART|RESUME|TERMINATE|CONTINUE', instructions=…)"
    assert as_command(answer, TOOLS, Role.DIRECTOR).endswith("--instructions …")
    assert as_command("poll_training()", TOOLS, Role.DIRECTOR) == "watchkeeper poll --role director"
    assert as_command("poll_training()", TOOLS, Role.TRAINER) == "watchkeeper poll"
    assert {tool.command: usual_role(tool) for tool in TOOLS}["answer"] is Role.DIRECTOR


def test_a_workspace_that_was_named_is_named_again() -> None:
    assert as_command("poll_training()", TOOLS, workspace="my work") == "watchkeeper --workspace 'my work' poll"


# What answers name are ids, cursors and paths; these may hold more, but nothing that a terminal would obey.
ids = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"], exclude_characters="-"), min_size=1)


@given(st.data())
def test_every_call_becomes_a_command_that_parses_to_the_same_arguments(data: st.DataObject) -> None:
    chosen = data.draw(st.sampled_from(TOOLS))
    given_ = {one.name: data.draw(ids) for one in chosen.parameters if one.required}
    command = as_command(f"{chosen.name}({', '.join(f'{name}={text!r}' for name, text in given_.items())})", TOOLS)
    options = parser().parse_args(shlex.split(command)[1:])
    parsed = {name: getattr(options, name) for name in given_}
    assert {name: text[0] if isinstance(text, list) else text for name, text in parsed.items()} == given_
