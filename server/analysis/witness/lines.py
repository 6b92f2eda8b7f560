"""The bytes of a witness file to lines, and whether their chain holds (docs/witness.md). Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from .values import number, part, text, whole

HASH_SIGNS = 32
_MARK = b',"h":"'
_TAIL = len(_MARK) + HASH_SIGNS + len(b'"}')
REPLACING = frozenset({"steps", "losses", "batches", "solve", "more"})
"""Kinds of which a line replaces the line before with the same `id`: its figures are since the beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that was seen. All texts in it come from the run: untrusted."""

    file: str
    """The file it stands in: one a process."""
    n: int
    at: float
    pid: int
    cpu_s: float
    kind: str
    where: str
    facts: Mapping[str, object]

    @property
    def id(self) -> str:
        """What tells a cumulative line from others of its kind in its file."""
        value = self.facts.get("id")
        return str(value) if isinstance(value, int | str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What one process wrote."""

    file: str
    lines: tuple[Line, ...] = ()
    broken: str = ""
    """What is wrong with the chain, and where; empty when it holds."""
    torn: bool = False
    """Whether the last line is unfinished, as a SIGKILL leaves it."""

    @property
    def begin(self) -> Mapping[str, object]:
        """The facts of its first line; empty where that is missing."""
        return self.lines[0].facts if self.lines and self.lines[0].kind == "begin" else {}

    @property
    def end(self) -> Mapping[str, object] | None:
        """The facts of its end; None where it was killed or left without."""
        return self.lines[-1].facts if self.lines and self.lines[-1].kind == "end" else None

    @property
    def role(self) -> str:
        """`main`, `fork`, `spawn`, `joblib`, `kernel` or `program`."""
        return text(self.begin, "role")


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """What all processes of a run wrote."""

    processes: tuple[Process, ...] = ()
    lines: tuple[Line, ...] = field(default=())
    """Of all of them in the order of time, those that later ones replaced left out."""

    def of(self, *kinds: str) -> tuple[Line, ...]:
        """Return the lines of these kinds."""
        return tuple(line for line in self.lines if line.kind in kinds)

    @property
    def broken(self) -> tuple[str, ...]:
        """What is wrong with the chains, each with its file."""
        return tuple(f"{each.file}: {each.broken}" for each in self.processes if each.broken)


def read_process(file: str, data: bytes, nonce: str) -> Process:
    """Return what a witness file says.

    :param file: its name in the folder, which the chain begins with.
    :param data: its bytes.
    :param nonce: that of the start, as the ledger holds it.
    """
    whole_lines, _, rest = data.rpartition(b"\n")
    before, lines, broken = first_hash(nonce, file), list[Line](), ""
    for number_of_line, raw in enumerate(whole_lines.split(b"\n") if whole_lines else []):
        line = _line(file, raw)
        wanted = chained(before, raw[:-_TAIL])
        if not broken and (line is None or line.n != number_of_line or raw[-_TAIL:] != _tail(wanted)):
            broken = f"the chain does not fit at line {number_of_line + 1}"
        before = wanted
        if line is not None:
            lines.append(line)
    return Process(file=file, lines=tuple(lines), broken=broken, torn=bool(rest))


def gathered(processes: Iterable[Process]) -> Witnessed:
    """Return the lines of all processes as one, in the order of time."""
    found = tuple(processes)
    current = [line for process in found for line in _current(process.lines)]
    current.sort(key=lambda line: (line.at, line.file, line.n))
    return Witnessed(processes=found, lines=tuple(current))


def first_hash(nonce: str, file: str) -> str:
    """Return what the chain of a file begins with."""
    return hashlib.sha256(f"{nonce}{file}".encode()).hexdigest()


def chained(before: str, body: bytes) -> str:
    """Return the hash of a line whose bytes before the hash are `body`."""
    return hashlib.sha256(before.encode() + body).hexdigest()[:HASH_SIGNS]


def _tail(hash_of_line: str) -> bytes:
    return _MARK + hash_of_line.encode() + b'"}'


def _current(lines: Sequence[Line]) -> list[Line]:
    newest = {(line.kind, line.id): line.n for line in lines if line.kind in REPLACING}
    return [line for line in lines if line.kind not in REPLACING or newest[line.kind, line.id] == line.n]


def _line(file: str, raw: bytes) -> Line | None:
    try:
        value: object = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    record = cast("dict[str, object]", value)
    return Line(
        file=file,
        n=_or(whole(record, "n"), -1),
        at=number(record, "at") or 0.0,
        pid=whole(record, "pid") or 0,
        cpu_s=number(record, "cpu") or 0.0,
        kind=text(record, "kind"),
        where=text(record, "where"),
        facts=part(record, "facts") or {},
    )


def _or(value: int | None, other: int) -> int:
    return other if value is None else value
