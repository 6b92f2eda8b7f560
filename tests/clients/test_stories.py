"""The real command lines play the whole story, two at once, with a scripted model behind each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ..agents.brains import Trainer
from .command_lines import CODEX_WITH_HOOKS, COMMAND_LINES, GEMINI, CommandLine
from .players import Hasty, Patient, Player
from .replays import replayed, session
from .stories import TRAIN, at_home, failing, played, waiting
from .tried import Tried, sees

pytestmark = pytest.mark.usefixtures("nothing_left")


def of_each(clients: tuple[CommandLine, ...]) -> pytest.MarkDecorator:
    """Play a test with each client; those of one client after each other, so that it is installed once."""
    params = [
        pytest.param(one, marks=[pytest.mark.xdist_group(one.name), pytest.mark.clients], id=one.package.command)
        for one in clients
    ]
    return pytest.mark.parametrize("client", params)


# Claude Code has a test of its own beside this one, which every change plays.
@of_each(COMMAND_LINES)
def test_a_trainer_and_a_director_in_two_sessions_bring_a_failing_training_to_its_verdict(
    client: CommandLine, tmp_path: Path, tried: Tried
) -> None:
    place = failing(tmp_path / "project")
    told = played(client, tmp_path, place)
    assert any(one.tool.endswith("answer_report") for one in told.director.made)
    assert any("1-quick-1:L8" in one for one in told.trainer.results), "the failure reached the model"
    tried(client.name, version=client.package.version, connects="yes", lists="yes", calls="yes")
    kept = [session(client.name, home) for home in told.homes]
    assert replayed(tmp_path, kept[0], kept[1]) == 0
    tried(client.name, client.package.version, transcript="replays")


@of_each(COMMAND_LINES)
def test_a_poll_that_nothing_ends_is_waited_for_45_seconds_and_what_the_model_sees_is_noted(
    client: CommandLine, tmp_path: Path, tried: Tried
) -> None:
    place = waiting(tmp_path / "project")
    patient = Patient(45.0)
    player = Player(patient)
    with at_home(client, tmp_path / "home", place.root, player) as (home, _):
        client.wire(home)
        home.run(client.command(TRAIN))
    place.go()
    place.ends("1-quick-1")
    assert re.search(r"\bstate\W+running\b", player.results[-1]), player.results[-1]
    sees(client.name, client.package.version, patient, player, tried)


@of_each((CODEX_WITH_HOOKS, GEMINI))
def test_a_turn_that_the_model_wants_to_end_is_held_by_the_hooks_of_the_page(
    client: CommandLine, tmp_path: Path, tried: Tried
) -> None:
    place = failing(tmp_path / "project")
    hasty = Hasty(Trainer(), ("start_training", "report_error"))
    played(client, tmp_path, place, hasty, hooks=True)
    assert len(hasty.held) >= 3, "each time that it wanted to end its turn, the hook said what to do"
    tried(client.name, client.package.version, holds_the_watch=f"{client.holds} hook")
