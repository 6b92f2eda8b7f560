"""Who may see the page: one token, exchanged for a cookie that cannot be made without it; a hidden field on each act.

Nothing is kept in memory: cookies and fields follow from the token, so a server that is started again under an open
page knows who is in front of it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import tomllib
from pathlib import Path

from ...vocabulary.errors import InvalidArgument, Refused
from ...vocabulary.runs import Role
from ..network import tokens

MADE = "Make one with `watchkeeper ui --make-tokens FILE`."
_SESSION = re.compile(r"([A-Za-z0-9_-]{22})\.([0-9a-f]{64})")
FIELD = "csrf"
LONGEST_AGE_S = 30 * 24 * 3600


class Door:
    """Tells who is in: by a token, by a cookie that was given for it.

    :param token: the person's.
    :param port: cookies know no port, so that of the server stands in the cookie's name.
    """

    def __init__(self, token: str, port: int) -> None:
        self._key = hashlib.sha256(b"watchkeeper page\0" + token.encode()).digest()
        self._digest = hashlib.sha256(token.encode()).digest()
        self.cookie = f"watchkeeper-{port}"

    def opens(self, token: str) -> bool:
        """Whether a token is the right one; takes the same time whether it is nearly right or not at all."""
        return hmac.compare_digest(hashlib.sha256(token.encode()).digest(), self._digest)

    def session(self) -> str:
        """Return a new cookie's value."""
        name = secrets.token_urlsafe(16)
        return f"{name}.{self._signed('session', name)}"

    def knows(self, session: str) -> bool:
        """Whether a cookie's value is one that was given for the token."""
        found = _SESSION.fullmatch(session)
        return bool(found) and hmac.compare_digest(self._signed("session", found[1]), found[2])

    def field(self, session: str) -> str:
        """Return what stands hidden in every form of a session: no page of another site can know it."""
        return self._signed("act", session)

    def fits(self, session: str, field: str) -> bool:
        """Whether a form came from a page of this session."""
        return hmac.compare_digest(self.field(session).encode(), field.encode())

    def _signed(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()


def token_of(path: Path, workspace: Path) -> str:
    """Return the person's token of a file as `watchkeeper ui --make-tokens` writes it.

    :raises InvalidArgument: it has none.
    :raises Refused: the file lies in the workspace, or others may read it.
    """
    known = tokens.read(path, workspace, MADE)
    if Role.PERSON not in known.roles:
        raise InvalidArgument(f"{path} has no token for a person.", MADE)
    return str(tomllib.loads(path.read_text("utf-8"))[Role.PERSON])


def usual_token(workspace: Path) -> str:
    """Return this account's token for a workspace, made at the first call and kept outside of the workspace.

    It stays the same, so that a link, a bookmark and an open page outlive the server. Where no file can be kept it is
    good for one server only.
    """
    folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "watchkeeper/ui"
    path = folder / f"{hashlib.sha256(os.fsencode(workspace)).hexdigest()[:24]}.toml"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            tokens.make(path, workspace, (Role.PERSON,))
    except (OSError, Refused):  # a home that cannot be written, or that lies in the workspace
        if not path.exists():
            return secrets.token_urlsafe(tokens.RANDOM_BYTES)
    return token_of(path, workspace)
