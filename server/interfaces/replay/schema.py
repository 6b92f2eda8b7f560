"""What a transcript is made of: a header and steps, one JSON object a line (docs/transcripts.md). No files here."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from ...vocabulary.runs import Role
from . import expectations, names

VERSION = 1
PATIENCE_S = 60.0
"""Seconds that a step may take when it does not say how many."""


def _joined(value: object) -> object:
    """Take a text as one string or as a list of its lines, which reads better in JSON."""
    if not isinstance(value, list):
        return value
    lines = cast("list[object]", value)
    return "".join(f"{line}\n" for line in lines) if all(isinstance(line, str) for line in lines) else lines


def _names_only_known_operators(value: JsonValue) -> JsonValue:
    expectations.check(value)
    return value


def _is_a_pattern(value: str) -> str:
    expectations.check_pattern(value)
    return value


def _is_a_name(value: str) -> str:
    if not names.is_name(value):
        raise ValueError("an agent's name has 1 to 60 letters, digits or _, first no digit")
    return value


Text = Annotated[str, BeforeValidator(_joined)]
Expectation = Annotated[JsonValue, AfterValidator(_names_only_known_operators)]
Pattern = Annotated[str, AfterValidator(_is_a_pattern)]
AgentName = Annotated[str, AfterValidator(_is_a_name)]
Path = Annotated[str, Field(min_length=1, max_length=1000)]
Seconds = Annotated[float, Field(gt=0, le=3600)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Header(_Form):
    """The first line: what the transcript proves, who acts, and what lies in the workspace before the first step.

    :ivar agents: the role of each agent; each has a server process of its own.
    :ivar policy: text of `watchkeeper.toml`; without it the defaults hold.
    :ivar files: texts to lay out, by their path in the workspace.
    :ivar env: variables of the server processes, beside the few that an MCP client passes on.
    """

    transcript: Literal[1]
    proves: str = ""
    agents: dict[AgentName, Annotated[Role, Field(strict=False)]] = {role.value: role for role in Role if role.agent}
    policy: Text | None = None
    files: dict[Path, Text] = {}
    env: dict[str, str] = {}


class _Step(_Form):
    within_s: Seconds = PATIENCE_S


class Call(_Step):
    """A tool call and what its answer must be; with `until` it is repeated until that holds.

    :ivar expect: about the structured answer.
    :ivar until: as `expect`; the call is made again until it holds or `within_s` is over.
    :ivar refused: a pattern that the error's text must contain; without it the call must succeed.
    :ivar text: about the answer's text.
    """

    marker: ClassVar[str] = "tool"
    agent: str
    tool: Annotated[str, Field(min_length=1, max_length=100)]
    arguments: dict[str, JsonValue] = {}
    expect: Expectation = None
    until: Expectation = None
    refused: Pattern | None = None
    text: Expectation = None
    every_s: Seconds = 0.1


class Write(_Step):
    """Files that somebody writes into the workspace: texts by path."""

    marker: ClassVar[str] = "write"
    write: Annotated[dict[Path, Text], Field(min_length=1)]


class Read(_Step):
    """A file of the workspace and what its text must be; with `until` it is read again until that holds."""

    marker: ClassVar[str] = "read"
    read: Path
    expect: Expectation = None
    until: Expectation = None
    every_s: Seconds = 0.05


class KillServer(_Step):
    """SIGKILL for an agent's server; its next call finds a new one, as after a lost session."""

    marker: ClassVar[str] = "kill_server"
    kill_server: str


class KillKeeper(_Step):
    """SIGKILL for the keeper of a run."""

    marker: ClassVar[str] = "kill_keeper"
    kill_keeper: str


class KillProcess(_Step):
    """SIGKILL for a process of a run of this workspace, by the pid in an answer."""

    marker: ClassVar[str] = "kill_process"
    kill_process: str | int


Plain = Call | Write | Read | KillServer | KillKeeper | KillProcess
FORMS: tuple[type[Plain], ...] = (Call, Write, Read, KillServer, KillKeeper, KillProcess)


class Parallel(_Form):
    """Sequences of steps that go on at the same time; the next step comes when all have ended.

    :ivar branches: each with the place of its steps in the file for messages.
    """

    branches: tuple[tuple[Placed, ...], ...]


class Placed(_Form):
    """A step and where it stands, such as `line 5` or `line 5, branch 2, step 1`."""

    at: str
    step: Plain | Parallel


Parallel.model_rebuild()


class Transcript(_Form):
    """A whole transcript.

    :ivar source: the file's name, for messages.
    :ivar notes: what was passed over, such as a last line that was cut off.
    """

    source: str
    header: Header
    steps: tuple[Placed, ...]
    notes: tuple[str, ...] = ()
