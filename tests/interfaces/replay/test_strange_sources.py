"""Session files that are huge, cut in the middle of a character, or hold what a terminal obeys."""

from __future__ import annotations

import json

import pytest
from watchkeeper.server.interfaces.replay.lines import parsed, without_halves
from watchkeeper.server.interfaces.replay.reading import read_transcript
from watchkeeper.server.interfaces.replay.sources import transcribed
from watchkeeper.tools import TOOLS

from ...play import Facts
from . import session_files


def answered(told: Facts) -> Facts:
    """Return the server's result with these facts."""
    content = {"next": "poll_training()", **told}
    return {"content": [{"type": "text", "text": json.dumps(content)}], "structuredContent": content}


def started(number: int) -> session_files.Called:
    """Return the start of an attempt after the one before it."""
    asked: Facts = {"model": "1", "phase": "quick", "follows": f"1-quick-{number - 1}"}
    return "start_training", asked, answered({"run": f"1-quick-{number}", "script": f"after 1-quick-{number - 1}"})


@pytest.mark.parametrize("kind", session_files.WRITERS)
def test_half_a_character_where_another_tool_cut_its_text_spoils_no_session(kind: str) -> None:
    call: session_files.Called = ("report_error", {"what_happened": "cut \ud83d"}, answered({"report": "1-r1"}))
    lines, notes = transcribed(kind, session_files.WRITERS[kind]([call]), "session", TOOLS)
    assert notes == []
    assert json.loads(lines[1])["arguments"] == {"what_happened": "cut \ufffd"}
    assert len(read_transcript("\n".join(lines).encode(), "x").steps) == 1


@pytest.mark.parametrize("text", ["\\ud83d", "😀", '"', "\\", "\\\\ud83d", "\n", "é", "\\u0041"])
def test_whole_characters_stay_as_they_are(text: str) -> None:
    for ascii_only in (True, False):
        written = json.dumps(text, ensure_ascii=ascii_only)
        assert without_halves(written) == written


def test_what_a_terminal_obeys_is_escaped_and_means_the_same() -> None:
    words = "up \x9b2A, back \u202e, \x7f, \u2028, caf\u00e9"
    call: session_files.Called = ("report_error", {"what_happened": words}, answered({"report": "1-r1"}))
    lines, _ = transcribed("claude-code", session_files.claude_code([call]), "session", TOOLS)
    assert not set("\x9b\u202e\x7f\u2028") & set(lines[1])
    assert "caf\u00e9" in lines[1]
    assert json.loads(lines[1])["arguments"]["what_happened"] == words


def test_a_name_that_stands_twice_among_very_many_is_refused() -> None:
    names = ",".join(f'"{number}":0' for number in range(200_000))
    with pytest.raises(ValueError, match="names '199999' twice"):  # counted one by one it would take many minutes
        parsed(f'{{{names},"199999":1}}')


def test_a_session_of_a_thousand_starts_is_read() -> None:
    session = session_files.codex([started(number) for number in range(1, 1001)])
    lines, _ = transcribed("codex", session, "session", TOOLS)
    last = json.loads(lines[-1])
    assert last["arguments"]["follows"] == "$run_1_quick_999"
    assert last["expect"]["script"] == "after ${run_1_quick_999}"
