"""How many iterations were done, counted from what lies on disk: traces, histories, tables, the probe. Pure."""

from __future__ import annotations

import itertools
import math
import re
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..artefacts.facts import ArraysFacts, PickleFacts, TableFacts
from ..design.declared import approximates, prepares
from ..design.rows import trees_asked
from ..evidence.evidence import Evidence
from ..scripts.program import BOOSTING, Program
from ..witness.seen import Seen
from ..witness.values import whole
from .cut_out import cut_out
from .refits import drawn_anew, folds_by_hand, folds_inside, folds_of_splits, settings_by_hand
from .walkers import burned_in, steps_taken

_SPLIT = re.compile(r"split\d+_test_score")
_REPLICATE = re.compile(r"(bootstrap|replicate|resample)(_?(id|index|number|iteration|sample))?", re.IGNORECASE)
_REPLICATES = re.compile(r"bootstrap|replicate|resampl", re.IGNORECASE)
_ENSEMBLE = re.compile(r"boost|xgb|lightgbm|lgbm|forest|\btrees\b|bagging", re.IGNORECASE)
_INDEX = re.compile(r"iter(ation)?s?|b|n|i|k|rep|run|draw|sample|idx|index|unnamed: 0|", re.IGNORECASE)
_OF_TARGETS = re.compile(r"parametric|residual|simulat|wild", re.IGNORECASE)
"""Words for bootstraps that draw targets anew, and leave the rows as they are."""
_IN_ALL = re.compile(r"\b(?:in all|in total|total|together|altogether|overall)\b|\d\s*\+\s*\d|=\s*\d", re.IGNORECASE)

WITNESSED = "witnessed"
"""How the source of a count begins that the witness made."""
_MANY = 20
"""So many equal values in a row are no coincidence."""
_FEW = 10
"""Fewer epochs on record are counted one by one."""


@dataclass(frozen=True, slots=True)
class Count:
    """A number of iterations and where it was counted.

    :ivar repeated: each of them gave the same digits.
    :ivar named: the highest number that was told, though too few were told to prove that many.
    :ivar only_read: nothing that the run left shows it; it stands in the script that ran to its end.
    """

    value: float
    source: str
    repeated: bool = False
    only_read: bool = False
    named: float = 0.0


Counts = Mapping[str, Count]


def shown(counts: Counts, names: Iterable[str]) -> bool:
    """Whether something that the run left shows one of these."""
    return any(name in counts and not counts[name].only_read for name in names)


def counted(evidence: Evidence) -> Counts:
    """Return what was done, by name: draws (per chain, after tuning), tune, chains, epochs, cv, candidates, bootstraps.

    Of two sources the one that is closer to the work counts: files before what the script told, and that before what
    its text asks for; of two of a kind the one that says more.
    """
    found: dict[str, Count] = {}
    sources = (_from_trace, _from_seen, _from_probe, _epochs, _from_files, _from_program)
    for name, count in (one for source in sources for one in source(evidence)):
        if name not in found or (name in {"epochs", "bootstraps"} and count.value > found[name].value):
            found[name] = count
    return {**found, **{name: one for name, one in _derived(evidence, found) if name in evidence.design.requirements}}


def _derived(evidence: Evidence, found: Counts) -> Iterator[tuple[str, Count]]:
    """Yield what a design may ask for in other words: draws of all chains, iterations of a sampler or an optimiser."""
    yield from _by_hand(evidence, found)
    draws, tune, chains = (found.get(name) for name in ("draws", "tune", "chains"))
    if draws is not None and chains is not None and not approximates(evidence.design, evidence.seen):
        yield "total_draws", Count(draws.value * chains.value, draws.source)
        each = draws.value + (tune.value if tune is not None else 0)
        if (run := steps_taken(evidence.seen)) > each:
            draws, each = Count(run, WITNESSED), run  # what they needed to settle is not kept
        yield "iterations", Count(each, draws.source)
        yield "total_iterations", Count(each * chains.value, draws.source)
        if made := _steps_made(evidence):
            yield "updates", made  # of an optimiser beside the sampler: a guide, a start at the mode
        return
    told = [
        Count(epochs_reached(steps), source, named=max(filter(math.isfinite, steps), default=0.0))
        for source, steps in evidence.steps.items()
    ]
    if made := _rounds_of_boosters(evidence) or _steps_made(evidence):
        told = [made]  # a log that prints each fiftieth counts none of those between
    if taken := steps_taken(evidence.seen):
        told = [Count(taken, WITNESSED)]  # walkers whose steps are not stored
    for most in sorted(told, key=lambda one: one.value)[-1:]:
        yield from ((name, most) for name in ("iterations", "total_iterations", "updates"))


