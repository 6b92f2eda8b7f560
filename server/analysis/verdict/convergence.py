"""Did it converge? From the trace, else from the history of epochs, else stated as not inspected."""

from __future__ import annotations

import itertools
import math
import statistics
from dataclasses import replace

from ...vocabulary.runs import Level, Phase
from ..artefacts.facts import TraceFacts
from ..curves.losses import losses_of
from ..curves.mcmc import McmcSummary, judge_mcmc
from ..curves.series import Column, History
from ..curves.several import trainings
from ..witness.values import number
from .checks import Check, failed, flat, passed, unknown
from .counts import counted, scores_of_models
from .declared import is_for_reward
from .design import Design
from .evidence import Evidence
from .method import declared_kinds
from .quantities import plain
from .rules import HistoryRules, Rules
from .seen import place
from .words import Word

_LEAST = 3
"""So many values a stretch has at least: a median of fewer says nothing."""
_ERROR_OF_A_MEDIAN = 1.2533
"""Standard error of a median in those of a mean, for normal noise."""
_MORE_EPOCHS = ("not_stable", "not_converged")
_FELL = 0.9
"""Share of its first value below which a loss fell."""
_AGAIN = "Change the model or the sampler's settings with @modeler, and train again."


def convergence(evidence: Evidence, rules: Rules) -> Check:
    """Did the run converge, as far as its trace or its history tells?"""
    if evidence.trace is not None:
        return _of_trace(evidence.trace, evidence, rules)
    if evidence.phase is Phase.QUICK:
        return unknown("convergence", "not judged in the quick phase; findings from the log count above")
    return _without_trace(evidence, rules)


def _without_trace(evidence: Evidence, rules: Rules) -> Check:
    program = evidence.program
    kind = program.kind if program is not None else ""
    if evidence.seen is not None and evidence.seen.kinds:
        kind = evidence.seen.kinds[0]
    if kind in ("", "Unknown"):  # a launcher: what it starts is what the design says, as far as anybody knows
        kind = next(iter(declared_kinds(evidence.design.method)), kind)
    if kind == "Bayesian MCMC":
        what = "no trace was left that could be read"
        action = "Let the script save its trace (to_netcdf) as the final model; the extra `bayes` reads it."
        return unknown("convergence", what, "convergence_not_inspected", action)
    if kind == "Ensemble" and program is not None and not program.loops:
        return unknown(
            "convergence", "not applicable: fits and bootstraps have no epochs; their counts are judged above"
        )
    if scores_of_models(evidence):
        return unknown("convergence", "not applicable: what was fitted has no epochs, its scores are told once each")
    if evidence.history is not None and _curve(evidence.history)[1]:
        agent = evidence.history.by_reward and (not evidence.design.method or is_for_reward(evidence.design.method))
        chosen = kind == "Ensemble" or agent  # how long it goes on, nobody waits for it
        judged = _of_history(evidence.history, _for_few_epochs(rules.history, evidence.design), needed=not chosen)
        return judged if judged.code not in _MORE_EPOCHS else _as_designed(judged, evidence)
    if kind == "Deep Learning":
        return _without_history(evidence)
    return unknown("convergence", "neither a trace nor a history of epochs; findings from the log count above")


def _as_designed(judged: Check, evidence: Evidence) -> Check:
    """A loss that still falls when all epochs were made that the design asks for: how many it needs, the design says.

    That they were made has to be witnessed, by the passes over the data or by the steps.
    """
    asked, seen = evidence.design.requirements.get("epochs"), evidence.seen
    made = counted(evidence).get("epochs")
    done = (
        asked is not None
        and asked.floor is not None
        and made is not None
        and made.value >= asked.floor
        and seen is not None
        and seen.whole
        and sum(one.steps for one in seen.steps) >= asked.floor
    )
    if not done or asked is None or evidence.history is None or not _falls(evidence.history):
        return judged
    what = f"{judged.evidence}; it still falls, and the {plain(asked.floor or 0)} epochs of the design"
    what = f"{what} ({evidence.design.source('epochs')}) were made"
    if judged.code == "not_stable":
        return passed("convergence", what)
    return failed("convergence", what, Word.INVESTIGATE, "not_stable", "Train for more epochs, or say why so many do.")


