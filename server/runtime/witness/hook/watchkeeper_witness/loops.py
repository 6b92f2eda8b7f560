"""Losses and batches of a training loop, counted; of the losses an even choice is kept."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

import math
import time
from typing import Any

from .plain import plain
from .state import next_number, state

MOST_KEPT = 128
SLOW_S = 0.5
"""Seconds between two values that have to be fetched from a GPU."""


class Losses:
    """What `backward` was called on at one place."""

    def __init__(self, library: str, where: str) -> None:
        self.id = next_number("losses")
        self.library, self.where = library, where
        self.count = self.told = self.nonfinite = self.seen = 0
        self.next_count, self.next_at = 1, 0.0
        self.every = 1
        self.kept: list[tuple[int, float]] = []
        self.first: float | None = None
        self.last = 0.0
        self.least = math.inf

    def take(self, value: float, cheap: bool) -> None:
        self.seen += 1
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
        }
        state.writer.tell("losses", self.where, facts)


class Batches:
    """What one loader gave."""

    def __init__(self, loader: Any, where: str) -> None:
        self.id = next_number("batches")
        self.where = where
        self.batches = self.rows = self.passes = self.told = 0
        self.batch_size = plain(getattr(loader, "batch_size", None))
        self.shuffle = type(getattr(loader, "sampler", None)).__name__ == "RandomSampler"
        try:
            self.dataset: int | None = len(loader.dataset)
        except Exception:
            self.dataset = None

    def take(self, batch: Any) -> None:
        self.batches += 1
        try:
            while isinstance(batch, (list, tuple, dict)):
                batch = next(iter(batch.values())) if isinstance(batch, dict) else batch[0]
            self.rows += len(batch)
        except Exception:
            self.rows += self.batch_size or 1

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
            "shuffle": self.shuffle,
        }
        state.writer.tell("batches", self.where, facts)
