"""Did it converge? From the trace, else from the history of epochs, else stated as not inspected."""

from __future__ import annotations

from ...vocabulary.runs import Level, Phase
from ..artefacts.facts import TraceFacts
from ..counted.counts import scores_of_models
from ..counted.stable import AGAIN, curve, of_history
from ..counted.walkers import settled
from ..curves.mcmc import FULL_LEVELS, McmcSummary, judge_mcmc
from ..design.declared import approximates, is_for_reward
from ..evidence.checks import Check, failed, passed, unknown
from ..evidence.evidence import Evidence
from ..evidence.rules import Rules
from ..evidence.words import Word
from ..results.method import declared_kinds
from ..witness.seen import place
from ..witness.values import number
from .as_designed import as_designed, for_few_epochs

_FELL = 0.9
"""Share of its first value below which a loss fell."""


def convergence(evidence: Evidence, rules: Rules) -> Check:
    """Did the run converge, as far as its trace or its history tells?"""
    if evidence.trace is not None and approximates(evidence.design, evidence.seen):
        what = f"{_figures(evidence.trace)}: draws of an approximation have no chains to be compared"
        return unknown("convergence", what)
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
        return _without_chains(evidence, rules)
    if kind == "Ensemble" and program is not None and not program.loops:
        return unknown(
            "convergence", "not applicable: fits and bootstraps have no epochs; their counts are judged above"
        )
    if scores_of_models(evidence):
        return unknown("convergence", "not applicable: what was fitted has no epochs, its scores are told once each")
    if evidence.history is not None and curve(evidence.history)[1]:
        agent = evidence.history.by_reward and (not evidence.design.method or is_for_reward(evidence.design.method))
        chosen = kind == "Ensemble" or agent  # how long it goes on, nobody waits for it
        few = for_few_epochs(rules.history, evidence.design)
        judged = of_history(evidence.history, few, needed=not chosen)
        return as_designed(judged, evidence, few=few is not rules.history)
    if kind == "Deep Learning":
        return _without_history(evidence)
    return unknown("convergence", "neither a trace nor a history of epochs; findings from the log count above")


def _without_chains(evidence: Evidence, rules: Rules) -> Check:
    """Walkers whose chain was seen tell themselves how long they remember; of others a trace has to be left."""
    if told := settled(evidence, rules.levels.min_ess):
        return passed("convergence", told)
    what = "no trace was left that could be read"
    action = "Let the script save its trace (to_netcdf) as the final model; the extra `bayes` reads it."
    return unknown("convergence", what, "convergence_not_inspected", action)


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
            word = Word.INVESTIGATE if flag.flag == "ess" and _names_rhat_alone(evidence, rules) else incomplete
            return failed("convergence", f"{text}: {flag.message}", word, f"{flag.flag}_low", flag.advice)
    if problem := _against_design(trace, evidence):
        return failed("convergence", f"{text}: {problem}", incomplete, "not_converged", AGAIN)
    if trace.rhat_max is None:
        notes = f" ({trace.notes[0]})" if trace.notes else ""
        return unknown("convergence", f"{text}: R-hat could not be computed{notes}", "convergence_not_inspected", AGAIN)
    if trace.rhat_max > rules.rhat_doubtful and rules.phase is Phase.FULL:
        what = f"{text}: R-hat is above {rules.rhat_doubtful:g}"
        return failed("convergence", what, Word.INVESTIGATE, "rhat_doubtful", "Run longer chains.")
    noted = "; ".join(one.message for one in flags)
    return passed("convergence", f"{text}; {noted}" if noted else text)


def _names_rhat_alone(evidence: Evidence, rules: Rules) -> bool:
    """Whether the design says by R-hat when its chains converged, and nobody chose how large the ESS has to be."""
    asked = evidence.design.requirements
    return "rhat" in asked and "ess" not in asked and rules.levels.min_ess == FULL_LEVELS.min_ess


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
