"""Every way to claim what was not done, with the word and the reason that it must get."""

from __future__ import annotations

from dataclasses import replace

from watchkeeper.server.analysis.artefacts.facts import (
    ArrayFacts,
    ColumnFacts,
    NotInspected,
    Placeholder,
    TableFacts,
    UnknownFacts,
)
from watchkeeper.server.analysis.curves.series import History
from watchkeeper.server.analysis.evidence.evidence import Artefact, Evidence, HeadCopy, Known
from watchkeeper.server.analysis.evidence.words import Word
from watchkeeper.server.analysis.scripts.program import Program, Unresolved

from ..evidence.facts import (
    BEGUN,
    GRID,
    HONEST,
    HOUR,
    MCMC,
    MODEL,
    PICKLE,
    RESULTS,
    RIDGE,
    TRAINED,
    WORKED,
    designed,
    spoilt,
    with_table,
    with_trace,
)

SEARCH = TableFacts(
    format="csv", size_bytes=900, rows=36, column_count=6,
    columns=tuple(ColumnFacts(name=f"split{n}_test_score", numbers=36, distinct=36) for n in range(5)),
)  # fmt: skip
BOOTSTRAPS = TableFacts(
    format="csv", size_bytes=9000, rows=1000, column_count=2,
    columns=(
        ColumnFacts(name="bootstrap", numbers=1000, distinct=1000),
        ColumnFacts(name="rmse", numbers=1000, distinct=987),
    ),
)  # fmt: skip
SEARCHED = replace(
    TRAINED,
    program=GRID,
    history=None,
    epochs={},
    extras=(
        Artefact("extra", "cv_results_1.csv", 900, inside=SEARCH),
        Artefact("extra", "b.csv", 9000, inside=BOOTSTRAPS),
    ),
    handover=HONEST.handover,
)


