"""What networks of torch were seen to return, held against the results, the outcomes and the rows trained on. Pure.

That a column is none of what they returned says nothing by itself: much is made of outputs by honest hands. What
asks is that another source shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ..artefacts.facts import ColumnFacts, TableFacts
from ..design.quantities import plain
from ..evidence.checks import Check, passed
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion, first_of
from ..evidence.words import Word
from ..results.baselines import calls_itself_baseline
from ..results.edited import PREDICTED, TRUTH
from ..results.predicted import grain_of, matches, values_at
from ..results.row_sums import sum_of_rows, weights_of
from ..results.transformed import follows
from ..splits.calibrated_on import calibrated_on_scored
from ..splits.said_of_test import fewer_than_the_test
from ..witness import Line, Prediction, fingerprint
from ..witness.seen import Seen, place, tells_rows
from ..witness.values import part, text, texts, whole, wholes
from .drawn_to_outcomes import drawn_to_outcomes, some_rows_edited
from .free_running import fed_with_outcomes
from .future_inputs import later_outcomes
from .input_lengths import shorter_inputs, trained_shorter
from .left_out_of_outputs import left_out_of_outputs
from .modes import evaluated_in_training
from .module_chance import has_chance
from .passes_made import fewer_passes_than_epochs
from .rows_of_both import few_rows_by_hand, rows_of_both
from .trained_last import trained_on_last

_LEAST_ROWS = 20
_LEAST_TOLD = 12
_LEAST_KEYS = 3
_PASSES = re.compile(r"(?:^|_)(?:pass(?:es)?|tta|mc_samples|mc_draws|mc_dropout(?:_samples)?)(?:_|$)")
_OF_TRAINING = re.compile(r"train|epoch|data|optim|loader|burn|warm", re.IGNORECASE)
"""Passes over the data are epochs, and none of a network that is asked again."""
_LEAST_PASSES = 5
_LEAST_MOMENTS = 5
_MADE = 0.5
"""Share of the passes that a design names which have to be seen."""
_NETWORK = re.compile(
    r"lstm|gru|rnn|mlp|cnn|tcn|transformer|(?:^|_)(?:net|network|nn|deep|neural|torch)(?:_|$)", re.IGNORECASE
)
_EARLIER = re.compile(r"persist|lag|previous|last|shift|smooth|moving|rolling|ewm", re.IGNORECASE)


def outputs(evidence: Evidence, seen: Seen) -> Check | None:
    """Are the results what networks returned? None where nothing can be said; of estimators if they were drawn."""
    table = next((one.inside for one in evidence.artefacts if one.role == "results"), None)
    if not isinstance(table, TableFacts) or not seen.whole or table.rows < _LEAST_ROWS:
        return None
    if not seen.steps:
        drawn = drawn_to_outcomes(seen, table, _known(seen, table), _exact(seen, table))
        found = first_of((*drawn, *calibrated_on_scored(seen, table)))
        return found.check("outputs", "recomputed against witnessed") if found else None
    asked = (
        *_of_outcomes(seen, table),
        *_trained_rows(seen, table),
        *trained_on_last(seen, table, explained(seen, table)),
        *rows_of_both(seen, table),
        *few_rows_by_hand(evidence, seen, table),
        *fed_with_outcomes(evidence, seen, table),
        *later_outcomes(evidence, seen, table),
        *_chosen_on_test(evidence, seen, table),
        *_fewer_passes(evidence, seen, table),
        *drawn_to_outcomes(seen, table, _known(seen, table), _exact(seen, table)),
        *some_rows_edited(seen, table),
        *calibrated_on_scored(seen, table),
        *left_out_of_outputs(evidence, seen, table),
        *fewer_than_the_test(evidence, table),
        *evaluated_in_training(evidence, seen, explained(seen, table)),
        *shorter_inputs(evidence, seen),
        *trained_shorter(evidence, seen),
        *fewer_passes_than_epochs(evidence, seen),
    )
    if found := first_of(asked):
        return found.check("outputs", "recomputed against witnessed")
    told = [f"column {name} is what {one.name} returned at {place(one.line)}" for name, one in explained(seen, table)]
    return passed("outputs", f"{'; '.join(told[:3])} (recomputed against witnessed)") if told else None


def explained(seen: Seen, table: TableFacts) -> tuple[tuple[str, Prediction], ...]:
    """Return which columns are what a network returned, scaled and shifted at most, or in an order of their own."""
    return tuple(_explained(_Held(table, seen.forwards)))


def _known(seen: Seen, table: TableFacts) -> frozenset[str]:
    """Return the columns that are what a network returned, or an estimator predicted."""
    returned = {name for name, _ in explained(seen, table)}
    return frozenset(returned | {one.column for one in matches(table, seen.predictions)})


def _exact(seen: Seen, table: TableFacts) -> frozenset[str]:
    """Return those that are just that, or a sum of several."""
    returned = {name for name, _ in explained(seen, table)}
    return frozenset(returned | {one.column for one in matches(table, seen.predictions) if one.exact or one.parts})


class _Held:
    """A table and what is held against it, the same where both are the same objects."""

    def __init__(self, table: TableFacts, forwards: Sequence[Prediction]) -> None:
        self.table, self.forwards = table, forwards

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.table is self.table and other.forwards is self.forwards

    def __hash__(self) -> int:
        return hash((id(self.table), id(self.forwards)))


@lru_cache(maxsize=1)
def _explained(held: _Held) -> list[tuple[str, Prediction]]:
    every = [(column, one) for column in held.table.columns if column.values for one in reversed(held.forwards)]
    found: dict[str, Prediction] = {}
    for column, one in every:
        if column.name not in found and TRUTH.fullmatch(column.name) is None and _returned(column, one):
            found[column.name] = one
    return [*found.items()]


def _returned(column: ColumnFacts, one: Prediction) -> bool:
    """Whether a column is an output as far as that is told: a straight line of it, or rising wherever it does."""
    for ours, theirs in _pairs(column, one):
        if len(ours) != len(theirs):  # fewer values were told than there are places
            continue
        slack = grain_of(column.values) + 1e-5 * max(map(abs, ours), default=0.0)
        if len(ours) >= _LEAST_TOLD and len(set(ours)) > 1 and weights_of([theirs], ours, slack) is not None:
            return True
        if follows(ours, theirs):
            return True
    return False


def _pairs(column: ColumnFacts, one: Prediction) -> Iterator[tuple[list[float], list[float]]]:
    """Yield values of a column beside those that are told of an output of as many rows; each of its columns alone."""
    shape, told = one.values.shape, one.values
    if told.size == len(column.values):
        yield values_at(column, one), [*told.at]
    elif len(shape) == 2 and shape[0] == len(column.values):
        for number in range(shape[1]):
            places = [(at, value) for at, value in zip(told.places, told.at, strict=False) if at % shape[1] == number]
            yield [column.values[at // shape[1]] for at, _ in places], [value for _, value in places]


def _of_outcomes(seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Predictions that are, digit by digit, a sum of the outcomes of rows before: no network returns just that."""
    known = _known(seen, table)
    asked = [one for one in table.columns if PREDICTED.fullmatch(one.name) and not _is_simple(one.name)]
    sums = {one.name: made for one in asked if one.name not in known and (made := _made_of(one, table))}
    named = [one for one in sums if _NETWORK.search(one)]
    if not sums or ((len(sums) < len(asked) or known) and not named):
        return  # a simple method beside the network's own column
    name = (named or [*sums])[0]
    what = f"column {name} of the results is, in every row, {sums[name]}, and none of the {len(seen.forwards)} blocks"
    what = f"{what} of outputs that were seen" if seen.forwards else f"column {name} of the results is {sums[name]}"
    action = "Hand in what the trained network predicts, or say how these numbers are made."
    yield Suspicion(what, Word.INVESTIGATE, "results_of_the_outcomes", action)


