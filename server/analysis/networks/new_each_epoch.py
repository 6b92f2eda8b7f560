"""Were the epochs of a training those of one network, or of a new one each time? Pure.

Folds, seeds and members have their own network and make all their epochs with it: an epoch is a step at least. What
goes on from where the last optimiser ended is one training, whoever makes the optimiser anew (stages, restarts).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ..counted.counts import WITNESSED, Counts
from ..counted.drawn import correlation
from ..design.quantities import plain
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Steps
from ..witness.seen import place
from ..witness.values import number

_LEAST_NETWORKS = 20
_LEAST_SHARE = 0.45
"""Networks by epochs told: a new one each epoch, or every second one."""
_MOST_STEPS = 0.9
_LEAST_COMPARED = 24
_UNLIKE = 0.5
"""Below this correlation weights have nothing to do with each other; of few numbers chance gives more, now and then."""
_MOSTLY = 0.9
_ACTION = "Make the network and its optimiser once, before the first epoch, and count the epochs of what is saved."


def new_each_epoch(evidence: Evidence, counts: Counts, stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """Yield that no network made as many steps as epochs are told, and that there were as many networks."""
    told = counts.get("epochs")
    networks = [one for one in stepped if one.library == "torch" and not one.traced]
    begun = {one.begun.sha for one in networks if one.begun.sha}
    if told is None or told.source.startswith(WITNESSED) or len(networks) != len(stepped):
        return
    if len(begun) < max(_LEAST_NETWORKS, _LEAST_SHARE * told.value) or any(one.continued for one in evidence.attempts):
        return
    most = max(networks, key=lambda one: one.steps)
    in_order = sorted(networks, key=lambda one: number(one.line.facts, "last_at") or 0.0)
    others = sum(_is_another(*pair) for pair in pairwise(in_order))
    if most.steps < _MOST_STEPS * told.value and others >= _MOSTLY * (len(networks) - 1):
        what = f"{plain(told.value)} epochs are told ({told.source}), and {len(networks)} networks were trained one"
        what = f"{what} after the other, each begun anew, at {place(most.line)}: none made more than {most.steps} steps"
        yield Suspicion(what, Word.INVESTIGATE, "new_network_each_epoch", _ACTION)


def _is_another(before: Steps, after: Steps) -> bool:
    """Whether two optimisers began with weights that have nothing to do with each other.

    What goes on with the same weights is near those of an epoch before, once it has learnt for some.
    """
    one, other = before.begun.at, after.begun.at
    told = len(one) == len(other) >= _LEAST_COMPARED and len(set(one)) > 1 and len(set(other)) > 1
    return told and before.line.where == after.line.where and correlation(one, other) < _UNLIKE
