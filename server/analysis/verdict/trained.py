"""Was there training behind it: weights that moved, data that were resampled, settings as the design has them. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ..counted.counts import Counts
from ..counted.resampled_units import rows_for_units
from ..counted.without_effect import burn_in_wasted, idle_rounds
from ..design.design import COUNTS
from ..design.quantities import plain
from ..design.repeats import only_solved, solved
from ..design.rows import counts_trees, trees_asked
from ..evidence.checks import Check, passed, span
from ..evidence.evidence import Evidence
from ..evidence.rules import TOLERANCE_S, Rules
from ..evidence.suspicion import Suspicion, first_of
from ..evidence.words import Word
from ..networks.stepped import gradients, nothing_stepped
from ..results.counting_fits import fits_of_results
from ..results.told_beyond import epochs_carried_on, replicates_of_nothing
from ..splits.folds_asked import folds_asked, folds_left_out, folds_shared, groups_of_one, repeats_left_out
from ..splits.time_order import in_time_order
from ..witness import Fit
from ..witness.seen import Seen, argument, place
from ..witness.values import part, whole
from .beside import beside
from .linear_by_setting import linear_by_setting
from .other_family import other_family

_MANY = 20
_FEW_ROWS = 50
_MOST_SPLITS = 10
_TIMED = (
    "Say in the report what the rest was used for, or lower the minimum training time of the design before the next"
    " start: a fast training need not be made longer."
)
_LEAST_FITTED = 0.5
_AGAIN = "Train again with what the design asks for, or say why it is right as it is."

_MOST_ALIKE = 0.5
"""From this share of different candidates on, a grid is one: whole numbers on a scale of logarithms repeat some."""


def training(evidence: Evidence, rules: Rules, counts: Counts, seen: Seen) -> Check | None:
    """Did what was witnessed train? None where nothing was."""
    if not (seen.samplings or seen.fits or seen.steps or seen.witnessed.of("losses")):
        found = first_of(_by_solvers(evidence, _told_bootstraps(counts), seen))
        return nothing_stepped(evidence, seen) if found is None else found.check("training", "witnessed")
    every = (
        *gradients(evidence, counts, seen),
        *_settings(evidence, seen),
        *_resampling(evidence, counts, seen),
        *replicates_of_nothing(evidence, counts, seen),
        *epochs_carried_on(evidence, seen),
        *rows_for_units(evidence, seen),
        *_rows(evidence, seen),
        *_splits(evidence, seen),
        *_trials(seen),
        *idle_rounds(seen),
        *burn_in_wasted(seen),
        *folds_asked(evidence, seen),
        *groups_of_one(seen),
        *folds_shared(seen),
        *folds_left_out(seen),
        *repeats_left_out(seen),
        *other_family(evidence, seen),
        *linear_by_setting(evidence, seen),
        *in_time_order(evidence, seen),
        *beside(evidence, rules, seen),
        *_time(evidence, rules, seen),
    )
    if found := first_of(every):
        return found.check("training", "witnessed")
    return passed("training", f"{seen.describe()}; {span(seen.method_s)} in the method (witnessed)")


def _settings(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Parameters of estimators against the design's own rows: 500 trees that became one."""
    of_results = fits_of_results(evidence, seen)
    for name, asked in evidence.design.requirements.items():
        if asked.floor is None or name in COUNTS:
            continue
        named = _named(name, of_results) or _named(name, seen.fits)
        used = named or (trees_asked(seen, of_results) if counts_trees(name) else [])
        if used and max(used) < asked.floor:
            what = (
                f"{name} was {plain(max(used))} at most, {evidence.design.source(name)} asks for {plain(asked.floor)}"
            )
            code = f"{name}_{'simplified' if asked.must_not_simplify else 'short'}"
            yield Suspicion(what, Word.INCOMPLETE_TRAINING if named else Word.INVESTIGATE, code, _AGAIN)


def _named(name: str, fits: Sequence[Fit]) -> list[float]:
    return [value for one in fits for value in _values({**one.params, **one.best}, name)]


def _values(params: Mapping[str, object], name: str) -> Iterator[float]:
    for key, value in params.items():
        if key.rpartition("__")[2].lower() == name and isinstance(value, int | float) and not isinstance(value, bool):
            yield float(value)


