"""Play a transcript: real servers, real calls, and the first place where an answer is not what was expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import anyio
import anyio.to_thread
from pydantic import JsonValue

from ...vocabulary.errors import WatchkeeperError
from ...vocabulary.sanitize import outgoing
from . import expectations, names
from .client_process import Answer, Era, Seats
from .expectations import NOTHING, Difference, shown
from .expectations import match as held_against
from .sandbox_folder import Stage
from .schema import Call, KillKeeper, KillProcess, KillServer, Parallel, Placed, Plain, Read, Transcript, Write

MOST_DIFFERENCES = 20
LONGEST_ANSWER = 3_000
SPARE_S = 10.0
"""How much longer than its own time a single call may take before it is given up."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a transcript did not pass.

    :ivar at: where in the file.
    :ivar doing: what was done there, such as `trainer poll_training`.
    :ivar why: what happened, when it is no difference.
    :ivar answer: the whole answer that differed.
    """

    at: str
    doing: str
    why: str = ""
    differences: tuple[Difference, ...] = ()
    answer: str = ""

    def __str__(self) -> str:
        lines = [f"{self.at}: {self.doing}", *([f"  {self.why}"] if self.why else [])]
        for one in self.differences[:MOST_DIFFERENCES]:
            lines += [f"  {one.path or 'the answer'}", f"    expected {one.expected}", f"    got      {one.got}"]
        more = len(self.differences) - MOST_DIFFERENCES
        lines += [f"  and {more} more differences"] if more > 0 else []
        lines += ["  the whole answer:", *(f"    {line}" for line in self.answer.split("\n"))] if self.answer else []
        return outgoing("\n".join(lines), 20_000)


@dataclass(slots=True)
class Played:
    """How a play went.

    :ivar steps: how many steps were begun.
    :ivar failure: the first one; None when it passed.
    """

    steps: int = 0
    failure: Failure | None = None
    captured: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])


class _Differs(Exception):
    def __init__(self, why: str = "", differences: Sequence[Difference] = (), answer: str = "") -> None:
        super().__init__(why)
        self.why, self.differences, self.answer = why, tuple(differences), answer


async def play(transcript: Transcript, stage: Stage, era: Era = "auto") -> Played:
    """Play a transcript on a stage to its end or to the first difference.

    Every server that it started has ended when this returns; runs may go on (`Stage.clear`).
    """
    played = Played(captured={names.WORKSPACE: str(stage.root)})
    try:
        stage.lay_out(transcript.header)
    except WatchkeeperError as error:
        played.failure = Failure("the header", "laying out the files", str(error))
        return played
    async with anyio.create_task_group() as group:
        seats = Seats(group, stage.root, transcript.header, era)
        try:
            await _Play(stage, seats, played).sequence(transcript.steps)
        finally:
            with anyio.CancelScope(shield=True):
                await seats.leave()
    return played


class _Play:
    def __init__(self, stage: Stage, seats: Seats, played: Played) -> None:
        self._stage = stage
        self._seats = seats
        self._played = played

    async def sequence(self, steps: Sequence[Placed], others: anyio.CancelScope | None = None) -> None:
        """Play steps one after another; a failure ends them and those that go on beside them."""
        for placed in steps:
            if isinstance(placed.step, Parallel):
                await self._parallel(placed.step)
            else:
                self._played.steps += 1
                await self._step(placed.at, placed.step)
            if self._played.failure is not None:
                if others is not None:
                    others.cancel()
                return

    async def _parallel(self, step: Parallel) -> None:
        async with anyio.create_task_group() as group:
            for branch in step.branches:
                group.start_soon(self.sequence, branch, group.cancel_scope)

    async def _step(self, at: str, step: Plain) -> None:
        try:
            await self._done(step)
        except _Differs as found:
            failure = Failure(at, _doing(step), found.why, found.differences, found.answer)
        except WatchkeeperError as error:
            failure = Failure(at, _doing(step), str(error))
        except KeyError as error:  # a step in front captures it by one of its alternatives, and another one held
            failure = Failure(at, _doing(step), f"nothing was captured as ${error.args[0]}")
        else:
            return
        self._played.failure = self._played.failure or failure

    async def _done(self, step: Plain) -> None:
        known = self._played.captured
        if isinstance(step, Call):
            await self._call(step)
        elif isinstance(step, Read):
            await self._read(step)
        elif isinstance(step, Write):
            await anyio.to_thread.run_sync(self._stage.write, step.write)
        elif isinstance(step, KillServer):
            await self._seats.kill(step.kill_server)
        elif isinstance(step, KillKeeper):
            await anyio.to_thread.run_sync(self._stage.kill_keeper, str(names.filled(step.kill_keeper, known)))
        else:
            await anyio.to_thread.run_sync(self._stage.kill_process, _pid(names.filled(step.kill_process, known)))

    async def _call(self, step: Call) -> None:
        known = self._played.captured
        arguments = cast("dict[str, JsonValue]", names.filled(cast("JsonValue", step.arguments), known))
        deadline = anyio.current_time() + step.within_s
        while True:
            answer = await self._answered(step, arguments, deadline + SPARE_S)
            waiting = _until(step, answer, known)
            if not waiting:
                break
            if anyio.current_time() >= deadline:
                raise _Differs(f"did not come true within {step.within_s:g} s:", waiting, _whole(answer))
            await anyio.sleep(step.every_s)
        self._check_answer(step, answer)

    async def _answered(self, step: Call, arguments: dict[str, JsonValue], deadline: float) -> Answer:
        with anyio.CancelScope(deadline=deadline):
            return await self._seats.call(step.agent, step.tool, arguments)
        raise _Differs(f"no answer within {step.within_s:g} s and {SPARE_S:g} s to spare")

    def _check_answer(self, step: Call, answer: Answer) -> None:
        if answer.is_error and step.refused is None:
            raise _Differs("expected an answer, got a refusal", (), answer.text)
        if not answer.is_error and step.refused is not None:
            raise _Differs("expected a refusal, got an answer", (), _whole(answer))
        said: JsonValue = {"$pattern": step.refused} if step.refused is not None else step.text
        for expected, got in ((step.until, answer.content), (step.expect, answer.content), (said, answer.text)):
            self._check(expected, got, _whole(answer))

    def _check(self, expected: JsonValue, got: expectations.Got, whole: str = "") -> None:
        if expected is None:
            return
        found = held_against(expected, got, self._played.captured)
        if found.differences:
            raise _Differs("", found.differences, whole)
        self._played.captured.update(found.captured)

    async def _read(self, step: Read) -> None:
        known = self._played.captured
        path = str(names.filled(step.read, known))
        deadline = anyio.current_time() + step.within_s
        while True:
            text = await anyio.to_thread.run_sync(partial(self._stage.read, path))
            got = NOTHING if text is None else text
            waiting = [] if step.until is None else held_against(step.until, got, known).differences
            if not waiting:
                break
            if anyio.current_time() >= deadline:
                raise _Differs(f"did not come true within {step.within_s:g} s:", waiting)
            await anyio.sleep(step.every_s)
        for one in (step.until, step.expect):
            self._check(one, got)


def _until(step: Call, answer: Answer, known: Mapping[str, JsonValue]) -> list[Difference]:
    """Return what keeps a repeated call from being done; a refusal it does not expect ends it at once."""
    if step.until is None or answer.is_error:
        return []
    return held_against(step.until, answer.content, known).differences


def _whole(answer: Answer) -> str:
    return answer.text if answer.is_error or answer.content is None else shown(answer.content, LONGEST_ANSWER)


def _doing(step: Plain) -> str:
    match step:
        case Call():
            return f"{step.agent} {step.tool}"
        case Read():
            return f"reading {step.read}"
        case Write():
            return f"writing {', '.join(step.write)}"
        case KillServer():
            return f"killing the server of {step.kill_server}"
        case KillKeeper():
            return f"killing the keeper of {step.kill_keeper}"
        case KillProcess():
            return f"killing process {step.kill_process}"


def _pid(value: JsonValue) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise _Differs(f"{shown(value)} is no pid") from None
