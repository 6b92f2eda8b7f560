"""`watchkeeper run -- COMMAND` and `watchkeeper adopt`: a training under watch in one line, for people."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import anyio

from ...acts.desk import Desk, in_thread
from ...acts.watch import look
from ...analysis.logs import blocks
from ...storage.record import Kind, Run
from ...vocabulary.errors import InvalidArgument, PathRefused, Refused
from ...vocabulary.runs import Phase, Role
from ...vocabulary.sanitize import mask_secrets, one_line
from . import following

Opener = Callable[[argparse.Namespace, Role], AbstractContextManager[Desk]]
LOOK_EVERY_S = 0.2
INTERRUPTED = 130


def add_arguments(run: argparse.ArgumentParser, taken: argparse.ArgumentParser, desk: Opener) -> None:
    """Add the arguments of both commands.

    :param desk: opens the workspace.
    """
    for one in (run, taken):
        one.add_argument("--model", metavar="M", help="what the model is called (default: after its script)")
    run.add_argument("--phase", choices=[one.value for one in Phase], default="full", help="default: full")
    run.add_argument("--detach", action="store_true", help="return at once; it goes on either way")
    run.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="the command, as you would type it")
    run.usage = "watchkeeper run [-h] [--workspace DIR] [--model M] [--phase {quick,full}] [--detach] -- COMMAND ..."
    run.set_defaults(command=partial(_run, desk), args=None)
    taken.add_argument("pid", metavar="PID", nargs="?", type=int, help="the process")
    taken.add_argument("--log", metavar="FILE", help="the file that it prints to, in the workspace")
    taken.set_defaults(command=partial(_adopt, desk))


def _run(opened: Opener, options: argparse.Namespace) -> int:
    from ...acts.start import command, start  # noqa: PLC0415 (heavy: the other commands do without)

    with opened(options, Role.TRAINER) as desk:
        typed = _typed(options.words, options.args or ())
        wanted = command.understand(desk, typed, Path.cwd(), os.environ)
        model = options.model or wanted.model
        begun = start.start(desk, start.of_command(desk, model, Phase(options.phase), wanted))
        if isinstance(begun, start.Waiting):
            changed = mask_secrets("; ".join(begun.report.changes))[:400]  # in this order, as below
            raise Refused(
                f"What changed waits for the director in {begun.report.id}: {changed}.",
                f"`watchkeeper answer {begun.report.id} CONTINUE --approve …`, then the same command again.",
            )
        made_of = shlex.join(typed) if begun.run.script.startswith(command.COMMANDS) else begun.run.script
        made_of = mask_secrets(made_of)  # before it is cut: half of a secret is none that is known
        _say(f"{begun.run.id} of {one_line(made_of, 120)} is under watch; it goes on without this terminal.")
        if options.detach:
            _say(f"watchkeeper poll {begun.run.id} --follow | watchkeeper stop {begun.run.id} --reason …")
            return 0
        return _stay(desk, begun.run)


def _typed(before: Sequence[str], behind: Sequence[str]) -> Sequence[str]:
    """Return the command as it was typed before or behind two dashes; what has dashes of its own needs them in front.

    :raises InvalidArgument: some of it stands before them and some behind.
    """
    if before and behind:
        whole = shlex.join([*before, "--", *behind])
        raise InvalidArgument(
            "Part of the command stands in front of `--`.", f"All of it belongs behind: watchkeeper run -- {whole}"
        )
    return before or behind


def _stay(desk: Desk, run: Run) -> int:
    """Print what the run prints and what is found, until it has ended; return its exit status."""
    try:
        anyio.run(_print_all, desk, run)
    except KeyboardInterrupt:
        _say(f"\n{run.id} goes on. watchkeeper poll {run.id} --follow | watchkeeper stop {run.id} --reason …")
        return INTERRUPTED
    except BrokenPipeError:  # such as `| head`: whoever read has enough
        _say(f"{run.id} goes on. watchkeeper poll {run.id} --follow | watchkeeper stop {run.id} --reason …")
        raise
    status = look.status_of(desk, run.id)
    code = status.exit_code if status.exit_code is not None else 128 + status.signal if status.signal else 1
    how = f"exit status {status.exit_code}" if status.exit_code is not None else status.reason
    judged = f"; its verdict: watchkeeper verify {run.id}" if desk.policy.judge.verdicts else ""
    _say(f"{run.id} {status.state} after {status.elapsed_s:.1f} s, {how}{judged}")
    return code


async def _print_all(desk: Desk, run: Run) -> None:
    left: list[Exception] = []
    try:
        async with anyio.create_task_group() as group:
            tail = _Tail(desk, run)
            group.start_soon(tail.follow)
            await following.follow(desk, run.id, _tell)
            tail.over = True
    except* BrokenPipeError as gone:
        left += gone.exceptions
    if left:
        raise BrokenPipeError  # alone, as every command has it whose reader leaves


def _tell(line: following.Line) -> None:
    """Say what happened to the run; that it began and how it ended is said in words of our own."""
    if line.event not in (Kind.START, Kind.ENDED):
        _say(line.text())


class _Tail:
    """What a run prints, as it comes, with secrets masked as everywhere."""

    def __init__(self, desk: Desk, run: Run) -> None:
        self._desk, self._run = desk, run
        self._at: int | None = None
        self.over = False

    async def follow(self) -> None:
        """Print until it is over and everything was printed."""
        while True:
            last = self.over
            for text in await in_thread(lambda: list(self._new())):
                sys.stdout.write(text)
                sys.stdout.flush()
            if last:
                return
            await anyio.sleep(LOOK_EVERY_S)

    def _new(self) -> Iterator[str]:
        if self._at is None:
            self._at = look.status_of(self._desk, self._run.id).log_begin
        if self._at is None:
            return
        try:
            descriptor = self._desk.workspace.open_beneath(self._run.log, os.O_RDONLY)
        except PathRefused:
            return
        with open(descriptor, "rb") as file:
            file.seek(self._at)
            while block := file.read(blocks.FEED_BYTES):
                whole = block if self.over else block[: max(block.rfind(b"\n"), block.rfind(b"\r")) + 1]
                if not whole:
                    return
                self._at += len(whole)
                file.seek(self._at)
                yield mask_secrets(whole.decode("utf-8", "replace"))


def _adopt(opened: Opener, options: argparse.Namespace) -> int:
    from ...acts.start import adopt  # noqa: PLC0415 (the same)

    if options.pid is None and options.log is None:
        raise InvalidArgument("adopt takes a PID, or --log FILE.", "`ps -u $USER -o pid,etime,args` lists yours.")
    with opened(options, Role.TRAINER) as desk:
        found = adopt.adopt(desk, options.pid, options.log, options.model)
        run = look.find_run(desk, found.run.id)
        pid = run.adopted[0] if run.adopted else 0
        _say(f"Process {pid} is {'already ' if found.existing else ''}under watch as {run.id}.")
        told = found.output
        read = f"its output is read from byte {told.begin} of {told.path} on" if told.path else told.why
        _say(f"  {read}")
        if found.ungated:
            _say(f"  past the gate, and its verdict says so: {found.ungated} (a quick run that passed)")
        _say("  nothing of it is witnessed; its exit status is told where this kernel tells it (Linux 6.15)")
        _say(f"watchkeeper poll {run.id} --follow | watchkeeper stop {run.id} --reason …")
    return 0


def _say(text: str) -> None:
    """Say something of ours, beside what the training prints."""
    sys.stderr.write(f"{mask_secrets(text)}\n")
    sys.stderr.flush()
