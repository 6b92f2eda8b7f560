"""Columns that follow from a prediction without a free parameter, each beside one that does not."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from watchkeeper.server.analysis.artefacts.facts import ColumnFacts, TableFacts
from watchkeeper.server.analysis.results.predicted import matches
from watchkeeper.server.analysis.results.transformed import melted
from watchkeeper.server.analysis.witness import Fingerprint, Prediction

from ..evidence.witnessed import column
from .test_blended import predicted

ROWS = 400
DRAW = random.Random(11)
ONE = [DRAW.gauss(1, 0.7) for _ in range(ROWS)]
TRUTH = [value + DRAW.gauss(0, 0.5) for value in ONE]
EDITED = [value + 0.5 * (truth - value) for value, truth in zip(ONE, TRUTH, strict=True)]
SORTED = sorted(ONE)
MANY = [[value + DRAW.gauss(0, 0.4) for value in ONE] for _ in range(9)]
LABELS = [float(DRAW.choice([0, 0, 0, 1, 1, 2, 3])) for _ in range(ROWS)]
COUNTS = tuple(sorted(LABELS.count(one) for one in set(LABELS)))


def figures(values: list[float]) -> Fingerprint:
    return Fingerprint(
        shape=(len(values),),
        mean=statistics.fmean(values),
        sd=statistics.pstdev(values),
        least=min(values),
        most=max(values),
    )


def told(name: str, values: list[float]) -> Prediction:
    """Return a prediction with all that the witness tells of it."""
    one, about = predicted(name, values), figures(values)
    whole = replace(one.values, mean=about.mean, sd=about.sd, least=about.least, most=about.most)
    return replace(one, values=whole)


def table(**columns: list[float]) -> TableFacts:
    every = [
        ColumnFacts(
            name=name,
            numbers=len(values),
            values=(*values,),
            minimum=min(values),
            maximum=max(values),
            mean=statistics.fmean(values),
            sd=statistics.pstdev(values),
            counts=tuple(sorted(values.count(one) for one in set(values))) if len(set(values)) < 9 else (),
        )
        for name, values in columns.items()
    ]
    rows = len(every[0].values)
    return TableFacts(format="csv", size_bytes=1, rows=rows, columns=(*every,))


def shuffled(values: list[float]) -> list[float]:
    return random.Random(2).sample(values, len(values))


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([max(0.0, round(math.exp(3 * one) - 2, 2)) for one in ONE], True),  # scaled back and clipped
        ([float(sorted(ONE, reverse=True).index(one) + 1) for one in ONE], True),  # ranks, the largest first
        ([float(one > 0.8) for one in ONE], True),  # a threshold of its own
        ([float(one > 0.8) if DRAW.random() < 0.8 else float(one <= 0.8) for one in ONE], False),
        ([round(math.exp(3 * one) - 2, 2) for one in EDITED], False),
        ([math.floor(10 * one) / 10 for one in shuffled(ONE)], False),  # cut, not rounded: other figures
        ([round(one, 2) for one in shuffled(ONE)], True),  # so near to each other that any value is found
        ([round(one, 2) for one in shuffled(EDITED)], False),
        ([round(math.expm1(one), 9) for one in shuffled(ONE)], True),
        ([round(40 + 7 * one, 9) for one in shuffled(ONE)], True),  # out of a scaler
        ([round(40 + 7 * one, 9) for one in shuffled(EDITED)], False),
    ],
    ids=["exp and clipped", "ranks", "a cut", "a cut that was changed", "edited and exp", "cut off and shuffled",
         "rounded and shuffled", "edited and shuffled", "expm1 and shuffled", "unscaled and shuffled",
         "edited, unscaled, shuffled"],
)  # fmt: skip
def test_what_was_predicted_is_found_however_it_was_put(values: list[float], *, found: bool) -> None:
    assert bool(matches(table(forecast=values), [told("LGBM", ONE)])) == found


def test_outcomes_that_go_with_a_good_prediction_are_no_transformation_of_it() -> None:
    sure = [float(one > 0.8) for one in ONE]
    near = [one + 0.01 * truth for one, truth in zip(ONE, TRUTH, strict=True)]
    for outcome in (sure, near):
        assert not matches(table(actual=outcome), [told("LGBM", ONE)])
    assert matches(table(forecast=near), [told("LGBM", ONE)])


@pytest.mark.parametrize(
    ("errors", "found"),
    [
        ([round(truth - one, 4) for truth, one in zip(TRUTH, ONE, strict=True)], True),
        ([abs(truth - one) for truth, one in zip(TRUTH, ONE, strict=True)], True),
        ([(truth - one) ** 2 for truth, one in zip(TRUTH, ONE, strict=True)], True),
        ([0.5 * (truth - one) for truth, one in zip(TRUTH, ONE, strict=True)], False),
    ],
    ids=["differences", "absolute", "squares", "halved"],
)
def test_errors_beside_the_outcomes_say_what_was_predicted(errors: list[float], *, found: bool) -> None:
    assert bool(matches(table(actual=TRUTH, error=errors), [told("LGBM", ONE)])) == found


def near_the_lowest(row: Sequence[float]) -> float:
    return row[0] + 0.4 * (row[1] - row[0])  # the 0.05 quantile of nine


@pytest.mark.parametrize("way", [statistics.median, near_the_lowest, statistics.stdev])
def test_medians_and_bands_of_many_predictions_are_made_from_them(way: Callable[[Sequence[float]], float]) -> None:
    every = [told("LGBM", one) for one in MANY]
    rows = [sorted(one) for one in zip(*MANY, strict=True)]
    assert matches(table(band=[round(way(row), 3) for row in rows]), every)
    assert not matches(table(band=[round(way(row), 3) * (-1) ** at for at, row in enumerate(rows)]), every)


def test_the_largest_probability_of_each_row_is_found_in_another_order() -> None:
    sure = [1 / (1 + math.exp(-3 * abs(one))) for one in ONE]
    odds = predicted("GMM", [value for one in sure for value in (one, (1 - one) / 2, (1 - one) / 2)], columns=3)
    rounded = shuffled([round(one, 3) for one in sure])
    assert not matches(table(certainty=rounded), [odds])
    assert matches(table(certainty=rounded), [replace(odds, largest=figures(sure))])
    assert not matches(table(certainty=[round(min(1.0, one + 0.01), 3) for one in rounded]), [odds])


@pytest.mark.parametrize(
    ("names", "found"),
    [((0.0, 1.0, 2.0, 3.0), True), ((3.0, 2.0, 1.0, 0.0), True), ((0.0, 1.0, 2.0, 0.0), False)],
    ids=["the same", "others", "two became one"],
)
def test_classes_under_other_names_and_in_another_order(names: tuple[float, ...], *, found: bool) -> None:
    kmeans = replace(told("KMeans", LABELS), counts=COUNTS)
    assert bool(matches(table(segment=[names[int(one)] for one in shuffled(LABELS)]), [kmeans])) == found


def test_classes_of_which_some_were_set_right_in_their_place_are_not_the_predicted_ones() -> None:
    kmeans = replace(told("KMeans", LABELS), counts=COUNTS)
    some = kmeans.values.places[3:30:9]
    turned = {row: LABELS[other] for row, other in zip(some, [*some[1:], some[0]], strict=True)}
    assert not matches(table(segment=[turned.get(row, one) for row, one in enumerate(LABELS)]), [kmeans])


def test_classes_that_change_places_until_most_are_right_are_not_the_predicted_ones() -> None:
    """As many of each as were predicted, two thirds of them where they were."""
    kmeans = replace(told("KMeans", LABELS), counts=COUNTS)
    rows = [row for row in range(ROWS) if row % 3 == 0]
    turned = dict(zip(rows, random.Random(4).sample([LABELS[row] for row in rows], len(rows)), strict=True))
    assert not matches(table(segment=[turned.get(row, one) for row, one in enumerate(LABELS)]), [kmeans])


def test_folds_that_make_up_a_table_are_found_in_its_order() -> None:
    folds = [told("LGBM", ONE[start::4]) for start in range(4)]
    assert matches(table(oof=[round(one, 2) for one in ONE]), folds)
    assert not matches(table(oof=[round(one, 2) for one in EDITED]), folds)


OUTPUTS = [[60 + 8 * DRAW.gauss(0, 1), 15 + DRAW.gauss(0, 1), 3 + 0.2 * DRAW.gauss(0, 1)] for _ in range(90)]


def outputs(rows: list[list[float]]) -> Prediction:
    flat = [one for row in rows for one in row]
    line = told("MultiOutputRegressor", flat)
    return replace(line, values=replace(line.values, shape=(len(rows), len(rows[0]))))


@pytest.mark.parametrize(
    ("slopes", "begin", "wobble", "made"),
    [
        ((1.0, 1.0, 1.0), 0.0, 0.0, True),
        ((0.01, 1.0, 1.0), 0.0, 0.0, True),  # one of them a share
        ((1.0, -2.0, 1.0), 7.0, 0.0, True),
        ((1.0, 1.0, 1.0), 0.0, 0.3, False),
        ((0.0, 1.0, 1.0), 60.0, 0.0, False),
    ],
    ids=["as they are", "a share", "turned round", "others", "one constant"],
)
@pytest.mark.parametrize("below", [True, False])
def test_several_outputs_one_below_the_other_are_what_was_predicted(
    slopes: tuple[float, ...], begin: float, wobble: float, *, made: bool, below: bool
) -> None:
    new = [[begin + slope * one + wobble * (row % 3) for slope, one in zip(slopes, each, strict=True)]
           for row, each in enumerate(OUTPUTS)]  # fmt: skip
    long = [row[output] for output in range(3) for row in new] if below else [one for row in new for one in row]
    assert melted(column("predicted", *(round(one, 4) for one in long)), outputs(OUTPUTS), 0.5e-4) == made
