"""Judge a training history: the flags that its columns show, one per cause."""

from __future__ import annotations

import math
from dataclasses import replace

from ...vocabulary.runs import Level
from .columns import Kind
from .finiteness import non_finite, non_finite_gradient, zero_beside_non_finite
from .flags import Flag
from .gradients import exploding, vanishing
from .instability import divergence, lost_again, spike
from .learning import not_learning, overfitting
from .losses import Losses, losses_of
from .oscillation import oscillation
from .overshoot import FirstEpoch, first_epoch, learned_fast, overshoot, overshot
from .robust import Curve, Seen, curve
from .series import Column, History
from .several import trainings
from .thresholds import Thresholds

_ADVICE = {
    "non_finite": (
        "Resume from the last finite checkpoint with a lower learning rate and clipped gradients, and check the "
        "inputs for NaN, log of 0 and division by 0."
    ),
    "divergence": (
        "Resume from the checkpoint before this epoch with a learning rate 3 to 10 times lower, and clip the "
        "gradient norm."
    ),
    "spike": "Clip the gradient norm or lower the learning rate, and look at the batches of this epoch.",
    "oscillation": "Lower the learning rate 3 to 10 times, or use a larger batch or a schedule that decays.",
    "vanishing_gradient": (
        "Use ReLU-like activations, normalisation or residual connections and a matching initialisation, or fewer "
        "layers."
    ),
    "exploding_gradient": "Clip the gradient norm, lower the learning rate and check the scale of the inputs.",
    "overfitting": "Keep the checkpoint of this epoch and stop there next time, or add regularisation or data.",
    "not_learning": (
        "Raise the learning rate, and check that the loss reaches the weights and that inputs belong to targets; "
        "if this level is the noise of the data, stop."
    ),
}
_WHAT = {
    "non_finite": "{value:g} non-finite losses in a row",
    "non_finite_gradient": "the gradient norm was not finite, and the loss has not moved since",
    "zero_beside_non_finite": "a loss of exactly 0 beside a gradient norm that is not finite, {value:g} times in a row",
    "collapse": "the reward fell back to {value:.4g}, below {threshold:.4g}",
    "divergence": "the loss rose to {value:.4g} and stayed above {threshold:.4g}",
    "spike": "the loss jumped to {value:.4g}, above {threshold:.4g}",
    "oscillation": "the loss rises and falls by {value:.0%} of its level (limit {threshold:.0%}) without progress",
    "overshoot": (
        "the first updates overshot: the mean training loss of the first epoch was {value:.3g} times the validation "
        "loss at its end (limit {threshold:g}), and the gradient norm fell with it"
    ),
    "vanishing_gradient": "the gradient of the layer, alone or as a share, is {value:.2g} (limit {threshold:g})",
    "exploding_gradient": "the gradient norm is {value:.4g} (limit {threshold:.4g})",
    "overfitting": (
        "the validation loss left its best for {value:.4g} (limit {threshold:.4g}) while the training loss fell"
    ),
    "not_learning": "the loss improved by {value:.2g} (limit {threshold:.2g})",
}
_PUBLISHED = {
    "overshoot": "oscillation",
    "non_finite_gradient": "non_finite",
    "zero_beside_non_finite": "non_finite",
    "collapse": "divergence",
}
"""Flags by the name that is published, where it is not their own: one cause, seen in another way."""
_FAILURES = frozenset({"non_finite", "non_finite_gradient", "zero_beside_non_finite", "divergence"})


def judge_history(history: History, thresholds: Thresholds | None = None) -> list[Flag]:
    """Return the red flags of a history, earliest first; empty where it is healthy or says nothing.

    :param history: any number of rows, all of which are looked at; columns that were never written are not judged.
    :param thresholds: the policy's numbers; the defaults of `Thresholds` without it.

    Of several trainings on end the last one is judged; of those before it only whether their losses were numbers.
    """
    limits = thresholds or Thresholds()
    *earlier, last = trainings(history)
    kept = _one_per_cause(_look(last, limits))
    flags = [_flag(last, name, what) for name, what in kept.items()]
    for one in earlier if "non_finite" not in kept else ():
        losses = losses_of(one)
        if broken := non_finite(losses.train, losses.val, limits):
            flags.append(_flag(one, "non_finite", broken))
            break
    return sorted(flags, key=lambda flag: flag.epoch or 0.0)


def _look(history: History, limits: Thresholds) -> dict[str, Seen]:
    losses = losses_of(history)
    found = {"non_finite": non_finite(losses.train, losses.val, limits)}
    both = bool(history.train_gain and history.val_gain)
    scores_alone = history.counts == "row" and not (history.train_loss or history.val_loss or both)
    if history.kind is Kind.PLAIN and not scores_alone:  # scores that nobody numbers may be of anything: no curve
        found |= _look_at_curves(history, losses, limits)
    elif losses.reward and len(reward := curve(losses.reward, limits.points_max)) >= limits.collapse_evaluations:
        found["non_finite"] = found["non_finite"] or non_finite(losses.reward, [], limits)
        found["collapse"] = _collapse(reward, limits)
    return {name: what for name, what in found.items() if what is not None}


