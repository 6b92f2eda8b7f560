"""`watchkeeper replay` and `watchkeeper transcribe`: play transcripts, and make them of what others recorded."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...acts.toolbox import Tool
from ...vocabulary.errors import InvalidArgument
from ...vocabulary.sanitize import clean
from .lines import LONGEST_BYTES

if TYPE_CHECKING:
    from ...acts.desk import Desk
    from .playing import Played
    from .sandbox_folder import Stage
    from .schema import Transcript

INTERRUPTED = 130
KINDS = ("claude-code", "codex", "gemini-cli", "opencode", "pydantic-ai", "openai-agents", "jsonrpc")
_REPLAY = """\
examples:
  watchkeeper replay day.jsonl                           play it in a fresh folder that is removed afterwards
  watchkeeper replay tests/transcripts/*.jsonl           several, each in a folder of its own
  watchkeeper replay day.jsonl --era legacy              the protocol up to 2025-11-25
  watchkeeper replay day.jsonl --keep                    leave the folder, to look at what was written
  watchkeeper replay day.jsonl --workspace ~/project     in a folder that holds scripts or data; overwrites none

A transcript runs the scripts that it brings along, with your rights: play those that you trust.
A step looks so; $run is captured where an answer names it (docs/transcripts.md tells the whole format):
  {"agent": "trainer", "tool": "poll_training", "arguments": {"run": "$run"},
   "until": {"state": "completed"}, "within_s": 30, "expect": {"findings": []}}
`watchkeeper serve --record FILE` writes one from a live session.

exit status: 0 all passed, 1 an answer differed, 2 called wrongly or no transcript, 130 interrupted."""
_TRANSCRIBE = """\
examples:
  watchkeeper transcribe claude-code ~/.claude/projects/PROJECT/SESSION.jsonl > day.jsonl
  watchkeeper transcribe codex ~/.codex/sessions/YEAR/MONTH/DAY/rollout-….jsonl > day.jsonl
  watchkeeper transcribe gemini-cli ~/.gemini/tmp/PROJECT/chats/session-….jsonl > day.jsonl
  opencode export SESSION > s.json && watchkeeper transcribe opencode s.json > day.jsonl
  watchkeeper transcribe pydantic-ai messages.json > day.jsonl
  watchkeeper transcribe openai-agents items.json --agent director > answers.jsonl
  watchkeeper transcribe jsonrpc wire.jsonl > day.jsonl

The result has no scripts in it: add them to `files` in its first line, or play it with --workspace where they lie."""


def add_commands(commands: Any, tools: Sequence[Tool]) -> None:  # noqa: ANN401 (argparse's type is private)
    """Add both commands to a parser.

    :param tools: what an import recognises.
    """
    plain = argparse.RawDescriptionHelpFormatter
    replay = commands.add_parser(
        "replay",
        help="play recorded tool calls against a fresh server",
        description="Play transcripts, each agent with a server process of its own, and compare every answer.",
        epilog=_REPLAY,
        formatter_class=plain,
    )
    replay.add_argument("files", metavar="FILE", nargs="+", help="a transcript")
    replay.add_argument(
        "--workspace", metavar="DIR", default=argparse.SUPPRESS, help="play in this folder (default: a fresh one)"
    )
    replay.add_argument("--era", choices=["auto", "legacy"], default="auto", help="of the protocol (default auto)")
    replay.add_argument("--keep", action="store_true", help="keep the fresh folder")
    replay.set_defaults(command=_replay)
    transcribe = commands.add_parser(
        "transcribe",
        help="make a transcript of what another program recorded",
        description="Turn a session of an agent into a transcript on standard output: its calls of our tools,\n"
        "with what is stable in the answers as expectation.",
        epilog=_TRANSCRIBE,
        formatter_class=plain,
    )
    transcribe.add_argument("kind", metavar="KIND", choices=KINDS, help=f"one of {', '.join(KINDS)}")
    transcribe.add_argument("file", metavar="FILE", help="what was recorded")
    roles = ["trainer", "director", "observer"]
    transcribe.add_argument("--agent", choices=roles, help="who it was (default: by the tools that were called)")
    transcribe.set_defaults(command=partial(_transcribe, tools))


def recorder(path: str, desk: Desk) -> Callable[[str, Mapping[str, object], Any], None]:
    """Return what notes the calls of a server in a transcript.

    :raises InvalidArgument: the file cannot be written, or is no transcript.
    """
    from .recording import Recorder  # noqa: PLC0415 (only a server that records needs it)

    return Recorder(Path(path), desk).note


def _say(text: str, *, error: bool = False) -> None:
    print(text, file=sys.stderr if error else sys.stdout, flush=True)


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(LONGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InvalidArgument(f"{path} cannot be read: {error}.", "Name a file that exists.") from None


def _transcribe(tools: Sequence[Tool], options: argparse.Namespace) -> int:
    from .sources import transcribed  # noqa: PLC0415 (only this command needs it)

    lines, notes = transcribed(options.kind, _content(options.file), options.file, tools, options.agent)
    for line in lines:
        _say(line)
    for note in notes:
        _say(f"watchkeeper: {note}", error=True)
    return 0


def _replay(options: argparse.Namespace) -> int:
    from .reading import read_transcript  # noqa: PLC0415 (heavy: not for the other commands)

    if options.workspace and len(options.files) > 1:
        raise InvalidArgument("--workspace is for one transcript.", "Play them one by one, or without it.")
    transcripts = [read_transcript(_content(file), file) for file in options.files]
    passed = True
    for transcript in transcripts:
        with _folder(options) as root:
            status = _played(transcript, root, options)
        if status == INTERRUPTED:
            return INTERRUPTED
        passed = passed and status == 0
    return 0 if passed else 1


@contextlib.contextmanager
def _folder(options: argparse.Namespace) -> Generator[Path]:
    if options.workspace:
        yield Path(options.workspace)
        return
    root = Path(tempfile.mkdtemp(prefix="watchkeeper-replay-"))
    try:
        yield root
    finally:
        if options.keep:
            _say(f"kept {root}")
        else:
            shutil.rmtree(root, ignore_errors=True)


def _played(transcript: Transcript, root: Path, options: argparse.Namespace) -> int:
    import anyio  # noqa: PLC0415 (heavy: not for the other commands)

    from .sandbox_folder import Stage  # noqa: PLC0415 (the same)

    for note in transcript.notes:
        _say(f"note {transcript.source}: {note}")
    stage, begun = Stage(root), time.monotonic()
    left: list[str] = []
    try:
        played = anyio.run(_until_interrupted, transcript, stage, options.era)
    finally:
        left = _cleared(stage)
    if played is None:
        _say(f"interrupted: the servers of {transcript.source} have ended, its runs were stopped.", error=True)
        return INTERRUPTED
    took_s = time.monotonic() - begun
    if played.failure is None and not left:
        _say(f"ok   {transcript.source} ({played.steps} steps, {took_s:.1f} s) {clean(transcript.header.proves, 200)}")
        return 0
    _say(f"FAIL {transcript.source} ({took_s:.1f} s) {clean(transcript.header.proves, 200)}")
    _say("\n".join(f"  {line}" for line in str(played.failure or "").split("\n")))
    return 1


def _cleared(stage: Stage) -> list[str]:
    """Stop what goes on, and let nothing but SIGKILL keep us from it."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        left = stage.clear()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for one in left:
        _say(f"FAIL left over from {clean(one, 200)}", error=True)
    return left


async def _until_interrupted(transcript: Transcript, stage: Stage, era: Any) -> Played | None:  # noqa: ANN401 (one of two words, from argparse)
    import anyio  # noqa: PLC0415 (heavy: not for the other commands)

    from .playing import play  # noqa: PLC0415 (the same)

    played: Played | None = None
    async with anyio.create_task_group() as group:

        async def leave_on_signal() -> None:
            with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
                async for _ in signals:
                    group.cancel_scope.cancel()

        group.start_soon(leave_on_signal)
        played = await play(transcript, stage, era)
        group.cancel_scope.cancel()
    return played
