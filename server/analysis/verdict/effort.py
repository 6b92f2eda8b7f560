"""Was work done in that time, or did it only pass? From the keeper's samples of the whole process tree."""

from __future__ import annotations

from ...vocabulary.runs import Phase
from ..artefacts.facts import NotInspected
from ..counted.counts import Counts, shown
from ..design.declared import declared_fit
from ..evidence.checks import Check, failed, passed, span, unknown
from ..evidence.evidence import Evidence
from ..evidence.rules import TOLERANCE_S, Limits, Rules
from ..evidence.usage import Usage
from ..evidence.words import Outcome, Word
from ..results.method import nothing_trains
from .gpu import worked_on_gpu

_LEAST_SAMPLED = 0.5
"""Share of the time asked for that sampling itself should take; data, predictions and several models need some too."""
_WAITED = (
    "Say what it waited for. Where the work is done elsewhere (a GPU, another machine), lower [compute] min_cores"
    " before the next start; else take the waiting out."
)
_TRAIN = "Train for the required time; waiting is no training."
_TELL = "Let the script tell its iterations (watchkeeper_probe, a history, or the trace as its model)."


def effort(evidence: Evidence, rules: Rules, counts: Counts) -> Check:
    """Was the time used? Sleeping shows in CPU time; spinning in work without output, iterations or a method."""
    usage = evidence.usage
    if usage is None or evidence.cores_busy is None:
        return _unmeasured(evidence)
    text = described(evidence)
    if evidence.phase is Phase.QUICK:
        return passed("effort", text)
    if problem := _samples_differ(evidence, usage):
        action = "Compare the keeper's usage.jsonl and exit.json; somebody may have written into one of them."
        return failed("effort", f"{text}: {problem}", Word.INVESTIGATE, "usage_differs", action)
    if worked_on_gpu(evidence, 1 - rules.effort.max_idle_share):
        return passed("effort", f"{text}; a GPU worked for {_on_gpu(evidence):.0%} of it")
    waiting = _waiting(usage, evidence.cores_busy, rules, text)
    return waiting or _silence(evidence, rules, counts, usage.silent_share) or passed("effort", text)


def _waiting(usage: Usage, cores: float, rules: Rules, text: str) -> Check | None:
    """Return what is wrong with time in which next to nothing worked; None where nothing is."""
    if usage.idle_share > rules.effort.max_idle_share:
        what = f"{text}: it slept, time passed and no work was done"
        if rules.limits.min_s:  # hours were asked for and handed in, and they hold none: two facts that contradict
            return failed("effort", what, Word.LIKELY_FABRICATION, "idle", _TRAIN)
        return failed("effort", what, Word.INVESTIGATE, "idle", _WAITED)
    delayed = usage.delayed_s / usage.sampled_s  # others had the CPU: of that it could do nothing
    if cores < rules.effort.min_cores * (1 - delayed):
        what = f"{text}: it waited for {1 - cores - delayed:.0%} of the time, and less than"
        what += f" {rules.effort.min_cores:g} cores were busy"
        return failed("effort", what, Word.INVESTIGATE, "mostly_waiting", _WAITED)
    return None


def _on_gpu(evidence: Evidence) -> float:
    """Return the share of the run in which it worked on a GPU, 0 where that was not measured beyond its reach."""
    use = evidence.gpu
    return use.busy_share if use is not None and worked_on_gpu(evidence, 0.0) else 0.0


def _samples_differ(evidence: Evidence, usage: Usage) -> str:
    """Return what is wrong when the samples hold more work than the end of the run accounts for; else nothing."""
    total_s = evidence.cpu_s
    if total_s is None or evidence.cpu_is_lower_bound or usage.cpu_s <= total_s * 1.05 + TOLERANCE_S:
        return ""
    return f"the samples tell of {span(usage.cpu_s)} of CPU, the end of the run of {span(total_s)}"


def _silence(evidence: Evidence, rules: Rules, counts: Counts, silent: float | None) -> Check | None:
    """Return what is wrong with work that left no trace of itself while it went on; None when nothing is."""
    beside_the_log = any(one.source != "log" and not one.only_read for one in counts.values())
    if beside_the_log or silent is None or silent < rules.effort.max_silent_share:
        return None
    if evidence.seen is not None and (evidence.seen.kinds or declared_fit(evidence.design, evidence.seen)):
        return None  # what trained was seen; how much of the time it took is asked there
    counted = "all its epochs were printed in the rest" if shown(counts, counts) else "no iteration was counted"
    what = f"{described(evidence)}: busy for {silent:.0%} of the time on end without a line of output, {counted}"
    if nothing_trains(evidence.program):
        what += "; nothing that trains was recognised in the script: did it spin?"
        return failed("effort", what, Word.INVESTIGATE, "spinning", _TRAIN if rules.limits.min_s else _TELL)
    if any(isinstance(one.inside, NotInspected) for one in evidence.artefacts):
        return None  # what could not be read may hold the iterations
    return failed("effort", what, Word.INVESTIGATE, "silent_work", _TELL)


