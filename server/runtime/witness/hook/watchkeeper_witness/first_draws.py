"""The first draws of a sampling that goes on, so that one that lasts for hours is known by more than its arguments."""

# pyright: basic
# (objects of libraries that are not imported here have no types)

from __future__ import annotations

from typing import Any

from .fingerprint import flat64, fp
from .more import tell_each
from .state import can_afford, here, numpy, ours
from .trouble import trouble
from .writer import digest as digest_of

TOLD_AT = (32, 256, 1024)
"""So many draws of a chain, the tuning steps before them included, are told by one digest of all of them."""


class FirstDraws:
    """Stands in the place of a sampler's callback, and calls the person's own.

    :param call: the outermost call, which the lines name. :param callback: the person's, None where there is none.
    """

    def __init__(self, call: Any, callback: Any) -> None:
        self._name, self._where = f"{call.function.__module__.partition('.')[0]}.{call.function.__name__}", call.where
        self._callback = callback
        self._chains: dict[int, tuple[int, Any]] = {}
        """By chain: how many draws there were, and their digest; None in its place once nothing more is told."""

    def __call__(self, trace: Any, draw: Any) -> None:
        """Take one draw of a chain."""
        seen, digest = self._chains.get(draw.chain) or (0, digest_of())
        if digest is not None:
            try:
                with ours():
                    self._chains[draw.chain] = (seen + 1, self._taken(draw, seen + 1, digest))
            except Exception as error:
                self._chains[draw.chain] = (0, None)
                trouble("first draws", error)
        if self._callback is not None:
            self._callback(trace=trace, draw=draw)

    def _taken(self, draw: Any, count: int, digest: Any) -> Any:
        np = numpy()
        point = np.concatenate([flat64(np, np.asarray(draw.point[name])) for name in sorted(draw.point)])
        digest.update(point.data)
        if count in TOLD_AT:
            self._tell(draw.chain, count, digest, point)
        return digest if count < TOLD_AT[-1] and can_afford() else None

    def _tell(self, chain: int, count: int, digest: Any, point: Any) -> None:
        """Tell the digest of all draws so far, with values of the latest one for who compares them nearly."""
        latest = fp(point, always=True) or {}
        drawn = {"shape": [count, int(point.size)], "sha": digest.hexdigest()[:32], "at": latest.get("at", [])}
        facts = {"call": self._name, "class": f"chain {chain} to draw {count}", "drawn": drawn}
        tell_each("drawing", facts["class"], self._where, facts)


def watched(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a sampler with a callback that tells its first draws."""
    if not here.calls or "callback" not in kwargs:
        return kwargs
    return {**kwargs, "callback": FirstDraws(here.calls[-1], kwargs["callback"])}
