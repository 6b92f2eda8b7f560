"""What an engine says of a run. It states; what follows is concluded by run_directory.judge."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST_TRIES = 3
"""So often a run is handed to an engine that knows nothing of it afterwards: a controller that was killed right after
it took a job, a head that was started anew."""


class Kind(StrEnum):
    """What an engine's answer amounts to."""

    QUEUED = "queued"
    RUNNING = "running"
    ENDED = "ended"
    GONE = "gone"
    """It answered, and knows no such job."""
    UNKNOWN = "unknown"
    """It did not answer: that says nothing of any job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One engine's word on one run.

    :ivar text: its own words, such as `PENDING (Priority)`.
    :ivar stuck: it is queued and will not start by itself.
    :ivar job: the engine's number for it; empty while there is none.
    :ivar asked_at: when it was asked, in unix seconds.
    :ivar since: since when it says so, as far as anybody looked.
    :ivar submitted_at: when the run was handed to it; None while it was not.
    :ivar tries: how often it was.
    """

    engine: str
    kind: Kind
    text: str = ""
    stuck: bool = False
    job: str = ""
    asked_at: float = 0.0
    asked_every_s: float = 0.0
    submitted_at: float | None = None
    since: float | None = None
    tries: int = 0
    interrupted: bool = False
    """It ended, or was put back into the queue, for no fault of its own: preempted, or its node failed."""
    out_of_time: bool = False
    """It ran into the time limit of the engine."""
    again: bool = False
    """It was given up before it began, for no fault of its own: it may be handed over again."""

    def said(self) -> str:
        """Return the word as part of a sentence."""
        return f"{self.engine} says {self.text}" if self.text else f"{self.engine} knows no such job"