ASLEEP = replace(WORKED, idle_share=0.9)
SPINS = spoilt(TRAINED, program=Program(script="model_1.py"), history=None, epochs={})
UNCHANGED = Known("1-full-0", "results", "results_1.csv", "a" * 64, same_work=True, same_inputs=True)
FALSE: dict[str, tuple[Evidence, Word, str]] = {
    "slept": (spoilt(usage=ASLEEP), Word.LIKELY_FABRICATION, "idle"),
    "spun": (SPINS, Word.INVESTIGATE, "no_method_found"),
    "worked silently without a count": (
        spoilt(SPINS, program=replace(MCMC)),
        Word.INVESTIGATE,
        "silent_work",
    ),
    "printed all epochs at once": (
        spoilt(TRAINED, epochs={"log": TRAINED.epochs["probe"]}),
        Word.INVESTIGATE,
        "silent_work",
    ),
    "ridge named bayesian": (
        spoilt(
            designed("Method | Bayesian MCMC | | | |\n", SPINS), program=Program(script="m.py", estimators=(RIDGE,))
        ),
        Word.LIKELY_FABRICATION,
        "forbidden_method",
    ),
    "sampler that never ran beside ridge": (
        spoilt(TRAINED, history=None, epochs={}, program=replace(MCMC, estimators=(RIDGE,))),
        Word.LIKELY_FABRICATION,
        "forbidden_method",
    ),
    "declared method missing": (
        designed("Method | Bayesian MCMC | | | |\n", TRAINED),
        Word.INVESTIGATE,
        "declared_method_not_recognised",
    ),
    "results of another model": (
        spoilt(known=(Known("2-full", "results", "results_2.csv", "a" * 64),)),
        Word.LIKELY_FABRICATION,
        "results_copied",
    ),
    "hard link": (
        spoilt(known=(Known("2-full", "model", "model_2.nc", inode=(1, 11)),)),
        Word.LIKELY_FABRICATION,
        "model_linked",
    ),
    "draws of another run under another name": (
        spoilt(known=(Known("1-full-0", "model", "x.nc", "e" * 64, "f" * 64),)),
        Word.LIKELY_FABRICATION,
        "model_copied",
    ),
    "trace made before the run": (
        with_trace(created_at="2026-09-20T17:00:00+00:00"),
        Word.LIKELY_FABRICATION,
        "trace_of_another_time",
    ),
    "trace with more cpu than the run": (with_trace(process_time_s=99 * HOUR), Word.LIKELY_FABRICATION, "trace_cpu"),
    "trace longer than the run": (with_trace(sampling_time_s=4 * HOUR), Word.LIKELY_FABRICATION, "trace_wall"),
    "time filled up behind the sampler": (
        with_trace(sampling_time_s=600.0),
        Word.INVESTIGATE,
        "mostly_not_sampling",
    ),
    "one chain copied": (with_trace(identical_chains=((0, 2),)), Word.LIKELY_FABRICATION, "chains_copied"),
    "draws repeated": (with_trace(n_steps_total=64_000, distinct_draws=25), Word.LIKELY_FABRICATION, "draws_repeated"),
    "blocks of draws filled in again": (with_trace(recurring=0.6), Word.INVESTIGATE, "draws_come_again"),
    "draws appended": (with_trace(stats_draws=500), Word.LIKELY_FABRICATION, "trace_padded"),
    "trace of another script": (
        with_trace(draws=2500, stats_draws=2500),
        Word.INVESTIGATE,
        "trace_differs_from_script",
    ),
    "draws cut": (
        designed("Draws | 20000 | 16000 | | | YES\n"),
        Word.INCOMPLETE_TRAINING,
        "draws_simplified",
    ),
    "tuning cut": (with_trace(tuning_steps=100), Word.INCOMPLETE_TRAINING, "tune_short"),
    "epochs cut": (designed("Epochs | 9000 | | | |\n", TRAINED), Word.INCOMPLETE_TRAINING, "epochs_short"),
    "one fit repeated": (
        spoilt(
            SEARCHED,
            extras=(
                SEARCHED.extras[0],
                replace(
                    SEARCHED.extras[1],
                    inside=replace(
                        BOOTSTRAPS,
                        columns=(
                            BOOTSTRAPS.columns[0],
                            ColumnFacts(name="rmse", numbers=1000, distinct=1),
                        ),
                    ),
                ),
            ),
        ),
        Word.LIKELY_FABRICATION,
        "bootstraps_repeated",
    ),
    "not converged": (with_trace(rhat_max=1.2), Word.INCOMPLETE_TRAINING, "not_converged"),
    "diverged": (with_trace(divergences=200), Word.INCOMPLETE_TRAINING, "not_converged"),
    "doubtful R-hat": (with_trace(rhat_max=1.07), Word.INVESTIGATE, "rhat_doubtful"),
    "low tail ESS": (with_trace(ess_tail_min=399.0), Word.INCOMPLETE_TRAINING, "ess_low"),
    "two chains": (with_trace(chains=2), Word.INCOMPLETE_TRAINING, "chains_short"),
    "R-hat above the design's": (designed("R-hat | < 1.001 | | | |\n"), Word.INCOMPLETE_TRAINING, "not_converged"),
    "loss still falling": (
        spoilt(TRAINED, history=History(epochs=list(range(40)), train_loss=[40.0 - one for one in range(40)])),
        Word.INCOMPLETE_TRAINING,
        "not_converged",
    ),
    "placeholder": (
        with_table(placeholders=(Placeholder(text="TODO", where="medals", row=2),), placeholder_count=1),
        Word.INCOMPLETE_TRAINING,
        "results_placeholder",
    ),
    "nan": (
        with_table(columns=(ColumnFacts(name="x", missing=1, numbers=2),)),
        Word.INCOMPLETE_TRAINING,
        "results_nan",
    ),
    "constant": (
        with_table(columns=(ColumnFacts(name="x", numbers=3, distinct=1, minimum=2.0, maximum=2.0),)),
        Word.INVESTIGATE,
        "results_constant",
    ),
    "outside the design's range": (
        designed("medals | 0-30 | | | |\n"),
        Word.INCOMPLETE_TRAINING,
        "results_out_of_range",
    ),
    "no results": (
        spoilt(artefacts=(Artefact("results", "r.csv"), MODEL)),
        Word.INCOMPLETE_TRAINING,
        "results_missing",
    ),
    "old results": (
        spoilt(artefacts=(replace(RESULTS, modified_at=BEGUN - 9), MODEL)),
        Word.TIMESTAMP_MISMATCH,
        "results_timestamp",
    ),
    "trace damaged": (
        spoilt(artefacts=(RESULTS, replace(MODEL, inside=NotInspected(reason="It is cut off.", cause="damaged")))),
        Word.INVESTIGATE,
        "model_damaged",
    ),
    "a text called pickle": (
        spoilt(
            TRAINED,
            artefacts=(
                RESULTS,
                replace(MODEL, path="m.pkl", inside=UnknownFacts(size_bytes=3, magic="61", text=True)),
            ),
        ),
        Word.INVESTIGATE,
        "model_unrecognised",
    ),
    "pickle cut off": (
        spoilt(TRAINED, artefacts=(RESULTS, replace(MODEL, inside=replace(PICKLE, truncated=True)))),
        Word.INCOMPLETE_TRAINING,
        "model_truncated",
    ),
    "weights that are not finite": (
        spoilt(
            TRAINED,
            artefacts=(
                RESULTS,
                replace(
                    MODEL,
                    inside=replace(
                        PICKLE,
                        arrays=(ArrayFacts(name="w", dtype="float32", shape=(3,), non_finite=1),),
                    ),
                ),
            ),
        ),
        Word.INCOMPLETE_TRAINING,
        "model_nan",
    ),
    "same results although the code changed": (
        spoilt(known=(replace(UNCHANGED, same_inputs=False),)),
        Word.INVESTIGATE,
        "results_unchanged",
    ),
    "results of an earlier attempt left where they were": (
        spoilt(
            known=(replace(UNCHANGED, same_inputs=False),), artefacts=(replace(RESULTS, modified_at=BEGUN - 9), MODEL)
        ),
        Word.TIMESTAMP_MISMATCH,
        "results_timestamp",
    ),
    "log cut": (spoilt(handover=replace(HONEST.handover, log_bytes=10)), Word.LIKELY_FABRICATION, "log_truncated"),
    "failure without diary entry": (
        spoilt(handover=replace(HONEST.handover, undocumented=("1-r1",))),
        Word.INCOMPLETE_TRAINING,
        "diary_entry_missing",
    ),
    "epochs without a history": (
        spoilt(TRAINED, handover=replace(TRAINED.handover, history_is_there=False)),
        Word.INCOMPLETE_TRAINING,
        "history_missing",
    ),
    "record replaced": (
        spoilt(head_copy=HeadCopy(path="/safe/head", state="differs", detail="event 3 is not the one that was there")),
        Word.INVESTIGATE,
        "record_altered",
    ),
    "nothing measured": (spoilt(usage=None), Word.INVESTIGATE, "effort_not_inspected"),
    "nothing counted": (
        spoilt(TRAINED, epochs={}, usage=replace(WORKED, silent_share=0.1)),
        Word.INVESTIGATE,
        "iterations_not_inspected",
    ),
    "method hidden": (
        spoilt(
            SPINS,
            usage=replace(WORKED, silent_share=0.1),
            program=Program(
                script="m.py",
                unresolved=(Unresolved("m.py", 4, "exec"),),
            ),
        ),
        Word.INVESTIGATE,
        "method_unresolved",
    ),
}
