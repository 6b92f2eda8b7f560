"""Whose predictions the results are, and what an optimiser did: the rules of claims that were invented to pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import ChainPrint, TraceFacts
from watchkeeper.server.analysis.evidence.evidence import Evidence, LateEpochs
from watchkeeper.server.analysis.evidence.words import Word
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import HOUR, MODEL, RULES, TRACE, TRAINED, designed
from ..evidence.witnessed import SAVED, Kind, column, found, fp, mcmc, results, sampling, save, seen, steps

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
COLUMNS = [fit(number, x=fp(f"x{number}"), y=fp("y")) for number in range(12)]
OLS = [
    {**line, "facts": {**line["facts"], "class": "OLS", "done": {"coef": fp(f"c{number}", at=(number + 0.5, *P[1:]))}}}
    for number, line in enumerate(COLUMNS)
]
BAGS = {"train": "f000000000000000", "held": "2000000000000001", "all": "1000000000000001"}
HALVES: Kind = {
    "kind": "split",
    "facts": {
        "call": "train_test_split",
        "parts": [fp("x1"), fp("x2"), fp("y1", BAGS["train"]), fp("y2", BAGS["held"])],
    },
}


def selector(bag: str, rows: int = 6) -> Kind:
    chosen: dict[str, Any] = {"class": "SelectKBest", "y": fp("y", bag, size=rows)}
    return fit(1, **chosen)


def booster(rounds: int, asked: int, best: int | None = None, **params: int) -> Kind:
    more: dict[str, Any] = {
        "class": "xgboost.train",
        "params": {"num_boost_round": asked, **params},
        "done": {"rounds": rounds, "best_iteration": best},
    }
    return fit(rounds, **more)


def outer(rows: int) -> Kind:
    return {"kind": "split", "facts": {"call": "KFold.split", "x": fp("x", shape=[rows, 4])}}


DROPPED = [fit(number, x=fp(f"x{number}", shape=[3, 11]), y=fp("y")) for number in range(1, 13)]
FULL = fit(99, x=fp("all", shape=[3, 12]), y=fp("y"))
NAMED = [fit(number, x=fp(f"x{number}", shape=[3, 2], columns=["a", "b"]), y=fp("y")) for number in range(12)]
OF_A_CLASS: dict[str, Any] = {"class": "XGBRegressor", "params": {"n_estimators": 250}}


AMONG = ("0000", "0004", "0009", "00ff")
NEAREST = {"column": 6, "correlation": 1.0}


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((*SEEDS, predict(3)), "seed_chosen"),
        ((SPLIT, fit(1), predict(1, x="held", keys=AMONG)), "held_out_rows_trained"),
        ((fit(1), READ, predict(None)), "results_of_another_model"),
        ((fit(1, nearest=NEAREST), predict(1)), "target_among_features"),
        ((SPLIT, fit(1, y=fp("y2")), predict(1, x="held")), "held_out_rows_trained"),
        ((*COLUMNS, predict(3)), "columns_chosen"),
        ((*OLS, other(1)), "columns_chosen"),
        ((*DROPPED, FULL, predict(3)), "columns_chosen"),
        ((booster(301, 1), predict(301)), "model_from_elsewhere"),
        ((booster(300, 150), predict(300)), "model_from_elsewhere"),
        ((booster(350, 100, num_iterations=50), predict(350)), "model_from_elsewhere"),
        ((selector(BAGS["all"]), HALVES, fit(2), predict(2)), "selected_on_held_out_rows"),
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
        (SPLIT, fit(1, y=fp("y2")), predict(1, x="others")),
        (*COLUMNS[:4], predict(3)),
        (*DROPPED, FULL, predict(99)),
        (*NAMED, predict(3)),
        (booster(300, 300), booster(301, 1), predict(301)),
        (booster(500, 100, num_iterations=500), predict(500)),
        (booster(340, 1000, 319), booster(370, 50), predict(370)),
        (fit(1, **OF_A_CLASS), booster(300, 50), predict(300)),
        (outer(9), selector(BAGS["all"]), HALVES, fit(2), predict(2)),
        (selector(BAGS["all"], 9), HALVES, fit(2), predict(2)),
        (selector(BAGS["train"]), HALVES, fit(2), predict(2)),
        (HALVES, selector(BAGS["all"]), fit(2), predict(2)),
    ],
    ids=[
        "a few seeds",
        "held out in truth",
        "fitted values",
        "fitted after reading",
        "its own file",
        "only alike",
        "blended on what was held out",
        "a few choices of columns",
        "columns left out to say what they are worth",
        "the same columns, imputed again",
        "its own booster",
        "rounds among the parameters",
        "its own booster, cut at the best round",
        "its own booster of a class",
        "chosen by the part to train on, which is split again",
        "another target of as many ones",
        "chosen by the rows of the fit",
        "chosen after the split",
    ],
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


RANDOM = tuple(float((7 * (one + 3) ** 2) % 31) for one in range(32))
SLOPE = tuple(float(one) for one in range(32))
NETWORK = steps(begun=moved(*SLOPE), weights=moved(*(one + 0.1 for one in SLOPE)), numbers=32, sizes=[16, 8, 8])


def left(*values: float, sizes: Sequence[int] = (16, 8, 8)) -> Kind:
    whole = save("w", 32)
    return {**whole, "facts": {**whole["facts"], "weights": moved(*values), "sizes": list(sizes)}}


def loader(number: int, *, trains: bool, keys: Sequence[str], distinct: int = 2000) -> Kind:
    facts = {
        "library": "torch", "id": number, "batches": 9, "rows": 10_000_000 if trains else 9, "passes": 5000,
        "dataset": 2000, "trains": trains, "distinct": distinct, "row_keys": list(keys),
    }  # fmt: skip
    return {"kind": "batches", "where": f"model_1.py:{number}", "facts": facts}


KEYS = [f"{one:04x}" for one in range(0, 64, 2)]
GIVEN = loader(1, trains=True, keys=KEYS)
FOLDS = [
    line
    for fold in range(3)
    for line in (
        loader(2 * fold + 1, trains=True, keys=[one for place, one in enumerate(KEYS) if place % 3 != fold]),
        loader(2 * fold + 2, trains=False, keys=KEYS[fold::3]),
    )
]
REFIT = loader(9, trains=True, keys=KEYS)
VALIDATED = replace(TRAINED.history, val_loss=TRAINED.history.train_loss) if TRAINED.history is not None else None


def validated(*lines: Kind) -> Evidence:
    return network(steps(), *lines, history=VALIDATED)


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
        (network(NETWORK, left(*RANDOM)), "other_weights_saved"),
        (network(steps(), late_epochs=LateEpochs(before=3, after=97, last_at=1e9)), "epochs_after_the_last_step"),
        (validated(GIVEN, loader(2, trains=False, keys=KEYS[4:])), "validation_rows_trained"),
        (network(WALK, kept(0.4)), "all_passed"),
        (network(NETWORK, left(*(2 * one + 1 for one in SLOPE))), "all_passed"),
        (network(steps(), late_epochs=LateEpochs(before=90, after=10, last_at=1e9)), "all_passed"),
        (network(steps(), late_epochs=LateEpochs(before=0, after=100, last_at=1e9)), "all_passed"),
        (validated(GIVEN, loader(2, trains=False, keys=["0001", "0003", "0005"])), "all_passed"),
        (validated(GIVEN, loader(2, trains=False, keys=KEYS, distinct=8)), "all_passed"),
        (network(steps(), GIVEN, loader(2, trains=False, keys=KEYS)), "all_passed"),
        (validated(*FOLDS), "all_passed"),
        (validated(*FOLDS[:2], REFIT), "all_passed"),
        (validated(GIVEN, loader(2, trains=False, keys=KEYS), loader(3, trains=False, keys=[])), "all_passed"),
        (validated(GIVEN, loader(2, trains=False, keys=KEYS), loader(3, trains=True, keys=[])), "all_passed"),
        (network(NETWORK, left(*RANDOM, sizes=(8, 16, 8))), "all_passed"),
        (network(steps(steps=3, traced=True)), "all_passed"),
    ],
)
def test_an_optimiser_is_held_against_epochs_rows_and_what_was_saved(evidence: Evidence, code: str) -> None:
    verdict = decide(evidence, RULES)
    assert (verdict.code, verdict.word is Word.APPROVE) == (code, code == "all_passed"), verdict


@pytest.mark.parametrize("told", [True, False])
def test_a_history_that_stands_elsewhere_is_one_and_a_witnessed_training_without_any_is_asked_about(told: bool) -> None:
    assert TRAINED.history is not None
    curves = (("output/data/training_history.csv", TRAINED.history),) if told else ()
    handover = replace(TRAINED.handover, history_is_there=False)
    verdict = decide(network(steps(), handover=handover, curves=curves), RULES)
    assert (verdict.word, verdict.code) == (
        (Word.APPROVE, "all_passed") if told else (Word.INVESTIGATE, "history_missing")
    )


@pytest.mark.parametrize(("name", "code"), [("MixedLM", "all_passed"), ("KMeans", "design_not_inspected")])
def test_a_method_of_another_kind_is_kept_where_a_class_of_its_name_was_fitted(name: str, code: str) -> None:
    design = designed("Method | Linear mixed model | | | | YES\n", TRAINED)
    class_: dict[str, Any] = {"class": name}
    verdict = decide(replace(design, seen=seen(steps(), fit(1, **class_))), RULES)
    assert verdict.code == code, verdict


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
