"""Has a variable as many parts as the design counts groups that have a level of their own? Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..design.design import Design
from ..design.model import NUMBERS
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Sampling
from ..witness.seen import Seen, place

_LEAST = 3
_GROUPS = (
    r"(?:sites?|schools?|groups?|plots?|stations?|clinics?|hospitals?|regions?|species|districts?|stores?|shops?|batches"
    r"|subjects|patients|teams|classes|counties|states|countries|villages|farms?|fields?|rivers?|lakes?|islands?|labs?"
    r"|laboratories|operators|drivers|judges|raters|items|products|brands|studies|trials|cities)"
)
_OWN = r"(?:own|effects?|intercepts?|levels?|slopes?|random|vary|varies|varying|hierarch\w*|partial\w*|exchangeable)"
_COUNTED = re.compile(
    rf"\b(\d{{1,3}}|[a-z]{{3,6}}) (?:[a-z]{{3,14}} )?{_GROUPS}\b[^.;|\n]{{0,60}}\b{_OWN}\b"
    rf"|\b{_OWN}\b[^.;|\n]{{0,40}}\b(\d{{1,3}}|[a-z]{{3,6}}) (?:[a-z]{{3,14}} )?{_GROUPS}\b",
    re.IGNORECASE,
)
_SEPARATE = re.compile(
    r"(?:regression|model) of its|own (?:regression|model)|separate|sampled|sampling|\bfit", re.IGNORECASE
)
"""Words for a model of each group, in which no variable has parts."""


def groups_counted(design: Design, seen: Seen) -> Iterator[Suspicion]:
    """Yield that each variable of all models has fewer parts than the design counts groups."""
    sides = [side for one in seen.samplings for shape in _shapes(one).values() for side in shape]
    told = all(one.free and not one.left_out for one in seen.samplings)
    counted = [(number, found[0]) for found in _COUNTED.finditer(design.prose) if (number := _number(found)) >= _LEAST]
    counted = [
        (number, said) for number, said in counted if number > len(seen.samplings) and not _SEPARATE.search(said)
    ]
    if not told or not counted or max(sides, default=0) < _LEAST - 1:
        return
    number, said = min(counted)
    if max(sides) < number - 1:  # one of them may be the reference
        one = seen.samplings[-1]
        shaped = ", ".join(f"{name} {'x'.join(map(str, shape))}" for name, shape in _shapes(one).items() if shape)
        what = (
            f"{design.path} says {' '.join(said.split())!r}, and no variable of the model at {place(one.line)} has so"
        )
        action = (
            "Give each group that the design counts its part, or say in the design which ones are merged or left out."
        )
        yield Suspicion(f"{what} many parts ({shaped[:120]})", Word.INVESTIGATE, "fewer_groups", action)


def _shapes(one: Sampling) -> dict[str, tuple[int, ...]]:
    """Return the shapes of what was drawn, where a model knows its own only when it is sampled."""
    drawn = {name: chains[0].shape[1:] for name, chains in one.variables.items() if chains}
    return {**drawn, **{name: shape for name, shape in one.shapes.items() if shape}}


def _number(found: re.Match[str]) -> int:
    word = found[1] or found[2]
    return int(word) if word.isdigit() else NUMBERS.get(word.lower(), 0)
