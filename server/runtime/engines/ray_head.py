"""A Ray head by its Jobs API over HTTP: no library, proxy or redirect, and a limit on time and size of each answer.

A token is read anew for each question, sent as a header, and taken out of whatever the head says back.
"""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlsplit

from ...vocabulary.sanitize import one_line, outgoing
from .ray_job import Job, found_in
from .submissions import Refusal, Unavailable

if TYPE_CHECKING:
    from http.client import HTTPConnection, HTTPResponse

WITHIN_S = 20.0
"""The first job of a head is taken after up to 14 s."""
CONNECTS_WITHIN_S = 4.0
"""A connection is made at once, or after a lost packet or two; a host that swallows them is not waited for."""
MOST_BYTES = 64 << 20
"""A head lists every job that it knows, a failed one with up to 20,000 characters of its log."""
_TOKEN_BYTES = 64 << 10
_HEADER = re.compile(r"([A-Za-z0-9-]+):[ \t]+(\S.*)")


@dataclass(frozen=True, slots=True)
class Head:
    """Where a Ray is, and how it knows who asks.

    :ivar address: of the dashboard, such as `http://head:8265`.
    :ivar token_file: a file that holds a token, or lines `Name: value`; empty for none.
    :ivar token_env: the environment variable of this server that holds a token; empty for none.
    :ivar workspace: the folder that agents read, where no such file may lie.
    """

    address: str
    token_file: str = ""
    token_env: str = ""
    workspace: Path = Path("/nonexistent")

    @property
    def has_token(self) -> bool:
        """Whether questions are asked with a token."""
        return bool(self.token_file or self.token_env)

    def about(self) -> tuple[str, str]:
        """Return the version of Ray, and the session: another one after the head was started anew.

        :raises Unavailable: if it cannot be asked now.
        """
        found = self._ask("GET", "version")
        if not isinstance(found, dict) or "ray_version" not in found:
            raise Unavailable(f"{self.address} is no dashboard of Ray: /api/version says nothing of it")
        about = cast("dict[str, object]", found)
        return one_line(str(about["ray_version"]), 40), one_line(str(about.get("session_name")), 200)

    def jobs(self) -> list[Job]:
        """Return every job that was submitted to it.

        :raises Unavailable: if it cannot be asked now.
        """
        found = self._ask("GET", "jobs/")
        if not isinstance(found, list):
            raise Unavailable(f"{self.address} has no Jobs API: install ray[default] there")
        return [job for one in cast("list[object]", found) if (job := found_in(one)) is not None]

    def job(self, name: str) -> Job | None:
        """Return one job, None where there is none of that name.

        :raises Unavailable: if it cannot be asked now.
        """
        return found_in(self._ask("GET", f"jobs/{quote(name, safe='')}"))

    def submit(self, name: str, entrypoint: str, request: Mapping[str, object]) -> None:
        """Hand a job over; once, as a name that is known is not taken again.

        :raises Unavailable: if it is not known whether it was taken: look for its name.
        :raises Refusal: if what was asked for is nothing that Ray understands.
        """
        self._ask("POST", "jobs/", {"submission_id": name, "entrypoint": entrypoint, **request})

    def stop(self, name: str) -> None:
        """Have a job ended: SIGTERM to all that is in it, three seconds later SIGKILL. A queued one goes at its turn.

        :raises Unavailable: if it cannot be asked now.
        """
        self._ask("POST", f"jobs/{quote(name, safe='')}/stop", {})

    def cluster(self) -> Mapping[str, Any]:
        """Return what the head says of its nodes, as it comes; see `ray_nodes`.

        :raises Unavailable: if it cannot be asked now.
        """
        found = self._ask("GET", "cluster_status?format=0")
        return cast("dict[str, Any]", found) if isinstance(found, dict) else {}

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> object:
        """Return the answer's JSON; None where there is no such thing (404)."""
        headers, deadline_s = self._headers(), time.monotonic() + WITHIN_S
        from http.client import HTTPException  # noqa: PLC0415 (not needed where no Ray is)

        try:
            connection, base = _connection(self.address)
            try:
                content = None if body is None else json.dumps(body)
                with _cut_at(connection, deadline_s):
                    connection.request(method, f"{base}/api/{path}", content, headers)
                    with connection.getresponse() as answer:
                        said = _read(answer, deadline_s)
            finally:
                connection.close()
        except (OSError, HTTPException, ValueError) as error:
            why = "timed out" if time.monotonic() > deadline_s else str(error) or type(error).__name__
            raise Unavailable(f"{self.address}: {one_line(_without(why, headers), 200)}") from None
        return self._understood(method, answer.status, said, headers)

    def _understood(self, method: str, status: int, said: bytes, headers: Mapping[str, str]) -> object:
        if status == 404:
            return None
        if status == 200:
            try:
                return json.loads(said)
            except (ValueError, RecursionError):
                raise Unavailable(f"{self.address} answered with no JSON: no dashboard of Ray?") from None
        last = said.decode("utf-8", "replace").strip().rpartition("\n")[2]
        text = outgoing(one_line(_without(last, headers), 300), 300) or f"status {status}"
        if status == 400 and method == "POST":  # a question that fails refuses no job
            raise Refusal(text)
        if status in (401, 403):
            known = self.token_file or self.token_env
            mend = f"it does not take the token of {known}" if known else "name [engine] token_file or token_env"
            raise Unavailable(f"{self.address} asks who is there ({status}): {mend}")
        if 300 <= status < 400:
            raise Unavailable(f"{self.address} points elsewhere ({status}): name the address that answers itself")
        raise Unavailable(f"{self.address} failed ({status}): {text}")

    def _headers(self) -> dict[str, str]:
        kind = {"Content-Type": "application/json", "Accept": "application/json"}
        text = self._secret()
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if not lines:
            return kind
        if not text.isascii() or not all(line.isprintable() for line in lines):
            raise Unavailable(f"the token of {self.token_file or self.token_env} is no text that a header can hold")
        named = [_HEADER.fullmatch(line) for line in lines]
        if all(named):
            return {**kind, **{one[1]: one[2] for one in named if one}}
        if len(lines) > 1:
            raise Unavailable(f"{self.token_file or self.token_env} holds neither one token nor lines `Name: value`")
        return {**kind, "Authorization": f"Bearer {lines[0].removeprefix('Bearer ')}"}

    def _secret(self) -> str:
        if self.token_env:
            found = os.environ.get(self.token_env, "")
            if not found:
                raise Unavailable(f"the server's environment has no {self.token_env} ([engine] token_env)")
            return found
        return _private(Path(self.token_file), self.workspace) if self.token_file else ""