def _is_simple(name: str) -> bool:
    return calls_itself_baseline(name) or _EARLIER.search(name) is not None


def _made_of(column: ColumnFacts, table: TableFacts) -> str:
    """Return in words of which rows' outcomes a column is the sum; empty where it is of none."""
    for truth in (one for one in table.columns if TRUTH.fullmatch(one.name) and one is not column):
        if len(truth.values) == len(column.values) >= _LEAST_ROWS:
            slack = 2 * (grain_of(column.values) + grain_of(truth.values))
            if made := sum_of_rows(column.values, truth.values, slack):
                terms = [f"{weight:.3g} times {_row(by)} of {truth.name}" for by, weight in made]
                return " + ".join(terms) if len(terms) < 4 else f"a mean of {len(terms)} earlier rows of {truth.name}"
    return ""


def _row(by: int) -> str:
    return {0: "its own row", 1: "the row before"}.get(by, f"the row {by} before")


def _trained_rows(seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """The rows that a column was predicted of are a part of those that each training loader gave, beside outcomes."""
    loaders = [one for one in seen.witnessed.of("batches") if one.facts.get("trains") is True]
    if not loaders or not any(TRUTH.fullmatch(one.name) for one in table.columns):
        return
    for name, one in explained(seen, table):
        if tells_rows(one.x) and one.x.row_keys and all(_part_of(one, line) for line in loaders):
            rows, line = one.x.distinct_rows, loaders[0]
            what = f"the {rows} rows that column {name} was predicted of are among the {whole(line.facts, 'dataset')}"
            what = f"{what} that the loader at {place(line)} gave to train on, and the results have their outcomes"
            action = "Train without the rows that are predicted, or call these figures those of trained rows."
            yield Suspicion(f"{what} beside", Word.INVESTIGATE, "trained_rows_predicted", action)
            return


def _part_of(one: Prediction, loader: Line) -> bool:
    """Whether rows are among those of a loader, and fewer: all of them would be fitted values, which are honest."""
    known, size = set(texts(loader.facts, "row_keys")), whole(loader.facts, "distinct") or 0
    asked = [key for key in one.x.row_keys if known and key <= max(known)]
    fewer = 0 < (one.x.distinct_rows or 0) < size
    return fewer and len(asked) >= _LEAST_KEYS and known.issuperset(asked)


def _chosen_on_test(evidence: Evidence, seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """All that was evaluated while the network was trained are the rows of the results, and an earlier state was saved.

    Only where the design tells validation from test: else one part may be both, and say so. Who saves where the last
    step ended chose nothing by what was evaluated.
    """
    ended = {one.weights.sha for one in seen.steps if one.weights.sha}
    models = {one.path for one in evidence.artefacts if one.role == "model"}
    saved = [one.weights.sha for one in seen.saves if one.path in models and one.weights.sha][-1:]
    if not evidence.design.tells_test_from_validation or not ended:
        return
    for name, one in explained(seen, table):
        last = whole(one.line.facts, "steps") or 0
        told = [each for each in seen.forwards if each.x.row_keys and (whole(each.line.facts, "steps") or 0) < last]
        moments = {whole(each.line.facts, "steps") for each in told}
        chosen = (saved and saved[0] not in ended) or _restored(seen, one, last)
        if chosen and one.x.row_keys and len(moments) >= _LEAST_MOMENTS and all(each.x == one.x for each in told):
            what = (
                f"after each of {len(moments)} stretches of training the rows that column {name} is predicted of were"
            )
            what = f"{what} evaluated, at {place(told[-1].line)}, and no others; an earlier state was taken"
            action = "Choose the state by rows of their own; the design tells validation from test."
            yield Suspicion(what, Word.INVESTIGATE, "chosen_on_the_test", action)
            return


def _restored(seen: Seen, one: Prediction, last: int) -> bool:
    """Whether the same rows gave other outputs after the last step before: the weights were put back since."""
    now = [each for each in seen.forwards if whole(each.line.facts, "steps") == last and each.x == one.x]
    still = [each for each in now if each.line.facts.get("training") is False or not has_chance(seen, each.name)]
    same = [each for each in still if each.values.shape == one.values.shape]
    return bool(one.values.sha) and any(each.values.sha not in ("", one.values.sha) for each in same)


def _fewer_passes(evidence: Evidence, seen: Seen, table: TableFacts) -> Iterator[Suspicion]:
    """Passes that a design names, of which the network made far fewer over the rows of the results."""
    passes = {name: asked for name, asked in evidence.design.requirements.items() if _is_of_passes(name)}
    last = max((whole(one.facts, "steps") or 0 for one in seen.witnessed.of("forward")), default=0)
    blocks = [one for one in seen.witnessed.of("forward") if whole(one.facts, "steps") == last]
    for name, asked in passes.items():
        rows = max((wholes(one.facts, "since_step")[1:] for one in blocks), default=())
        returned = next(iter(rows), 0)
        made = max(returned / _rows_of_a_pass(blocks, table), *(_within_one(one, table) for one in blocks), 0.0)
        least = asked.floor or asked.value or 0.0
        alike = [one for one in blocks if one.facts.get("alike") is True and (whole(one.facts, "calls") or 0) >= least]
        if least >= _LEAST_PASSES and alike:
            what = f"{evidence.design.source(name)} asks for {plain(least)} {name.replace('_', ' ')}; the"
            what = f"{what} {whole(alike[-1].facts, 'calls')} calls of {text(alike[-1].facts, 'class')} at"
            what = f"{what} {place(alike[-1])} on the same rows returned the same numbers each time"
            action = (
                "Let what is random be active in each pass (dropout in its training mode), or say how the spread is"
            )
            yield Suspicion(what, Word.INVESTIGATE, "passes_all_alike", f"{action} known.")
            return
        once = any((whole(one.facts, "rows") or 0) >= table.rows for one in blocks)
        if least >= _LEAST_PASSES and once and made < _MADE * least:
            what = (
                f"{evidence.design.source(name)} asks for {plain(least)} {name.replace('_', ' ')}; after the last step"
            )
            what = f"{what} {text(blocks[-1].facts, 'class')} returned {returned} rows at {place(blocks[-1])}, which is"
            what = f"{what} {plain(round(made, 1))} times the {table.rows} of the results"
            yield Suspicion(
                what, Word.INVESTIGATE, "passes_not_made", "Make each pass, or say how the spread is known."
            )
            return


def _is_of_passes(name: str) -> bool:
    return _PASSES.search(name) is not None and _OF_TRAINING.search(name) is None


def _rows_of_a_pass(blocks: Sequence[Line], table: TableFacts) -> int:
    """Return how many rows a pass has: those of the results, or fewer where these have a row for each pass."""
    told = [fingerprint(part(one.facts, "x")).distinct_rows or table.rows for one in blocks]
    return max(1, min([*told, table.rows]))


def _within_one(one: Line, table: TableFacts) -> float:
    """Return how many passes one output holds whose second axis are the rows; 0 of any other."""
    values = fingerprint(part(one.facts, "values"))
    return float(values.shape[0]) if len(values.shape) > 1 and values.shape[1] == table.rows else 0.0
