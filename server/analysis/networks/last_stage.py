"""Was a part of a network frozen in the last stage of its training, where the design has all of it trained? Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Line, Steps
from ..witness.seen import Seen, place
from ..witness.values import number, text, whole
from .left_untrained import LEAST_LEFT, left_by, named, pairs, parameters, tells_all

_LATE = 0.5
_LEAST_STEPS = 20


def frozen_at_last(evidence: Evidence, seen: Seen, stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """Yield that of a network which was evaluated after the last step a part was moved by earlier stages alone.

    Optimisers that step by turns, as of a generator and its critic, are one stage. What an optimiser holds counts as
    still where it had no gradient at a look in the second half of its steps.
    """
    said, known = evidence.design.training.all_trained, [one for one in stepped if one.steps >= _LEAST_STEPS]
    if not said or not seen.whole or not known or not tells_all(stepped) or _continued(evidence):
        return
    late, last = (
        _moved_late(known),
        max((whole(one.facts, "steps") or 0 for one in seen.witnessed.of("forward")), default=0),
    )
    evaluated = {text(one.facts, "class") for one in seen.witnessed.of("forward") if whole(one.facts, "steps") == last}
    for line in (one for one in seen.witnessed.of("module") if text(one.facts, "class") in evaluated):
        every = parameters(line)
        left = left_by(every, late)
        count, size = sum(each for _, each in left), whole(line.facts, "numbers") or 0
        if len(left) < len(every) and count >= LEAST_LEFT * size > 0:
            what = (
                f"{count} of the {size} numbers of {text(line.facts, 'class')} ({named(left)}) were moved by no step of"
            )
            what = f"{what} the last stage, {_stage(known)}; {evidence.design.path}:{said.line} says {said.words!r}"
            action = (
                "Let gradients and optimiser reach all parts in the last stage too, or say in the design which part is"
            )
            yield Suspicion(what, Word.INVESTIGATE, "part_frozen_at_last", f"{action} frozen, and when.")
            return


def _continued(evidence: Evidence) -> bool:
    return any(one.continued for one in evidence.attempts)


def _last_stage(stepped: Sequence[Steps]) -> list[Steps]:
    """Return the optimisers that still stepped when the last one of all had begun."""
    final = max(stepped, key=lambda one: _at(one.line, "last_at"))
    return [one for one in stepped if _at(one.line, "last_at") >= _at(final.line, "first_at")]


def _at(line: Line, name: str) -> float:
    return number(line.facts, name) or line.at


def _moved_late(stepped: Sequence[Steps]) -> Counter[int]:
    found: Counter[int] = Counter()
    for one in _last_stage(stepped):
        moved = Counter(dict(pairs(one.line, "moved_sizes")))
        if (whole(one.line.facts, "still_at") or 0) >= _LATE * one.steps:
            moved.subtract(dict(pairs(one.line, "still_sizes")))
        found.update({size: count for size, count in moved.items() if count > 0})
    return found


def _stage(stepped: Sequence[Steps]) -> str:
    one = _last_stage(stepped)[-1]
    return f"{one.steps} steps of {one.name} at {place(one.line)}"
