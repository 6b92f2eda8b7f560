"""Were all iterations done? Counts against the design and the approved methods, the trace against the keeper."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from ...vocabulary.runs import Phase
from ..artefacts.facts import ArraysFacts, TraceFacts
from ..counted.claimed_counts import Floor, doubted
from ..counted.counts import Count, Counts
from ..counted.walkers import ensembles
from ..design.declared import approximates, declared_fit
from ..design.design import COUNTED, STOPPED
from ..design.quantities import plain
from ..evidence.checks import Check, failed, passed, span, unknown
from ..evidence.evidence import Evidence
from ..evidence.rules import TOLERANCE_S, Rules
from ..evidence.words import Word
from ..results.method import declared_kinds
from ..witness.seen import kind_of_class, place
from .minima import only_asks, open_minima, own_iterations

_OF_CHAINS = ("draws", "total_draws", "tune")
_SAMPLES = re.compile(
    r"bayes|mcmc|pymc|nuts|\bhmc\b|\bstan\b|numpyro|posterior|gibbs|metropolis|sampl|monte|chain|emcee|particle|\babc\b",
    re.IGNORECASE,
)
"""Words for a method whose draws are a sampler's."""
_RECURS = 0.2
"""From this share on of moves between draws that were made before, blocks of draws were copied."""
_MOST_REPEATED = 0.5
"""Share of draws that must differ where a sampler follows gradients: it accepts nearly each step, tuned for 80 %."""


def floors(evidence: Evidence, rules: Rules, counts: Counts) -> tuple[Floor, ...]:
    """Return what the design asks for, completed by what the approved method at hand needs.

    The design's own numbers override the policy's, as they do for the hours. Of walkers nobody may have seen which
    steps were left out.
    """
    asked = [
        Floor(name, one.floor, evidence.design.source(name), one.must_not_simplify, _may_stop(name, evidence))
        for name, one in evidence.design.requirements.items()
        if name in COUNTED and one.floor is not None and one.floor > 0
        and (name in counts or not _is_another_word(name, evidence))
    ]  # fmt: skip
    needed: Mapping[str, int] = open_minima(evidence, rules, counts, kind(evidence))
    if evidence.design.method and kind(evidence) not in declared_kinds(evidence.design.method):
        needed = {}  # a method that the policy has no minima for, or those of another: the design's own numbers bind
    if approximates(evidence.design, evidence.seen) or _names_another(evidence):
        needed = {}
    if _does_not_tune(evidence):
        needed = {name: value for name, value in needed.items() if name != "tune"}
    policy = [
        Floor(name, value, "watchkeeper.toml [method]", asks=only_asks(name, evidence, rules, kind(evidence)))
        for name, value in needed.items()
    ]
    return (*asked, *policy)


def _names_another(evidence: Evidence) -> bool:
    """Whether a sentence of the design names a class that was fitted and is no ensemble: fits often make none of it."""
    fit = None if evidence.design.method else declared_fit(evidence.design, evidence.seen)
    return fit is not None and kind(evidence) == "Ensemble" and not kind_of_class(fit)


def _is_another_word(name: str, evidence: Evidence) -> bool:
    """Whether a row that nothing counts speaks of no chains: what walkers leave out, samples of a Gaussian process.

    And steps in which the learning rate of a network warms up.
    """
    if name == "tune" and ensembles(evidence.seen):
        return True
    method, seen = evidence.design.method, evidence.seen
    if name not in _OF_CHAINS or (seen is not None and seen.samplings):
        return False
    networks = not method and seen is not None and seen.kinds[:1] == ("Deep Learning",)
    return networks or (bool(method) and _SAMPLES.search(method) is None)


def _does_not_tune(evidence: Evidence) -> bool:
    """Whether all that sampled has no tuning steps: sequential Monte Carlo, an ensemble of walkers."""
    if evidence.seen is not None and evidence.seen.samplings:
        return all(one.method in ("smc", "ensemble") for one in evidence.seen.samplings)
    groups = evidence.trace.statistics if evidence.trace is not None else ()
    return "log_marginal_likelihood" in groups


def kind(evidence: Evidence) -> str:
    """Return the kind of training that was done: what left a trace is MCMC, else as it was witnessed, else as read."""
    if evidence.trace is not None:
        return "Bayesian MCMC"
    if evidence.seen is not None and evidence.seen.kinds:
        return evidence.seen.kinds[0]
    return evidence.program.kind if evidence.program is not None else ""


