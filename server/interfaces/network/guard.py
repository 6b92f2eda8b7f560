"""What every HTTP request must pass before anything of ours sees its body; plain ASGI, around any application.

`ExactNames` stands around all that is served: the right `Host`, no foreign `Origin`. `Bearer` stands around what acts:
the method, a token that names the role (`scope["state"]["role"]`), and what that role may ask in a time. No answer
carries a CORS header, so no page of another site can read one. What is refused leaves no trace but its answer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ...vocabulary.runs import Role
from .address import Names
from .budget import Budget, TooMuch
from .tokens import Tokens

ROLE = "role"


def headers(scope: Scope, name: bytes) -> list[bytes]:
    """Return the values of a header; one that came twice is two."""
    pairs: list[tuple[bytes, bytes]] = scope["headers"]
    return [value for key, value in pairs if key == name]


def refusal(status: int, text: str, more: Mapping[str, str] | None = None) -> PlainTextResponse:
    """Return an answer that says why nothing was done; the connection ends, whatever body was still to come."""
    return PlainTextResponse(f"watchkeeper: {text}\n", status, {"connection": "close", **(more or {})})


class ExactNames:
    """Lets requests through that call the server by one of its own names.

    :param app: what is served.
    """

    def __init__(self, app: ASGIApp, names: Names) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 (ASGI)
        answer = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        await (answer or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        if not self._names.host_fits(headers(scope, b"host")):
            return refusal(421, "this server does not go by that Host; --allow-host adds a name")
        if not self._names.origin_fits(headers(scope, b"origin")):
            return refusal(403, "pages of that Origin may not call this server")
        return None


class Bearer:
    """Lets requests through that carry a role's token, as many as that role may send.

    :param app: what acts; it finds the role in `scope["state"]["role"]`.
    :param methods: the methods that it takes.
    """

    def __init__(self, app: ASGIApp, tokens: Tokens, methods: Collection[str] = ("POST",)) -> None:
        self._app = app
        self._tokens = tokens
        self._methods = methods
        self._budgets = {role: Budget() for role in tokens.roles}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 (ASGI)
        if scope["method"] not in self._methods:
            allowed = {"allow": ", ".join(self._methods)}
            return await refusal(405, f"takes {allowed['allow']} only", allowed)(scope, receive, send)
        given = headers(scope, b"authorization")
        role = self._tokens.role(given[0] if len(given) == 1 else None)
        if role is None:
            asked = {"www-authenticate": "Bearer"}
            return await refusal(401, "needs the bearer token of a role", asked)(scope, receive, send)
        try:
            with self._budgets[role].taken():
                await self._app(with_role(scope, role), receive, send)
        except TooMuch as refused:
            again = {"retry-after": str(refused.retry_after_s)}
            await refusal(refused.status, f"{refused.what}; ask again later", again)(scope, receive, send)
        return None


def with_role(scope: Scope, role: Role) -> Scope:
    """Return a request that says in which role it acts; its token goes no further."""
    state: dict[str, Any] = scope.get("state") or {}
    kept = [pair for pair in scope["headers"] if pair[0] != b"authorization"]
    return {**scope, "headers": kept, "state": {**state, ROLE: role}}
