"""The first lines of a kind, class and place in full; from then on they are counted, and told now and then."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

from typing import Any

from . import clock as time
from .state import state
from .trouble import trouble

MOST_IN_FULL = 200
MOST_DISTINCT = 20_000
EVERY_S = 15.0


class More:
    """What came after the lines that were told in full."""

    def __init__(self, kind: str, name: str, where: str) -> None:
        self.kind, self.name, self.where = kind, name, where
        self.told = self.count = self.told_count = 0
        self.wall_s = self.cpu_s = 0.0
        self.distinct: dict[str, set[Any]] = {"x": set(), "y": set()}
        self.last: dict[str, Any] = {}
        self.params: Any = None
        self.differ: set[str] = set()

    def take(self, facts: dict[str, Any]) -> None:
        self.count += 1
        self.wall_s += facts.get("wall_s", 0.0)
        self.cpu_s += facts.get("cpu_s", 0.0)
        self.last = facts
        for name, seen in self.distinct.items():
            if len(seen) < MOST_DISTINCT:
                seen.add(quick_of(facts.get(name)))
        params = facts.get("params") or {}
        if self.params is None:
            self.params = params
        elif params != self.params:
            self.differ.update(key for key in params if params.get(key) != self.params.get(key))

    def tell(self) -> None:
        if self.told_count == self.count:
            return
        self.told_count = self.count
        facts = {
            "of": self.kind,
            "id": f"{self.kind}|{self.name}|{self.where}",
            "count": self.count,
            "class": self.name,
            "wall_s": round(self.wall_s, 3),
            "cpu_s": round(self.cpu_s, 3),
            "distinct_x": len(self.distinct["x"]),
            "distinct_y": len(self.distinct["y"]),
            "params_differ": sorted(self.differ)[:40],
            "last": self.last,
        }
        state.writer.tell("more", self.where, facts)


def quick_of(found: Any) -> Any:
    """Return what tells one array's fingerprint from another's."""
    return (found.get("sha") or found.get("quick")) if isinstance(found, dict) else None


def tell_each(kind: str, name: str, where: str, facts: dict[str, Any]) -> None:
    """Tell something that may happen very often."""
    key = ("more", kind, name, where)
    seen = state.cumulative.get(key)
    if seen is None:
        seen = state.cumulative[key] = More(kind, name, where)
    if seen.told < MOST_IN_FULL:
        seen.told += 1
        state.writer.tell(kind, where, facts)
    else:
        seen.take(facts)
        tell_due()


_due = [0.0]


def tell_due(*, force: bool = False) -> None:
    """Tell what was counted, every 15 s and at the end."""
    now = time.monotonic()
    if not force and now < _due[0]:
        return
    _due[0] = now + EVERY_S
    for each in list(state.cumulative.values()):
        try:
            each.tell()
        except Exception as error:
            trouble("counts", error)


def is_due() -> bool:
    """Whether it is time to tell what was counted."""
    return time.monotonic() >= _due[0]


def begin() -> None:
    """Count from now."""
    _due[0] = time.monotonic() + EVERY_S
