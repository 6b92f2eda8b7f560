"""What was witnessed against what lies there: two facts in contradiction are false, a missing one is asked about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.artefacts.facts import TableFacts
from watchkeeper.server.analysis.curves.series import History
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.evidence.evidence import Artefact, Evidence, Seal
from watchkeeper.server.analysis.evidence.rules import Limits
from watchkeeper.server.analysis.evidence.words import Outcome, Word
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import BEGUN, GRID, HONEST, HOUR, MODEL, PICKLE, RESULTS, RULES, TRAINED, spoilt
from ..evidence.witnessed import (
    LOSSES,
    SAVED,
    Kind,
    chain,
    column,
    fit,
    found,
    fp,
    mcmc,
    sampling,
    save,
    seen,
    steps,
    trained,
)


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


def another(time: int) -> Kind:
    """Return the same sampling with other draws."""
    return sampling(variables={"mu": [fp(f"again{time}-{number}") for number in range(4)]})


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        (mcmc(sampling(observed={})), "no_observed_data"),
        (mcmc(sampling(chains=5)), "chains_dropped"),
        (mcmc(sampling(), another(1), another(2)), "sampling_chosen"),
        (mcmc(sampling(variables={"theta": [fp("t")]})), "trace_of_another_model"),
        (mcmc({"kind": "solve", "facts": {"id": 9, "call": "numpy.linalg.solve", "count": 1}}), "draws_not_witnessed"),
        (mcmc(sampling(variables={}, traced=True)), "draws_not_witnessed"),
    ],
)
def test_what_is_missing_or_chosen_is_asked_and_never_called_false(evidence: Evidence, code: str) -> None:
    verdict = decide(evidence, RULES)
    assert (verdict.word, found(verdict, "draws")[1]) == (Word.INVESTIGATE, code), verdict
    assert verdict.actions


@pytest.mark.parametrize(("size", "word"), [(4000, Word.INVESTIGATE), (2000, Word.LIKELY_FABRICATION)])
def test_components_that_were_numbered_anew_in_each_draw_are_asked_about(size: int, word: Word) -> None:
    returned = sampling(variables={"mu": [fp(f"mu{number}", size=size) for number in range(4)]})
    saved = tuple(replace(one, size=size) for one in SHIFTED)
    verdict = decide(mcmc(returned, saved=replace(SAVED, prints=saved)), RULES)
    assert (verdict.word, verdict.code) == (word, "draws_reordered"), verdict


def test_draws_that_were_only_scaled_back_are_no_lie() -> None:
    assert decide(mcmc(saved=replace(SAVED, prints=SCALED)), RULES).word is Word.APPROVE


def test_the_same_model_on_other_data_four_times_is_no_choice() -> None:
    others = [sampling(observed={"y": {"data": fp(f"data{number}")}}) for number in range(3)]
    assert decide(mcmc(sampling(), *others), RULES).word is Word.APPROVE


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


def hooked(at_s: float, wall_s: float) -> Kind:
    return {"kind": "hooked", "at": BEGUN + at_s, "facts": {"library": "torch", "wall_s": wall_s}}


@pytest.mark.parametrize(
    ("imports", "code"),
    [
        ((hooked(6.0, 5.5), hooked(4.0, 3.0)), ""),  # one within the other: 5.5 s of 7 s
        (({"kind": "end", "facts": {"importing_s": 5.5}},), ""),
        ((hooked(2.0, 1.5),), "mostly_not_the_method"),
        ((), "mostly_not_the_method"),
    ],
    ids=["most was importing", "modules behind one another", "most was something else", "not told"],
)
def test_importing_libraries_is_no_padding(imports: tuple[Kind, ...], code: str) -> None:
    rules = replace(RULES, limits=Limits(2.0, None, "watchkeeper.toml [full]"))
    evidence = trained(*imports, steps(wall_s=0.6), wall_s=7.0)
    assert found(decide(evidence, rules), "training")[1] == code


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


@pytest.mark.parametrize(
    ("inside", "kinds"),
    [
        (("SelectFromModel", "RandomForestRegressor", "Ridge"), ()),
        (("StandardScaler", "RandomForestRegressor"), ("Ensemble",)),
        (("StandardScaler", "MLPRegressor"), ("Deep Learning",)),
    ],
)
def test_a_forest_that_only_chose_the_features_makes_no_ensemble_of_a_pipeline(
    inside: tuple[str, ...], kinds: tuple[str, ...]
) -> None:
    assert seen(fit(1, "Pipeline", inside=dict.fromkeys(inside, 1))).kinds == kinds


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


@pytest.mark.parametrize(("line", "word"), [(steps(), Word.INVESTIGATE), (LOSSES, Word.LIKELY_FABRICATION)])
def test_losses_that_are_all_alike_are_no_lie_where_a_training_was_witnessed(line: Kind, word: Word) -> None:
    flat = replace(TRAINED.history or History(epochs=[]), train_loss=[0.69] * 5000)
    verdict = decide(trained(line, history=flat), RULES)
    assert found(verdict, "iterations")[:2] == (str(word), "epochs_repeated"), verdict
