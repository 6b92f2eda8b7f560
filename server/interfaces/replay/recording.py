"""`serve --record FILE`: every call of a live session as a step that can be played again.

A step is on disk before the agent has its answer, in one write behind a lock, so that a server that is killed leaves a
playable file and two servers (a trainer's and a director's) may record into the same one.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import re
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

from pydantic import JsonValue

from ...acts.desk import Desk
from ...storage.policy.policy import POLICY_FILE
from ...vocabulary.errors import InvalidArgument, WatchkeeperError
from ...vocabulary.sanitize import mask_secrets
from .abstracting import Abstraction, Facts, facts_of

LONGEST_SCRIPT = 256 << 10
_CAPTURE = re.compile(rb'"\$capture": ?"(\w{1,60})"')
_log = logging.getLogger(__name__)


class Result(Protocol):
    """What the recorder needs to know of a tool's result; the SDK's has it."""

    @property
    def is_error(self) -> bool | None: ...  # noqa: D102
    @property
    def structured_content(self) -> Any: ...  # noqa: D102, ANN401 (the SDK's)
    @property
    def content(self) -> Any: ...  # noqa: D102, ANN401 (the SDK's)


class Recorder:
    """Appends the calls of one server to a transcript.

    :param path: the file; a session that was cut off goes on in the same one.
    :raises InvalidArgument: if it cannot be written, or is another kind of file.
    """

    def __init__(self, path: Path, desk: Desk) -> None:
        self._desk = desk
        self._agent = desk.role.value
        self._path = path
        self._here = threading.Lock()
        self._read_bytes = 0
        self._written: dict[str, str] = {}
        self._last_at = time.monotonic()
        self._abstraction = Abstraction(workspace=str(desk.workspace.root))
        try:
            with self._held() as file:
                if os.fstat(file).st_size == 0:
                    _append(file, [self._header()])
                elif not os.pread(file, 20, 0).startswith(b'{"transcript"'):
                    raise InvalidArgument(f"{path} is no transcript; nothing is added to it.", "Name a new file.")
        except OSError as error:
            raise InvalidArgument(f"{path} cannot be written: {error.strerror}.", "Name another file.") from None

    def note(self, tool: str, arguments: Mapping[str, object], result: Result) -> None:
        """Record a call and what it came to; a full disk is reported on standard error and spoils no call."""
        try:
            with self._here, self._held() as file:
                _append(file, self._steps(tool, cast("Mapping[str, JsonValue]", arguments), result))
        except OSError as error:
            _log.error("a call of %s could not be recorded in %s: %s", tool, self._path, error)

    @contextmanager
    def _held(self) -> Generator[int]:
        """Open the file, alone among all recorders, with what others captured meanwhile known."""
        file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            _without_torn_end(file)
            new = os.pread(file, max(0, os.fstat(file).st_size - self._read_bytes), self._read_bytes)
            self._abstraction.defined.update(name.decode() for name in _CAPTURE.findall(new))
            self._read_bytes += len(new)
            yield file
        finally:
            os.close(file)

    def _header(self) -> Facts:
        header: Facts = {"transcript": 1, "proves": f"recorded from the session of a {self._agent}"}
        policy = self._text_of(POLICY_FILE)
        return {**header, "policy": policy} if policy is not None else header

    def _steps(self, tool: str, arguments: Mapping[str, JsonValue], result: Result) -> list[Facts]:
        waited_s, self._last_at = time.monotonic() - self._last_at, time.monotonic()
        text = "\n".join(str(getattr(block, "text", "")) for block in result.content)
        if result.is_error:
            return [*self._script(arguments, {}), self._abstraction.refused(self._agent, tool, arguments, text)]
        content = cast("Facts", result.structured_content or facts_of(text) or {})  # a plot has text alone
        before = self._script(arguments, content) if "script" in content else []
        step = self._abstraction.answered(self._agent, tool, arguments, content, waited_s)
        return [*before, step] if step is not None else before

    def _script(self, arguments: Mapping[str, JsonValue], content: Facts) -> list[Facts]:
        """Return the step that writes the script of a start, if it is not as it was last written."""
        path, model = content.get("script") or arguments.get("script"), arguments.get("model")
        try:
            path = path or (self._desk.workspace.script(str(model)) if "phase" in arguments else None)
            text = self._text_of(str(path)) if path else None
        except WatchkeeperError:
            return []
        if not path or text is None or self._written.get(str(path)) == _sha256(text):
            return []
        self._written[str(path)] = _sha256(text)
        return [{"write": {self._desk.workspace.relative(str(path)): text}}]

    def _text_of(self, path: str) -> str | None:
        """Return a file's text with secrets masked; None if there is none that fits into a transcript."""
        try:
            if not self._desk.workspace.exists(path):
                return None
            return mask_secrets(self._desk.workspace.read_bytes(path, LONGEST_SCRIPT).decode("utf-8", "replace"))
        except WatchkeeperError:
            return None


def _append(file: int, steps: list[Facts]) -> None:
    if steps:
        lines = "".join(json.dumps(step, ensure_ascii=False) + "\n" for step in steps)
        data = lines.encode("utf-8", "replace")
        end = os.fstat(file).st_size
        if os.write(file, data) < len(data):  # the disk is full: half a step is none
            os.ftruncate(file, end)
            raise OSError(28, "No space left on device")
        os.fsync(file)


def _without_torn_end(file: int) -> None:
    """Cut off a last line without its end: its writer was killed in the middle of it."""
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":
        content = os.pread(file, size, 0)
        os.ftruncate(file, content.rfind(b"\n") + 1)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
