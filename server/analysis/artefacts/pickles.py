"""Pickles, those of joblib and compressed ones, known by their opcodes only. Nothing is unpickled."""

from __future__ import annotations

import pickletools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, cast

from .facts import ArrayFacts, PickleFacts, UnknownFacts
from .formats import Look
from .pickle_interpreter import Machine
from .pickled_arrays import Found, data_behind, found_in
from .streams import FileStream, OpcodeReader, PackedStream, unpacked
from .symbols import MOST_VISITED, Call, kind, walk

MOST_GLOBALS = 500
MOST_ARRAYS = 500
MOST_NUMBERS = 500
_MOST_OPCODES = 2_000_000
_MOST_NESTED = 3
_SUFFIXES = {".pkl", ".pickle", ".joblib", ".p"}


@dataclass(slots=True)
class Opened:
    """A pickle walked through."""

    machine: Machine = field(default_factory=Machine)
    root: object = None
    truncated: bool = False
    malformed: bool = False
    ended: bool = False
    notes: list[str] = field(default_factory=list[str])


def read(look: Look) -> PickleFacts | UnknownFacts:
    """Return the facts of a pickle; of a compressed file that holds something else, its magic."""
    if look.detail and look.suffix not in _SUFFIXES:
        head = unpacked(look.descriptor, look.detail).take(2)
        if not head.startswith(b"\x80"):
            return UnknownFacts(size_bytes=look.size_bytes, magic=look.head[:16].hex())
    stream: FileStream | PackedStream = FileStream(look.descriptor, look.size_bytes)
    if look.detail:
        stream = unpacked(look.descriptor, look.detail)
    opened = open_pickle(OpcodeReader(stream))
    return facts(opened, look.size_bytes, look.detail)


def open_pickle(reader: OpcodeReader, nested: int = 0) -> Opened:
    """Walk through one pickle up to its STOP."""
    opened = Opened()
    machine, left = opened.machine, _MOST_OPCODES
    try:
        for opcode, argument, _ in pickletools.genops(cast(IO[bytes], reader)):
            machine.step(opcode, argument)
            if opcode.name == "STOP":
                opened.ended = True
            elif opcode.name == "BUILD" and isinstance(top := machine.stack[-1], Call):
                _skip_data(opened, reader, top, nested)
            left -= 1
            if not left:
                opened.notes.append(f"Only the first {_MOST_OPCODES} opcodes were read.")
                break
    except (ValueError, IndexError, TypeError, OverflowError) as error:
        opened.truncated = reader.at_end
        opened.malformed = not opened.truncated
        what = "It ends too early" if opened.truncated else "Its opcodes do not add up"
        opened.notes.append(f"{what}: {' '.join(str(error).split())[:160]}.")
    opened.root = machine.stack[-1] if machine.stack else opened.root
    return opened


def _skip_data(opened: Opened, reader: OpcodeReader, top: Call, nested: int) -> None:
    """Pass over the values that joblib writes into the midst of the opcodes; those of objects are one more pickle."""
    data = data_behind(top)
    if data is None or nested >= _MOST_NESTED:
        return
    if data.objects:
        inner = open_pickle(reader, nested + 1)
        top.state.append(inner.root)
        opened.machine.globals |= inner.machine.globals
        opened.machine.calls += inner.machine.calls
        if not inner.ended:
            raise ValueError("; ".join(inner.notes) or "the pickle in it does not end")
        return
    if data.aligned:
        padding = reader.read(1)
        reader.read(padding[0] if padding else 0)
    top.data = reader.blob(data.size_bytes)
    if top.data.size_bytes < data.size_bytes:
        raise ValueError(f"{data.size_bytes} bytes of an array announced, {top.data.size_bytes} there")


def facts(opened: Opened, size_bytes: int, compression: str = "") -> PickleFacts:
    """Return what a walk has shown."""
    machine = opened.machine
    places = list(walk(opened.root))
    arrays, numbers = split(found_in(places))
    names = sorted(machine.globals)
    notes = opened.notes if len(places) < MOST_VISITED else [*opened.notes, "Not all objects in it were looked at."]
    return PickleFacts(
        size_bytes=size_bytes,
        protocol=machine.protocol,
        compression=compression,
        writer=_writer(names),
        globals=tuple(names[:MOST_GLOBALS]),
        calls=machine.calls,
        root=kind(opened.root) if opened.ended else "",
        truncated=opened.truncated,
        malformed=opened.malformed,
        arrays=tuple(arrays[:MOST_ARRAYS]),
        array_count=len(arrays),
        numbers=tuple((*numbers, *plain_numbers(places))[:MOST_NUMBERS]),
        complete=opened.ended and not notes,
        notes=tuple(notes),
    )


def split(found: Iterable[Found]) -> tuple[list[ArrayFacts], list[tuple[str, float]]]:
    """Return arrays and the values of those that are one number."""
    arrays: list[ArrayFacts] = []
    numbers: list[tuple[str, float]] = []
    for one in found:
        if one.array is not None:
            arrays.append(one.array)
        if one.number is not None:
            numbers.append((one.path, one.number))
    return arrays, numbers


def plain_numbers(places: Iterable[tuple[str, object]]) -> Iterator[tuple[str, float]]:
    """Yield the numbers that have a name; a list of them would crowd the others out."""
    for path, value in places:
        if isinstance(value, bool | int | float) and path and not path.endswith("]"):
            try:
                number = float(value)
            except OverflowError:
                continue
            if number - number == 0:  # neither NaN nor infinite
                yield path, number


def _writer(names: list[str]) -> str:
    if any(name.startswith(("joblib.", "sklearn.externals.joblib.")) for name in names):
        return "joblib"
    return "torch" if any(name.startswith("torch._utils.") for name in names) else ""