def _collapse(reward: Curve, limits: Thresholds) -> Seen | None:
    """Find a reward that lost half of what it had gained; shown with its own sign."""
    lost = lost_again(reward, replace(limits, divergence_gain_share=limits.collapse_gain_share))
    return replace(lost, value=-lost.value, threshold=-lost.threshold) if lost else None


def _look_at_curves(history: History, losses: Losses, limits: Thresholds) -> dict[str, Seen | None]:
    """Look at a loss that falls where the run learns."""
    train = curve(losses.train, limits.points_max)
    val = curve(losses.val, limits.points_max)
    found = {"zero_beside_non_finite": zero_beside_non_finite(losses.train, history.grad_norm, limits)}
    if len(train):
        jump, first = spike(train, limits), first_epoch(train, val, history.grad_norm)
        found |= {
            "divergence": divergence(train, val, limits),
            "non_finite_gradient": non_finite_gradient(history.grad_norm, train, limits),
            "spike": jump,
            "oscillation": _own_oscillation(train, val, jump, first, limits),
            "overshoot": overshoot(first, train, val, limits),
            "vanishing_gradient": vanishing(history.grad_layer_mean, history.grad_norm, train, limits),
            "overfitting": _at_its_best(overfitting(train, val, limits), losses.val),
        }
        if history.epochs[-1] - history.epochs[0] >= 1:
            found["not_learning"] = not_learning(train, limits)
    found["exploding_gradient"] = exploding(history.grad_norm, limits)
    return found


def _at_its_best(seen: Seen | None, val: Column) -> Seen | None:
    """Date an overfitting to the best validation loss as it was written, whose checkpoint is worth keeping.

    Of equal ones the last: training had gone on until there.
    """
    values = [(value, -row) for row, value in enumerate(val) if value is not None and math.isfinite(value)]
    return replace(seen, row=-min(values)[1]) if seen and values else seen


def _own_oscillation(
    train: Curve, val: Curve, jump: Seen | None, first: FirstEpoch | None, limits: Thresholds
) -> Seen | None:
    """Return an oscillation that is not the echo of a jump: one that was there before it, or without any."""
    if jump is not None and jump.row > train.rows[min(5, len(train) - 1)]:
        train, val = train.before(jump.row), val.before(jump.row)
    return oscillation(train, val, limits, overshot=overshot(first, limits), learned_fast=learned_fast(first, limits))


def _one_per_cause(seen: dict[str, Seen]) -> dict[str, Seen]:
    """Drop what another flag explains: a loss that ran away also swings, jumps and stops learning."""
    born_dead = "vanishing_gradient" in seen and seen["vanishing_gradient"].row == 0
    kept = dict(seen)
    for cause, explained in _EXPLAINS.items():
        if cause in kept and not (cause in _UNSTABLE and born_dead):
            for name in explained:
                kept.pop(name, None)
    return kept


_UNSTABLE = ("divergence", "spike", "oscillation")
_EXPLAINS: dict[str, tuple[str, ...]] = {
    "non_finite": (
        *("zero_beside_non_finite", "non_finite_gradient", "divergence", "spike", "oscillation", "overshoot"),
        *("vanishing_gradient", "exploding_gradient", "not_learning"),
    ),
    "zero_beside_non_finite": (
        *("non_finite_gradient", "divergence", "spike", "oscillation", "overshoot", "overfitting"),
        *("vanishing_gradient", "exploding_gradient", "not_learning"),
    ),
    "non_finite_gradient": (
        *("divergence", "spike", "oscillation", "overshoot"),
        *("vanishing_gradient", "exploding_gradient", "not_learning"),
    ),
    "divergence": ("spike", "oscillation", "overshoot", "vanishing_gradient", "exploding_gradient", "not_learning"),
    "overfitting": ("oscillation", "overshoot", "spike", "not_learning", "vanishing_gradient"),
    "oscillation": ("overshoot", "spike", "vanishing_gradient", "not_learning", "exploding_gradient"),
    "overshoot": ("spike", "not_learning", "exploding_gradient"),
    "spike": ("exploding_gradient", "vanishing_gradient", "not_learning"),
    "vanishing_gradient": ("not_learning", "oscillation", "overshoot", "spike", "divergence"),
    "exploding_gradient": ("not_learning",),
}


def _flag(history: History, name: str, seen: Seen) -> Flag:
    epoch, published = history.epochs[seen.row], _PUBLISHED.get(name, name)
    what = _WHAT[name].format(value=seen.value, threshold=seen.threshold)
    return Flag(
        flag=published,
        epoch=epoch,
        value=seen.value,
        threshold=seen.threshold,
        advice=_ADVICE[published],
        level=Level.FAILURE if name in _FAILURES else Level.FLAG,
        message=f"{published} from epoch {epoch:g}: {what}.",
    )
