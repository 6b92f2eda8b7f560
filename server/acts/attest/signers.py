"""Whose signatures a check trusts: public keys, or a file of the form of OpenSSH's allowed_signers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from ...vocabulary.errors import InvalidArgument
from ...vocabulary.sanitize import one_line
from . import keys
from .keys import PublicKey

NAMESPACE = "watchkeeper-attest"
"""What `namespaces=` of a line must name, where it names any."""
LARGEST_BYTES = 4 << 20
_WORD = re.compile(r'(?:[^\s"]|"[^"]*")+')
_OPTION = re.compile(r'([A-Za-z-]+)(?:="([^"]*)")?(?:,|\Z)')
_KEY_TYPES = ("ssh-", "ecdsa-", "sk-")
_FORMS = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


@dataclass(frozen=True, slots=True)
class Signer:
    """A trusted key, who it is, and when; times are Unix seconds, None for no bound."""

    key: PublicKey
    name: str
    valid_after: float | None = None
    valid_before: float | None = None

    def covers(self, at: float | None) -> bool:
        """Whether it may have signed at that time; an unknown time lies in no bounds."""
        if self.valid_after is None and self.valid_before is None:
            return True
        if at is None:
            return False
        begun = self.valid_after is None or at >= self.valid_after
        return begun and (self.valid_before is None or at <= self.valid_before)


def trusted(key: Path | None, allowed: Path | None) -> tuple[Signer, ...]:
    """Return the keys that a check goes by.

    :raises InvalidArgument: a file is not there, or names no key.
    """
    found = [Signer(keys.public_key(key), str(key))] if key is not None else []
    return (*found, *(_listed(allowed) if allowed is not None else ()))


def _listed(path: Path) -> Sequence[Signer]:
    shown = one_line(str(path), 300)
    try:
        text = keys.small_file(path, LARGEST_BYTES).decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidArgument(f"{shown} is no text.", "Name a file of the form of allowed_signers.") from None
    found = [*read_allowed(text)]
    if not found:
        what = f"{shown} names no Ed25519 key that may sign here."
        raise InvalidArgument(what, "A line reads: reviewer@example.org ssh-ed25519 AAAA…")
    return found


def read_allowed(text: str) -> Iterator[Signer]:
    """Yield the keys of lines `PRINCIPALS [OPTIONS] ssh-ed25519 AAAA… [COMMENT]`; of others nothing is trusted.

    Left out: certificate authorities, other kinds of keys, lines for other namespaces, options that cannot be read.
    A line of a `.pub` file, without principals, counts too. The form is that of ssh-keygen(1), ALLOWED SIGNERS.
    """
    for line in text.splitlines():
        words = _WORD.findall(line.strip())
        if not words or words[0].startswith("#"):
            continue
        who = "" if words[0].startswith(_KEY_TYPES) else words.pop(0)
        options = "" if not words or words[0].startswith(_KEY_TYPES) else words.pop(0)
        key = keys.ssh_key(words[:2])
        signer = None if key is None else _bounded(key, who, options)
        if signer is not None:
            yield signer


def _bounded(key: PublicKey, who: str, options: str) -> Signer | None:
    found = [(name.lower(), value) for name, value in _OPTION.findall(options)]
    given = dict(found)
    whole = sum(len(one.group(0)) for one in _OPTION.finditer(options)) == len(options)
    readable = whole and len(given) == len(found)  # of a doubled option nobody can say which one is meant
    known = {"namespaces", "valid-after", "valid-before"}
    if not readable or set(given) - known or not _for_us(given.get("namespaces")):
        return None
    after, before = (_moment(given.get(name)) for name in ("valid-after", "valid-before"))
    if ("valid-after" in given and after is None) or ("valid-before" in given and before is None):
        return None
    return Signer(key, who.strip('"'), after, before)


def _for_us(namespaces: str | None) -> bool:
    """Whether a list of patterns names our namespace; one behind `!` that does is a veto, wherever it stands."""
    if namespaces is None:
        return True
    patterns = [one.strip() for one in namespaces.split(",")]
    vetoes = [one[1:] for one in patterns if one.startswith("!")]
    return _names_us(patterns) and not _names_us(vetoes)


def _names_us(patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(NAMESPACE, one) for one in patterns)


def _moment(text: str | None) -> float | None:
    """Return a time as OpenSSH writes it: YYYYMMDD, then perhaps HHMM and SS, with Z in UTC, else local."""
    if not text:
        return None
    plain = text.removesuffix("Z")
    try:
        found = datetime.strptime(plain, _FORMS[len(plain)])  # noqa: DTZ007 (the zone is set in the next line)
    except (KeyError, ValueError):
        return None
    return (found.replace(tzinfo=UTC) if text.endswith("Z") else found).timestamp()
