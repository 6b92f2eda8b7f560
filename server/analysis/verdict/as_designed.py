"""A curve that still moves at its end, where the design says how long a training is. Pure.

How many epochs it needs, the design says: what was done as it says is not asked to be more, and a few values, an early
stop, a rate that came to its end prove no training to be unfinished.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from ..counted.counts import WITNESSED, counted
from ..counted.stable import LEAST, curve, is_finite, rises, trained
from ..curves.several import trainings
from ..design.design import Design
from ..design.quantities import plain
from ..evidence.checks import Check, failed, passed, unknown
from ..evidence.evidence import Evidence
from ..evidence.rules import HistoryRules
from ..evidence.words import Word
from ..witness.values import numbers

_TOO_SHORT = "convergence_not_inspected"
_JUDGED = (_TOO_SHORT, "not_stable", "not_converged")
_LENGTHS = ("epochs", "iterations", "total_iterations", "updates")
_DECAYED = 0.1
"""Share of its highest value below which a learning rate came to its end."""
_LEAST_WAITED = 2
"""Epochs without an improvement that an early stop waits for at least, where nobody says how many."""
_LONGER = "Train for more epochs, or say why so many do."


def for_few_epochs(rules: HistoryRules, design: Design) -> HistoryRules:
    """A design that asks for fewer epochs than two stretches hold is judged by two halves of what it asks for."""
    asked = design.requirements.get("epochs")
    few = (asked.floor or asked.maximum) if asked is not None else None
    return replace(rules, stable_epochs=int(few / 2)) if few and 2 * LEAST <= few < 2 * rules.stable_epochs else rules


def as_designed(judged: Check, evidence: Evidence, *, few: bool) -> Check:
    """Return what follows from a curve that moves or is short, given what the design says and what was seen of it.

    :param few: whether the design asks for fewer epochs than the rule looks at.
    """
    if judged.code not in _JUDGED or evidence.history is None or not is_finite(evidence.history):
        return judged
    ended = next(iter(_ends(evidence)), "")
    if judged.code == _TOO_SHORT:
        return unknown("convergence", f"{judged.evidence}; {ended}") if ended else judged
    risen = rises(trained(trainings(evidence.history)[-1]))
    if judged.code == "not_converged" and risen and not few:
        return judged  # more epochs would not mend it
    if ended and (few or (judged.code == "not_stable" and not (risen and _no_validation(evidence)))):
        return passed("convergence", f"{judged.evidence}; {ended}")
    if judged.code == "not_converged" and (ended or few):
        what = f"{judged.evidence}; {ended}" if ended else judged.evidence
        return failed("convergence", what, Word.INVESTIGATE, "not_stable", _LONGER)
    return judged


def _no_validation(evidence: Evidence) -> bool:
    return evidence.history is None or not any(one is not None for one in evidence.history.val_loss)


def _ends(evidence: Evidence) -> Iterator[str]:
    """Yield why a training ended where it did: all was made, it was stopped early, its rate came to its end."""
    yield from _all_made(evidence)
    yield from _stopped_early(evidence)
    yield from _rate_ended(evidence)


def _all_made(evidence: Evidence) -> Iterator[str]:
    """That all epochs were made has to be witnessed, by the passes over the data or by the steps."""
    seen, counts = evidence.seen, counted(evidence)
    for name in _LENGTHS:
        asked, made = evidence.design.requirements.get(name), counts.get(name)
        number = (asked.floor or asked.maximum) if asked is not None else None
        if not number or made is None or seen is None or not seen.whole or made.value < number:
            continue
        if made.source.startswith(WITNESSED) or sum(one.steps for one in seen.steps) >= number:
            still = "it still falls, and " if _falls(evidence) else ""
            yield f"{still}the {plain(number)} {name} of the design ({evidence.design.source(name)}) were made"


def _falls(evidence: Evidence) -> bool:
    values = trained(trainings(evidence.history)[-1]) if evidence.history is not None else []
    return len(values) > 1 and not rises(values) and values[-1] < values[0]


def _stopped_early(evidence: Evidence) -> Iterator[str]:
    """The design stops early, and the curve was at its best some time before its end, as long as it is told to wait."""
    length = evidence.design.length
    if not length.stops or evidence.history is None:
        return
    last = trainings(evidence.history)[-1]
    name, values = curve(last)
    best = min(range(len(values)), key=values.__getitem__)
    told = last.counts == "epoch" and len(last.epochs) == len(values)
    after = last.epochs[-1] - last.epochs[best] if told else len(values) - 1 - best
    if best > 0 and after >= (length.patience or _LEAST_WAITED):
        where = f"{evidence.design.path}:{length.stops}"
        yield f"{name} was at its best {plain(after)} epochs before its end, as the design stops early ({where})"


def _rate_ended(evidence: Evidence) -> Iterator[str]:
    """Every optimiser's learning rate had come down to a small share of its highest."""
    steps = [one for one in evidence.seen.steps if one.steps] if evidence.seen is not None else []
    rates = [numbers(one.line.facts, "lr_seen") for one in steps]
    if rates and all(len(one) > 1 and one[-1] <= _DECAYED * max(one) and math.isfinite(one[-1]) for one in rates):
        yield f"its learning rate had come down from {max(rates[-1]):g} to {rates[-1][-1]:g} (witnessed)"
