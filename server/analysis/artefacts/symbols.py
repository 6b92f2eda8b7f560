"""What a pickle would build, as plain values: nothing is imported, nothing is called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_VISITED = 200_000
JOBLIB = "NumpyArrayWrapper"
_MOST_PATH_CHARACTERS = 160


@dataclass(slots=True, eq=False)
class Name:
    """A global: what unpickling would import."""

    name: str


@dataclass(slots=True, eq=False)
class Mapping:
    """A dictionary. Its keys may be anything, so they stay a list."""

    pairs: list[tuple[object, object]] = field(default_factory=list[tuple[object, object]])


@dataclass(slots=True, eq=False)
class Sequence:
    """A list, a set or a tuple."""

    items: list[object] = field(default_factory=list[object])


class Blob(bytes):
    """Bytes of which only the first are kept, and the length of all: pickletools asks no more of them.

    :ivar offset: where they stand in the stream.
    """

    offset: int
    size_bytes: int

    def __new__(cls, head: bytes, offset: int, size_bytes: int) -> Blob:  # noqa: D102
        made = super().__new__(cls, head)
        made.offset, made.size_bytes = offset, size_bytes
        return made

    def __len__(self) -> int:
        return self.size_bytes

    @property
    def head(self) -> bytes:
        """The bytes that were kept."""
        return bytes(memoryview(self))


@dataclass(slots=True, eq=False)
class Call:
    """A call that unpickling would make, with what it would add to the result afterwards."""

    callee: object
    arguments: object
    state: list[object] = field(default_factory=list[object])
    added: Mapping = field(default_factory=Mapping)
    appended: Sequence = field(default_factory=Sequence)
    data: Blob | None = None
    """The values that joblib writes behind the object."""

    @property
    def name(self) -> str:
        """What is called, empty if that is no global."""
        return self.callee.name if isinstance(self.callee, Name) else ""

    @property
    def items(self) -> list[object]:
        """The arguments."""
        return self.arguments.items if isinstance(self.arguments, Sequence) else []


@dataclass(slots=True, eq=False)
class Stored:
    """An object that stands elsewhere in the archive: a persistent id."""

    identity: object


class Unknown:
    """A value that is not followed."""


UNKNOWN = Unknown()


def kind(value: object) -> str:
    """Return the class of an object, or the kind of a plain value."""
    match value:
        case Call():
            return _made(value) or "unknown"
        case Name():
            return value.name
        case _:
            return _KINDS.get(type(value), type(value).__name__)


_KINDS: dict[type, str] = {Mapping: "dict", Sequence: "list", Blob: "bytes", Stored: "unknown", Unknown: "unknown"}
_MAKERS = ("copyreg._reconstructor", "copy_reg._reconstructor", "copyreg.__newobj__")


def _made(call: Call) -> str:
    """Return the class that a call makes an object of; some makers take it as their first argument."""
    first = call.items[0] if call.items else None
    return first.name if call.name.endswith(_MAKERS) and isinstance(first, Name) else call.name


def walk(root: object) -> Iterator[tuple[str, object]]:
    """Yield (path, value) of everything that is neither dictionary nor list, each object once, in order."""
    waiting: list[tuple[str, object]] = [("", root)]
    seen: set[int] = set()
    visited = 0
    while waiting and visited < MOST_VISITED:
        path, value = waiting.pop()
        visited += 1
        if isinstance(value, Mapping | Sequence | Call):
            if id(value) in seen:
                continue
            seen.add(id(value))
        if isinstance(value, Mapping | Sequence):
            waiting += reversed(list(_inner(path, value)))
        else:
            yield path, value
            if isinstance(value, Call):
                waiting += reversed(list(_inside(path, value)))


def _inner(path: str, value: Mapping | Sequence) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        dot = "." if path else ""
        for key, one in value.pairs:
            shown = key if isinstance(key, str | int | float) else "?"
            yield f"{path}{dot}{shown}"[:_MOST_PATH_CHARACTERS], one
    else:
        for place, one in enumerate(value.items):
            yield f"{path}[{place}]"[:_MOST_PATH_CHARACTERS], one


def _inside(path: str, call: Call) -> Iterator[tuple[str, object]]:
    """Yield the attributes of an object: its state is a dictionary, or a pair of one and its slots."""
    # joblib's wrapper describes an array; only a pickle that stands behind it holds objects.
    for state in call.state[1:] if call.name.endswith(JOBLIB) else call.state:
        parts = state.items if isinstance(state, Sequence) else [state]
        for part in parts:
            if isinstance(part, Mapping | Call):
                yield path, part
    yield from ((path, one) for one in (call.added, call.appended))
    # What is handed to a call may hold arrays too: _rebuild_parameter(tensor), partial(function, array) …
    for one in call.items:
        if isinstance(one, Call | Mapping):
            yield path, one
