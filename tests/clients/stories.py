"""The story that every client plays: a training fails, is reported, answered by a director, mended, proven."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..acts.verify.stories.scripts import BEGINNING, DESCENT
from ..agents.brains import Brain, Director, Trainer
from ..analysis.evidence.trainings import design
from ..play import FAILS, Place, script
from ..runtime.keeper.helpers import until
from .command_lines import CommandLine
from .model.service import Service, serving
from .pages import paste, told
from .players import Player
from .programs import Home, Program

TRAIN = "Bring model 1 to its verdict. Call poll_training() first."
DIRECT = "You are the director. Answer what is reported until model 1 is approved. Call poll_training() first."
STARVED = "[compute]\nmin_cores = 0.0\n"
"""Where a busy machine gives the training less than a tenth of a core, its verdict would be INVESTIGATE
(mostly_waiting): the director has it trained once more, and 1-full-2 is another story."""
PATIENT = "[clients]\nmcp = 60\n"
MENDED = script(BEGINNING + DESCENT)
NUMBERS = script(
    """
for epoch in range(1, 30):
    print(f"epoch {epoch} loss {1 / epoch}", flush=True)
wait_for("go")
leave_what_the_phase_asks_for()
"""
)


def failing(root: Path) -> Place:
    """Return a project whose training raises ValueError."""
    root.mkdir()
    place = Place(root).policy(STARVED).script(FAILS)
    design(place)
    return place


def mended(place: Place) -> None:
    """Write the script that trains."""
    place.script(MENDED)


def waiting(root: Path) -> Place:
    """Return a project whose training has numbers to draw, and goes on until the test says go."""
    root.mkdir()
    return Place(root).policy(PATIENT).script(NUMBERS)


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the story: both players, and the homes of the programs, the trainer's first."""

    trainer: Player
    director: Player
    homes: tuple[Home, Home]


@contextmanager
def at_home(
    client: CommandLine, folder: Path, workspace: Path, player: Player, project: Path | None = None
) -> Generator[tuple[Home, Service]]:
    """Give a home of a client whose model is a player."""
    with serving(player) as service:
        yield client.home(folder, workspace, service.url, project), service
        assert not service.failures, service.failures


def played(
    client: CommandLine,
    folder: Path,
    place: Place,
    trainer: Brain | None = None,
    director: CommandLine | None = None,
    *,
    hooks: bool = False,
    **instead: str,
) -> Told:
    """Play the story with two homes of a client, at the same time: the trainer's, and the director's elsewhere.

    The record is checked before it is told.
    """
    (desk := folder / "desk").mkdir()
    trains = Player(trainer or Trainer(), lambda: mended(place))
    directs, directing = Player(Director()), director or client
    with ExitStack() as stack:
        one, first = stack.enter_context(at_home(client, folder / "trainer", place.root, trains))
        client.wire(one, **instead)
        paste(told(client.name, "Hooks") if hooks else [], one)
        other, second = stack.enter_context(at_home(directing, folder / "director", place.root, directs, desk))
        directing.wire(other, "director")
        pair = [
            stack.enter_context(one.started(client.command(TRAIN))),
            stack.enter_context(other.started(directing.command(DIRECT))),
        ]
        until_one_is_done([first, second], pair)
        pair[0].ended()
        check(place, (trains.made, trains.results[-2:], pair[0].said[-2000:]))  # else the director would wait for ever
        pair[1].ended()
        return Told(trains, directs, (one, other))


def until_one_is_done(services: list[Service], programs: list[Program]) -> None:
    """Wait until the first has ended, or one of them in vain: then the other would wait for it for ever."""

    def done() -> bool:
        codes = [one.process.poll() for one in programs]
        return codes[0] is not None or any(codes) or any(one.failures for one in services)

    until(done, "the story ends")
    failures = [error for one in services for error in one.failures]
    assert not failures, (failures, [one.said[-2000:] for one in programs])


def check(place: Place, said: object = "") -> None:
    """The record tells the story, and nothing else.

    :param said: what the trainer called and was answered last, for the message.
    """
    runs = {one.id: one.outcome for one in place.runs()}
    story = {"1-quick-1": "failed", "1-quick-2": "completed", "1-full-1": "completed"}
    assert runs == story, "\n".join(map(str, (runs, said, *place.findings(), *place.reports(), *place.verdicts())))
    (report,) = place.reports()
    assert (report.error_type, report.status) == ("data", "closed")
    assert report.answer is not None
    assert report.answer.action == "RESTART"
    assert [one.word for one in place.verdicts()] == ["APPROVE"]
    assert len(place.entries()) == 1
