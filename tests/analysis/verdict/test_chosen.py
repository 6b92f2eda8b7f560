"""Whose predictions the results are, and what an optimiser did: the rules of claims that were invented to pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import ChainPrint, TraceFacts
from watchkeeper.server.analysis.verdict.evidence import Evidence
from watchkeeper.server.analysis.verdict.verdict import decide
from watchkeeper.server.analysis.verdict.words import Word

from .facts import HOUR, MODEL, RULES, TRACE, TRAINED, designed
from .witnessed import SAVED, Kind, column, found, fp, mcmc, results, sampling, save, seen, steps

P = (1.5, 2.25, 9.0)
NAME = "RandomForestRegressor"


def fit(number: int, seed: int = 0, **more: Any) -> Kind:
    keys = [f"{one:04x}" for one in range(32)]
    facts = {
        "id": number, "object": number, "library": "sklearn", "class": NAME, "call": "fit", "wall_s": 3 * HOUR,
        "params": {"n_estimators": 50, "random_state": seed}, "x": fp("x", row_keys=keys), "y": fp("y"), **more,
    }  # fmt: skip
    return {"kind": "fit", "where": "model_1.py:7", "facts": facts}


def predict(of: int | None, *, x: str = "new", keys: tuple[str, ...] = (), at: tuple[float, ...] = P) -> Kind:
    facts = {
        "object": of or 99, "of": of, "class": NAME, "call": "predict", "x": fp(x, row_keys=list(keys)),
        "values": fp("p", at=at),
    }  # fmt: skip
    return {"kind": "predict", "where": "model_1.py:9", "facts": facts}


def forest(*lines: Kind) -> Evidence:
    artefacts = (results(column("predicted", *P)), replace(MODEL, inside=SAVED))
    return replace(mcmc(sampling(), *lines), artefacts=artefacts)


def other(number: int) -> Kind:
    return predict(number, at=(number + 0.5, 7.0, 1.0))


READ = {"kind": "read", "facts": {"path": "archive/best.pkl"}}
OWN = {"kind": "write", "facts": {"path": "archive/best.pkl", "by": "open"}}
SPLIT = {
    "kind": "split",
    "facts": {"call": "train_test_split", "parts": [fp("train"), fp("held"), fp("y1"), fp("y2")]},
}
SEEDS = [line for seed in range(12) for line in (fit(seed, seed), other(seed))]
AMONG = ("0000", "0004", "0009", "00ff")
NEAREST = {"column": 6, "correlation": 1.0}


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((*SEEDS, predict(3)), "seed_chosen"),
        ((SPLIT, fit(1), predict(1, x="held", keys=AMONG)), "held_out_rows_trained"),
        ((fit(1), READ, predict(None)), "results_of_another_model"),
        ((fit(1, nearest=NEAREST), predict(1)), "target_among_features"),
    ],
)
def test_predictions_that_were_chosen_or_come_from_elsewhere_are_asked_about(
    lines: tuple[Kind, ...], code: str
) -> None:
    verdict = decide(forest(*lines), RULES)
    assert (verdict.word, verdict.code) == (Word.INVESTIGATE, code), verdict
    assert verdict.actions


@pytest.mark.parametrize(
    "lines",
    [
        (*(fit(seed, seed) for seed in range(3)), predict(2)),
        (SPLIT, fit(1), predict(1, x="held", keys=("0000", "0004", "0005aa", "000900"))),
        (SPLIT, fit(1), predict(1, x="all", keys=AMONG)),
        (fit(1), READ, predict(1)),
        (OWN, fit(1), READ, predict(None)),
        (fit(1, nearest={"column": 6, "correlation": 0.9991}), predict(1)),
    ],
    ids=["a few seeds", "held out in truth", "fitted values", "fitted after reading", "its own file", "only alike"],
)
def test_predictions_of_what_the_run_fitted_are_not_asked_about(lines: tuple[Kind, ...]) -> None:
    assert decide(forest(*lines), RULES).word is Word.APPROVE


def network(*lines: Kind, **changes: Any) -> Evidence:
    return replace(designed("Method | Deep neural network | | | |\n", TRAINED), seen=seen(*lines), **changes)


def batches(rows: int) -> Kind:
    facts = {"library": "torch", "id": 1, "batches": rows // 50, "rows": rows, "passes": 5000, "dataset": 2000}
    return {"kind": "batches", "facts": facts}


def moved(*values: float) -> Kind:
    return fp("at" + str(values[0]), at=values)


BEGUN, LAST = moved(*(0.0,) * 9), moved(*(1.0,) * 9)
WALK = steps(begun=BEGUN, weights=LAST, numbers=9)


def kept(share: float) -> Kind:
    whole = save("w", 9)
    return {**whole, "facts": {**whole["facts"], "weights": moved(*(share,) * 9)}}


TORCH = {"kind": "hooked", "facts": {"library": "torch"}}


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        (network(steps(), batches(320_000)), "part_of_the_rows"),
        (network(WALK, kept(0.05)), "early_weights_saved"),
        (network(steps(steps=3)), "fewer_steps_than_epochs"),
        (network(TORCH), "nothing_stepped"),
        (network(steps(), batches(10_000_000)), "all_passed"),
        (network(WALK, kept(0.4)), "all_passed"),
        (network(steps(steps=3, traced=True)), "all_passed"),
    ],
)
def test_an_optimiser_is_held_against_epochs_rows_and_what_was_saved(evidence: Evidence, code: str) -> None:
    verdict = decide(evidence, RULES)
    assert (verdict.code, verdict.word is Word.APPROVE) == (code, code == "all_passed"), verdict


def traced(**changes: Any) -> TraceFacts:
    return replace(SAVED, **changes)


CURVE = tuple(float((7 * one) % 11) for one in range(20))


def chains(*shifts: float, size: int = TRACE.draws) -> tuple[ChainPrint, ...]:
    walks = [tuple(one + shift * (at % 3) for at, one in enumerate(CURVE)) for shift in shifts]
    return tuple(
        ChainPrint(name="mu", chain=chain, size=size, sha=f"mu{chain}", bag=f"b{chain}", at=at)
        for chain, at in enumerate(walks)
    )


@pytest.mark.parametrize(
    ("evidence", "word", "code"),
    [
        (mcmc(saved=traced(prints=chains(0.0, 1e-6, 3.0, -9.0))), Word.LIKELY_FABRICATION, "chains_alike"),
        (mcmc(saved=traced(prints=chains(0.0, 1e-6, 3.0, -9.0, size=4 * TRACE.draws))), Word.APPROVE, "all_passed"),
        (mcmc(sampling(draws=500, tune=100)), Word.LIKELY_FABRICATION, "more_draws_than_sampled"),
        (mcmc(sampling(draws=1000, tune=1000)), Word.INVESTIGATE, "warmup_as_draws"),
        (mcmc(sampling(draws=1000), sampling(draws=1000)), Word.APPROVE, "all_passed"),
    ],
)
def test_draws_are_counted_and_chains_held_against_each_other(evidence: Evidence, word: Word, code: str) -> None:
    verdict = decide(evidence, RULES)
    assert (verdict.word, verdict.code) == (word, code), verdict


LAID = (ChainPrint(name="mu", chain=0, size=2000, sha="laid", bag="laid"),)


@pytest.mark.parametrize(("draws", "code"), [(500, "chains_dropped"), (400, "more_draws_than_sampled")])
def test_chains_laid_end_to_end_are_asked_about_unless_longer_than_all_that_was_sampled(draws: int, code: str) -> None:
    laid = traced(chains=1, prints=LAID, statistic_prints=())
    assert found(decide(mcmc(sampling(draws=draws), saved=laid), RULES), "draws")[1] == code


def test_folds_that_are_one_fold_are_asked_about() -> None:
    told = fit(1, folds=5, candidates=4, distinct_folds=1)
    search: Kind = {**told, "kind": "search", "facts": {**told["facts"], "class": "GridSearchCV"}}
    assert decide(forest(search, predict(1)), RULES).code == "folds_repeated"