def _resampling(evidence: Evidence, counts: Counts, seen: Seen) -> Iterator[Suspicion]:
    """Replicates in a table against the fits behind them, and the data that these saw."""
    told = counts.get("bootstraps")
    groups = seen.repeated_fits()
    if told is None or told.only_read or told.value < _MANY or not groups:
        return
    foreign = [one.path for one in evidence.extras if one.path == told.source and one.path not in seen.written]
    if foreign and seen.written and foreign[0].endswith((".csv", ".tsv")):
        what = f"{foreign[0]} with its {plain(told.value)} bootstraps was not written by this run"
        yield Suspicion(what, Word.INVESTIGATE, "bootstraps_of_another", "Let the run write its own bootstraps.")
    inside = sum(sum(_counted(one.inside)) for one in seen.fits)
    fitted = sum(count for count, _ in groups.values()) + inside
    name, (count, distinct) = max(groups.items(), key=lambda one: one[1][0])
    if fitted < 0.9 * told.value:
        what = f"{plain(told.value)} bootstraps are told ({told.source}), {fitted} fits were made"
        yield Suspicion(what, Word.INVESTIGATE, "bootstraps_not_fitted", "Say what each bootstrap fits.")
    elif count >= 0.9 * told.value and 0 < distinct <= max(2, 0.05 * told.value):
        what = f"{plain(told.value)} bootstraps are told ({told.source}), the {count} fits of {name} saw"
        what = f"{what} {distinct} different data"
        yield Suspicion(what, Word.INVESTIGATE, "bootstraps_not_resampled", "Fit each replicate to its own resample.")


def _told_bootstraps(counts: Counts) -> float:
    told = counts.get("bootstraps")
    return 0.0 if told is None or told.only_read else told.value


def _by_solvers(evidence: Evidence, told: float, seen: Seen) -> Iterator[Suspicion]:
    """Replicates that a table or the design counts against the calls of optimisers, where nothing else fits."""
    row = evidence.design.requirements.get("bootstraps")
    asked = (row.floor or 0.0) if row is not None else 0.0
    wanted, made = max(told, asked), solved(seen) if only_solved(seen) else None
    if made is None or wanted < _MANY or made >= 0.9 * wanted:
        return
    whose = evidence.design.source("bootstraps") if asked >= told else "in the run's own table"
    first = seen.witnessed.of("solve")[0]
    what = f"{plain(wanted)} bootstraps ({whose}), and optimisers were called {made} times in all, the first at"
    action = "Fit each replicate to its own resample, or say in the design that they are drawn, and from what."
    yield Suspicion(f"{what} {place(first)}", Word.INVESTIGATE, "bootstraps_not_fitted", action)


def _counted(inside: Mapping[str, object]) -> list[int]:
    return [value for value in inside.values() if isinstance(value, int) and not isinstance(value, bool)]


