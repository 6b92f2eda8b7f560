"""Documents that servers append to and people edit: each section gets into its file once, whatever happens between.

A section is recorded in the ledger first, with its text; then it is appended; then it is noted as written. A server
that dies in between is made good by the next call, which finds the section in the file or not. What was noted is never
written again, so a person may renumber, change or remove it. Only a file that is gone or empty is written anew.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from ..storage.files import rooted
from ..vocabulary.errors import InvalidArgument, PathRefused, StorageFailed
from ..vocabulary.sanitize import mask_secrets
from .desk import Desk

LONGEST_DOCUMENT_BYTES = 16 << 20

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document: the key of its note in the ledger, and its text, which begins with a heading and a date."""

    key: str
    text: str


def read(desk: Desk, path: str) -> str:
    """Return a document with its line ends as LF; empty when there is none.

    :raises PathRefused: if something is there that is no plain file beneath the root, or too large.
    :raises InvalidArgument: if an editor saved it in a form that nothing can be appended to.
    """
    return _bytes(desk, path).decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")


def _bytes(desk: Desk, path: str) -> bytes:
    try:
        present = desk.workspace.read_bytes(path, LONGEST_DOCUMENT_BYTES)
    except PathRefused:
        if not desk.workspace.exists(path):
            return b""
        present = desk.workspace.read_bytes(path, LONGEST_DOCUMENT_BYTES)  # another server made it just now
    if present.startswith(_UTF16):
        raise InvalidArgument(f"{path} is saved as UTF-16.", "Save it as UTF-8 and call again; nothing was written.")
    return present


def complete(desk: Desk, path: str, opening: str, sections: Sequence[Section]) -> None:
    """Append the sections that the file does not have, in order; does nothing that was done before.

    :param opening: the line that a new file begins with.
    """
    about = desk.workspace.about(path)
    if about is not None and about.size_bytes and all(desk.ledger.note(one.key) for one in sections):
        return
    with desk.ledger.transaction():  # no other server looks and appends meanwhile
        for section in sections:
            present = _bytes(desk, path)
            if desk.ledger.note(section.key) and present.strip():
                continue
            missing = missing_part(present, opening, mask_secrets(section.text))
            if missing:
                _append(desk, path, missing)
            desk.ledger.take_note(section.key, "written")


def publish(desk: Desk, path: str, text: str) -> None:
    """Write a document of ours whole, in place of an earlier one, with secrets masked."""
    desk.workspace.write_text_atomically(path, mask_secrets(text))


def missing_part(present: bytes, opening: str, text: str) -> bytes:
    """Return what has to be appended to a file so that it holds a section whole; empty when it does.

    The file's own line ends are kept. A section is known by its first three lines: heading, blank, date. What a
    server left half written at the end of the file is continued, not repeated.
    """
    end = b"\r\n" if present[: present.find(b"\n") + 1].endswith(b"\r\n") else b"\n"
    block = text.encode("utf-8", "replace").replace(b"\n", end)
    if not present.strip():
        return opening.encode().replace(b"\n", end) + end + block
    mark = end.join(block.split(end)[:3]) + end
    begin = present.rfind(mark)
    torn = present[begin if begin >= 0 else present.rfind(b"\n## ") + 1 :]
    if torn.startswith(b"## ") and block.startswith(torn):
        return block[len(torn) :]
    if _unix(mark) in _unix(present):
        return b""
    gap = b"" if present.endswith(end * 2) else end if present.endswith(end) else end * 2
    return gap + block


def _unix(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _append(desk: Desk, path: str, data: bytes) -> None:
    try:
        desk.workspace.append_durably(path, data.decode("utf-8"))
    except UnicodeDecodeError:  # the rest of a section that was torn inside a character
        with rooted.closing(desk.workspace.open_beneath(path, os.O_WRONLY | os.O_APPEND)) as file:
            try:
                rooted.append(file, data)
            except OSError as error:
                raise StorageFailed(
                    f"{path} could not be written: {error.strerror}.", "Make room and repeat."
                ) from error