def _by_hand(evidence: Evidence, found: Counts) -> Iterator[tuple[str, Count]]:
    """Yield folds and bootstraps that show by their fits alone, where nothing else tells them."""
    seen = evidence.seen
    if seen is None:
        return
    folds, where = folds_by_hand(seen) if "cv" not in found else (0, "")
    folds, where = (folds, where) if folds > 1 or "cv" in found else folds_inside(seen)
    if folds > 1:
        yield "cv", Count(folds, f"{WITNESSED} at {where}")
    asked = evidence.design.requirements.get("bootstraps")
    redrawn = seen.redrawn if asked is not None and _OF_TARGETS.search(asked.text) else 0
    if "bootstraps" not in found and (drawn := max(drawn_anew(seen), redrawn)):
        yield "bootstraps", Count(drawn, WITNESSED)
    tried, where = settings_by_hand(seen) if "candidates" not in found else (0, "")
    if tried > 1:
        yield "candidates", Count(tried, f"{WITNESSED} at {where}")


def _steps_made(evidence: Evidence) -> Count | None:
    """Return the steps of optimisers, or of a variational fit, where all were seen.

    Members of an ensemble step at one place each for itself, stages that follow one another at places of their own.
    """
    seen = evidence.seen
    if seen is None or not seen.whole or any(one.traced for one in seen.updates):
        return None
    places: dict[str, int] = {}
    for one in seen.updates:
        places[one.line.where] = max(places.get(one.line.where, 0), one.steps)
    asked = [whole(one.arguments, key) or 0 for one in seen.variational for key in ("num_steps", "n")]
    made = max(sum(places.values()), max(asked, default=0))
    return Count(made, WITNESSED) if made else None


def _rounds_of_boosters(evidence: Evidence) -> Count | None:
    """Return the rounds that an ensemble was asked for, where a design that declares one calls them iterations."""
    asked = max(trees_asked(evidence.seen), default=0.0) if evidence.seen is not None else 0.0
    return Count(asked, WITNESSED) if asked and is_ensemble(evidence) else None


def is_ensemble(evidence: Evidence) -> bool:
    """Whether the design declares a method that is made of trees or rounds."""
    return _ENSEMBLE.search(evidence.design.method) is not None


def _from_trace(evidence: Evidence) -> Iterator[tuple[str, Count]]:
    trace = evidence.trace
    if trace is None:
        return
    yield "draws", Count(trace.draws, "trace")
    yield "chains", Count(trace.chains, "trace")
    tune = trace.tuning_steps if trace.tuning_steps is not None else trace.warmup_draws or None
    if tune is not None:
        yield "tune", Count(tune, "trace")


def _from_seen(evidence: Evidence) -> Iterator[tuple[str, Count]]:
    """Count what the witness saw: samplings, searches, passes over the data, fits to resampled rows."""
    seen = evidence.seen
    if seen is None:
        return
    for one in sorted(seen.samplings, key=lambda each: each.draws or 0, reverse=True)[:1]:
        tune = one.tune if one.tune is not None else burned_in(seen, one)
        cut = cut_out(evidence.trace, (one,)) if evidence.trace is not None else None
        tune = cut.left_out if tune is None and cut is not None else tune
        for name, value in (("draws", one.draws), ("chains", one.chains), ("tune", tune)):
            if value is not None:
                yield name, Count(value, f"{WITNESSED} at {one.line.where}")
    searches = [each for each in seen.fits if each.is_search]
    folds, where = folds_of_splits(seen)
    if folds > max((one.folds or 0 for one in searches), default=0):
        yield "cv", Count(folds, f"{WITNESSED} at {where}")
    outer = [one for one in searches if one.call.startswith("cross_val") and "SearchCV" in one.estimator]
    for one in sorted(outer, key=lambda each: each.folds or 0, reverse=True)[:1]:
        yield "cv", Count(one.folds or 0, f"{WITNESSED} at {one.line.where}")
    for one in sorted(searches, key=lambda each: each.candidates or 0, reverse=True):
        for name, value in (("cv", one.folds), ("candidates", one.candidates)):
            if value:
                yield name, Count(value, f"{WITNESSED} at {one.line.where}")
    if seen.epochs:
        yield "epochs", Count(seen.epochs, WITNESSED)
    if _asks_in_all(evidence) and seen.epochs_in_all > seen.epochs:
        yield "epochs", Count(seen.epochs_in_all, f"{WITNESSED}, of all stages together")
    if seen.bootstraps:
        yield "bootstraps", Count(seen.bootstraps, WITNESSED)


