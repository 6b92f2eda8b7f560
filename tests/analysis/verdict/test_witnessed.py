"""What was witnessed against what lies there: two facts in contradiction are false, a missing one is asked about."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import ChainPrint, ColumnFacts, ParameterFigures, TableFacts
from watchkeeper.server.analysis.verdict.design import read_design
from watchkeeper.server.analysis.verdict.evidence import Artefact, Evidence, Seal
from watchkeeper.server.analysis.verdict.seen import Seen
from watchkeeper.server.analysis.verdict.text import verification_block
from watchkeeper.server.analysis.verdict.verdict import Verdict, decide
from watchkeeper.server.analysis.verdict.words import Outcome, Word
from watchkeeper.server.analysis.witness import gathered, read_process
from watchkeeper.server.analysis.witness.lines import chained, first_hash

from .facts import BEGUN, GRID, HONEST, HOUR, MODEL, PICKLE, RESULTS, RULES, TRACE, TRAINED, spoilt

NONCE, FILE = "n0nce", "4711-1-abc.jsonl"
MAIN = {"kind": "begin", "facts": {"format": 1, "role": "main"}}
Kind = dict[str, Any]


def seen(*lines: Kind, main: Kind = MAIN, nonce: str = NONCE) -> Seen:
    """Write lines as the recorder does, and read them."""
    before, data = first_hash(NONCE, FILE), b""
    for number, line in enumerate([main, *lines]):
        record = {"n": number, "at": BEGUN + number, "pid": 4711, "cpu": 1.0, "where": f"model_1.py:{number}", **line}
        body = json.dumps(record, separators=(",", ":"))[:-1].encode()
        before = chained(before, body)
        data += body + b',"h":"' + before.encode() + b'"}\n'
    return Seen(gathered([read_process(FILE, data, nonce)]))


def fp(sha: str, bag: str = "", at: tuple[float, ...] = (1.0, 2.0, 4.0), size: int = 3, **more: Any) -> Kind:
    return {"shape": [size], "dtype": "float64", "sha": sha, "bag": bag or sha, "at": list(at), **more}


def sampling(**changes: Any) -> Kind:
    facts = {
        "id": 1, "library": "pymc", "call": "pymc.sample", "method": "mcmc", "chains": 4, "draws": 2000, "tune": 1000,
        "wall_s": 3 * HOUR, "divergences": 0, "observed": {"y": {"shape": [9], "data": fp("data")}},
        "variables": {"mu": [fp(f"mu{chain}") for chain in range(4)]},
        "stats": {"diverging": [fp(f"d{chain}") for chain in range(4)]},
    }  # fmt: skip
    return {"kind": "sampling", "facts": {**facts, **changes}}


def chain(
    number: int, sha: str, name: str = "mu", bag: str = "", at: tuple[float, ...] = (1.0, 2.0, 4.0)
) -> ChainPrint:
    return ChainPrint(name=name, chain=number, size=3, sha=sha, bag=bag or sha, at=at)


SAVED = replace(
    TRACE,
    groups=("posterior", "posterior_predictive"),
    prints=tuple(chain(number, f"mu{number}") for number in range(4)),
    statistic_prints=tuple(chain(number, f"d{number}", "diverging") for number in range(4)),
    figures=(ParameterFigures(name="mu", mean=4.41, sd=0.2),),
)


def mcmc(*lines: Kind, saved: Any = SAVED, **changes: Any) -> Evidence:
    return spoilt(artefacts=(RESULTS, replace(MODEL, inside=saved)), seen=seen(*(lines or (sampling(),))), **changes)


def found(verdict: Verdict, check: str) -> tuple[str, str, str]:
    """Return the word, the code and the evidence of a check."""
    (one,) = [each for each in verdict.checks if each.name == check]
    return str(one.word or one.outcome), one.code, one.evidence


def test_draws_that_are_those_of_the_sampler_are_approved_and_the_source_is_said() -> None:
    verdict = decide(mcmc(), RULES)
    assert verdict.word is Word.APPROVE, verdict
    assert "4 of 4 saved chains of variables are, digit by digit" in found(verdict, "draws")[2]
    assert "(recomputed)" in found(verdict, "draws")[2]
    assert "(witnessed)" in found(verdict, "method")[2]


CHANGED = tuple(chain(number, "other", at=(9.0, 1.0, 3.0)) for number in range(4))
SHIFTED = tuple(chain(number, "other", bag=f"mu{number}") for number in range(4))
SCALED = tuple(chain(number, "other", at=(10.0, 20.0, 40.0)) for number in range(4))
ERASED = tuple(chain(number, "zero", "diverging") for number in range(4))


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        (mcmc(saved=replace(SAVED, prints=CHANGED)), "draws_changed"),
        (mcmc(saved=replace(SAVED, prints=SHIFTED)), "draws_reordered"),
        (mcmc(saved=replace(SAVED, statistic_prints=ERASED)), "divergences_changed"),
        (mcmc(sampling(chains=1)), "more_chains_than_sampled"),
        (mcmc(sampling(wall_s=60.0)), "sampling_time_forged"),
        (mcmc(sampling(method="vi", call="pymc.fit")), "variational_as_mcmc"),
    ],
)
def test_draws_that_contradict_the_sampler_are_called_false_with_place_and_time(evidence: Evidence, code: str) -> None:
    verdict = decide(evidence, RULES)
    assert (verdict.word, verdict.code) == (Word.LIKELY_FABRICATION, code), verdict
    assert "model_1.py:1 at " in verdict.why
    assert " UTC" in verdict.why


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        (mcmc(sampling(observed={})), "no_observed_data"),
        (mcmc(sampling(chains=5)), "chains_dropped"),
        (mcmc(sampling(), sampling(), sampling()), "sampling_chosen"),
        (mcmc(sampling(variables={"theta": [fp("t")]})), "trace_of_another_model"),
        (mcmc({"kind": "solve", "facts": {"id": 9, "call": "numpy.linalg.solve", "count": 1}}), "draws_not_witnessed"),
        (mcmc(sampling(variables={}, traced=True)), "draws_not_witnessed"),
    ],
)
def test_what_is_missing_or_chosen_is_asked_and_never_called_false(evidence: Evidence, code: str) -> None:
    verdict = decide(evidence, RULES)
    assert (verdict.word, found(verdict, "draws")[1]) == (Word.INVESTIGATE, code), verdict
    assert verdict.actions


def test_draws_that_were_only_scaled_back_are_no_lie() -> None:
    assert decide(mcmc(saved=replace(SAVED, prints=SCALED)), RULES).word is Word.APPROVE


def test_the_same_model_on_other_data_four_times_is_no_choice() -> None:
    others = [sampling(observed={"y": {"data": fp(f"data{number}")}}) for number in range(3)]
    assert decide(mcmc(sampling(), *others), RULES).word is Word.APPROVE


def results(*columns: ColumnFacts, labels: tuple[str, ...] = ()) -> Artefact:
    rows = len(columns[0].values)
    table = TableFacts(format="csv", size_bytes=9, rows=rows, columns=columns, column_count=len(columns), labels=labels)
    return replace(RESULTS, inside=table)


def column(name: str, *values: float) -> ColumnFacts:
    return ColumnFacts(
        name=name,
        numbers=len(values),
        minimum=min(values),
        maximum=max(values),
        distinct=len(set(values)),
        values=values,
    )


def fit(number: int, name: str, rows: int = 100, **changes: Any) -> Kind:
    facts = {
        "id": number,
        "object": number,
        "library": "sklearn",
        "class": name,
        "x": fp("x", size=rows),
        "wall_s": 1.0,
    }
    return {"kind": "fit", "facts": {**facts, **changes}}


def predict(number: int, name: str, *values: float) -> Kind:
    facts = {
        "object": number,
        "of": number,
        "class": name,
        "call": "predict",
        "values": fp("p", at=values, size=len(values)),
    }
    return {"kind": "predict", "facts": facts}


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


def test_a_summary_that_says_other_means_than_the_trace_is_called_false() -> None:
    wrong, right = (results(column("mean", value, 2.0), labels=("mu", "tau")) for value in (7.0, 4.41))
    verdicts = [decide(replace(mcmc(), artefacts=(one, replace(MODEL, inside=SAVED))), RULES) for one in (wrong, right)]
    assert (verdicts[0].word, verdicts[0].code) == (Word.LIKELY_FABRICATION, "results_not_of_trace")
    assert verdicts[1].word is Word.APPROVE


def test_results_that_nothing_witnessed_explains_are_asked_about() -> None:
    table = results(column("medals", 1.0, 7.0, 9.0))
    evidence = replace(mcmc(), artefacts=(table, replace(MODEL, inside=replace(SAVED, groups=("posterior",)))))
    assert decide(evidence, RULES).code == "results_unexplained"


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


def trained(*lines: Kind, **changes: Any) -> Evidence:
    return spoilt(TRAINED, seen=seen(*lines), **changes)


def steps(**changes: Any) -> Kind:
    facts = {
        "id": 2, "library": "torch", "class": "AdamW", "steps": 5000, "wall_s": 3 * HOUR, "numbers": 900, "moved": 3.2,
        "moved_share": 1.0, "weights": fp("after"), "begun": fp("before"),
    }  # fmt: skip
    return {"kind": "steps", "facts": {**facts, **changes}}


def save(sha: str = "after", numbers: int = 900) -> Kind:
    path = "model_1_full.pkl"
    return {"kind": "save", "facts": {"library": "torch", "path": path, "numbers": numbers, "weights": fp(sha)}}


LOSSES: Kind = {"kind": "losses", "facts": {"library": "torch", "id": 5, "count": 5000}}


@pytest.mark.parametrize(
    ("lines", "word", "code"),
    [
        ((steps(), LOSSES, save()), Word.APPROVE, ""),
        ((LOSSES,), Word.INVESTIGATE, "no_step"),
        ((steps(moved=0, moved_share=0.0),), Word.LIKELY_FABRICATION, "weights_never_moved"),
        ((steps(numbers=1), save()), Word.INVESTIGATE, "mostly_untrained"),
        ((steps(), save("before")), Word.LIKELY_FABRICATION, "untrained_weights_saved"),
        ((steps(wall_s=60.0),), Word.INVESTIGATE, "mostly_not_the_method"),
    ],
)
def test_weights_must_have_moved(lines: tuple[Kind, ...], word: Word, code: str) -> None:
    verdict = decide(trained(*lines), RULES)
    assert (verdict.word, found(verdict, "training")[1]) == (word, code), verdict


def grid(*lines: Kind, bootstraps: int = 1000, design: str = "", **changes: Any) -> Evidence:
    columns = (column("bootstrap", *range(bootstraps)), column("score", *range(1, bootstraps + 1)))
    table = TableFacts(format="csv", size_bytes=9, rows=bootstraps, columns=columns, column_count=2)
    extra = Artefact("extra", "bootstrap_1.csv", 9, BEGUN + HOUR, "e" * 64, (1, 12), table)
    search: Kind = {"kind": "search", "facts": {"id": 1, "class": "GridSearchCV", "candidates": 36, "folds": 5,
                    "wall_s": 3 * HOUR, "x": fp("x", size=100)}}  # fmt: skip
    return spoilt(
        artefacts=(RESULTS, replace(MODEL, path="model_1_full.pkl", inside=PICKLE)), extras=(extra,), program=GRID,
        seen=seen(search, *lines), design=read_design(design, "d.md"), **changes,
    )  # fmt: skip


def more(count: int, distinct: int) -> Kind:
    facts = {"of": "fit", "id": "f", "count": count, "class": "RandomForestRegressor", "distinct_x": distinct}
    return {"kind": "more", "where": "model_1.py:2", "facts": facts}


DESIGN = "| Parameter | Design Specification | Minimum Acceptable | Must Not Simplify |\n|-|-|-|-|\n"


@pytest.mark.parametrize(
    ("evidence", "word", "code"),
    [
        (grid(fit(2, "RandomForestRegressor"), more(999, 999)), Word.APPROVE, ""),
        (grid(fit(2, "RandomForestRegressor"), more(999, 1)), Word.INVESTIGATE, "bootstraps_not_resampled"),
        (grid(fit(2, "RandomForestRegressor")), Word.INVESTIGATE, "bootstraps_not_fitted"),
        (
            grid(
                fit(2, "RandomForestRegressor", params={"n_estimators": 1}),
                more(999, 999),
                design=DESIGN + "| n_estimators | 500 | 500 | YES |\n",
            ),
            Word.INCOMPLETE_TRAINING,
            "n_estimators_simplified",
        ),
        (
            grid(
                fit(2, "RandomForestRegressor"),
                more(999, 999),
                *(
                    {
                        "kind": "split",
                        "where": "m.py:1",
                        "facts": {"call": "train_test_split", "arguments": {"random_state": one}},
                    }
                    for one in range(40)
                ),
            ),
            Word.INVESTIGATE,
            "split_chosen",
        ),
        (
            grid(
                fit(2, "RandomForestRegressor"),
                more(999, 999),
                quick_run="1-quick-1",
                quick_seen=seen(fit(1, "X", 400)),
            ),
            Word.INVESTIGATE,
            "fewer_rows_than_quick",
        ),
    ],
)
def test_fits_stand_behind_what_is_told(evidence: Evidence, word: Word, code: str) -> None:
    verdict = decide(evidence, RULES)
    assert (verdict.word, found(verdict, "training")[1]) == (word, code), verdict


OUTSIDE: dict[str, tuple[Kind, str]] = {
    "a replaced sampler": ({"kind": "replaced", "facts": {"what": "pymc.sample", "by": "fake"}}, "library_replaced"),
    "start-up code": ({"kind": "import", "facts": {"module": "sitecustomize", "path": "lib/s.py"}}, "startup_code"),
    "a module that was swapped": (
        {"kind": "import", "facts": {"module": "m", "path": "model_1.py", "sha256": "0" * 64}},
        "module_changed_before_import",
    ),
    "hidden code": ({"kind": "code", "facts": {"by": "exec", "text": "print('epoch')"}}, "code_in_no_file"),
    "a state of the quick run": ({"kind": "read", "facts": {"path": "output/cache.pkl"}}, "state_of_the_quick_run"),
}


@pytest.mark.parametrize("what", OUTSIDE)
def test_what_no_library_accounts_for_is_asked_about(what: str) -> None:
    line, code = OUTSIDE[what]
    quick = seen({"kind": "write", "facts": {"path": "output/cache.pkl", "by": "open"}})
    verdict = decide(mcmc(sampling(), line, quick_run="1-quick-1", quick_seen=quick), RULES)
    assert (verdict.word, found(verdict, "outside")[1]) == (Word.INVESTIGATE, code)


def test_a_module_that_is_the_file_of_the_start_or_none_of_it_is_not_asked_about() -> None:
    lines = [{"kind": "import", "facts": {"module": "m", "path": path, "sha256": sha}} for path, sha in
             (("model_1.py", "c" * 64), ("other.py", "0" * 64))]  # fmt: skip
    assert found(decide(mcmc(sampling(), *lines), RULES), "outside")[0] == str(Outcome.PASSED)


def test_another_program_is_asked_about_only_where_nothing_witnessed_trains() -> None:
    program: Kind = {"kind": "program", "facts": {"by": "subprocess.Popen", "argv": ["./train", "--epochs", "9"]}}
    assert found(decide(mcmc(sampling(), program), RULES), "outside")[0] == str(Outcome.PASSED)
    assert found(decide(trained(program), RULES), "outside")[1] == "another_program"


def test_files_that_are_not_as_they_were_sealed_were_changed_after_the_run() -> None:
    same = Seal(files={RESULTS.path: "a" * 64, MODEL.path: "b" * 64})
    assert decide(mcmc(seal=same), RULES).word is Word.APPROVE
    verdict = decide(mcmc(seal=Seal(files={**same.files, MODEL.path: "0" * 64})), RULES)
    assert (verdict.word, verdict.code) == (Word.TIMESTAMP_MISMATCH, "changed_after_run")
    assert MODEL.path in verdict.why


def test_a_hand_written_method_is_not_witnessed_and_never_by_that_a_lie() -> None:
    verdict = decide(trained({"kind": "write", "facts": {"path": "x.csv"}}), RULES)
    assert verdict.word is Word.APPROVE, verdict
    assert "no method of a library that it knows" in found(verdict, "witness")[2]


def test_without_a_witness_the_verdict_says_not_witnessed() -> None:
    assert "not witnessed" in found(decide(HONEST, RULES), "witness")[2]
    assert decide(HONEST, RULES).word is Word.APPROVE


def test_a_chain_that_does_not_hold_is_told() -> None:
    verdict = decide(spoilt(mcmc(), seen=seen(sampling(), nonce="another")), RULES)
    assert found(verdict, "witness")[1] == "witness_altered"
    assert not verdict.word.met


def test_a_declared_method_that_was_not_witnessed_is_asked_about() -> None:
    design = read_design("## Computational Requirements\n- **Method**: Bayesian MCMC\n", "d.md")
    verdict = decide(trained(steps(), design=design), RULES)
    assert found(verdict, "method")[:2] == ("INVESTIGATE", "declared_method_not_witnessed")


def test_sequential_monte_carlo_has_no_tuning_steps() -> None:
    evidence = mcmc(sampling(method="smc", call="pymc.sample_smc", tune=None), saved=replace(SAVED, tuning_steps=None))
    assert decide(evidence, RULES).word is Word.APPROVE


def test_the_steps_of_an_ensemble_before_those_that_are_kept_are_its_burn_in() -> None:
    burn, kept = (
        sampling(id=number, object=1, method="ensemble", call="emcee.run_mcmc", tune=None, draws=draws, wall_s=wall_s)
        for number, draws, wall_s in ((1, 1000, HOUR), (2, 2000, 2 * HOUR))
    )
    design = read_design("## Computational Requirements\n- **Burn-in**: 1000\n- **Bootstraps**: 0\n", "d.md")
    evidence = mcmc(burn, kept, saved=replace(SAVED, tuning_steps=None), design=design)
    verdict = decide(evidence, RULES)
    assert "1000 tune (witnessed at model_1.py:2)" in found(verdict, "iterations")[2]
    assert verdict.word is Word.APPROVE, verdict


def test_a_summary_of_the_trace_explains_itself_even_where_all_its_means_are_equal() -> None:
    figures = tuple(ParameterFigures(name=name, mean=1.0, sd=0.1) for name in ("a", "b"))
    table = results(column("mean", 1.0, 1.0), labels=("a", "b"))
    trace = replace(SAVED, figures=figures, groups=("posterior",))
    verdict = decide(replace(mcmc(), artefacts=(table, replace(MODEL, inside=trace))), RULES)
    assert found(verdict, "results")[0] == str(Outcome.PASSED)
