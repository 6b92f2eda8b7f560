"""Work that was done and changed nothing: rounds of a booster that add nothing, a burn-in that nobody goes on from.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness.seen import Seen, place
from ..witness.values import part, text, whole, wholes
from .walkers import ensembles

_LEAST_IDLE = 0.34
"""Share of the rounds that were looked at; the last few of a training may find nothing more."""


def idle_rounds(seen: Seen) -> Iterator[Suspicion]:
    """Yield that many rounds of a booster made trees of which every leaf is zero, or all of them trees of one leaf."""
    for one in seen.fits:
        told = part(one.line.facts, "idle_rounds") or {}
        looked, idle = wholes(told, "looked"), wholes(told, "idle")
        unsplit = looked and wholes(told, "unsplit") == looked
        if unsplit or (looked and len(idle) >= _LEAST_IDLE * len(looked)):
            what = f"of {whole(told, 'rounds')} rounds of {one.name} at {place(one.line)} {len(looked)} were looked at:"
            what = f"{what} in {len(idle)} of them, first in number {idle[0]}, every leaf" if not unsplit else what
            what = f"{what} is zero, so they add nothing" if not unsplit else f"{what} no tree has a split"
            action = (
                "Let the learning rate stay above zero and trees split, or ask for no more rounds than have an effect."
            )
            yield Suspicion(what, Word.INVESTIGATE, "rounds_without_effect", action)
            return


def burn_in_wasted(seen: Seen) -> Iterator[Suspicion]:
    """Yield that walkers began twice at the same positions, so that what was to be forgotten first is in what is kept.

    A run that tries whether it works may begin there too: where steps are left out afterwards, nothing is asked.
    """
    left_out = any(whole(line.facts, "discard") for line in seen.witnessed.of("kept"))
    began: dict[tuple[str, object, str], int] = {}
    for one in ensembles(seen) if not left_out else ():
        at, owner = text(one.line.facts, "began_at"), one.line.facts.get("object")
        steps = whole(one.line.facts, "iterations") or 0
        if at and owner is not None and (before := began.get((one.line.file, owner, at))) and steps > before:
            what = f"the {steps} steps at {place(one.line)} began at the very positions at which {before} steps had"
            what = f"{what} begun before them, not where these had ended: none of those was left out as a burn-in"
            action = "Go on from the state that the burn-in returned, or leave out as many steps by `discard`."
            yield Suspicion(what, Word.INVESTIGATE, "burn_in_wasted", action)
            return
        if at:
            began[one.line.file, owner, at] = steps
