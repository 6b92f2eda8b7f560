"""A model on loopback, as its wire shows it: programs ask it over HTTP, and a function of the test answers.

It knows what the programs of docs/clients.md ask: Anthropic's Messages, OpenAI's Responses and Chat Completions,
Google's generateContent, each whole or as a stream; counted tokens; lists of models. Anything else is 404 and is noted.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import urlsplit

from . import anthropic, gemini, openai
from .shown import picture_in
from .turns import Asked, Event, Form, Json, Model, Reply, compact

IDENTIFIER = count(1)


class Service(ThreadingHTTPServer):
    """Listens on a port of its own.

    :ivar asked: what was asked, in the order in which it came.
    :ivar unknown: method and path of each request that no form knows.
    """

    daemon_threads = True

    def __init__(self, model: Model) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.model = model
        self.asked: list[Asked] = []
        self.unknown: list[str] = []
        self.failures: list[Exception] = []
        self.one_by_one = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def reply(self, asked: Asked) -> Reply:
        """Ask the model, one request at a time, and give the call an identifier of its own."""
        with self.one_by_one:
            self.asked.append(asked)
            try:
                said = self.model(asked)
            except Exception as error:  # a program would ask again and again; it is raised at the end
                self.failures.append(error)
                said = Reply(text=f"the model failed: {error!r}")
            return Reply(said.tool, said.arguments, said.text, f"call_{next(IDENTIFIER)}")


def form_of(path: str) -> Form | None:
    """Return the form that a path belongs to."""
    if path.endswith("/messages"):
        return anthropic.FORM
    if path.endswith("/responses"):
        return openai.RESPONSES
    if path.endswith("/chat/completions"):
        return openai.CHAT
    return gemini.FORM if path.endswith((":generateContent", ":streamGenerateContent")) else None


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    server: Service  # pyright: ignore[reportIncompatibleVariableOverride]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Print nothing."""

    def do_HEAD(self) -> None:
        self._send(200, "application/json", b"")

    def do_GET(self) -> None:
        if urlsplit(self.path).path.endswith("/models"):
            self._json({"object": "list", "data": [{"id": "scripted", "object": "model"}], "models": []})
        else:
            self._unknown()

    def do_POST(self) -> None:
        body: Json = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        path = urlsplit(self.path).path
        form = form_of(path)
        if form is not None:
            reply = self.server.reply(replace(form.read(body), picture=picture_in(body)))
            if body.get("stream") or path.endswith(":streamGenerateContent"):
                self._stream(form.streamed(reply), form.last)
            else:
                self._json(form.whole(reply))
        elif path.endswith("/count_tokens"):
            self._json({"input_tokens": len(compact(body)) // 4})
        elif path.endswith(":countTokens"):
            self._json({"totalTokens": len(compact(body)) // 4})
        else:
            self._unknown()

    def _unknown(self) -> None:
        self.server.unknown.append(f"{self.command} {self.path}")
        self._json({"error": {"type": "not_found_error", "message": "not found"}}, 404)

    def _json(self, content: Json, status: int = 200) -> None:
        self._send(status, "application/json", compact(content).encode())

    def _stream(self, events: Iterable[Event], last: str) -> None:
        lines = [
            f"{f'event: {name}' + chr(10) if name else ''}data: {compact(content)}\n\n" for name, content in events
        ]
        lines += [f"data: {last}\n\n"] if last else []
        self._send(200, "text/event-stream", "".join(lines).encode())

    def _send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


@contextmanager
def serving(model: Model) -> Generator[Service]:
    """Serve a model while the block lasts; what the model raised is raised at its end."""
    with Service(model) as service:
        thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield service
        finally:
            service.shutdown()
            thread.join()