def _rows(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Rows that were trained on, against those of the quick run, of the other fits and of what was predicted."""
    action = "Say why so few rows were used."
    quick = evidence.quick_seen
    if quick is not None and seen.rows and quick.rows > seen.rows:
        what = f"at most {seen.rows} rows were trained on, {quick.rows} in the quick run {evidence.quick_run}"
        yield Suspicion(what, Word.INVESTIGATE, "fewer_rows_than_quick", action)
    predicted = seen.predicted_rows
    count = sum(count for count, _ in seen.repeated_fits().values())
    told = seen.rows and all(one.x.shape for one in seen.fits)  # a library may be given its data before the fit
    if told and seen.rows <= _FEW_ROWS and count >= _MANY and predicted > 4 * seen.rows:
        what = f"all {count} fits saw at most {seen.rows} rows, {predicted} were predicted from them"
        yield Suspicion(what, Word.INVESTIGATE, "few_rows", action)
    yield from _searches(seen)


def _searches(seen: Seen) -> Iterator[Suspicion]:
    """What a search looked at: rows, folds, candidates."""
    action = "Say why so few rows were used."
    search = [one for one in seen.fits if one.is_search and one.x.shape]
    fitted = [one.x.shape[0] for one in seen.fits if not one.is_search and one.x.shape]
    if search and fitted and max(one.x.shape[0] for one in search) < 0.3 * max(fitted):
        rows = max(one.x.shape[0] for one in search)
        what = f"the search at {place(search[0].line)} saw {rows} rows, the fits beside it {max(fitted)}"
        yield Suspicion(what, Word.INVESTIGATE, "search_on_few_rows", action)
    for one in search:
        distinct = whole(one.line.facts, "distinct_folds")
        if distinct is not None and distinct < (one.folds or 0):
            what = f"the {one.folds} folds at {place(one.line)} are {distinct} different ones"
            yield Suspicion(what, Word.INVESTIGATE, "folds_repeated", "Give each fold rows of its own.")
        if (different := _different(one)) <= _MOST_ALIKE * (one.candidates or 0):
            what = f"the {one.candidates} candidates of the search at {place(one.line)} are {different} different ones"
            yield Suspicion(what, Word.INVESTIGATE, "candidates_repeated", "Search over settings that differ.")
        if (one.candidates or 0) == 1 and one.name.endswith("SearchCV"):
            what = f"the search at {place(one.line)} had one candidate: nothing was chosen"
            yield Suspicion(what, Word.INVESTIGATE, "search_of_one", "Search over more than one setting.")


def _different(search: Fit) -> int:
    """Return how many candidates of a grid differ; all of them where it is not told whole, or none is a grid."""
    space = part(search.line.facts, "space") or {}
    listed = [[*map(str, one)] for one in space.values() if isinstance(one, list)]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] # JSON
    every = search.candidates or 0
    untold = any(value.startswith("<") for one in listed for value in one)  # `<tuple>`: an object by its type alone
    if not listed or untold or len(listed) < len(space) or math.prod(map(len, listed)) != every:
        return every
    if any(one.startswith(("<", "[", "{")) for each in listed for one in each):  # only their kind is told
        return every
    return math.prod(len(set(each)) for each in listed)


def _splits(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """One split drawn again and again with other seeds: was the best one kept? Not where a table tells of each."""
    drawn = [one for one in seen.witnessed.of("split") if one.facts.get("call") == "train_test_split"]
    per_place = Counter(one.where for one in drawn)
    for where, count in per_place.items():
        seeds = {str(argument(one, "random_state")) for one in drawn if one.where == where}
        if count >= _MOST_SPLITS and len(seeds) >= _MOST_SPLITS and not _tells_each(evidence, count):
            what = f"the data were split {count} times with other seeds at {where}: best of {count}?"
            action = "Report all of these splits, or say beforehand which one counts."
            yield Suspicion(what, Word.INVESTIGATE, "split_chosen", action)


def _trials(seen: Seen) -> Iterator[Suspicion]:
    """Trials of a study that nothing was fitted for: some that were, and others that were only put into it."""
    networks = sum(one.steps > 0 for one in seen.steps)
    fitted = sum(count for count, _ in seen.repeated_fits().values()) + networks
    for one in (each for each in seen.fits if each.is_search and each.library == "optuna"):
        fitted_in = fitted + sum(each.is_search and each is not one for each in seen.fits)
        if fitted_in and seen.whole and fitted_in < _LEAST_FITTED * (one.candidates or 0):
            what = f"the study at {place(one.line)} has {one.candidates} trials, {fitted_in} fits were made in all"
            action = "Say what the other trials computed; trials of an earlier study are none of this run."
            yield Suspicion(what, Word.INVESTIGATE, "trials_not_fitted", action)
            return


def _tells_each(evidence: Evidence, count: int) -> bool:
    """Whether a table that the run left has a row for each of so many, or a block of rows that are numbered."""
    return any(
        table.rows == count or (table.rows % count == 0 and any(one.distinct == count for one in table.columns))
        for table in evidence.tables
        if table.rows
    )


def _time(evidence: Evidence, rules: Rules, seen: Seen) -> Iterator[Suspicion]:
    """The time asked for must be the method's: waiting and padding beside it are told.

    Importing libraries is neither: of a short run it may be most, and what it took was measured.
    """
    earlier_s = evidence.counted_wall_s - evidence.wall_s
    asked_s = 0.5 * (rules.limits.min_s - earlier_s)
    unseen = [one for one in seen.witnessed.of("program") if one.where and one.facts.get("python") is not True]
    untimed = any(not one.wall_s and (one.traced or one.library == "jax") for one in seen.steps)
    beside_s = evidence.wall_s - seen.method_s - seen.loading_s
    short = seen.method_s < asked_s and beside_s > max(asked_s, TOLERANCE_S)
    if seen.whole and short and not unseen and not untimed and not seen.witnessed.of("more", "solve"):
        what = f"{span(seen.method_s)} of {span(evidence.wall_s)} were spent in what was witnessed"
        loading = f", {span(seen.loading_s)} in importing libraries" if seen.loading_s else ""
        what = f"{what}{loading}; {rules.limits.source} asks for {rules.limits}"
        yield Suspicion(what, Word.INVESTIGATE, "mostly_not_the_method", _TIMED)