def _falls(history: History) -> bool:
    """Whether the last quarter of the last training's curve lies below the quarter before it."""
    _, values = _curve(trainings(history)[-1])
    part = len(values) // 4
    if part < 1 or not all(map(math.isfinite, values)):
        return False
    return statistics.median(values[-part:]) < statistics.median(values[-2 * part : -part])


def _without_history(evidence: Evidence) -> Check:
    if fell := _losses_fell(evidence):
        return unknown("convergence", f"no history of epochs was left; {fell}")
    action = "Print the loss of each epoch, or tell it through watchkeeper_probe."
    return unknown("convergence", "no history of epochs was left", "convergence_not_inspected", action)


def _losses_fell(evidence: Evidence) -> str:
    """Say that the losses of networks that were fitted by one call each fell, where these were witnessed; else nothing.

    A loop of the person's own has to tell its epochs itself.
    """
    seen = evidence.seen
    if seen is None or not seen.whole or not seen.fits_networks:
        return ""
    curves = [(number(one.facts, "first"), number(one.facts, "min"), one) for one in seen.witnessed.of("losses")]
    fell = [(first, least, one) for first, least, one in curves if first is not None and least is not None]
    if not fell or not all(least < _FELL * first for first, least, _ in fell):
        return ""
    first, least, line = fell[-1]
    return f"the losses at {place(line)} fell from {first:.4g} to {least:.4g} at best (witnessed)"


def _for_few_epochs(rules: HistoryRules, design: Design) -> HistoryRules:
    """A design that asks for fewer epochs than two stretches hold is judged by two halves of what it asks for."""
    asked = design.requirements.get("epochs")
    few = asked.floor if asked is not None and asked.floor is not None else math.inf
    return replace(rules, stable_epochs=int(few / 2)) if 2 * _LEAST <= few < 2 * rules.stable_epochs else rules


def summary_of(trace: TraceFacts) -> McmcSummary:
    """Return a trace's diagnostics as the judge of chains takes them."""
    return McmcSummary(
        max_rhat=trace.rhat_max,
        min_ess_bulk=trace.ess_bulk_min,
        min_ess_tail=trace.ess_tail_min,
        divergences=trace.divergences,
        draws=trace.draws * trace.chains,
        chains=trace.chains,
        bfmi_min=trace.bfmi_min,
        tree_depth_share=trace.max_tree_depth_share,
    )


def _of_trace(trace: TraceFacts, evidence: Evidence, rules: Rules) -> Check:
    text = _figures(trace)
    incomplete = Word.INCOMPLETE_TRAINING
    flags = judge_mcmc(summary_of(trace), rules.levels)
    for flag in flags:
        if flag.level is Level.FAILURE:
            return failed("convergence", f"{text}: {flag.message}", incomplete, "not_converged", flag.advice)
    for flag in flags:
        if flag.flag in ("ess", "chains"):
            return failed("convergence", f"{text}: {flag.message}", incomplete, f"{flag.flag}_low", flag.advice)
    if problem := _against_design(trace, evidence):
        return failed("convergence", f"{text}: {problem}", incomplete, "not_converged", _AGAIN)
    if trace.rhat_max is None:
        notes = f" ({trace.notes[0]})" if trace.notes else ""
        return unknown(
            "convergence", f"{text}: R-hat could not be computed{notes}", "convergence_not_inspected", _AGAIN
        )
    if trace.rhat_max > rules.rhat_doubtful and rules.phase is Phase.FULL:
        what = f"{text}: R-hat is above {rules.rhat_doubtful:g}"
        return failed("convergence", what, Word.INVESTIGATE, "rhat_doubtful", "Run longer chains.")
    noted = "; ".join(one.message for one in flags)
    return passed("convergence", f"{text}; {noted}" if noted else text)


