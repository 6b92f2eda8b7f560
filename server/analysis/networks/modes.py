"""Was what draws by chance active when a network was trained, and not when it predicted? By layers and modes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..design.quantities import plain
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Line, Prediction
from ..witness.seen import Seen, place
from ..witness.values import numbers, text, texts, whole

_WEAKER = 0.5
"""Share of the dropout that a design names; a head may have less than the body."""
_MOSTLY = 0.9
_LEAST_STEPS = 20


def dropout_left_out(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that no layer of any network that was evaluated drops as much as the design says.

    Nothing where a method of theirs may drop by itself, or not all of a network was told.
    """
    said, told = evidence.design.training.dropout, (*seen.witnessed.of("layers"), *_of_keras(seen))
    known = [one for one in told if "dropouts" in one.facts and (_is_keras(one) or whole(one.facts, "matrices"))]
    may = any(map(_may_drop, told))
    stepped = any(one.library in ("torch", "keras") and one.steps >= _LEAST_STEPS for one in seen.steps)
    if said is None or not known or may or not stepped or not seen.whole:
        return
    most = max((rate for one in known for rate in numbers(one.facts, "dropouts")), default=0.0)
    if most < _WEAKER * said[0]:
        has = f"drops {plain(most)} at most" if most else "has no layer that drops anything"
        whose = "the model" if _is_keras(known[0]) else text(known[0].facts, "class")
        what = f"{whose} {has}; {evidence.design.path}:{said[1].line} says {said[1].words!r}"
        action = "Train with the dropout that the design names, or take it out of the design."
        yield Suspicion(what, Word.INVESTIGATE, "dropout_left_out", action)


def _of_keras(seen: Seen) -> list[Line]:
    return [one.line for one in seen.steps if one.library == "keras"]


def _is_keras(line: Line) -> bool:
    return text(line.facts, "library") == "keras"


def _may_drop(line: Line) -> bool:
    """Whether something may drop by itself that nobody told of."""
    if _is_keras(line):
        return "dropouts" not in line.facts or (whole(line.facts, "own_layers") or 0) > 0
    return line.facts.get("drops") is True or line.facts.get("cut") is True or _is_nameless(line)


def _is_nameless(line: Line) -> bool:
    return any("Script" in one or one.startswith(("GraphModule", "Optimized")) for one in texts(line.facts, "there"))


def trained_in_evaluation(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that nearly each loss went backward through a network in its evaluation mode, which has dropout."""
    lines = [one for one in seen.witnessed.of("losses") if text(one.facts, "library") == "torch"]
    count = sum(whole(one.facts, "count") or 0 for one in lines)
    still = sum(whole(one.facts, "in_evaluation") or 0 for one in lines)
    drops = [one for one in seen.witnessed.of("layers") if any(numbers(one.facts, "dropouts")) or _normalises(one)]
    if drops and count >= _LEAST_STEPS and still >= _MOSTLY * count and not evidence.design.training.evaluates:
        what = f"at {still} of {count} losses that went backward at {place(lines[0])} the network was in its evaluation"
        what = f"{what} mode, in which the dropout or the batch norm of {text(drops[0].facts, 'class')} does nothing"
        action = "Call train() before each epoch, or say in the design that it is trained in evaluation mode."
        yield Suspicion(what, Word.INVESTIGATE, "trained_in_evaluation_mode", action)


def _normalises(line: Line) -> bool:
    return any(one.startswith("BatchNorm") for one in texts(line.facts, "there"))


def evaluated_in_training(
    evidence: Evidence, seen: Seen, returned: Sequence[tuple[str, Prediction]]
) -> Iterator[Suspicion]:
    """Yield that a column is what a network returned once while its dropout was on, and no design lets it draw."""
    if evidence.design.training.sampled_passes:
        return
    drops = {text(one.facts, "class") for one in seen.witnessed.of("layers") if any(numbers(one.facts, "dropouts"))}
    norms = {text(one.facts, "class") for one in seen.witnessed.of("layers") if _normalises(one)}
    for column, one in returned:
        if one.line.facts.get("training") is True and one.name in drops | norms and not _is_mean(one):
            what = f"column {column} is what {one.name} returned at {place(one.line)} in its training mode:"
            what = (
                f"{what} {'its dropout drew anew' if one.name in drops else 'its batch norm learned from these rows'}"
            )
            action = "Call eval() before the rows are predicted, or say in the design that predictions are drawn."
            yield Suspicion(what, Word.INVESTIGATE, "predicted_in_training_mode", action)
            return


def _is_mean(one: Prediction) -> bool:
    return text(one.line.facts, "of") == "mean of calls"
