"""A table that names parameters of a trace says of each what the trace says under that name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pytest
from watchkeeper.server.analysis.artefacts.facts import ColumnFacts, TableFacts
from watchkeeper.server.analysis.artefacts.interval_facts import densest, quantiles
from watchkeeper.server.analysis.artefacts.parameter_facts import ParameterFigures
from watchkeeper.server.analysis.evidence.words import Word
from watchkeeper.server.analysis.results.of_samplings import against_samplings
from watchkeeper.server.analysis.results.summaries import against_trace, by_label, summarises
from watchkeeper.server.analysis.results.told_intervals import End, read
from watchkeeper.server.analysis.results.unnamed_rows import unnamed_rows

from ..evidence.witnessed import SAVED, Kind, column, fp, results, sampling, seen

T = TypeVar("T")
SHOPS = ("north", "mid", "south", "east", "west")
DRAWS = np.random.default_rng(3).gamma(3.0, 0.2, size=(5, 4000)) + np.arange(5)[:, None] / 3


def parameter(number: int, called: str = "theta") -> ParameterFigures:
    draws = DRAWS[number]
    return ParameterFigures(
        name=f"{called}[{number}]", mean=float(draws.mean()), sd=float(draws.std(ddof=1)),
        called=f"{called}[{SHOPS[number]}]", quantiles=quantiles(draws), hdis=densest(draws),
    )  # fmt: skip


TRACE = replace(SAVED, figures=tuple(parameter(number) for number in range(5)))
MEANS = [round(one.mean, 3) for one in TRACE.figures]
SDS = [round(one.sd, 3) for one in TRACE.figures]
NAMED = tuple(f"theta[{one}]" for one in SHOPS)


def table(labels: Sequence[str], *columns: ColumnFacts) -> TableFacts:
    inside = results(*columns, labels=tuple(labels)).inside
    assert isinstance(inside, TableFacts)
    return inside


def asked(labels: Sequence[str], *columns: ColumnFacts) -> set[str]:
    return {one.code for one in against_trace(table(labels, *columns), TRACE)}


def turned(values: Sequence[T]) -> list[T]:
    return [*values[2:], *values[:2]]


@pytest.mark.parametrize("labels", [NAMED, SHOPS], ids=["in full", "by the coordinate alone"])
def test_rows_that_have_the_figures_of_other_names_are_asked_about(labels: tuple[str, ...]) -> None:
    assert asked(labels, column("mean", *MEANS), column("sd", *SDS)) == set()
    found = asked(labels, column("mean", *turned(MEANS)), column("sd", *turned(SDS)))
    assert "results_of_other_names" in found
    assert "results_of_other_names" in asked(labels, column("rate", *turned(MEANS)))
    swapped = [MEANS[1], MEANS[0], *MEANS[2:]]
    assert "results_of_other_names" in asked(labels, column("mean", *swapped))


def test_rows_in_another_order_under_their_own_names_are_no_exchange() -> None:
    assert asked(turned(NAMED), column("mean", *turned(MEANS)), column("sd", *turned(SDS))) == set()
    assert asked(turned(SHOPS), column("share", *turned(MEANS))) == set()


def test_means_that_were_shifted_back_are_asked_about_and_those_beside_the_traces_intervals_are_false() -> None:
    shifted = [round(one + 40, 3) for one in MEANS]
    low, high = column("hdi_3%", *ends(1.0, 3)), column("hdi_97%", *ends(1.0, 97))
    words = {one.word for one in against_trace(table(NAMED, column("mean", *shifted), column("sd", *SDS)), TRACE)}
    assert words == {Word.INVESTIGATE}
    beside = table(NAMED, column("mean", *shifted), column("sd", *SDS), low, high)
    assert {one.word for one in against_trace(beside, TRACE)} == {Word.LIKELY_FABRICATION}
    moved = [column(one.name, *(value + 40 for value in one.values)) for one in (low, high)]
    along = table(NAMED, column("mean", *shifted), column("sd", *SDS), *moved)
    assert {one.word for one in against_trace(along, TRACE)} == {Word.INVESTIGATE}


def test_medians_thinned_draws_and_other_units_of_what_lies_around_zero_are_not_called_false() -> None:
    medians = [round(float(np.median(draws)), 3) for draws in DRAWS]
    assert asked(NAMED, column("estimate", *medians), column("sd", *SDS)) == set()
    thinned = DRAWS[:, ::10]
    few = [round(float(one), 3) for one in thinned.mean(1)], [round(float(one), 3) for one in thinned.std(1)]
    assert asked(NAMED, column("mean", *few[0]), column("sd", *few[1])) == set()
    around = replace(TRACE, figures=(ParameterFigures(name="effect", mean=0.01, sd=1.0),))
    rescaled = table(("effect",), column("mean", 0.001), column("sd", 0.1))
    assert {one.word for one in against_trace(rescaled, around)} == {Word.INVESTIGATE}
    away = replace(TRACE, figures=(ParameterFigures(name="effect", mean=1.62, sd=1.0),))
    narrowed = table(("effect",), column("mean", 1.62), column("sd", 0.4))
    assert {one.word for one in against_trace(narrowed, away)} == {Word.LIKELY_FABRICATION}


def test_figures_in_another_unit_that_happen_to_meet_one_mean_are_no_exchange() -> None:
    others = [9.1, MEANS[0], 7.7, 8.2, 6.6]
    assert "results_of_other_names" not in asked(SHOPS, column("sales", *others))


def test_whole_numbers_as_coordinates_are_taken_for_names_where_all_labels_are_some() -> None:
    figures = tuple(
        replace(one, name=f"year[{n}]", called=f"year[{n + 1}]") for n, one in enumerate(TRACE.figures)
    )  # counted from 1
    trace = replace(TRACE, figures=figures)
    assert by_label([f"year[{n}]" for n in range(1, 6)], trace)["year[1]"].mean == TRACE.figures[0].mean
    assert by_label([f"year[{n}]" for n in range(5)], trace)["year[1]"].mean == TRACE.figures[1].mean


def test_a_summary_by_coordinates_is_one_of_the_trace() -> None:
    assert summarises(table(NAMED, column("mean", *MEANS)), TRACE)
    assert not summarises(table(SHOPS[::-1], column("sales", *MEANS)), TRACE)


def ends(share: float, at: float) -> list[float]:
    """Return the ends of densest intervals, narrowed by a share of their distance from the mean."""
    side = at > 50
    found = [densest(draws)[7][side] for draws in DRAWS]
    return [round(mean + share * (one - mean), 3) for one, mean in zip(found, MEANS, strict=True)]


@pytest.mark.parametrize(
    ("low", "high"), [("hdi_3%", "hdi_97%"), ("hdi94_lb", "hdi94_ub"), ("3%", "97%"), ("q03", "q97")]
)
def test_intervals_that_were_drawn_in_are_asked_about(low: str, high: str) -> None:
    honest = (column("mean", *MEANS), column(low, *ends(1.0, 3)), column(high, *ends(1.0, 97)))
    assert asked(NAMED, *honest) == set()
    narrowed = (column("mean", *MEANS), column(low, *ends(0.6, 3)), column(high, *ends(0.6, 97)))
    assert asked(NAMED, *narrowed) == {"intervals_not_of_trace"}


def test_intervals_in_another_unit_or_of_a_share_that_nobody_names_are_not_asked_about() -> None:
    scaled = [round(10 * one, 3) for one in MEANS]
    assert "intervals_not_of_trace" not in asked(NAMED, column("mean", *scaled), column("hdi_3%", *MEANS))
    narrow = (column("low", *ends(0.6, 3)), column("high", *ends(0.6, 97)))
    assert asked(NAMED, column("mean", *MEANS), *narrow) == set()


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("hdi_2.5%", End(2.5, 95)), ("97%", End(97, 94)), ("q05", End(5, 90)), ("q975", End(97.5, 95)),
        ("q0.05", End(5, 90)), ("eti89_lb", End(5.5, 89)), ("ci_95_upper", End(97.5, 95)), ("p97_5", End(97.5, 95)),
        ("mean", None), ("ess_bulk", None), ("x1", None), ("ci_95", None), ("q0", None), ("mcse_sd", None),
    ],
)  # fmt: skip
def test_the_end_of_an_interval_is_read_from_its_name(name: str, end: End | None) -> None:
    assert read(name) == end


PLAIN = tuple(f"effect of the {one}" for one in ("rain", "soil", "slope", "light", "wind"))


def in_words(*columns: ColumnFacts) -> list[str]:
    return [one.code for one in unnamed_rows(table(PLAIN, *columns), TRACE)]


def test_a_row_in_words_that_has_a_parameters_mean_has_to_have_its_deviation_and_interval_too() -> None:
    means, sds = column("mean", *MEANS), column("sd", *SDS)
    lows = column("q05", *(round(float(np.quantile(DRAWS[one], 0.05)), 3) for one in range(5)))
    highs = column("q95", *(round(float(np.quantile(DRAWS[one], 0.95)), 3) for one in range(5)))
    assert in_words(means, sds, lows, highs) == []
    assert in_words(means, column("sd", *(0.6 * one for one in SDS))) == ["results_not_of_trace"]
    narrower = column("q95", *(round(mean + 0.4, 3) for mean in MEANS))
    assert in_words(means, sds, lows, narrower) == ["intervals_not_of_trace"]


def test_rows_in_words_of_something_else_or_told_coarsely_are_nobodys() -> None:
    other = column("sd", 3.0, 3.0, 3.1, 3.0, 3.2)
    assert in_words(column("mean", *(float(np.exp(one)) for one in MEANS)), other) == []
    assert in_words(column("mean", *(round(one, 1) for one in MEANS)), other) == []
    assert in_words(column("width", *MEANS), other) == []


def of_sampling(*lines: Kind) -> list[str]:
    said = table(("a", "b[north]"), column("mean", 2.0, 0.5), column("sd", 0.3, 0.1))
    return [one.code for one in against_samplings(said, seen(*lines))]


def sampled(a: float, b: float) -> Kind:
    chains = [fp(f"{a}{number}", size=1000, mean=a, sd=0.3) for number in range(4)]
    return sampling(variables={"a": chains}, parts=[["b[0]", "b[north]", b, 0.1], ["b[1]", "b[south]", 9.0, 0.1]])


def test_without_a_trace_a_table_is_held_against_what_samplings_returned() -> None:
    assert of_sampling(sampled(2.01, 0.5)) == []
    assert of_sampling(sampled(2.0, 0.8)) == ["results_not_of_trace"]
    assert of_sampling(sampled(5.0, 0.5), sampled(7.0, 0.5)) == ["results_not_of_trace"]
    assert of_sampling(sampled(5.0, 0.5), sampled(2.0, 0.5), sampled(7.0, 0.5)) == []  # one of several models
    assert of_sampling(sampling(variables={"other": [fp("o", mean=1.0, sd=0.1)]})) == []
