"""Who may act over HTTP, and as whom: one bearer token a role, in a file that only its owner can read.

A token never stands in an argument, the environment, an address or a log, where others on the machine could read it;
the server keeps digests only.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from ...storage.files import private
from ...storage.files.private import shown
from ...vocabulary.errors import InvalidArgument, Refused
from ...vocabulary.runs import Role
from ...vocabulary.sanitize import one_line

RANDOM_BYTES = 32
LARGEST_FILE_BYTES = 10_000
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{32,512}")
"""RFC 6750's letters; shorter than 32 of them could be guessed."""
_BEARER = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/=-]{1,600}) *")
_HEAD = """\
# Tokens for `--tokens THIS_FILE` of `watchkeeper serve --http` and `watchkeeper ui`: whoever has one acts in that role.
# Remove the line of a role that nobody shall have; for a new token write another one and start the server again.
"""


class Tokens:
    """The roles that may act, known by digests of their tokens.

    :param by_role: the token of each role.
    :param digests: of tokens that are known by them alone.
    """

    def __init__(self, by_role: Mapping[Role, str], digests: Mapping[Role, bytes] | None = None) -> None:
        self._digests = {role: _digest(token.encode()) for role, token in by_role.items()} | dict(digests or {})

    def of_agents(self) -> Tokens:
        """Return these without the person's, which opens the page and no tool."""
        return Tokens({}, {role: digest for role, digest in self._digests.items() if role.agent})

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that have a token."""
        return tuple(self._digests)

    def role(self, authorization: bytes | None) -> Role | None:
        """Return whose token an `Authorization` header carries, None for nobody's.

        Takes the same time whether a token is nearly right or not at all: digests are compared, each with all.
        """
        found = _BEARER.fullmatch(authorization or b"")
        given = _digest(found[1]) if found else b""
        fitting = [role for role, digest in self._digests.items() if hmac.compare_digest(given, digest)]
        return fitting[0] if fitting else None


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


def make(path: Path, workspace: Path, roles: Iterable[Role] = tuple(role for role in Role if role.agent)) -> None:
    """Write a file with a new token for each of these roles, those of agents, readable by its owner only.

    :raises Refused: it exists, lies in the workspace, or cannot be written.
    """
    private.require_outside(path, workspace)
    lines = [f'{role} = "{secrets.token_urlsafe(RANDOM_BYTES)}"\n' for role in roles]
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise Refused(f"{shown(path)} exists.", "Remove it first: clients that use its tokens are shut out.") from None
    except (OSError, ValueError) as error:
        raise Refused(f"{shown(path)} cannot be written: {error}.", "Name a file in a folder of yours.") from None
    try:
        with os.fdopen(file, "w", encoding="utf-8") as opened:
            opened.write(_HEAD + "".join(lines))
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise Refused(f"{shown(path)} cannot be written: {error}.", "Free some space and call again.") from None


def read(path: Path, workspace: Path, made: str) -> Tokens:
    """Return the tokens of a file.

    :param made: a sentence that says how to make one; it stands in what is refused.
    :raises Refused: the file lies in the workspace, or others may read it.
    :raises InvalidArgument: it is no file of tokens; the message never quotes one.
    """
    anew = f"Others may have read it: do not use it any more. {made}"
    content = private.read(path, workspace, LARGEST_FILE_BYTES, missing=made, open_to=anew)
    return Tokens(_parsed(path, content, made))


def _parsed(path: Path, content: bytes, made: str) -> dict[Role, str]:
    if len(content) > LARGEST_FILE_BYTES:
        raise InvalidArgument(f"{shown(path)} is too large for a file of tokens.", made)
    try:
        table = tomllib.loads(content.decode("utf-8"))
    except ValueError:  # its text may quote a token
        raise InvalidArgument(
            f"{shown(path)} is no TOML.", f'Its lines are such as trainer = "TOKEN". {made}'
        ) from None
    roles = [role.value for role in Role]
    unknown = [one_line(name, 40) for name in table if name not in roles]
    if unknown or not table:
        raise InvalidArgument(f"{shown(path)} names {', '.join(unknown) or 'no role'}.", f"Roles: {', '.join(roles)}.")
    weak = [name for name, token in table.items() if not isinstance(token, str) or not _TOKEN.fullmatch(token)]
    if weak:
        raise InvalidArgument(
            f"{shown(path)}: the token of {', '.join(weak)} is none.",
            "A token is a text of 32 to 512 letters, digits and signs of -._~+/=.",
        )
    if len(set(table.values())) < len(table):
        raise InvalidArgument(f"{shown(path)} gives two roles the same token.", "Each role needs one of its own.")
    return {Role(name): token for name, token in table.items()}
