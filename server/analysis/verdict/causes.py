"""Which of the checks that stand in the way names the reason: a cause before what only follows from it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ..evidence.checks import Check, flat
from ..evidence.words import Outcome, Word

_SAME_AS_BEFORE = ("_touched", "_unchanged")
"""Ends of the codes of files that are as a run before left them: who trains nothing anew writes nothing new."""
_NOT_STABLE = ("not_converged", "not_stable")
_NOTHING_LEARNT = frozenset(
    {
        *("mostly_untrained", "rate_of_zero", "no_step", "weights_hardly_moved", "started_from_weights"),
        *("updates_not_applied", "fewer_steps_than_epochs", "epochs_after_the_last_step", "epochs_repeated"),
        "new_network_each_epoch",
    }
)
"""Codes of steps that teach a network nothing: its loss does not settle for that."""
_MOST_BESIDE = 2
_LONGEST_BESIDE = 200


def cause_of(first: Check, blocking: Sequence[Check]) -> Check:
    """Return the check that says why the first one came about; itself where it says so.

    :param first: the one of the heaviest word, which stays the verdict's.
    """
    if first.word is Word.LIKELY_FABRICATION:
        return first
    doubted = [one for one in blocking if one.outcome is Outcome.FAILED and one is not first]
    if first.code in _NOT_STABLE:
        return next((one for one in doubted if one.code in _NOTHING_LEARNT), first)
    if first.code.endswith(_SAME_AS_BEFORE):
        causes = (one for one in doubted if not one.code.endswith(_SAME_AS_BEFORE) and one.code not in _NOT_STABLE)
        return next(causes, first)
    return first


def told_beside(cause: Check, blocking: Sequence[Check]) -> str:
    """Return the reason in words, and in short what else was found: each may be the one that matters."""
    others = [one for one in blocking if one.outcome is Outcome.FAILED and one is not cause]
    short = [_shortened(one.evidence) for one in others[:_MOST_BESIDE]]
    return flat("; also: ".join([cause.evidence, *short])) if short else cause.evidence


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_BESIDE else f"{text[: _LONGEST_BESIDE - 1]}…"
