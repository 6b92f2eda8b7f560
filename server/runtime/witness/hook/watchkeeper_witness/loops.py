"""Losses and batches of a training loop, counted; of the losses an even choice is kept."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import math
from typing import Any

from . import clock as time
from .fingerprint import MOST_ROWS, flat64, named_rows, row_hashes
from .plain import plain
from .state import can_afford, next_number, numpy, state

MOST_KEPT = 128
MOST_EPOCHS = 256
MOST_KEYS = 64
"""So many names are told of the rows of a loader: those of a part of its rows are to be found among them."""
MOST_OF_A_ROW = 256
"""So many numbers of a row tell it from others."""
SLOW_S = 0.5
"""Seconds between two values that have to be fetched from a GPU."""


class Epochs:
    """The mean of the losses between two beginnings of a loader: an epoch, as training loops are written.

    One of which not every loss was read is left out. Of more than can be kept every second one is.
    """

    __slots__ = ("calls", "kept", "last", "number", "passes", "sum", "taken")

    def __init__(self) -> None:
        self.passes = -1
        self.number = self.calls = self.taken = 0
        self.sum = self.last = 0.0
        self.kept: list[list[Any]] = []

    def begin(self, passes: int) -> None:
        """Begin another one, with the first call of `backward` since loaders had begun so many times in all."""
        self._close()
        self.passes = passes

    def _close(self) -> None:
        if self.calls:
            self.number += 1
            one = self._one()
            if one is not None and self.number % self._every() == 0:
                self.kept.append(one)
                if len(self.kept) > MOST_EPOCHS:
                    self.kept = self.kept[1::2]
        self.calls = self.taken = 0
        self.sum = 0.0

    def _every(self) -> int:
        """Return that every so many epochs one is kept: the number of the first one that is."""
        return int(self.kept[0][0]) if len(self.kept) >= MOST_EPOCHS // 2 else 1

    def _one(self) -> Any:
        if self.taken != self.calls or not math.isfinite(self.sum):
            return None
        return [self.number, self.calls, plain(self.sum / self.calls), plain(self.last)]

    def facts(self) -> dict[str, Any]:
        """Return what is told of them, the one that goes on included; nothing where no loader began twice."""
        now = self._one() if self.calls else None
        found = [*self.kept, *([] if now is None else [[self.number + 1, *now[1:]]])]
        return {"epochs": found} if self.passes > 1 and len(found) > 1 else {}


class Losses:
    """What `backward` was called on at one place."""

    def __init__(self, library: str, where: str) -> None:
        self.id = next_number("losses")
        self.library, self.where = library, where
        self.count = self.told = self.nonfinite = self.seen = 0
        self.next_at = 0.0
        self.every = 1
        self.kept: list[tuple[int, float]] = []
        self.first: float | None = None
        self.last = 0.0
        self.least = math.inf
        self.made_of: dict[str, Any] = {}
        self.in_evaluation = 0
        """How often the module behind it was in its evaluation mode."""
        self.epochs = Epochs()

    def call(self, passes: int) -> None:
        """Count a call, made when loaders had begun so many times in all."""
        self.count += 1
        epochs = self.epochs
        if passes != epochs.passes:
            epochs.begin(passes)
        epochs.calls += 1

    def take(self, value: float, cheap: bool) -> None:
        """Take the value of the newest call."""
        self.seen += 1
        epochs = self.epochs
        epochs.taken += 1
        epochs.sum += value
        epochs.last = value
        if not cheap:
            self.next_at = time.monotonic() + SLOW_S
        self.last = value
        self.first = value if self.first is None else self.first
        if not math.isfinite(value):
            self.nonfinite += 1
        elif value < self.least:
            self.least = value
        if not self.kept or self.count >= self.kept[-1][0] + self.every:
            self.kept.append((self.count, value))
            if len(self.kept) > MOST_KEPT:
                self.kept = self.kept[::2]
                self.every *= 2

    def tell(self) -> None:
        if self.told == self.count:
            return
        self.told = self.count
        facts = {
            "library": self.library,
            "id": self.id,
            "count": self.count,
            "seen": self.seen,
            "nonfinite": self.nonfinite,
            "first": plain(self.first),
            "last": plain(self.last),
            "min": plain(self.least) if math.isfinite(self.least) else None,
            "at": [[n, plain(value)] for n, value in self.kept],
            **self.made_of,
            **({"in_evaluation": self.in_evaluation} if self.in_evaluation else {}),
            **self.epochs.facts(),
        }
        state.writer.tell("losses", self.where, facts)


class Batches:
    """What one loader gave."""

    def __init__(self, loader: Any, where: str) -> None:
        self.id = next_number("batches")
        self.where = where
        self.batches = self.rows = self.passes = self.told = 0
        self.trained = 0
        """Passes in which a loss went backward while its batch was the newest."""
        self.newest_trained = 0
        self.last_step = 0
        """How many steps all optimisers had made when a loss went backward last."""
        self.hashes: list[Any] | None = []
        """Of the rows of its first pass; None once these are told, or were too many."""
        self.named: dict[str, Any] = {}
        self.batch_size = plain(getattr(loader, "batch_size", None))
        self.sampler = type(getattr(loader, "sampler", None)).__name__[:40]
        try:
            self.dataset: int | None = len(loader.dataset)
        except Exception:
            self.dataset = None

    def trains(self) -> None:
        """Note that a loss went backward while its batch was the newest."""
        self.last_step = state.stepped
        if self.newest_trained != self.passes:
            self.newest_trained = self.passes
            self.trained += 1

    def take(self, batch: Any) -> None:
        self.batches += 1
        try:
            while isinstance(batch, (list, tuple, dict)):
                batch = next(iter(batch.values())) if isinstance(batch, dict) else batch[0]
            self.rows += len(batch)
        except Exception:
            self.rows += self.batch_size or 1
            self.hashes = None
        if self.hashes is not None:
            self._hash(batch)

    def _hash(self, batch: Any) -> None:
        """Hash the rows of a batch of the first pass, where they are numbers at hand."""
        np = numpy()
        on_cpu = getattr(getattr(batch, "device", None), "type", "") == "cpu"
        if np is None or not on_cpu or self.passes > 1 or self.rows > MOST_ROWS or not can_afford():
            self.hashes = None
            return
        try:
            if len(batch.shape) < 2 and not batch.dtype.is_floating_point:
                raise TypeError("numbers of rows, which every set has")
            rows = batch.detach().reshape(len(batch), -1)[:, :MOST_OF_A_ROW].numpy()
            self.hashes = [*(self.hashes or []), row_hashes(np, flat64(np, rows).reshape(len(rows), -1))]
        except Exception:
            self.hashes = None

    def passed(self) -> None:
        """Name the rows of the first pass, now that it came to its end."""
        found, self.hashes = self.hashes, None
        if found:
            try:
                np = numpy()
                self.named = named_rows(np, np.concatenate(found), MOST_KEYS)
            except Exception:
                self.named = {}

    def tell(self) -> None:
        if self.told == self.batches:
            return
        self.told = self.batches
        facts = {
            "library": "torch",
            "id": self.id,
            "batches": self.batches,
            "rows": self.rows,
            "passes": self.passes,
            "dataset": self.dataset,
            "batch_size": self.batch_size,
            "shuffle": self.sampler == "RandomSampler",
            "sampler": self.sampler,
            "trains": self.trained > 0,
            "trained": self.trained,
            "last_step": self.last_step,
            **({"distinct": self.named["rows"], "row_keys": self.named["row_keys"]} if self.named else {}),
        }
        state.writer.tell("batches", self.where, facts)
