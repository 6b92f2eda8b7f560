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

pytestmark = [pytest.mark.usefixtures("nothing_left"), pytest.mark.xdist_group("command lines")]


# Claude Code has a test of its own beside this one; here the smallest of the others is always played.
@pytest.mark.parametrize(
    "client",
    [pytest.param(one, marks=() if one is GEMINI else pytest.mark.clients) for one in COMMAND_LINES],
    ids=lambda one: one.package.command,
)
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
    tried(client.name, transcript="replays")


@pytest.mark.clients
@pytest.mark.parametrize("client", COMMAND_LINES, ids=lambda one: one.package.command)
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
    sees(client.name, patient, player, tried)


@pytest.mark.clients
@pytest.mark.parametrize("client", [CODEX_WITH_HOOKS, GEMINI], ids=lambda one: one.package.command)
def test_a_turn_that_the_model_wants_to_end_is_held_by_the_hooks_of_the_page(
    client: CommandLine, tmp_path: Path, tried: Tried
) -> None:
    place = failing(tmp_path / "project")
    hasty = Hasty(Trainer(), ("start_training", "report_error"))
    played(client, tmp_path, place, hasty, hooks=True)
    assert len(hasty.held) >= 3, "each time that it wanted to end its turn, the hook said what to do"
    tried(client.name, holds_the_watch=f"{client.holds} hook")
