"""Did compiled code go on to be called when its weights, or its loss, had come to a stop? Pure.

A mask that stops the updates leaves weights that no call changes any more, while moments of the optimiser go on; or a
loss that is the same from one step on, after a step that was none of the last small ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Line, Steps
from ..witness.seen import Seen, place
from ..witness.values import numbers, part, parts, text, whole, wholes

_LEAST_CALLS = 24
_MOST_GONE = 0.67
"""Of the calls, or of a series, the last third may stand still: the end of a schedule."""
_MOSTLY = 0.9
_LEAST_STEP = 1e-4
"""Share of its whole way: what came to its minimum made smaller steps before it stood still."""
_LEAST_BEFORE = 10
_TO_ITS_END = ("lbfgs", "newton", "bfgs")
"""Optimisers that come to a point where nothing changes."""
_ACTION = "Say what stops the updates, or count only the epochs in which the weights changed; a design may stop early."


def stood_still(evidence: Evidence, seen: Seen, stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """Yield that weights or losses stood still long before the last call or step."""
    ends = any(word in one.name.lower() for one in stepped for word in _TO_ITS_END)
    if evidence.design.length.stops or evidence.design.networks.fixed or ends:
        return
    yield from _changed(evidence, stepped)
    held = max((one.numbers for one in stepped if one.library == "optax"), default=0)
    for line in seen.witnessed.of("compiled"):
        yield from _weights(line, held)
        yield from _loss(line)


def _changed(evidence: Evidence, stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """Updates, or gradients, that are none of those which were returned, each time: scaled, masked, exchanged."""
    told = [(name, part(one.line.facts, name)) for name in ("updates", "gradients") for one in stepped]
    for name, one in told if not evidence.design.networks.updates else ():
        if (whole(one, "changed") or 0) and not whole(one, "same"):
            added = name == "updates"
            how = "added at {} are not those that the optimiser returned" if added else "{} are not those derived"
            what = (
                f"the {name} that {'were' if added else 'the optimiser was given at'} {how.format(text(one, 'where'))}:"
            )
            what = f"{what} something was done to them between, which may stop them"
            action = "Hand them on as they are returned, or say in the design what is done to them, and when."
            yield Suspicion(what, Word.INVESTIGATE, f"{name}_changed", action)
            return


def _weights(line: Line, held: int) -> Iterator[Suspicion]:
    looked, arrays = wholes(line.facts, "looked"), _arrays(line)
    last = max(looked, default=0)
    if last < _LEAST_CALLS or not held:
        return
    stopped = [(size, at) for size, at in arrays if 1 < at <= _MOST_GONE * last]
    since = max((at for _, at in stopped), default=0)
    if sum(size for size, _ in stopped) >= _MOSTLY * held:
        count = sum(size for size, _ in stopped)
        what = f"of what the compiled code at {place(line)} returned, arrays of {count} numbers"
        what = f"{what} were the same from call {since} to call {last} at each look, and the optimiser holds {held}"
        yield Suspicion(what, Word.INVESTIGATE, "updates_stopped", _ACTION)


def _arrays(line: Line) -> list[tuple[int, int]]:
    """Return the sizes of the arrays, and at which call each was seen to change last."""
    value = line.facts.get("arrays")
    listed: list[object] = value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType] # JSON
    pairs = (numbers({"": one}, "") for one in listed)
    return [(int(one[0]), int(one[1])) for one in pairs if len(one) == 2]


def _loss(line: Line) -> Iterator[Suspicion]:
    """A series that varied at every step, fell, and then stands still: no rate, no score that is full, no schedule."""
    for one in parts(line.facts, "series"):
        length, same = whole(one, "length") or 0, whole(one, "same_from") or 0
        ends, step = numbers(one, "ends"), numbers({"": [one.get("step")]}, "")
        falls = len(ends) == 2 and ends[0] > ends[1] != 0
        varied = (whole(one, "distinct") or 0) >= _MOSTLY * same and one.get("even") is not True
        if not falls or not varied or not _LEAST_BEFORE <= same <= _MOST_GONE * length:
            continue
        if step and step[0] >= _LEAST_STEP:
            what = f"a series of {length} numbers that the compiled code at {place(line)} returned falls until step"
            what = f"{what} {same}, by {step[0]:.2g} of its way there, and is the same in all {length - same} after it"
            yield Suspicion(what, Word.INVESTIGATE, "updates_stopped", _ACTION)
            return