def _figures(trace: TraceFacts) -> str:
    figures = (
        ("R-hat", trace.rhat_max, ".3f"),
        ("bulk ESS", trace.ess_bulk_min, ".0f"),
        ("tail ESS", trace.ess_tail_min, ".0f"),
        ("divergences", trace.divergences, "d"),
        ("BFMI", trace.bfmi_min, ".2f"),
    )
    shown = [f"{name} {value:{form}}" for name, value, form in figures if value is not None]
    worst = [f"worst parameter {trace.worst_parameter}"] if trace.worst_parameter else []
    left = [f"{trace.parameters_left_out} parameters not looked at"] if trace.parameters_left_out else []
    return ", ".join([f"{trace.chains} chains", *shown, *worst, *left])


def _against_design(trace: TraceFacts, evidence: Evidence) -> str:
    """Hold the trace against a bound that the design itself sets for R-hat or ESS."""
    rhat, ess = (evidence.design.requirements.get(name) for name in ("rhat", "ess"))
    most = rhat.maximum if rhat is not None else None
    if most is not None and trace.rhat_max is not None and trace.rhat_max > most:
        return f"{evidence.design.source('rhat')} asks for R-hat of at most {most:g}"
    least = ess.floor if ess is not None else None
    sizes = [one for one in (trace.ess_bulk_min, trace.ess_tail_min) if one is not None]
    if least is not None and sizes and min(sizes) < least:
        return f"{evidence.design.source('ess')} asks for ESS of at least {least:g}"
    return ""


def _of_history(history: History, rules: HistoryRules, *, needed: bool) -> Check:
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
    name, values = _curve(history)
    stretch = _stretch(history, len(values), rules)
    if len(values) < 2 * stretch:
        what = f"{len(values)} values of {name}; two stretches of {rules.stable_epochs} epochs are needed"
        code = "convergence_not_inspected" if needed else ""
        return unknown("convergence", what, code, "Record the loss of every epoch.")
    if not all(math.isfinite(one) for one in values[-2 * stretch :]):
        return failed(
            "convergence", f"{name} is not finite at the end", Word.INCOMPLETE_TRAINING, "not_converged", _AGAIN
        )
    change = relative_change(values, stretch)
    if change < 1.0:
        change *= _of_what_is_asked(history, stretch, rules)
    told = f"{rules.stable_epochs} epochs" if stretch == rules.stable_epochs else f"{stretch} values"
    text = f"{name} changed by {change:.1%} of its whole improvement between the last two stretches of {told}"
    if rules.stable_change < change < 1.0 and _is_noise(values, stretch):
        return passed("convergence", f"{text}, no more than its own noise")
    if change > rules.stable_change:
        what = f"{text}, more than {rules.stable_change:.0%}: it was not stable yet"
        if not needed:
            return unknown("convergence", what)
        much = change > rules.unstable_change
        word, code = (Word.INCOMPLETE_TRAINING, "not_converged") if much else (Word.INVESTIGATE, "not_stable")
        return failed("convergence", what, word, code, "Train for more epochs.")
    return passed("convergence", text)


def _is_noise(values: list[float], stretch: int) -> bool:
    """Whether the two last stretches differ by no more than two standard errors of their medians.

    The noise is told by neighbours: a loss that still falls or rises differs more between stretches than between rows.
    """
    last, before = values[-stretch:], values[-2 * stretch : -stretch]
    steps = [after - one for one, after in itertools.pairwise(values[-2 * stretch :])]
    noise = statistics.pstdev(steps) / math.sqrt(2)
    error = _ERROR_OF_A_MEDIAN * noise * math.sqrt(2 / stretch)
    return abs(statistics.median(last) - statistics.median(before)) <= 2 * error


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
    return min(rules.stable_epochs, max(_LEAST, round(rules.stable_epochs / step)))


def _curve(history: History) -> tuple[str, list[float]]:
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
