"""Results that predictions and draws explain, and those that they do not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from watchkeeper.server.analysis.artefacts.facts import ColumnFacts
from watchkeeper.server.analysis.artefacts.parameter_facts import ParameterFigures
from watchkeeper.server.analysis.evidence.words import Outcome, Word
from watchkeeper.server.analysis.scripts import Program, SamplerCall
from watchkeeper.server.analysis.verdict.text import verification_block
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import MODEL, RULES
from ..evidence.witnessed import SAVED, column, fit, found, mcmc, predict, results, sampling

RIDGE = (fit(1, "Ridge"), predict(1, "Ridge", 1.234567, 2.5, 7.25))
FOREST = (fit(2, "RandomForestRegressor"), predict(2, "RandomForestRegressor", 1.5, 2.25, 9.0))


def test_results_that_a_forbidden_fit_predicted_are_called_false_beside_any_sampler() -> None:
    table = results(column("predicted", 1.235, 2.5, 7.25))
    evidence = replace(mcmc(sampling(), *RIDGE), artefacts=(table, replace(MODEL, inside=SAVED)))
    verdict = decide(evidence, RULES)
    assert (verdict.word, verdict.code) == (Word.LIKELY_FABRICATION, "forbidden_results")
    assert "column predicted is what Ridge.predict returned at model_1.py:3" in verdict.why
    assert "**Forbidden Methods**: Ridge at model_1.py:3" in verification_block(evidence, RULES, verdict)


def test_a_forbidden_fit_whose_predictions_stand_beside_those_of_an_approved_one_is_a_baseline() -> None:
    table = results(column("forest", 1.5, 2.25, 9.0), column("ridge", 1.235, 2.5, 7.25))
    evidence = replace(mcmc(sampling(), *RIDGE, *FOREST), artefacts=(table, replace(MODEL, inside=SAVED)))
    verdict = decide(evidence, RULES)
    assert verdict.word is Word.APPROVE, verdict
    assert "column ridge is what Ridge.predict returned (a baseline)" in found(verdict, "results")[2]


def test_results_that_are_the_mean_of_many_predictions_are_explained_and_those_of_a_forbidden_fit_are_false() -> None:
    boots = [(1.0, 2.0, 9.5, 3.0), (2.0, 2.5, 8.0, 1.0), (1.5, 3.0, 8.0, 2.0)]
    means = tuple(sum(values) / 3 for values in zip(*boots, strict=True))
    for name, word in (("HistGradientBoostingRegressor", Word.APPROVE), ("Ridge", Word.LIKELY_FABRICATION)):
        lines = [
            {**one, "where": "model_1.py:3"}
            for number, values in enumerate(boots)
            for one in (fit(number, name), predict(number, name, *values))
        ]
        evidence = replace(
            mcmc(sampling(), *lines), artefacts=(results(column("mean", *means)), replace(MODEL, inside=SAVED))
        )
        verdict = decide(evidence, RULES)
        assert verdict.word is word, verdict
        assert f"column mean is the mean of 3 of what {name}.predict returned" in found(verdict, "results")[2]


def test_a_summary_of_parameters_that_have_one_mean_is_no_constant_column() -> None:
    means = ColumnFacts(name="mean", numbers=2, values=(4.41, 4.41), distinct=1, minimum=4.41, maximum=4.41)
    figures = tuple(ParameterFigures(name=name, mean=4.41, sd=0.6) for name in ("mu", "nu"))
    saved = replace(MODEL, inside=replace(SAVED, figures=figures))
    for labels, code in ((("mu", "nu"), "all_passed"), (("a", "b"), "results_constant")):
        evidence = replace(mcmc(), artefacts=(results(means, labels=labels), saved))
        assert decide(evidence, RULES).code == code


def test_a_baseline_is_a_fit_whose_predictions_are_not_in_the_results() -> None:
    evidence = mcmc(sampling(), *RIDGE)
    block = verification_block(evidence, RULES, decide(evidence, RULES))
    assert "**Forbidden Methods**: None used (Ridge at model_1.py:2" in block


@pytest.mark.parametrize(
    ("mean", "sd", "word"),
    [
        ((7.0, 2.0), (0.6, 0.1), Word.INVESTIGATE),
        ((4.41, 2.0), (0.19, 0.1), Word.LIKELY_FABRICATION),
        ((4.41, 2.0), (0.6, 0.1), Word.APPROVE),
        ((4.4, 2.0), (0.6, 0.113), Word.APPROVE),
        ((4.42, 2.01), (0.6423, 0.1098), Word.APPROVE),
        ((8.82, 2.0), (1.2, 0.1), Word.INVESTIGATE),
        ((7.0, 2.0), (), Word.INVESTIGATE),
    ],
    ids=["a mean that was shifted", "a deviation of a third", "as the trace", "each rounded to digits of its own",
         "of some of the draws", "in another unit", "only means are told"],
)  # fmt: skip
def test_a_summary_that_says_other_figures_than_the_trace_is_called_false_or_asked_about(
    mean: tuple[float, ...], sd: tuple[float, ...], word: Word
) -> None:
    figures = (ParameterFigures(name="mu", mean=4.41, sd=0.623), ParameterFigures(name="tau", mean=2.02, sd=0.113))
    columns = [column("mean", *mean), *([column("sd", *sd)] if sd else [])]
    table = results(*columns, labels=("mu", "tau"))
    verdict = decide(replace(mcmc(), artefacts=(table, replace(MODEL, inside=replace(SAVED, figures=figures)))), RULES)
    assert (verdict.word, verdict.code == "results_not_of_trace") == (word, word is not Word.APPROVE)


def test_results_that_nothing_witnessed_explains_are_asked_about() -> None:
    table = results(column("medals", 1.0, 7.0, 9.0))
    evidence = replace(mcmc(), artefacts=(table, replace(MODEL, inside=replace(SAVED, groups=("posterior",)))))
    assert decide(evidence, RULES).code == "results_unexplained"
    call = SamplerCall(library="pymc", file="m.py", line=3, used_for_results=True)
    for in_a_table, code in ((False, "results_unexplained"), (True, "all_passed")):  # a quantity made from the draws
        script = Program(script="m.py", samplers=(replace(call, in_a_table=in_a_table),))
        assert decide(replace(evidence, program=script), RULES).code == code


def test_what_prophet_forecasts_beside_its_draws_is_not_told_and_so_not_asked_about() -> None:
    table = results(column("yhat", 1.0, 7.0, 9.0))
    saved = replace(SAVED, groups=("posterior",))
    for library, code in (("prophet", ""), ("statsmodels", "results_unexplained")):
        fitted = fit(2, "Prophet", library=library)
        evidence = replace(mcmc(sampling(), fitted), artefacts=(table, replace(MODEL, inside=saved)))
        assert found(decide(evidence, RULES), "results")[1] == code


DRAWS = (0.1234, -0.5678, 0.9012, 0.3456, -0.789, 0.1111)


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        (DRAWS, str(Outcome.PASSED)),
        (tuple(round(one, 2) for one in DRAWS), str(Outcome.PASSED)),
        ((*DRAWS, 0.42, 0.17, 0.3), str(Outcome.PASSED)),  # beyond those that are told
        (DRAWS[:4], str(Word.INVESTIGATE)),
        ((*DRAWS[:5], 0.2222), str(Word.INVESTIGATE)),
        (DRAWS[::-1], str(Word.INVESTIGATE)),
        (tuple(float(round(one)) for one in DRAWS), str(Word.INVESTIGATE)),
    ],
    ids=["draws", "rounded", "more draws", "too few", "one of another number", "in another order", "whole numbers"],
)
def test_results_that_are_the_first_draws_of_a_parameter_are_explained(values: tuple[float, ...], outcome: str) -> None:
    trace = replace(
        SAVED, groups=("posterior",), figures=(ParameterFigures(name="mu", mean=4.41, sd=0.6, first=DRAWS),)
    )
    table = results(column("medals", *values))
    verdict = decide(replace(mcmc(), artefacts=(table, replace(MODEL, inside=trace))), RULES)
    assert found(verdict, "results")[0] == outcome, verdict


def test_a_summary_of_the_trace_explains_itself_even_where_all_its_means_are_equal() -> None:
    figures = tuple(ParameterFigures(name=name, mean=1.0, sd=0.1) for name in ("a", "b"))
    table = results(column("mean", 1.0, 1.0), labels=("a", "b"))
    trace = replace(SAVED, figures=figures, groups=("posterior",))
    verdict = decide(replace(mcmc(), artefacts=(table, replace(MODEL, inside=trace))), RULES)
    assert found(verdict, "results")[0] == str(Outcome.PASSED)
