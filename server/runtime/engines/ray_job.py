"""One job as a Ray head tells of it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from ...vocabulary.sanitize import one_line, outgoing
from .words import Kind

_KINDS = {
    "PENDING": Kind.QUEUED, "RUNNING": Kind.RUNNING, "STOPPED": Kind.ENDED, "SUCCEEDED": Kind.ENDED,
    "FAILED": Kind.ENDED,
}  # fmt: skip
START_TIMEOUT = "JOB_SUPERVISOR_ACTOR_START_TIMEOUT"
"""Ray gives up what did not start within 15 minutes (RAY_JOB_START_TIMEOUT_SECONDS of its head)."""
DIED = "JOB_SUPERVISOR_ACTOR_DIED"
"""What Ray ran the job by is gone: its node, its raylet, or that process alone."""
OWN_EXIT = "JOB_ENTRYPOINT_COMMAND_ERROR"
"""The command ended with another status than 0; the message is then the end of its output."""
_MEMORY = re.compile(r"OUT_OF_MEMORY|low on memory")
"""So Ray's memory monitor says it. Of every other lost process it says that an "OOM killer" is among common causes."""
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Job:
    """What the Jobs API says of one submission.

    :ivar message: the whole of it: what decides stands at its end.
    :ivar began: a node had taken it.
    """

    name: str
    status: str
    message: str = ""
    error: str = ""
    began: bool = False
    exit_code: int | None = None

    @property
    def kind(self) -> Kind:
        """What the status amounts to; one that is not known here is no end."""
        return _KINDS.get(self.status, Kind.RUNNING)

    @property
    def text(self) -> str:
        """Ray's own words."""
        if self.error == OWN_EXIT:
            return f"{self.status} (exit status {self.exit_code})"
        why = ": ".join(one for one in (self.error, outgoing(self.message, _LONGEST)) if one)
        return f"{self.status} ({why})" if why and self.status in ("PENDING", "FAILED") else self.status

    @property
    def given_up(self) -> bool:
        """Whether Ray gave it up before anything of it ran, because nothing became free in time."""
        return self.error == START_TIMEOUT and not self.began

    @property
    def lost_early(self) -> bool:
        """Whether the node or process that should have run it was lost before anything of it ran."""
        return self.error == DIED and not self.began

    @property
    def interrupted(self) -> bool:
        """Whether it ended because its node or its supervisor was lost, for no want of memory."""
        return self.error == DIED and _MEMORY.search(self.message) is None


def found_in(said: object) -> Job | None:
    """Return the job that an entry of the API describes; None for something else, such as a driver of somebody's."""
    if not isinstance(said, dict):
        return None
    entry = cast("dict[str, object]", said)
    name, status, code = entry.get("submission_id"), entry.get("status"), entry.get("driver_exit_code")
    if not isinstance(name, str) or not isinstance(status, str) or not name:
        return None
    return Job(
        name=name,
        status=one_line(status, 40),
        message=_sentences(str(entry.get("message") or "")[:4000]),
        error=one_line(str(entry.get("error_type") or ""), 80),
        began=bool(entry.get("driver_node_id")),
        exit_code=code if isinstance(code, int) and not isinstance(code, bool) else None,
    )


def _sentences(message: str) -> str:
    """Return a message without its table of ids: that of a dead actor has one in its middle, indented."""
    lines = [line for line in message.splitlines() if not line.startswith(("\t", "    "))]
    return one_line(" ".join(lines), 4000)
