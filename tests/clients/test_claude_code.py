"""Claude Code with our plugin: hooks hold the turn, a new session is told how things stand, its file is replayed."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager
from pathlib import Path

import psutil
import pytest

from ..agents.brains import Call, Trainer
from ..limits import HANG_S
from ..play import Place
from ..runtime.keeper.helpers import until
from .command_lines import AS_PLUGIN, CLAUDE_CODE
from .model.service import Service
from .pages import ROOT
from .players import HELD, Hasty, Player
from .programs import Home
from .replays import replayed, session
from .stories import at_home, failing, played, waiting
from .terminals import in_terminal, known_to_claude_code
from .tried import Tried

pytestmark = [pytest.mark.usefixtures("nothing_left"), pytest.mark.xdist_group(CLAUDE_CODE.name)]
PARTS = (".claude-plugin", "hooks", "monitors", "skills")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return what the plugin is made of, as a checkout has it, without environments and build folders."""
    for part in PARTS:
        shutil.copytree(ROOT / part, tmp_path / "repository" / part)
    return tmp_path / "repository"


def test_the_plugin_holds_each_turn_until_the_verdict_and_both_session_files_can_be_replayed(
    tmp_path: Path, repository: Path, tried: Tried
) -> None:
    place = failing(tmp_path / "project")
    hasty = Hasty(Trainer(), ("start_training", "report_error"))
    told = played(AS_PLUGIN, tmp_path, place, hasty, CLAUDE_CODE, PATH_OF_THIS_REPOSITORY=str(repository))
    assert len(hasty.held) >= 3, "each time that it wanted to end its turn, the Stop hook said what to do"
    assert {one.tool.partition("__")[2].rpartition("__")[0] for one in told.trainer.made} == {
        "plugin_watchkeeper_watchkeeper"
    }
    brief = told_at_the_start_of_a_session(tmp_path, place, repository)
    assert "1-full-1" in brief
    assert "APPROVE" in brief
    kept = [session(AS_PLUGIN.name, home) for home in told.homes]
    assert replayed(tmp_path, kept[0], kept[1]) == 0
    tried(AS_PLUGIN.name, AS_PLUGIN.package.version, holds_the_watch="Stop hook", transcript="replays")


def told_at_the_start_of_a_session(folder: Path, place: Place, repository: Path) -> str:
    """Return the brief that the SessionStart hook puts in front of a new session's first question."""
    with at_home(AS_PLUGIN, folder / "later", place.root, Player(lambda _: Call(said="I see."))) as (home, service):
        said = home.run(["claude", "plugin", "validate", str(repository)])
        assert "Validation passed" in said
        AS_PLUGIN.wire(home, PATH_OF_THIS_REPOSITORY=str(repository))
        home.run(AS_PLUGIN.command("How do things stand?"))
        texts = [text for one in service.asked for text in one.texts if "1-full-1" in text]
    return "\n".join(texts)


def idle(folder: Path, place: Place) -> AbstractContextManager[tuple[Home, Service]]:
    """Give a home in which the model ends each turn at once."""
    return at_home(AS_PLUGIN, folder / "home", place.root, Player(lambda _: Call(said="I wait for news.")))


def started_by_another(place: Place, home: Home) -> None:
    home.run(["watchkeeper", "--workspace", str(place.root), "start", "1", "quick"])


@pytest.mark.clients
def test_the_monitor_of_the_plugin_tells_an_idle_session_what_happens_and_ends_with_it(
    tmp_path: Path, repository: Path, tried: Tried
) -> None:
    place = waiting(tmp_path / "project")
    with idle(tmp_path, place) as (home, service):
        AS_PLUGIN.wire(home, PATH_OF_THIS_REPOSITORY=str(repository))

        def told(words: str) -> bool:
            return any(words in text for one in service.asked for text in one.texts)

        with in_terminal(known_to_claude_code(home), ["claude", "Wait for news.", *AS_PLUGIN.asks[3:]]) as terminal:
            until(lambda: terminal.children("poll --follow"), "the monitor runs")
            monitors = terminal.children("poll --follow")
            started_by_another(place, home)
            until(lambda: told("1-quick-1 started"), "the monitor tells of the start")
            place.go()
            until(lambda: told("1-quick-1 completed"), "the monitor tells of the end")
            terminal.types("/exit\r")
            terminal.process.wait(HANG_S)
            assert not psutil.wait_procs(monitors, HANG_S)[1], "it ends with the session"
    tried(AS_PLUGIN.name, AS_PLUGIN.package.version, holds_the_watch="monitor")


@pytest.mark.clients
def test_a_session_without_a_terminal_runs_no_monitor(tmp_path: Path, repository: Path) -> None:
    place = waiting(tmp_path / "project")
    with idle(tmp_path, place) as (home, service):
        AS_PLUGIN.wire(home, PATH_OF_THIS_REPOSITORY=str(repository))
        started_by_another(place, home)
        known_to_claude_code(home).run(AS_PLUGIN.command("Wait for news."))
        held = [text for one in service.asked for text in one.texts if HELD in text]
    place.go()
    place.ends("1-quick-1")
    assert held, "no monitor watches, so that the Stop hook holds the turn"
