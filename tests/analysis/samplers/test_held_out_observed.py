"""Outcomes of held-out rows in what a sampler observed are asked about; a fit without them, a mask, a bound are not."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.samplers.held_out_observed import held_out_observed
from watchkeeper.server.analysis.witness.fingerprints import places

from ..evidence.witnessed import Kind, column, results, sampling, seen

SAYS = "The model is trained on the first 240 days; the last 60 are held out."
DAYS = [round(20 + 4 * math.sin(day) + 0.013 * day, 3) for day in range(300)]
COUNTS = [float(round(one)) for one in DAYS]


def data(values: list[float], dtype: str = "float64") -> Kind:
    told = [values[place] for place in places(len(values))]
    mean = sum(values) / len(values)
    fp = {"shape": [len(values)], "dtype": dtype, "sha": str(hash(tuple(values))), "at": told, "last": values[-32:]}
    return {"shape": [len(values)], "data": {**fp, "mean": mean, "min": min(values), "max": max(values)}}


def one(held: list[float] | None = None, observed: list[float] | None = None, **more: Any) -> Kind:
    given = {"y": data(observed)} if observed else {}
    beside: dict[str, Kind] = more.pop("beside", {})
    return sampling(observed=given, held={**({"load": data(held)} if held else {}), **beside}, **more)


def asked(*lines: Kind, outcomes: list[float] | None = None, design: str = SAYS, name: str = "observed") -> list[str]:
    truth = DAYS[240:] if outcomes is None else outcomes
    table = results(column(name, *truth), column("forecast", *[each + 0.4 for each in truth])).inside
    assert isinstance(table, TableFacts)
    return [each.code for each in held_out_observed(read_design(design, "d.md"), seen(*lines), table)]


MEAN = sum(DAYS) / 300
SHUFFLED = [DAYS[(7 * place) % 300] for place in range(300)]
EVERY_FIFTH = DAYS[::5]


@pytest.mark.parametrize(
    ("line", "outcomes"),
    [
        (one(DAYS), DAYS[240:]),
        (one(observed=DAYS), DAYS[240:]),
        (one([(each - MEAN) / 3.7 for each in DAYS]), DAYS[240:]),
        (one([math.log(each) for each in DAYS]), DAYS[240:]),
        (one(observed=COUNTS), COUNTS[240:]),
        (one(SHUFFLED), EVERY_FIFTH),
        (one(DAYS, beside={"weekend": data([float(day % 7 > 4) for day in range(300)])}), DAYS[240:]),
    ],
    ids=["by hand", "observed", "standardised", "in logarithms", "counts", "rows drawn anywhere", "a dummy beside it"],
)
def test_a_likelihood_over_the_held_out_rows_is_asked_about(line: Kind, outcomes: list[float]) -> None:
    assert asked(line, outcomes=outcomes) == ["held_out_rows_observed"]


@pytest.mark.parametrize(
    "lines",
    [
        [one(DAYS[:240])],
        [one(observed=COUNTS[:240])],
        [one(DAYS[:240]), one(DAYS)],
        [one(DAYS, beside={"train": data([1.0] * 240 + [0.0] * 60)})],
        [one(DAYS, beside={"rows": data([float(2 * each % 299) for each in range(240)], "int64")})],
        [one(DAYS, bounds=[4, 240])],
        [one(DAYS, beside={"x": data(DAYS[:240])})],
        [one(observed=DAYS[240:])],
        [one(observed=[*DAYS[:240], *[math.nan] * 60])],
    ],
    ids=["240 days", "240 counts", "then refitted to all", "a mask", "numbers of rows", "a bound", "a part beside it",
         "no more than these", "unknown where they are held out"],
)  # fmt: skip
def test_a_likelihood_that_may_leave_them_out_is_not_asked_about(lines: list[Kind]) -> None:
    assert asked(*lines) == []


def numpyro(observed: list[float], shape: int, **more: Any) -> Kind:
    """A model that is given all days, of which it observes so many."""
    told = {"y": {"prior": "Normal(f(), f())", "shape": [shape], **more}}
    return one(observed=observed, library="numpyro", likelihoods=told, beside={"x": data([3.7 * x for x in DAYS])})


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        (numpyro(DAYS, 300), ["held_out_rows_observed"]),
        (numpyro(DAYS, 240), []),
        (numpyro(DAYS, 300, masked=True), []),
        (numpyro(DAYS[:240], 240), []),
    ],
    ids=["all of them", "a part in the model", "masked", "a part given"],
)
def test_of_numpyro_what_is_observed_counts_and_not_what_the_model_is_given(line: Kind, codes: list[str]) -> None:
    """The column of the outcomes may have any name, as here, where no other column is called predicted."""
    weekday = [float(day % 7) for day in range(60)]
    columns = [column("calls", *DAYS[240:]), column("q50", *[one + math.sin(9 * one) for one in DAYS[240:]])]
    table = results(column("day", *map(float, range(240, 300))), column("weekday", *weekday), *columns).inside
    assert isinstance(table, TableFacts)
    assert [each.code for each in held_out_observed(read_design(SAYS, "d.md"), seen(line), table)] == codes


def test_rows_that_nobody_calls_held_out_are_fitted_values() -> None:
    plain = results(column("observed", *DAYS[240:]), column("fitted", *DAYS[240:])).inside
    assert isinstance(plain, TableFacts)
    for said in ("All rows are used.", "There is no hold-out: nothing was kept back."):
        assert [*held_out_observed(read_design(said, "d.md"), seen(one(DAYS)), plain)] == []
    assert asked(one(DAYS), design="All rows are used.", name="y_test") == ["held_out_rows_observed"]


def test_outcomes_of_any_size_are_compared() -> None:
    huge = [each * 1e300 for each in DAYS]
    assert asked(one(held=huge), outcomes=[each * (-1) ** row for row, each in enumerate(huge[240:])]) == []


def test_a_thousand_samplings_and_many_columns_are_judged_in_time() -> None:
    rows = 1500
    columns = [column(f"c{at}", *[math.sin(at * row + row * row) for row in range(rows)]) for at in range(12)]
    table = results(*columns).inside
    assert isinstance(table, TableFacts)
    lines = [one(observed=[math.cos(row * row) for row in range(2000)]) for _ in range(200)]
    every, began = seen(*lines), time.process_time()
    assert [*held_out_observed(read_design(SAYS, "d.md"), every, table)] == []
    assert time.process_time() - began < 2
