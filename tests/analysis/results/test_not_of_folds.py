"""Out-of-fold predictions that no fold predicted; those of the folds, rounded or cut off, are not asked about."""

from __future__ import annotations

import random
from collections.abc import Sequence
from statistics import fmean, pstdev

from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.results.not_of_folds import not_of_folds
from watchkeeper.server.analysis.results.predicted import matches
from watchkeeper.server.analysis.witness.fingerprints import places

from ..evidence.witnessed import Kind, column, fp, predict, seen, steps

OWN = random.Random(5)
TRUTH = [OWN.gauss(10.0, 3.0) for _ in range(200)]
MODEL = [one + OWN.gauss(0.0, 1.5) for one in TRUTH]
FOLDS = [MODEL[fold::5] for fold in range(5)]
DRAWN = [one + OWN.gauss(0.0, 0.9) for one in TRUTH]


def folds(name: str = "RandomForestRegressor", parts: Sequence[Sequence[float]] = FOLDS) -> list[Kind]:
    lines: list[Kind] = []
    for number, part in enumerate(parts):
        line: Kind = {**predict(number, name), "where": f"{name}.py:9"}
        at = tuple(part[place] for place in places(len(part)))
        line["facts"]["values"] = fp(f"v{number}", at=at, size=len(part), mean=fmean(part), sd=pstdev(part))
        line["facts"]["x"] = {**fp(f"x{name}{number}"), "shape": [len(part), 3]}
        lines.append(line)
    return lines


def codes(values: Sequence[float], *lines: Kind, name: str = "predicted") -> list[str]:
    columns = (column("actual", *TRUTH), column(name, *values))
    table = TableFacts(format="csv", size_bytes=9, rows=len(values), columns=columns)
    one = seen(*(lines or folds()))
    return [each.code for each in not_of_folds(one, table, matches(table, one.predictions))]


def test_a_column_drawn_around_the_outcomes_beside_real_folds_is_asked_about() -> None:
    assert codes(DRAWN) == ["not_what_folds_predicted"]
    assert codes([round(one, 4) for one in DRAWN]) == ["not_what_folds_predicted"]


def test_what_the_folds_predicted_rounded_or_cut_off_is_not() -> None:
    assert codes(MODEL) == []
    assert codes([round(one, 3) for one in MODEL]) == []
    assert codes([min(max(one, 6.0), 14.0) for one in MODEL]) == []
    assert codes([round(one) + 0.0 for one in DRAWN]) == []  # so coarse that nobody can say


def test_means_of_several_models_other_units_and_other_columns_are_not() -> None:
    other = [[value + 0.5 for value in part] for part in FOLDS]
    assert codes(DRAWN, *folds(), *folds("XGBRegressor", other)) == []
    assert codes(DRAWN, *folds(parts=[[value / 40 for value in part] for part in FOLDS])) == []
    assert codes(DRAWN, *folds(), steps()) == []
    assert codes(DRAWN, name="naive_forecast") == []
    assert codes(DRAWN, *folds()[:4]) == []