def iterations(evidence: Evidence, rules: Rules, counts: Counts) -> Check:
    """Were as many draws, epochs, fits done as the design and the approved method ask for?"""
    text = _told(counts)
    if evidence.phase is Phase.QUICK:
        return unknown("iterations", f"not judged in the quick phase{f'; counted {text}' if text else ''}")
    wanted = floors(evidence, rules, counts)
    repeated = [name for name, one in counts.items() if one.repeated]
    if repeated:
        what = f"{text}: all {repeated[0]} gave the same digits, one computation was repeated or none was done"
        trained = evidence.seen is not None and bool(evidence.seen.kinds)  # a loss may be at its best from the start
        word = Word.INVESTIGATE if trained else Word.LIKELY_FABRICATION
        return failed("iterations", what, word, f"{repeated[0]}_repeated", _again(repeated[0]))
    below = [one for one in wanted if one.name in counts and counts[one.name].value < one.minimum]
    short = [one for one in below if counts[one.name].named < one.minimum]
    if short:
        return _too_few(evidence, short, counts)
    if doubt := doubted(evidence.program, wanted, counts, evidence.seen.redrawn if evidence.seen is not None else 0):
        return failed("iterations", doubt.what, Word.INVESTIGATE, doubt.code, doubt.action)
    missing = [one for one in wanted if one.name not in counts]
    own = own_iterations(evidence, counts, kind(evidence))
    if missing or not (counts or own):
        return _uncounted(evidence, text, missing)
    text = "; ".join(one for one in (text, f"the design names its own iterations, kept: {own}" if own else "") if one)
    asked = ", ".join(f"{one.name} >= {plain(one.minimum)} ({one.source})" for one in wanted)
    return passed("iterations", f"{text}; asked for {asked}" if asked else text)


def _may_stop(name: str, evidence: Evidence) -> bool:
    """Whether a row allows one number only, and the document says beside it that the training stops before."""
    one = evidence.design.requirements.get(name)
    fixed = one is not None and one.minimum is not None and one.minimum == one.value == one.maximum
    return fixed and name in STOPPED and bool(evidence.design.length.stops)


def _too_few(evidence: Evidence, short: list[Floor], counts: Counts) -> Check:
    """Return that fewer were done: a rejection where somebody asked for more, a question where a default did."""
    first = next((one for one in short if not one.asks), short[0])
    what = "; ".join(_shortfall(one, counts[one.name]) for one in short)
    if first.asks and _may_stop(first.name, evidence):
        action = "Say in the design which of its words binds, the least that is acceptable or the early stop."
        return failed("iterations", what, Word.INVESTIGATE, f"{first.name}_stopped_early", action)
    if first.asks:
        action = f"Say in the design how many {first.name} it needs; nobody chose the number of the policy."
        return failed("iterations", what, Word.INVESTIGATE, f"{first.name}_below_default", action)
    code = f"{first.name}_{'simplified' if first.must_not_simplify else 'short'}"
    return failed("iterations", what, Word.INCOMPLETE_TRAINING, code, _again(first.name))


def _told(counts: Counts) -> str:
    """Return the counts, each source once behind those that it gave: "2000 draws, 4 chains (trace)"."""
    by_source: dict[str, list[str]] = {}
    for name, one in counts.items():
        by_source.setdefault(one.source, []).append(f"{plain(one.value)} {name}")
    return ", ".join(f"{', '.join(words)} ({source})" for source, words in by_source.items())


def _shortfall(floor: Floor, count: Count) -> str:
    kept = ", must not be simplified" if floor.must_not_simplify else ""
    return f"{plain(count.value)} {floor.name} ({count.source}), {floor.source} asks for {plain(floor.minimum)}{kept}"


def _uncounted(evidence: Evidence, text: str, missing: list[Floor]) -> Check:
    if not missing and (fit := declared_fit(evidence.design, evidence.seen)):
        return unknown("iterations", f"nothing is asked to be counted; {fit.name} was fitted at {place(fit.line)}")
    seen = evidence.seen
    if not missing and seen is not None and seen.whole and (seen.fits or seen.samplings or seen.steps):
        return unknown("iterations", f"nothing is asked to be counted; {seen.describe()} (witnessed)")
    what = f"counted {text}" if text else "nothing that the run left tells its iterations"
    if missing:
        what += "; not counted: " + ", ".join(f"{one.name} >= {plain(one.minimum)} ({one.source})" for one in missing)
    if evidence.program is not None:
        what += f"; the script asks for: {evidence.program.describe()}"
    action = (
        "Leave what tells the iterations: the trace as the final model, the history of epochs, cv_results_ and the"
        " bootstrap estimates as tables beside the results."
    )
    return unknown("iterations", what, "iterations_not_inspected", action)


def _again(name: str) -> str:
    return f"Train again with all {name} that the design asks for; a smaller number needs a changed design."


