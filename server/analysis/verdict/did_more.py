"""Did a run make anew what lay there before it, or more than its quick run did? From what was witnessed. Pure.

Results of both may be equal rightly: the best epoch, round or candidate lies within what the quick phase tried too.
"""

from __future__ import annotations

from ..design.quantities import plain
from ..design.rows import trees_asked
from ..evidence.evidence import Artefact, Evidence
from ..witness.seen import Seen
from ..witness.values import text
from .outside import reads_of_quick

_MORE = 1.2
"""So many times what the quick run did: an epoch more, or one batch, is no other amount of work."""
_LEAST_HELD = 0.1
"""Share of the saved numbers that an optimiser has to hold for its steps to be those of the model."""


def did_more(seen: Seen | None, quick: Seen | None, saved: int = 0) -> str:
    """Return what a run was seen to do more of than its quick run, in words; empty where that is nothing.

    Only what goes on longer counts: steps, rounds asked for, candidates, draws. Fits beside the method may be many.

    :param saved: how many numbers the saved network has; 0 where nobody saw one.
    """
    if seen is None or quick is None or not seen.whole or not quick.whole:
        return ""
    held = saved or max((one.numbers for one in (*seen.steps, *quick.steps)), default=0)
    ours, theirs = _amounts(seen, _LEAST_HELD * held), _amounts(quick, _LEAST_HELD * held)
    more = (name for name, amount in ours.items() if theirs[name] and amount >= _MORE * theirs[name])
    return next((f"{plain(ours[name])} {name} where that made {plain(theirs[name])}" for name in more), "")


def _amounts(seen: Seen, least: float) -> dict[str, float]:
    """Return how much was done; the steps of an optimiser that holds less than `least` numbers are none of a model."""
    return {
        "steps": sum(one.steps for one in seen.steps if one.numbers >= least),
        "rounds": max(trees_asked(seen), default=0),
        "candidates": max((one.candidates or 0 for one in seen.fits if one.is_search), default=0),
        "draws": max(((one.draws or 0) * (one.chains or 1) for one in seen.samplings), default=0),
    }


def saved_numbers(evidence: Evidence) -> int:
    """Return how many numbers the network has that was saved last as the run's model; 0 where nobody saw one."""
    paths = {one.path for one in evidence.artefacts if one.role == "model"}
    saves = evidence.seen.saves if evidence.seen is not None else ()
    return next((one.numbers for one in reversed(saves) if one.path in paths and one.numbers), 0)


def made_again(evidence: Evidence, one: Artefact) -> bool:
    """Whether a run was seen to train what it saved as its model, though the same lay there before it.

    The same seed, data and settings lead to the same file. What it saved last there is what it fitted, or where its
    steps ended; or its steps went on for longer than those of the quick run. It read no state of that one.
    """
    seen = evidence.seen
    if one.role != "model" or seen is None or not seen.whole or reads_of_quick(evidence) or _was_read(seen, one):
        return False
    ended = {each.weights.sha for each in seen.steps if each.weights.sha and each.weights.sha != each.begun.sha}
    for save in [each for each in seen.saves if each.path == one.path][-1:]:
        longer = save.numbers and did_more(seen, evidence.quick_seen, save.numbers)
        return save.of is not None or save.weights.sha in ended or bool(longer)
    return False


def _was_read(seen: Seen, one: Artefact) -> bool:
    read = seen.witnessed.of("read")
    return any(text(line.facts, "path") == one.path or text(line.facts, "sha256") == one.sha256 for line in read)
