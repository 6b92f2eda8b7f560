"""What was written for people and kept in the record: entries of the diary, searches, attestations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .chain import Kind


@dataclass(frozen=True, kw_only=True)
class EntryWritten:
    """An entry of the diary.

    :ivar proven: whether the evidence stands behind it, or none is to be expected.
    :ivar fix: on one line.
    """

    KIND: ClassVar = Kind.DIARY

    number: int
    path: str
    text: str
    sha256: str = ""
    report: str = ""
    finding: str = ""
    fix: str = ""
    insight: bool = False
    proven: bool = True


@dataclass(frozen=True, kw_only=True)
class EntryProven:
    """The evidence of an entry, appended once its fix was proven."""

    KIND: ClassVar = Kind.PROVEN

    proof: str
    proven: bool = True


@dataclass(frozen=True, kw_only=True)
class SearchLogged:
    """A hyper-parameter search as it stands in its file."""

    KIND: ClassVar = Kind.SEARCH

    number: int
    path: str
    text: str
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class AttestationMade:
    """A signed statement on a run was handed out.

    :ivar verdict: the verdict that it tells of. :ivar sha256: of the envelope.
    :ivar keyid: fingerprint of the key that signed. :ivar by: who asked for it.
    :ivar position, head: number and hash of the event that was the newest when it was made, as the statement says.
    """

    KIND: ClassVar = Kind.ATTESTED

    verdict: str
    sha256: str
    keyid: str
    by: str
    position: int
    head: str
