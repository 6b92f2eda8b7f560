"""Is a curve of losses stable at its end? The change between its last two stretches, against its own noise. Pure."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import replace

from ..curves.losses import losses_of
from ..curves.series import Column, History
from ..curves.several import trainings
from ..evidence.checks import Check, failed, flat, passed, unknown
from ..evidence.rules import HistoryRules
from ..evidence.words import Word

LEAST = 3
"""So many values a stretch has at least: a median of fewer says nothing."""
_ERROR_OF_A_MEDIAN = 1.2533
"""Standard error of a median in those of a mean, for normal noise."""
_DOUBTFUL, _SURE = 2.0, 4.0
"""Standard errors up to which a change is noise, and above which it is sure."""
AGAIN = "Change the model or the sampler's settings with @modeler, and train again."


def of_history(history: History, rules: HistoryRules, *, needed: bool) -> Check:
    """Judge a curve; of several trainings on end the last one."""
    every = trainings(history)
    found = _of_curve(every[-1], rules, needed=needed)
    if len(every) == 1:
        return found
    return replace(found, evidence=flat(f"of {len(every)} trainings on end the last one: {found.evidence}"))


def _of_curve(history: History, rules: HistoryRules, *, needed: bool) -> Check:
    """Judge the curve of one training.

    One that is too short says nothing, which matters where the method is known by its epochs.
    """
    name, values = curve(history)
    stretch = _stretch(history, len(values), rules)
    if len(values) < 2 * stretch:
        what = f"{len(values)} values of {name}; two stretches of {rules.stable_epochs} epochs are needed"
        code = "convergence_not_inspected" if needed else ""
        return unknown("convergence", what, code, "Record the loss of every epoch.")
    if not all(math.isfinite(one) for one in values[-2 * stretch :]):
        return failed(
            "convergence", f"{name} is not finite at the end", Word.INCOMPLETE_TRAINING, "not_converged", AGAIN
        )
    change = relative_change(values, stretch)
    if change < 1.0:
        change *= _of_what_is_asked(history, stretch, rules)
    told = f"{rules.stable_epochs} epochs" if stretch == rules.stable_epochs else f"{stretch} values"
    text = f"{name} changed by {change:.1%} of its whole improvement between the last two stretches of {told}"
    if rules.stable_change < change < 1.0 and _errors(values, stretch) <= _DOUBTFUL:
        return passed("convergence", f"{text}, no more than its own noise")
    if change > rules.stable_change:
        what = f"{text}, more than {rules.stable_change:.0%}: it was not stable yet"
        if not needed:
            return unknown("convergence", what)
        sure = change > rules.unstable_change and still_learns(history, rules)
        word, code = (Word.INCOMPLETE_TRAINING, "not_converged") if sure else (Word.INVESTIGATE, "not_stable")
        return failed("convergence", what, word, code, "Train for more epochs.")
    return passed("convergence", text)


def still_learns(history: History, rules: HistoryRules) -> bool:
    """Whether the loss that is trained on clearly still moves, beyond its own noise.

    That of a validation is judged where it is alone, for it wobbles, and rises where all was learned that there is.
    """
    values = trained(history)
    stretch = _stretch(history, len(values), rules)
    if len(values) < 2 * stretch or not all(map(math.isfinite, values)):
        return False
    change = relative_change(values, stretch)
    if change < 1.0:
        change *= _of_what_is_asked(history, stretch, rules)
    return change > rules.unstable_change and _errors(values, stretch) > _SURE


def trained(history: History) -> list[float]:
    """Return the values of the training loss; of the curve that is judged where there is none."""
    values = [one for one in history.train_loss if one is not None]
    return values if values and not history.by_reward else curve(history)[1]


def is_finite(history: History) -> bool:
    """Whether the last training's curve has numbers only."""
    return all(map(math.isfinite, curve(trainings(history)[-1])[1]))


def rises(values: Sequence[float]) -> bool:
    """Whether the last quarter of a curve lies above the quarter before it."""
    part = len(values) // 4
    return part > 0 and statistics.median(values[-part:]) > statistics.median(values[-2 * part : -part])


def _errors(values: list[float], stretch: int) -> float:
    """Return by how many standard errors the medians of the two last stretches differ.

    The noise is told by neighbours: a loss that still falls or rises differs more between stretches than between rows.
    """
    last, before = values[-stretch:], values[-2 * stretch : -stretch]
    steps = [after - one for one, after in itertools.pairwise(values[-2 * stretch :])]
    noise = statistics.pstdev(steps) / math.sqrt(2)
    error = _ERROR_OF_A_MEDIAN * noise * math.sqrt(2 / stretch)
    apart = abs(statistics.median(last) - statistics.median(before))
    return apart / error if error > 0 else (math.inf if apart else 0.0)


def _of_what_is_asked(history: History, stretch: int, rules: HistoryRules) -> float:
    """Return which share of a change is that of stretches as long as the rule's, where fewer values tell of more."""
    if stretch >= rules.stable_epochs or history.counts != "epoch" or len(history.epochs) < 2 * stretch:
        return 1.0
    spanned = history.epochs[-1] - history.epochs[-1 - stretch]
    return min(1.0, rules.stable_epochs / spanned) if spanned > 0 else 1.0


def _stretch(history: History, values: int, rules: HistoryRules) -> int:
    """Return how many values a stretch of epochs has: fewer than epochs where only every tenth or so was told."""
    told = history.counts == "epoch" and len(history.epochs) == values
    steps = [after - before for before, after in itertools.pairwise(history.epochs)] if told else []
    step = statistics.median(steps) if steps else 1.0
    if step <= 1:
        return rules.stable_epochs
    return min(rules.stable_epochs, max(LEAST, round(rules.stable_epochs / step)))


def curve(history: History) -> tuple[str, list[float]]:
    """Return the name and the values of what is judged: a reward, the loss of a validation, else the loss."""
    if history.by_reward:
        return "reward", [one for one in losses_of(history).reward if one is not None]
    for name in ("val_loss", "train_loss"):
        column: Column = history.column(name)
        values = [one for one in column if one is not None]
        if values:
            return name.replace("_", " "), values
    return "loss", []


def relative_change(values: list[float], stretch: int) -> float:
    """Return how far the median moved between the last two stretches, as a share of the fall from the first value.

    A loss that never fell has not converged: 1, or more if it ends above where it began.
    """
    last, before = statistics.median(values[-stretch:]), statistics.median(values[-2 * stretch : -stretch])
    fall = values[0] - min(values)
    if fall <= 0 or last >= values[0]:
        return max(1.0, (last - values[0]) / abs(values[0]) if values[0] else 1.0)
    return abs(before - last) / fall