def _unmeasured(evidence: Evidence) -> Check:
    """Without samples nobody knows whether a full run worked or slept: that is no approval."""
    if evidence.phase is Phase.QUICK:
        return unknown("effort", "no usage samples")
    action = "Find out why the keeper's usage.jsonl is missing or too short, or train again."
    return unknown("effort", "no usage samples", "effort_not_inspected", action)


def described(evidence: Evidence) -> str:
    """Return what was measured, in words; cores are shown for each tenth of the run."""
    bound = "at least " if evidence.cpu_is_lower_bound else ""
    parts = [f"CPU {bound}{span(evidence.cpu_s or 0)}"]
    if evidence.cores_busy is not None:
        parts.append(f"{evidence.cores_busy:.2f} cores busy")
    if usage := evidence.usage:
        parts.append(f"{usage.idle_share:.0%} idle")
        over_time = " ".join("-" if one is None else f"{one:.1f}" for one in usage.cores)
        parts.append(f"cores by tenths of the run {over_time}")
        parts += [f"paused {span(usage.paused_s)}"] if usage.paused_s else []
        delayed = f"others had the CPU for {span(usage.delayed_s)} in which it could have worked"
        parts += [delayed] if usage.delayed_s > 0.1 * usage.sampled_s else []
    return ", ".join(parts)


def intensity(evidence: Evidence) -> str:
    """Return High, Medium, Low or Unknown from the cores or the GPU that were busy and the time that was idle."""
    cores, idle = evidence.cores_busy, evidence.idle_share
    if cores is None or idle is None:
        return "Unknown (not inspected)"
    on_gpu = _on_gpu(evidence)
    if (cores >= 0.8 and idle < 0.2) or on_gpu >= 0.8:
        return "High"
    return "Medium" if cores >= 0.3 or on_gpu >= 0.3 else "Low"


def requirement(evidence: Evidence, rules: Rules, iterations: Check, worked: Check) -> Check:
    """Was it long enough? Time alone decides nothing: with all iterations done by real work it is only doubted."""
    limits, total_s = rules.limits, evidence.counted_wall_s
    text = f"{_attempts(evidence)}; {limits.source} asks for {limits}"
    if total_s >= limits.min_s:
        return _mostly_something_else(evidence, limits, text) or passed("time", text)
    if iterations.outcome is Outcome.PASSED and worked.outcome is Outcome.PASSED:
        what = f"{text}: shorter, yet all iterations were counted and the work was measured"
        action = "A person must say whether a fast machine or sampler explains it."
        return failed("time", what, Word.INVESTIGATE, "short_but_complete", action)
    action = "Redesign by @modeler, re-implementation by @code_translator, then train again."
    return failed("time", text, Word.INSUFFICIENT_TIME, "below_minimum", action)


def _mostly_something_else(evidence: Evidence, limits: Limits, text: str) -> Check | None:
    """Return a doubt where a trace tells that sampling took little of the time asked for, whatever filled the rest."""
    sampled_s = evidence.trace.sampling_time_s if evidence.trace is not None else None
    earlier_s = evidence.counted_wall_s - evidence.wall_s  # their draws may be gone
    asked_s = _LEAST_SAMPLED * (limits.min_s - earlier_s)
    if sampled_s is None or evidence.phase is Phase.QUICK or sampled_s >= asked_s:
        return None
    what = f"{text}, but its trace says that sampling took {span(sampled_s)}: the rest is not the sampler's"
    action = "A person must say what the rest of the time was used for."
    return failed("time", what, Word.INVESTIGATE, "mostly_not_sampling", action)


def _attempts(evidence: Evidence) -> str:
    """Return the time in words: what counts, and what is shown apart."""
    if not evidence.attempts:
        return span(evidence.wall_s)
    counts = [f"{one.run} {span(one.wall_s)}" for one in evidence.attempts if one.counts]
    apart = [f"{one.run} {one.state} {span(one.wall_s)}" for one in evidence.attempts if not one.counts]
    total = span(evidence.counted_wall_s) + (f" with {', '.join(counts)}" if counts else "")
    return total + (f" (apart: {', '.join(apart[-4:])})" if apart else "")