def _asks_in_all(evidence: Evidence) -> bool:
    """Whether the design counts its epochs over all stages together: `180 in all (60 + 120)`."""
    asked = evidence.design.requirements.get("epochs")
    return asked is not None and _IN_ALL.search(asked.text) is not None


def _from_probe(evidence: Evidence) -> Iterator[tuple[str, Count]]:
    told = evidence.told
    if told is None or not told.draws:
        return
    yield "draws", Count(told.draws, "probe")
    yield "chains", Count(told.chains, "probe")
    if told.tune is not None:
        yield "tune", Count(told.tune, "probe")


def _epochs(evidence: Evidence) -> Iterator[tuple[str, Count]]:
    history = evidence.history
    losses = [one for one in (history.train_loss or history.val_loss) if one is not None] if history else []
    repeated = len(losses) >= _MANY and len(set(losses)) <= 2
    resumed = any(one.continued for one in evidence.attempts)
    for source, epochs in evidence.epochs.items():
        if source == "history" and scores_of_models(evidence):
            continue
        named = max((one for one in epochs if math.isfinite(one)), default=0.0)
        reached = epochs_reached(epochs, resumed, evidence.epochs_total.get(source))
        if reached < named and _steps_prove(evidence.seen, named):
            yield "epochs", Count(named, f"{WITNESSED}: as many steps for each")
        yield "epochs", Count(reached, source, repeated, named=named)
        if _asks_in_all(evidence) and len(each := _stages(epochs)) > 1:
            together = sum(epochs_reached(one) for one in each)
            yield "epochs", Count(together, f"{source}, of all stages together", repeated, named=together)


def _stages(epochs: Sequence[float]) -> list[list[float]]:
    """Return the epochs of each stage: their numbers begin again, at the first one."""
    found: list[list[float]] = []
    for one in (each for each in epochs if math.isfinite(each)):
        if not found or (one < found[-1][-1] and one <= 1):
            found.append([])
        found[-1].append(one)
    return found


def _steps_prove(seen: Seen | None, epochs: float) -> bool:
    """Whether every optimiser made so many steps that each of the epochs that were named can have had as many."""
    made = [one.steps for one in seen.updates if not one.traced] if seen is not None and seen.whole else []
    return epochs >= _FEW and bool(made) and all(one and one % epochs == 0 for one in made)


def scores_of_models(evidence: Evidence) -> bool:
    """Whether rows without a number are scores told once a model or a setting, and no curve of epochs.

    So where methods without epochs were seen to be fitted and nothing that has any; of many rows, a fit for each.
    """
    seen, history = evidence.seen, evidence.history
    if seen is None or history is None or history.counts != "row":
        return False
    if "Deep Learning" in seen.kinds or seen.steps or seen.witnessed.of("losses"):
        return False
    fitted = sum(not prepares(one.name) and one.call != "partial_fit" for one in seen.fits)
    rows = len(history.epochs)
    return bool(seen.kinds) or fitted >= (rows if rows >= _FEW else 1)


def epochs_reached(epochs: Sequence[float], resumed: bool = False, total: float | None = None) -> float:
    """Return how many epochs a list of epoch numbers speaks of, when only every tenth or so was printed.

    A few numbers prove no more than themselves: one line may name any epoch. Where the first of each ten is printed
    (1, 11, 21 ...) the last line stands for the ten that it begins.

    :param resumed: whether an earlier attempt did the epochs before the first one named here.
    :param total: how many there are in all, as the same lines say ("epoch 491/500").
    """
    told = sorted({one for one in epochs if math.isfinite(one)})
    if len(told) < _FEW:
        return len(told)
    step = statistics.median(after - before for before, after in itertools.pairwise(told))
    if told[0] < 1:  # counted from 0
        return told[-1] - told[0] + (step if total is None else min(step, max(1.0, total - told[-1])))
    last = _last_of_its_interval(told, step, total)
    return last if resumed else last - told[0] + min(step, told[0])


