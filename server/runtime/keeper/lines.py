"""Reads on what the processes of a run write of themselves, so that what was read cannot be changed unnoticed.

Each sample's `head` is a hash over the head before and every piece that was read since; at the end the whole files are
compared with what was read (`rewritten`). Nothing of the content is understood here.
"""

from __future__ import annotations

import os

from . import digests, records

MOST_FILES = 2100
MOST_BYTES = 32 << 20
"""Read at one sample at most; the rest is read at the next."""
MOST_PIECES = 64
BLOCK_BYTES = 1 << 16
HEAD_SIGNS = 32
QUIET_SAMPLES = 12
"""A file that did not grow for so many samples is looked at only now and then."""


class _File:
    """What was read of one file."""

    __slots__ = ("hash", "offset", "quiet")

    def __init__(self) -> None:
        self.hash = digests.sha256()
        self.offset = 0
        self.quiet = 0


class Lines:
    """What was read so far of the folder of one run."""

    def __init__(self, head: str = "") -> None:
        self.head = head
        self._files: dict[str, _File] = {}
        self._samples = 0

    def look(self, *, last: bool = False) -> dict[str, object] | None:
        """Read what is new and return it as a sample tells it; None where there is no such folder.

        :param last: look at every file, and to its end.
        """
        self._samples += 1
        try:
            names = sorted(name for name in os.listdir(records.WITNESS) if name.endswith(".jsonl"))
        except OSError:
            return None
        pieces: list[list[object]] = []
        left = MOST_BYTES << (4 if last else 0)
        for name in names[:MOST_FILES]:
            file = self._files.setdefault(name, _File())
            if (last or self._is_due(file)) and left > 0:
                left -= self._read(name, file, left, pieces)
        whole = sum(file.offset for file in self._files.values())
        told: dict[str, object] = {
            "files": len(self._files),
            "bytes": whole,
            "head": self.head,
            "pieces": pieces[:MOST_PIECES],
        }
        return told if len(pieces) <= MOST_PIECES else told | {"more_pieces": len(pieces) - MOST_PIECES}

    def _is_due(self, file: _File) -> bool:
        return file.quiet < QUIET_SAMPLES or self._samples % QUIET_SAMPLES == 0

    def _read(self, name: str, file: _File, most: int, pieces: list[list[object]]) -> int:
        """Read one file on and return how many bytes that were."""
        begin, piece = file.offset, digests.sha256()
        try:
            descriptor = os.open(os.path.join(records.WITNESS, name), _FLAGS)
        except OSError:
            return 0
        try:
            while file.offset - begin < most and (block := os.pread(descriptor, BLOCK_BYTES, file.offset)):
                piece.update(block)
                file.hash.update(block)
                file.offset += len(block)
        except OSError:
            file.quiet = 0
        finally:
            os.close(descriptor)
        size = file.offset - begin
        file.quiet = 0 if size else file.quiet + 1
        if size:
            text = f"{self.head}{name}{begin}{piece.hexdigest()}"
            self.head = digests.of(text.encode("utf-8", "surrogateescape"))[:HEAD_SIGNS]
            pieces.append([name, begin, size])
        return size

    def rewritten(self, name: str, begin_sha256: object) -> bool:
        """Whether the beginning of a file, as long as what was read of it, is not what was read.

        :param begin_sha256: of that beginning, as it stands there now.
        """
        return name in self._files and self._files[name].hash.hexdigest() != begin_sha256

    def read_of(self, name: str) -> int:
        """Return how many bytes of a file were read."""
        return self._files[name].offset if name in self._files else 0

    def names(self) -> list[str]:
        """Return the files that were seen, also those that are gone."""
        return sorted(self._files)


_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
