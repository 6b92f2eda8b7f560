"""What was written for people and kept in the record: entries of the diary, hyper-parameter searches."""

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
