"""What every tool set gives an agent, and how the texts are counted that a model would read or write."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

LOOK_S = 0.25
"""Between two looks of somebody who looks often; stands for half an hour."""
AWAY_S = 8 * LOOK_S
"""How long a forgetful agent does not come back; stands for four hours."""
MINUTES_PER_S = 120
"""A second of a story stands for two hours."""


def compact(content: object) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)


def end_what_works_in(folder: Path) -> None:
    """End every process whose working directory this is: a pid that was noted may be somebody else's by now."""
    for process in psutil.process_iter(["cwd"]):
        if process.info["cwd"] == str(folder):
            with suppress(psutil.NoSuchProcess):
                process.kill()


@dataclass(slots=True)
class Tally:
    """Tokens (characters / 4, as in tool_tokens.py): of tool definitions, and of calls with their answers."""

    definitions: float = 0.0
    talk: float = 0.0

    def read(self, *texts: str) -> None:
        self.talk += sum(map(len, texts)) / 4


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look showed.

    :ivar text: what the agent reads of the log.
    :ivar over: whether the tools say that nothing runs any more.
    :ivar failed: whether the tools themselves call it a failure; reading comes on top.
    :ivar log: whether the text is a log, which the agent has to understand by itself; else `failed` says it all.
    :ivar epoch: the epoch that the run has come to, where the tools tell it as a number beside the log; else 0.
    """

    text: str
    over: bool
    failed: bool = False
    log: bool = True
    epoch: int = 0


class Tools(Protocol):
    """A tool set in a project's folder. Every act adds what it costs to `tally`."""

    tally: Tally

    async def begin(self) -> None:
        """Begin a session: the definitions of the tools are read. A second one knows nothing of the first."""
        ...

    async def end(self) -> None:
        """End the session, as a crash of the client would; what was started goes on."""
        ...

    async def start(self, script: str) -> None: ...

    async def find(self) -> None:
        """Find out, in a session that knows nothing, what was started before."""
        ...

    async def look(self, wait_s: float) -> Seen:
        """Wait for so long, less where the tools tell of news, and see how it stands."""
        ...

    async def inspect(self) -> Seen:
        """See all that the tools can tell of a run that is over."""
        ...

    async def give_up(self) -> None:
        """Stop what runs and say what failed."""
        ...

    def log_is_mine(self) -> bool:
        """Whether the words of the log are all that there is: whoever may write files may write it."""
        ...

    async def accept(self) -> Seen:
        """As whoever asked for the training: see what there is to see before "done" is believed."""
        ...

    async def close(self) -> None:
        """Leave nothing running."""
        ...
