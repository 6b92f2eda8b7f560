"""Does a module return other numbers each time while it is in its training mode? Pure."""

from __future__ import annotations

import re

from ..witness.seen import Seen
from ..witness.values import part, text

_CHANCE = re.compile(r"dropout|droppath|norm|rrelu|noise|stochastic|gumbel", re.IGNORECASE)
"""Layers that draw, or that learn from what they are shown."""


def has_chance(seen: Seen, name: str) -> bool:
    """Whether a class of module has such layers, or nobody knows which it has."""
    told = [one for one in seen.witnessed.of("layers") if text(one.facts, "class") == name]
    kinds = [each for one in told for each in (part(one.facts, "layers") or {})]
    return not kinds or any(one.facts.get("cut") is True for one in told) or any(map(_CHANCE.search, kinds))
