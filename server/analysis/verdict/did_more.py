"""Did a full run do more than the quick run before it, whatever came out of both? From what was witnessed. Pure.

Results of both may be equal rightly: the best epoch, round or candidate lies within what the quick phase tried too.
"""

from __future__ import annotations

from .design_rows import trees_asked
from .quantities import plain
from .seen import Seen

_MORE = 1.2
"""So many times what the quick run did: an epoch more, or one batch, is no other amount of work."""


def did_more(seen: Seen | None, quick: Seen | None) -> str:
    """Return what a run was seen to do more of than its quick run, in words; empty where that is nothing.

    Only what goes on longer counts: steps, rounds asked for, candidates, draws. Fits beside the method may be many.
    """
    if seen is None or quick is None or not seen.whole or not quick.whole:
        return ""
    ours, theirs = _amounts(seen), _amounts(quick)
    more = (name for name, amount in ours.items() if theirs[name] and amount >= _MORE * theirs[name])
    return next((f"{plain(ours[name])} {name} where that made {plain(theirs[name])}" for name in more), "")


def _amounts(seen: Seen) -> dict[str, float]:
    return {
        "steps": sum(one.steps for one in seen.steps),
        "rounds": max(trees_asked(seen), default=0),
        "candidates": max((one.candidates or 0 for one in seen.fits if one.is_search), default=0),
        "draws": max(((one.draws or 0) * (one.chains or 1) for one in seen.samplings), default=0),
    }
