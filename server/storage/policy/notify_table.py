"""The table of the policy about what reaches a person who looks at nothing."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from .tables import Table, absolute_path

Told = Literal["failed", "stalled", "unwatched", "waits", "verdict", "done"]
TOLD: tuple[Told, ...] = ("failed", "stalled", "unwatched", "waits", "verdict", "done")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def _hours(value: str) -> str:
    found = _HOURS.fullmatch(value)
    if value and (found is None or found.group(1, 2) == found.group(3, 4)):
        raise ValueError('expected two different times of the day such as "22:00-07:00"')
    return value


def _file(value: str) -> str:
    return value if value.startswith("~/") and ".." not in value.split("/") else absolute_path(value)


def _variable(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise ValueError("expected the name of an environment variable, never what it holds")
    return value


def _program(value: tuple[str, ...]) -> tuple[str, ...]:
    if any("\0" in one for one in value):
        raise ValueError("expected words without a NUL character")
    if value and not absolute_path(value[0]):
        raise ValueError("expected an absolute path of a program first")
    return value


class Notify(Table):
    """Word that reaches a person (docs/notify.md). Without a command and without URLs nobody is told."""

    on: Annotated[tuple[Told, ...], Field(strict=False)] = Field(
        default=TOLD,
        description="What is told, each once: a run failed, stalls, is looked at by no trainer, a report waits for an"
        " answer, a verdict was computed, a run is done.",
    )
    command: Annotated[tuple[str, ...], AfterValidator(_program), Field(strict=False, max_length=50)] = Field(
        default=(),
        description="A program of yours with its arguments, never through a shell; its path is absolute. It gets the"
        " message as JSON on standard input.",
    )
    urls_file: Annotated[str, AfterValidator(_file)] = Field(
        default="",
        description="File with Apprise's URLs, one a line: outside of the workspace, mode 0600; ~/ is your home. Needs"
        ' the extra "notify".',
    )
    urls_env: Annotated[str, AfterValidator(_variable)] = Field(
        default="",
        description="Environment variable, of the server or of `watchkeeper watch`, that holds such URLs, divided by"
        " blanks.",
    )
    quiet_hours: Annotated[str, AfterValidator(_hours)] = Field(
        default="",
        description='Hours of local time in which nothing is told, such as "22:00-07:00"; what came meanwhile is told'
        " in one message at their end.",
    )
    urgent: Annotated[tuple[Told, ...], Field(strict=False)] = Field(
        default=(), description='What is told in quiet hours too, such as "waits".'
    )
    most_per_hour: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=12, description="Messages in an hour at most; what is beyond waits and is told in one."
    )
    timeout_s: Annotated[float, Field(ge=1, le=300)] = Field(
        default=30.0, description="Seconds that one sending may take; then it is ended and tried again later."
    )
    log_text: bool = Field(
        default=False,
        description="Whether a message may quote what a training or an agent wrote, masked and cut to one line.",
    )

    @property
    def wanted(self) -> bool:
        """Whether somebody is to be told at all."""
        return bool(self.command or self.urls_file or self.urls_env)

    def quiet(self, minute: int) -> bool:
        """Whether a minute of the day, counted from midnight, lies in the quiet hours; their end does not."""
        found = _HOURS.fullmatch(self.quiet_hours)
        if found is None:
            return False
        hours = [int(one) for one in found.groups()]
        begin, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        return begin <= minute < end if begin < end else minute >= begin or minute < end
