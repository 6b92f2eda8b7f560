"""Evidence of an honest full run of MCMC, for tests to spoil in one place each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from watchkeeper.server.analysis.artefacts.facts import ColumnFacts, PickleFacts, TableFacts, TraceFacts
from watchkeeper.server.analysis.curves.series import History
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.evidence.checks import Check
from watchkeeper.server.analysis.evidence.evidence import Artefact, Evidence, Handover, Input
from watchkeeper.server.analysis.evidence.rules import Limits, Rules
from watchkeeper.server.analysis.evidence.usage import Usage
from watchkeeper.server.analysis.scripts.program import (
    BootstrapLoop,
    EpochLoop,
    EstimatorUse,
    Program,
    SamplerCall,
    SearchCall,
)
from watchkeeper.server.analysis.verdict.verdict import Verdict, decide
from watchkeeper.server.storage.policy.tables import Method
from watchkeeper.server.vocabulary.runs import Phase, RunState

HOUR = 3600.0
BEGUN = 1_790_000_000.0
RULES = Rules(phase=Phase.FULL, limits=Limits(2 * HOUR, 6 * HOUR, "watchkeeper.toml [full]"), minima=Method().minima())
MCMC = Program(
    script="model_1.py",
    samplers=(
        SamplerCall(library="pymc", file="model_1.py", line=9, draws=2000, tune=1000, chains=4, used_for_results=True),
    ),
)
TORCH = Program(script="model_1.py", loops=(EpochLoop(library="torch", file="model_1.py", line=7, count=5000),))
GRID = Program(
    script="model_1.py",
    searches=(SearchCall(kind="GridSearchCV", file="model_1.py", line=5, cv=5, candidates=36, fitted=True),),
    bootstraps=(BootstrapLoop(file="model_1.py", line=9, count=1000, fits=True),),
)
RIDGE = EstimatorUse(name="Ridge", file="helpers.py", line=3, forbidden=True, fitted=True, used_for_results=True)
TRACE = TraceFacts(
    format="netcdf4", size_bytes=9_000_000, chains=4, draws=2000, stats_draws=2000, tuning_steps=1000,
    sampling_time_s=3 * HOUR, created_at="2026-09-21T17:00:00+00:00", divergences=0, bfmi_min=0.9, rhat_max=1.003,
    ess_bulk_min=2100.0, ess_tail_min=1800.0, process_time_s=8 * HOUR, perf_counter_first_s=100.0,
    perf_counter_last_s=100.0 + 2 * HOUR, fingerprint="f" * 64, parameters=10, parameters_looked_at=10,
)  # fmt: skip
TABLE = TableFacts(
    format="csv", size_bytes=120, rows=3, column_count=2,
    columns=(
        ColumnFacts(name="country", texts=3, distinct=3),
        ColumnFacts(name="medals", numbers=3, minimum=1.0, maximum=40.0, distinct=3),
    ),
)  # fmt: skip
RESULTS = Artefact("results", "results_1.csv", 120, BEGUN + 2.9 * HOUR, "a" * 64, (1, 10), TABLE)
MODEL = Artefact("model", "model_1_full.nc", 9_000_000, BEGUN + 2.95 * HOUR, "b" * 64, (1, 11), TRACE)
PICKLE = PickleFacts(size_bytes=900, protocol=5, root="sklearn.ensemble.RandomForestRegressor")
WORKED = Usage(sampled_s=3 * HOUR, idle_share=0.01, silent_share=0.97, cores=(3.0,) * 10)
HONEST = Evidence(
    run="1-full-1", model="1", phase=Phase.FULL, state=RunState.COMPLETED, exit_code=0, started_at=BEGUN,
    ended_at=BEGUN + 3 * HOUR, wall_s=3 * HOUR, cpu_s=9 * HOUR, usage=WORKED, artefacts=(RESULTS, MODEL),
    inputs=(Input("script", "model_1.py", "c" * 64, "c" * 64),), program=MCMC, script="model_1.py",
    handover=Handover(history="history_1.csv", log_bytes=90, log_end=90), chain_head="d" * 64,
)  # fmt: skip
TRAINED = replace(
    HONEST,
    program=TORCH,
    artefacts=(RESULTS, replace(MODEL, path="model_1_full.pkl", inside=PICKLE)),
    handover=replace(HONEST.handover, history_is_there=True),
    history=History(epochs=[float(one) for one in range(5000)], train_loss=[1 / (one + 1) for one in range(5000)]),
    epochs={"probe": [float(one) for one in range(5000)]},
)
"""An honest loop of 5000 epochs that told them through the probe."""


def spoilt(evidence: Evidence = HONEST, **changes: Any) -> Evidence:
    return replace(evidence, **changes)


def with_trace(**changes: Any) -> Evidence:
    return replace(HONEST, artefacts=(RESULTS, replace(MODEL, inside=replace(TRACE, **changes))))


def with_table(**changes: Any) -> Evidence:
    return replace(HONEST, artefacts=(replace(RESULTS, inside=replace(TABLE, **changes)), MODEL))


def designed(text: str, evidence: Evidence = HONEST) -> Evidence:
    """Return the evidence with a design of rows `Name | value | min | max`."""
    head = "Parameter | Value | Min | Max | Unit | Must Not Simplify\n--|--|--|--|--|--\n"
    return replace(evidence, design=read_design(head + text, "model_design.md"))


def said(evidence: Evidence, rules: Rules = RULES) -> tuple[str, str]:
    verdict = decide(evidence, rules)
    return verdict.word.value, verdict.code


def check(verdict: Verdict, name: str) -> Check:
    return next(one for one in verdict.checks if one.name == name)