def trace(evidence: Evidence) -> Check | None:
    """Does the trace fit what the keeper measured? Its own sums cannot exceed the run's; None without a trace."""
    found = evidence.trace
    if found is None:
        return _repeated(evidence)
    for code, what in _contradictions(evidence, found):
        action = "Let the script write its own trace in this run, and leave it as it is."
        return failed("trace", what, Word.LIKELY_FABRICATION, code, action)
    if (repeated := _repeated(evidence)) is not None:
        return repeated
    differing = _asked_otherwise(evidence, found)
    if differing:
        return failed(
            "trace", differing, Word.INVESTIGATE, "trace_differs_from_script", "Say where this trace is from."
        )
    seconds = [("CPU of the draws", found.process_time_s), ("sampling", found.sampling_time_s)]
    known = ", ".join(f"{name} {span(value)}" for name, value in seconds if value is not None)
    measured = f"{known}; the keeper measured {span(evidence.cpu_s or 0)} of CPU in {span(evidence.wall_s)}"
    return passed("trace", measured) if known else unknown("trace", "it holds no times of its own")


def _repeated(evidence: Evidence) -> Check | None:
    """Return that blocks of draws come again, in the trace or in arrays of draws where a sampler is declared."""
    trace, declares = evidence.trace, _SAMPLES.search(evidence.design.method) is not None
    arrays = [one for each in evidence.artefacts if isinstance(each.inside, ArraysFacts) for one in each.inside.arrays]
    told = [("the trace", trace.recurring)] if trace is not None else []
    told += [(f"array {one.name or 'of draws'}", one.recurring) for one in arrays] if declares else []
    name, share = max(((name, share or 0.0) for name, share in told), key=lambda one: one[1], default=("", 0.0))
    if share < _RECURS:
        return None
    what = f"{share:.0%} of the moves from one draw to the next in {name} were made before, to the last digit:"
    action = (
        "Save the draws that were made, and tell how many; draws that are filled up by earlier ones are no new ones."
    )
    return failed("trace", f"{what} blocks of draws come again", Word.INVESTIGATE, "draws_come_again", action)


def _contradictions(evidence: Evidence, found: TraceFacts) -> Iterator[tuple[str, str]]:
    written = _unix_s(found.created_at)
    if written is not None and evidence.begun_at is not None:
        end = evidence.ended_at or written
        if not evidence.begun_at - TOLERANCE_S <= written <= end + TOLERANCE_S:
            yield "trace_of_another_time", f"the trace was made at {found.created_at}, not while the run went on"
    cpu_s, wall_s = evidence.counted_cpu_s, evidence.counted_wall_s
    used_s = found.process_time_s
    if used_s is not None and cpu_s is not None and used_s > cpu_s * 1.05 + TOLERANCE_S:
        yield "trace_cpu", f"its draws took {span(used_s)} of CPU, the whole run {span(cpu_s)}"
    for took_s, of_what in ((found.sampling_time_s, "sampling"), (found.perf_counter_span_s, "its draws")):
        if took_s is not None and took_s > wall_s + TOLERANCE_S:
            yield "trace_wall", f"the trace says that {of_what} took {span(took_s)}, the run took {span(wall_s)}"
    if found.identical_chains:
        one, other = found.identical_chains[0]
        yield "chains_copied", f"chains {one} and {other} of the trace agree in every value"
    if found.constant_chains:
        yield "chain_constant", f"no parameter of chain {found.constant_chains[0]} ever moves"
    moves = found.n_steps_total is not None  # only samplers that follow gradients count their steps
    if moves and found.distinct_draws is not None and found.distinct_draws < _MOST_REPEATED * found.draws:
        yield "draws_repeated", f"of {found.draws} draws a chain only {found.distinct_draws} differ: they were repeated"
    if found.stats_draws is not None and found.stats_draws != found.draws:
        yield "trace_padded", f"{found.draws} draws a chain, and statistics of {found.stats_draws}"


def _asked_otherwise(evidence: Evidence, found: TraceFacts) -> str:
    asked = {one.draws for one in evidence.program.samplers} if evidence.program is not None else set[int | None]()
    if not asked or None in asked or found.draws in asked:
        return ""
    if _returned(evidence, found.draws) or _cut_off(evidence, found.draws):
        return ""
    words = " or ".join(str(one) for one in sorted(one for one in asked if one is not None))
    return f"the trace has {found.draws} draws a chain, the script asks for {words}"


def _returned(evidence: Evidence, kept: int) -> bool:
    """Whether a sampler was seen to return so many draws a chain, whatever it was asked for: it thins by itself."""
    samplings = evidence.seen.samplings if evidence.seen is not None else ()
    chains = (chain for one in samplings for chains in one.variables.values() for chain in chains)
    return any(chain.shape[:1] == (kept,) for chain in chains)


def _cut_off(evidence: Evidence, kept: int) -> bool:
    """Whether more was witnessed of samplers without tuning steps: what walkers needed to settle is left out of it."""
    samplings = evidence.seen.samplings if evidence.seen is not None else ()
    return any(one.method == "ensemble" and (one.draws or 0) > kept for one in samplings)


def _unix_s(text: str) -> float | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.timestamp() if at.tzinfo is not None else None  # without a zone it may be off by half a day
