"""The page in this process: requests to its application as a browser sends them, and its server as a process."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from starlette.types import ASGIApp
from watchkeeper.server.interfaces.network import address
from watchkeeper.server.interfaces.web.door import Door
from watchkeeper.server.interfaces.web.service import application, open_person_desk
from watchkeeper.server.storage.files.workspace import Workspace

from ...runtime.keeper.helpers import until
from ...warm import Begun
from ..network.helpers import Answer, asked

TOKEN = "t" * 43
Fields = Mapping[str, str]
HOST = "127.0.0.1:8764"
ORIGIN = f"http://{HOST}"


class Page:
    """A page's application, and a browser that is signed in.

    :ivar door: the application's.
    """

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self.app = app
        self.door = door
        self.session = door.session()

    async def get(
        self, path: str, *headers: tuple[str, str], signed_in: bool = True, accept: str = "text/html"
    ) -> Answer:
        cookie = [("cookie", f"{self.door.cookie}={self.session}")] if signed_in else []
        return await self._asked("GET", path, [("host", HOST), ("accept", accept), *cookie, *headers])

    async def post(self, path: str, fields: Fields, *, signed_in: bool = True, origin: str = ORIGIN) -> Answer:
        cookie = [("cookie", f"{self.door.cookie}={self.session}")] if signed_in else []
        form = [("content-type", "application/x-www-form-urlencoded"), ("origin", origin), ("accept", "text/html")]
        return await self._asked("POST", path, [("host", HOST), *cookie, *form], urlencode(fields).encode())

    async def _asked(self, method: str, path: str, headers: list[tuple[str, str]], body: bytes = b"") -> Answer:
        parts = urlsplit(path)
        return await asked(self.app, method, headers, body, parts.path, parts.query.encode())


@contextmanager
def page(root: Path) -> Generator[Page]:
    """Give the page of a workspace, without a watch of its own."""
    desk = open_person_desk(Workspace(root))
    with closing(desk.ledger):
        door = Door(TOKEN, 8764)
        app, _ = application(desk, door, address.names(address.parsed(HOST), ()), "1")
        yield Page(app, door)


class Served:
    """`watchkeeper ui` as a process.

    :ivar link: what it printed for a person to open.
    """

    def __init__(self, process: Begun) -> None:
        self._process = process
        self.link = until(self._link, "the page is served")
        self.at = self.link.partition("/#")[0]

    def _link(self) -> str | None:
        said = self._process.out + self._process.err
        assert self._process.status is None, said
        found = re.search(r"http://\S+", said)
        return found[0] if found else None

    def end(self, by: int) -> int:
        """End it by a signal and return its exit status."""
        self._process.send(by)
        return self._process.ends()


@contextmanager
def served(root: Path, state: Path, where: str = "127.0.0.1:0") -> Generator[Served]:
    """Give a server of the page; it does not outlive the test."""
    environment = {**os.environ, "XDG_STATE_HOME": str(state)}
    with Begun("--workspace", str(root), "ui", where, environment=environment) as process:
        yield Served(process)
