r"""Logs that are not lines of UTF-8: UTF-16 as PowerShell writes it, docker's JSON lines, packed files. Pure.

Whatever the form, one line of the file is one line here, so numbers stay those of an editor (and, but for UTF-16, of
`grep -n`).
"""

from __future__ import annotations

import base64
import codecs
import json
import re
from collections.abc import Mapping
from typing import Any

_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"PK\x03\x04": "zip",
}
LOOK_BYTES = 6
"""So many bytes tell what a log is written in."""

_DOCKER = re.compile(
    rb'(?m)^\{"log":"(?P<text>(?:[^"\\\r\n]|\\.)*)"(?:,"stream":"\w{1,9}")?(?:,"attrs":\{[^\r\n]{0,2000}?\})?'
    rb',"time":"[^"\r\n]{1,40}"\}$'
)
"""A line of docker's driver json-file."""
_DOCKER_CUT = re.compile(rb'(?m)^\{"log":"(?P<text>(?:[^"\\\r\n]|\\.){2000,})$')
_DOCKER_REST = re.compile(rb'(?m)^(?P<text>[^\r\n]*?)(?:\\n)?","stream":"\w{1,9}","time":"[^"\r\n]{1,40}"\}$')
"""Beginning and end of one that is so long that it was cut."""
_DOCKER_BEGINS = b'{"log":"'
_CRI = re.compile(rb"(?m)^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{1,9}(?:Z|[-+]\d\d:\d\d) std(?:out|err) [FP] ")
"""What containerd puts before each line."""


class Decoder:
    """Turns the bytes of a log into UTF-8, however they are cut.

    :param state: what `state()` returned.
    """

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        saved = state or {}
        self._form: str = saved.get("form", "")
        """utf-8, utf-16-le, utf-16-be; empty until it is known."""
        self._held = base64.b64decode(saved.get("held", ""))
        self.packed: str = saved.get("packed", "")
        """What it is packed with: nothing of it can be read."""

    def state(self) -> dict[str, str]:
        """Return what a new one continues from."""
        return {"form": self._form, "held": base64.b64encode(self._held).decode(), "packed": self.packed}

    @property
    def holds(self) -> bool:
        """Whether bytes are held back until more come."""
        return bool(self._held)

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes and return what is complete of them."""
        if not data:
            return data
        if not self._form:
            self._held, data = self._held + data, b""
            if len(self._held) < LOOK_BYTES and self._may_tell():
                return b""
            self._form, self.packed = _form_of(self._held)
            data, self._held = self._held, b""
        if self._form == "utf-8":
            # PowerShell's >> writes UTF-16 behind lines of UTF-8; of what is ASCII there, this leaves the text.
            return data.replace(b"\0", b"") if b"\0" in data else data
        return self._from_utf_16(data)

    def rest(self) -> bytes:
        """Return what was held back; no more bytes come."""
        held, self._held = self._held, b""
        return held if not self._form else b""

    def _may_tell(self) -> bool:
        """Whether the first bytes may be the beginning of a mark; text is read at once."""
        begin = self._held
        marks = (*_MARKS, *_PACKED)
        return b"\0" in begin or len(begin) < 2 or any(mark.startswith(begin) for mark in marks)

    def _from_utf_16(self, data: bytes) -> bytes:
        decoder = codecs.getincrementaldecoder(self._form)("replace")
        decoder.setstate((self._held, 0))
        text = decoder.decode(data)
        self._held = decoder.getstate()[0]
        return text.lstrip("\ufeff").encode("utf-8", "replace")


def _form_of(begin: bytes) -> tuple[str, str]:
    """Return what a log is written in and what it is packed with, by its first bytes."""
    if begin[:2] in _MARKS:
        return _MARKS[begin[:2]], ""
    if len(begin) >= 4 and begin[1] == begin[3] == 0 and begin[0] and begin[2]:
        return "utf-16-le", ""
    if len(begin) >= 4 and begin[0] == begin[2] == 0 and begin[1] and begin[3]:
        return "utf-16-be", ""
    return "utf-8", next((name for mark, name in _PACKED.items() if begin.startswith(mark)), "")


def unwrapped(lines: bytes) -> bytes:
    """Return complete lines as the training wrote them, without what a container's log keeps around each.

    A container's log has this form from its first line to its last, so that a look at two of them is enough.
    """
    last = lines.rfind(b"\n", 0, -1) + 1
    if lines.startswith(_DOCKER_BEGINS) or lines.startswith(_DOCKER_BEGINS, last):
        lines = _DOCKER.sub(_text, lines)
        return _DOCKER_REST.sub(_text, _DOCKER_CUT.sub(_text, lines))
    return _CRI.sub(b"", lines) if _CRI.match(lines) or _CRI.match(lines, last) else lines


def _text(found: re.Match[bytes]) -> bytes:
    try:
        text = str(json.loads(b'"' + found["text"] + b'"')).encode("utf-8", "replace")
    except ValueError:  # cut inside a sign
        text = found["text"]
    return text.rstrip(b"\r\n").replace(b"\n", b" ")
