"""What `watchkeeper ui` serves, put together: pages, files, the stream of events, and what stands around them."""

from __future__ import annotations

import os
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import quote

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from ...acts.desk import Desk, open_desk
from ...storage.files.workspace import Workspace
from ...vocabulary.errors import InvalidArgument, NotFound, WatchkeeperError
from ...vocabulary.runs import Role
from ..network.address import Names
from ..network.guard import ExactNames
from ..views.hub import Hub
from .door import LONGEST_AGE_S, Door
from .guarding import Headers, form, one
from .pages import Pages
from .rendering import STATIC, render
from .stream import Streams

DEFECT = "It is a defect of watchkeeper; what it says stands in the terminal of `watchkeeper ui`. Runs go on."
Handler = Callable[[Request], Awaitable[Response]]


def application(desk: Desk, door: Door, names: Names, version: str) -> tuple[Starlette, Callable[[], None]]:
    """Return the application, and what to call when it is about to end.

    :param desk: a person's.
    """
    hub = Hub(desk)
    pages = Pages(hub, door, version)
    inside = _Inside(door, pages)

    @asynccontextmanager
    async def running(_app: Starlette) -> AsyncGenerator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(hub.run)
            tasks.start_soon(pages.warm)
            yield
            tasks.cancel_scope.cancel()

    served: list[tuple[str, Handler, list[str]]] = [
        ("/", pages.overview, ["GET"]),
        ("/session", pages.session, ["GET"]),
        ("/runs", pages.runs, ["GET"]),
        ("/runs/{run}", pages.run, ["GET"]),
        ("/runs/{run}/log", pages.log, ["GET"]),
        ("/runs/{run}/charts", pages.charts, ["GET"]),
        ("/runs/{run}/chains", pages.chains, ["GET"]),
        ("/models", pages.models, ["GET"]),
        ("/models/{model}", pages.model, ["GET"]),
        ("/reports/{report}", pages.report, ["GET"]),
        ("/reports/{report}", pages.answer, ["POST"]),
        ("/compare", pages.compare, ["GET"]),
        ("/events", Streams(hub), ["GET"]),
    ]
    routes = [Route(path, inside(handler), methods=methods) for path, handler, methods in served]
    routes += [Route("/session", inside.sign_in, methods=["POST"]), Route("/static/{digest}/{name}", file)]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Headers), Middleware(ExactNames, names=names)],
        exception_handlers={HTTPException: inside.refused},
        lifespan=running,
    )
    return app, hub.close


class _Inside:
    """Lets in whoever has the cookie; others see where to sign in. Turns what an act refuses into a page."""

    def __init__(self, door: Door, pages: Pages) -> None:
        self._door = door
        self._pages = pages

    def __call__(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            session = request.cookies.get(self._door.cookie, "")
            if not self._door.knows(session):
                return self._outside(request)
            request.state.session = session
            try:
                return await handler(request)
            except WatchkeeperError as error:
                return self._trouble(request, error)
            except Exception:  # the one seam of the page: whatever else escapes is a defect of ours, and no page's end
                traceback.print_exc()
                return self._told(request, 500, "This page could not be drawn.", DEFECT)

        return guarded

    def _outside(self, request: Request) -> Response:
        if request.method != "GET" or "text/html" not in request.headers.get("accept", ""):
            return PlainTextResponse("watchkeeper: sign in first\n", 401)
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return HTMLResponse(render("signin.html", {"next": wanted, "wrong": False}), 401)

    async def sign_in(self, request: Request) -> Response:
        """Give the cookie for the token, and lead to the page that was asked for."""
        try:
            fields = await form(request)
        except WatchkeeperError as error:
            return PlainTextResponse(f"watchkeeper: {error}\n", 400)
        wanted = one(fields, "next")
        if not self._door.opens(one(fields, "token")):
            return HTMLResponse(render("signin.html", {"next": wanted, "wrong": True}), 401)
        answer = RedirectResponse(_own(wanted), 303)
        answer.set_cookie(
            self._door.cookie, self._door.session(), max_age=LONGEST_AGE_S, httponly=True, samesite="strict", path="/"
        )
        return answer

    def _trouble(self, request: Request, error: WatchkeeperError) -> Response:
        status = 404 if isinstance(error, NotFound) else 400 if isinstance(error, InvalidArgument) else 409
        return self._told(request, status, error.what, error.do_next)

    def _told(self, request: Request, status: int, what: str, do_next: str) -> Response:
        if "text/html" not in request.headers.get("accept", ""):
            return PlainTextResponse(f"watchkeeper: {what} {do_next}\n", status)
        about = {"status": status, "what": what, "do_next": do_next, "tone": "ask" if status == 404 else "bad"}
        page = {**self._pages.common(request), **about, "back": "/"}
        return HTMLResponse(render("trouble.html", page), status)

    async def refused(self, request: Request, error: Exception) -> Response:
        """Answer what no route takes."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        if not self._door.knows(session := request.cookies.get(self._door.cookie, "")):
            return self._outside(request)
        request.state.session = session
        words = {404: "There is no such page.", 405: "That page takes no such request."}
        return self._told(request, status, words.get(status, "That cannot be answered."), "The first page leads on.")


def _own(wanted: str) -> str:
    """Return a path of ours; an address of another server is none, however it is written."""
    good = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return quote(wanted, safe="/?&=%#-._~") if good else "/"


async def file(request: Request) -> Response:
    """Return a file of ours; its address changes with its content."""
    named = {one.name: one for one in STATIC.iterdir() if one.is_file()}
    path = named.get(request.path_params["name"])  # compared, never opened: it may be of any length
    if path is None:
        return PlainTextResponse("watchkeeper: no such file\n", 404)
    return FileResponse(path, headers={"cache-control": "public, max-age=31536000, immutable"})


def open_person_desk(found: Workspace) -> Desk:
    """Return the desk of whoever is in front of the page."""
    return open_desk(found, Role.PERSON, who=f"person over the page, uid {os.getuid()}")
