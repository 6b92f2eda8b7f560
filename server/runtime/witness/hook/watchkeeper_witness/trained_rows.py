"""torch: which rows a module was given while it was trained, where no loader gave them: their smallest hashes."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import sys
import weakref
from typing import Any

from . import places
from .fingerprint import MOST_ROWS, as_array, distinct_of, row_hashes
from .loops import MOST_OF_A_ROW
from .state import can_afford, here, numpy, ours_at_length, state
from .trouble import trouble

MOST_KEYS = 128
"""So many names are kept of rows: of those of a test part a fifth as large, 32 could be among them."""
_MOST_MODULES = 8
_MOST_CALLS = 2000
_MOST_S = 0.06
_MOST_COPIED = 1 << 20
_MOST_WAITING = 1 << 15
"""So many numbers wait for being hashed together: small batches one by one take five times as long."""
_PASSED = 0.4
"""Where the rows were distinct in so small a share, an epoch came to its end."""
_MOST_CLOSED = 500
"""After so many calls of modules that are known, calls are let pass until another optimiser begins."""


room = [True]
"""Whether calls are looked at; no more once there is no room or no time, or loaders tell of their rows."""
_missed = [False]
"""Whether calls were let pass meanwhile."""


class Rows:
    """Rows of one module; open until an epoch or two are seen."""

    def __init__(self, module: Any, where: str) -> None:
        self.module = weakref.ref(module)
        self.name, self.where = type(module).__name__, where
        self.calls = self.rows = 0
        self.next_look = 64
        self.newest: Any = None
        self.waiting: list[Any] = []
        """Rows that count and are not hashed yet, of one width."""
        self.numbers = 0
        self.pieces: list[Any] = []
        self.open = True
        self.width = 0
        self.facts: dict[str, Any] | None = None

    def take(self, np: Any, given: Any) -> None:
        """Take the rows of a call; they count once a loss goes backward, as what is only looked at trains nothing."""
        self.newest = np.array(
            as_array(np, given.detach().reshape(len(given), -1)[:, :MOST_OF_A_ROW]), "<f8", order="C"
        )
        self.width = max(self.width, int(self.newest.shape[1]))

    def trains(self, np: Any) -> None:
        """Count the rows of the newest call."""
        newest, self.newest = self.newest, None
        if newest is None or not self.open:
            return
        self.calls += 1
        self.rows += len(newest)
        if self.waiting and self.waiting[-1].shape[1] != newest.shape[1]:
            self._hash(np)
        self.waiting.append(newest)
        self.numbers += newest.size
        if self.numbers > _MOST_WAITING:
            self._hash(np)
        if self.calls >= _MOST_CALLS or self.rows >= self.next_look:
            self.look(np)

    def _hash(self, np: Any) -> None:
        waiting, self.waiting, self.numbers = self.waiting, [], 0
        if waiting:
            self.pieces.append(row_hashes(np, np.concatenate(waiting)))

    def look(self, np: Any, *, last: bool = False) -> None:
        """Count the distinct rows; where most were seen twice the rest of the training shows no others."""
        self._hash(np)
        if not self.open or not self.pieces:
            return
        self.pieces = [np.concatenate(self.pieces)]
        keys = distinct_of(np, self.pieces[0])
        self.next_look = max(2 * self.rows, 64)
        if last or len(keys) <= _PASSED * self.rows or self.rows >= MOST_ROWS or self.calls >= _MOST_CALLS:
            repeated = len(keys) <= _PASSED * self.rows
            self.facts = {"rows": self.rows, "distinct": len(keys), "whole": repeated or (last and not _missed[0])}
            self.facts["row_keys"] = [f"{int(each):016x}" for each in keys[:MOST_KEYS]]
            self.open, self.pieces = False, []


class TrainedRows:
    """The rows of the first modules that were trained."""

    def __init__(self) -> None:
        self.known: dict[int, Rows] = {}
        self.shapes: dict[str, tuple[str, list[int]]] = {}
        """By class of module: where, and the shape of what it was given first without its first side."""
        self.spent_s = 0.0
        self.closed = 0
        """Calls of modules that are known since another one came."""

    def take(self, module: Any, args: Any, kwargs: Any, frame: Any) -> None:
        seen = self.known.get(id(module))
        if seen is not None and not seen.open and seen.module() is module:
            self.closed += 1
            if self.closed > _MOST_CLOSED and not any(one.open for one in self.known.values()):
                _pass()
            return
        before = state.own_s
        try:
            with ours_at_length():
                self._take(module, args[0] if args else next(iter(kwargs.values()), None), frame)
        except Exception as error:
            _pass()
            trouble("torch", error)
        self.spent_s += state.own_s - before
        if not self.has_time():
            _pass()

    def has_time(self) -> bool:
        """Whether there is time for more rows."""
        return self.spent_s <= _MOST_S

    def _take(self, module: Any, given: Any, frame: Any) -> None:
        np = numpy()
        name, shape = type(module).__name__, getattr(given, "shape", ())
        if len(shape) > 1 and name not in self.shapes and len(self.shapes) < _MOST_MODULES:
            self.shapes[name] = places.where(frame), [int(each) for each in shape[1:4]]
        seen = self.known.get(id(module))
        if seen is not None and seen.module() is module:
            self._look(np, seen, given)
            return
        if state.loader is not None or np is None or not can_afford() or len(self.known) >= _MOST_MODULES:
            _pass()
        elif _is_table(given) and (where := places.where(frame)):
            self.known[id(module)] = seen = Rows(module, where)
            self.closed = 0
            self._look(np, seen, given)

    def _look(self, np: Any, seen: Rows, given: Any) -> None:
        """Take the rows of a call; nothing is told of a module that is also given too much: not the rest alone."""
        if not seen.open:
            return
        if _is_table(given) and _is_small(given):
            seen.take(np, given)
        else:
            seen.open, seen.pieces, seen.waiting, seen.newest = False, [], [], None

    def tell(self) -> None:
        """Tell all of them, once the process ends."""
        if not state.ending:
            return
        known, self.known = self.known, {}
        shapes, self.shapes = self.shapes, {}
        for name, (where, shape) in shapes.items():
            state.writer.tell("trained_inputs", where, {"library": "torch", "class": name, "shape": shape})
        for number, one in enumerate(known.values(), 1):
            one.look(numpy(), last=True)
            if one.facts is None:
                continue
            facts = {"library": "torch", "class": one.name, "calls": one.calls, "width": one.width}
            state.writer.tell("trained_rows", one.where, {"id": number, **facts, **one.facts})

    def number_of(self, module: Any) -> int:
        """Return by which number a module is told here; 0 for any other."""
        for number, one in enumerate(self.known.values(), 1):
            if one.module() is module:
                return number
        return 0


def _pass() -> None:
    """Let calls pass from now on."""
    room[0], _missed[0] = False, True


def another() -> None:
    """Look at calls again, as another optimiser begins: a member of an ensemble, a fold."""
    known = state.cumulative.get(("trained rows",))
    if known is not None and known.has_time() and len(known.known) < _MOST_MODULES and state.loader is None:
        room[0], known.closed = True, 0


def begins() -> bool:
    """Whether a call of a module that trains is looked at: the outermost one, as long as there is room."""
    return not here.forward and not here.busy and state.writer is not None


def took(module: Any, args: Any, kwargs: Any, frame: Any) -> None:
    """Look at what a module that trains was given."""
    state.cumulative.setdefault(("trained rows",), TrainedRows()).take(module, args, kwargs, frame)


def went_backward() -> None:
    """Count the newest rows of all modules, now that a loss goes backward."""
    known = state.cumulative.get(("trained rows",))
    if known is None or all(one.newest is None for one in known.known.values()):
        return
    before = state.own_s
    with ours_at_length():
        for one in known.known.values():
            one.trains(numpy())
    known.spent_s += state.own_s - before


def number_of(module: Any) -> dict[str, int]:
    """Return, as a fact of what a module returned, by which number its rows are told; nothing of any other."""
    known = state.cumulative.get(("trained rows",))
    number = known.number_of(module) if known is not None else 0
    return {"trained": number} if number else {}


def _is_table(given: Any) -> bool:
    """Whether something is a table of fractions at hand."""
    return (
        type(given) is sys.modules["torch"].Tensor
        and given.dim() > 1
        and bool(given.dtype.is_floating_point)
        and given.device.type == "cpu"
        and len(given) > 0
    )


def _is_small(given: Any) -> bool:
    """Whether the rows are copied and hashed in milliseconds; what does not lie in one piece is copied as a whole."""
    rows, numbers = len(given), int(given.numel())
    copied = rows * min(numbers // rows, MOST_OF_A_ROW) if given.is_contiguous() else numbers
    return rows <= MOST_ROWS and copied <= _MOST_COPIED