def _private(path: Path, workspace: Path) -> str:
    """Return what a file holds that is ours and nobody else's.

    :raises Unavailable: saying what is wrong with it.
    """
    if Path(os.path.realpath(path)).is_relative_to(workspace):
        raise Unavailable(f"{path} lies in the workspace, where every agent could read it: keep the token elsewhere")
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Unavailable(f"the token file {path} cannot be read: {error.strerror}") from None
    try:
        about = os.fstat(file)
        if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o077:
            raise Unavailable(f"{path} must be a file of yours that only you may read: chmod 600 {path}")
        return os.read(file, _TOKEN_BYTES).decode("utf-8", "replace")
    finally:
        os.close(file)


def _connection(address: str) -> tuple[HTTPConnection, str]:
    """Return a connection to a head and the path before its API. Proxies of the environment do not count."""
    from http.client import HTTPConnection, HTTPSConnection  # noqa: PLC0415 (not needed where no Ray is)

    parts = urlsplit(address)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=CONNECTS_WITHIN_S), parts.path.rstrip("/")


@contextmanager
def _cut_at(connection: HTTPConnection, deadline_s: float) -> Generator[None]:
    """Connect, and break the connection off at the deadline: a limit on each byte is none on a head that drips."""
    connection.connect()
    connection.sock.settimeout(WITHIN_S)
    timer = threading.Timer(max(0.0, deadline_s - time.monotonic()), _cut, [connection.sock])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(link: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(link, socket.SHUT_RDWR)  # under TLS too: whoever reads there finds its end


def _read(answer: HTTPResponse, deadline_s: float) -> bytes:
    """Return what was answered.

    :raises OSError: if it does not come in time or never ends.
    """
    content = bytearray()
    while block := answer.read1(1 << 20):
        content += block
        if len(content) > MOST_BYTES:
            raise OSError(f"it answers with more than {MOST_BYTES >> 20} MiB")
        if time.monotonic() > deadline_s:
            break
    if time.monotonic() > deadline_s:
        raise TimeoutError("timed out")
    if answer.length:
        raise OSError(f"it broke off {answer.length} bytes before the end of its answer")
    return bytes(content)


def _without(text: str, headers: Mapping[str, str]) -> str:
    """Return text without what was sent as a secret: some servers show a request in their answer."""
    for name, value in headers.items():
        if name not in ("Content-Type", "Accept"):
            for secret in (value, value.removeprefix("Bearer ")):
                text = text.replace(secret, "…")
    return text
