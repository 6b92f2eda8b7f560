"""What stands around every page: headers that keep a browser to what we sent, a bounded body, and who may come in."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...vocabulary.errors import InvalidArgument, Refused
from ..views.answering import LONGEST_INSTRUCTIONS, LONGEST_OTHER, Given

LARGEST_FORM_BYTES = 9 * (LONGEST_INSTRUCTIONS + 2 * LONGEST_OTHER) + (32 << 10)
"""A form writes a letter of three bytes in nine (`%E6%90%8D`); the rest of it is short."""
MOST_FIELDS = 200
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # `no-referrer` would have forms send no Origin that could be checked
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


class Headers:
    """Puts the headers on whatever is answered; what names no other rule is never kept by a browser."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 (ASGI)
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    found[name] = value
                found.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, sent if scope["type"] == "http" else send)


async def form(request: Request) -> dict[str, list[str]]:
    """Return the fields of a form.

    :raises InvalidArgument: it is none, or too large.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise InvalidArgument("That is no form of this page.", "Use the form that the page shows.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM_BYTES:
            raise Refused(f"The form holds more than {LARGEST_FORM_BYTES >> 10} kB.", "Write less.")
    try:
        return parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise InvalidArgument("That form cannot be read.", "Use the form that the page shows.") from None


def one(fields: dict[str, list[str]], name: str) -> str:
    """Return a field's text, empty where there is none."""
    return (fields.get(name) or [""])[0].strip()


def _lines(fields: dict[str, list[str]], name: str) -> str:
    """Return a field's lines, each with the one character at its end that a page counts."""
    return one(fields, name).replace("\r\n", "\n")


def given(fields: dict[str, list[str]]) -> Given:
    """Return what the form of an answer held."""
    seen = one(fields, "seen")
    return Given(
        action=one(fields, "action"),
        instructions=_lines(fields, "instructions"),
        changes_applied=_lines(fields, "changes_applied"),
        next_steps=_lines(fields, "next_steps"),
        approve=tuple(fields.get("approve") or ()),
        error_type=one(fields, "error_type") if "error_type" in fields else None,
        name=one(fields, "name"),
        seen_seq=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 16 else None,
    )
