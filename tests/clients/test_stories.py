"""The real command lines play the whole story, two at once, with a scripted model behind each."""

from __future__ import annotations

from pathlib import Path

import pytest

from .command_lines import COMMAND_LINES, GEMINI, CommandLine
from .stories import check, failing, played

pytestmark = [pytest.mark.usefixtures("nothing_left"), pytest.mark.xdist_group("command lines")]


# Claude Code has a test of its own beside this one; here the smallest of the others is always played.
@pytest.mark.parametrize(
    "client",
    [pytest.param(one, marks=() if one is GEMINI else pytest.mark.clients) for one in COMMAND_LINES],
    ids=lambda one: one.package.command,
)
def test_a_trainer_and_a_director_in_two_sessions_bring_a_failing_training_to_its_verdict(
    client: CommandLine, tmp_path: Path
) -> None:
    place = failing(tmp_path / "project")
    trainer, director = played(client, tmp_path, place)
    check(place)
    assert any(one.tool.endswith("answer_report") for one in director.made)
    assert any("1-quick-1:L8" in one for one in trainer.results), "the failure reached the model"