def _last_of_its_interval(told: Sequence[float], step: float, total: float | None) -> float:
    """Return the epoch up to which the last line speaks: the interval that it begins, never beyond the total."""
    begins = step > 1 and told[0] == 1 and all((one - 1) % step == 0 for one in told)
    last = told[-1] + step - 1 if begins else told[-1]
    return last if total is None else max(told[-1], min(last, total))


def _from_files(evidence: Evidence) -> Iterator[tuple[str, Count]]:
    for artefact in (*evidence.artefacts, *evidence.extras):
        match artefact.inside:
            case TableFacts() as table:
                yield from _from_table(table, artefact.path)
            case PickleFacts() as pickle:
                yield from _from_pickle(pickle, artefact.path)
            case ArraysFacts(pickle=PickleFacts() as pickle):
                yield from _from_pickle(pickle, artefact.path)
            case _:
                pass


def _from_program(evidence: Evidence) -> Iterator[tuple[str, Count]]:
    """Count what only the script that ran can tell: folds of a search, and what the steps it told are."""
    program = evidence.program
    if program is None:
        return
    for search in program.searches:
        where = f"{search.file}:{search.line}"
        if search.fitted and search.cv is not None:
            yield "cv", Count(search.cv, where, only_read=True)
        if search.fitted and search.candidates is not None:
            yield "candidates", Count(search.candidates, where, only_read=True)
    yield from _rounds_of_one_loop(evidence, program)
    if any(one.fits for one in program.bootstraps) and not program.loops and not program.samplers:
        for source, steps in evidence.steps.items():
            named = max((one for one in steps if math.isfinite(one)), default=0.0)
            yield "bootstraps", Count(epochs_reached(steps), source, named=named)


def _rounds_of_one_loop(evidence: Evidence, program: Program) -> Iterator[tuple[str, Count]]:
    """A bar tells rounds without saying of what: of the one training loop that runs as often."""
    counts = {one.count for one in program.loops if one.library not in BOOSTING}
    for source, total in evidence.steps_total.items():
        if counts == {int(total)} and not evidence.epochs:
            reached = max((one for one in evidence.steps.get(source, ()) if math.isfinite(one)), default=0.0)
            yield "epochs", Count(min(reached, total), f"rounds in the {source}", named=reached)


def _from_table(table: TableFacts, path: str) -> Iterator[tuple[str, Count]]:
    folds = [one.name for one in table.columns if _SPLIT.fullmatch(one.name)]
    if folds:
        yield "cv", Count(len(folds), path)
        yield "candidates", Count(table.rows, path)
    numbered = next((one for one in table.columns if _REPLICATE.fullmatch(one.name)), None)
    if numbered is None and _REPLICATES.search(path.rpartition("/")[2]) and table.columns:
        # A table of replicates by its name: one row each, whatever its index is called.
        numbered = next((one for one in table.columns if _INDEX.fullmatch(one.name.strip())), None)
        if numbered is None:
            yield "bootstraps", Count(table.rows, path)
    if numbered is None:
        return
    estimates = [one for one in table.columns if one is not numbered and one.numbers]
    repeated = table.rows >= _MANY and bool(estimates) and all(one.distinct <= 2 for one in estimates)
    replicates = table.rows if numbered.distinct_is_lower_bound else min(table.rows, numbered.distinct)
    yield "bootstraps", Count(replicates, path, repeated)


def _from_pickle(pickle: PickleFacts, path: str) -> Iterator[tuple[str, Count]]:
    for where, value in pickle.numbers:
        name = where.rpartition(".")[2]
        if name == "n_splits_":
            yield "cv", Count(value, path)
        elif name == "n_iter_" and "MLP" in pickle.root:
            yield "epochs", Count(value, path)
    for array in pickle.arrays:
        if array.name.endswith("mean_test_score") and array.shape:
            yield "candidates", Count(array.shape[0], path)
