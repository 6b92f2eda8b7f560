"""Steps of walkers: taken in a loop, in pieces, thinned, a part left out; a log's few lines reject none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from watchkeeper.server.analysis.counted.counts import counted
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.evidence.evidence import Evidence
from watchkeeper.server.analysis.evidence.words import Word
from watchkeeper.server.analysis.verdict.convergence import convergence
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import RESULTS, RULES, check, spoilt
from ..evidence.witnessed import Kind, seen

ROWS = """## Computational requirements
- **Method**: Bayesian MCMC (emcee)
- **Walkers**: 24
- **Steps**: 2000
- **Burn-in**: 500
"""
BARE: Kind = {"library": "emcee", "method": "ensemble", "call": "emcee.sample", "chains": 24, "wall_s": 9e3}
KEPT: Kind = {"kind": "kept", "facts": {"object": 1, "library": "emcee", "discard": 500, "thin": 12}}


def walked(draws: int, iterations: int | None = None, **changes: Any) -> Kind:
    taken = {"iterations": draws if iterations is None else iterations}
    return {
        "kind": "sampling",
        "facts": {**BARE, "object": 1, "draws": draws, "autocorrelation": 40.0, **taken, **changes},
    }


def of(*lines: Kind, rows: str = ROWS, **changes: Any) -> Evidence:
    evidence = spoilt(artefacts=(RESULTS,), program=None, seen=seen(*lines), design=read_design(rows, "d.md"))
    return replace(evidence, steps={"log": [500.0, 1000.0, 1500.0, 2000.0]}, **changes)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((walked(2000), KEPT), ""),
        ((walked(2000),), ""),  # what was left out nobody saw
        ((walked(500), walked(2000)), ""),
        ((walked(1000), walked(2000, 1000)), ""),  # in two pieces
        ((walked(200, 2000),), ""),  # one in ten is stored
        (({"kind": "sampling", "facts": {**BARE, "object": 1, "iterations": 2000}},), ""),  # none is
        ((walked(60), KEPT), "iterations_short"),
        ((walked(30), walked(60, 30)), "iterations_short"),
        ((walked(1000), walked(1000, object=2)), "iterations_short"),  # two ensembles of half as many steps
    ],
)
def test_steps_of_walkers_are_those_that_were_taken_whatever_a_log_prints(lines: tuple[Kind, ...], code: str) -> None:
    assert check(decide(of(*lines), RULES), "iterations").code == code


def test_what_was_left_out_of_a_chain_is_its_burn_in() -> None:
    pieces = [walked(1000), *(walked(300 * at, 300) for at in range(1, 11))]
    assert counted(of(*pieces))["tune"].value == 1000  # of the pieces that it still holds none is left out
    assert counted(of(walked(2000), KEPT))["tune"].value == 500
    less = {"kind": "kept", "facts": {**KEPT["facts"], "discard": 100}}
    assert check(decide(of(walked(2000), less), RULES), "iterations").code == "tune_short"


def test_a_few_lines_of_a_log_reject_no_sampler_that_nobody_saw() -> None:
    evidence = of(rows=ROWS.replace("- **Walkers**: 24\n", "").replace("- **Burn-in**: 500\n", ""))
    assert check(decide(evidence, RULES), "iterations").word is not Word.INCOMPLETE_TRAINING


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((walked(2000),), ""),
        ((walked(2000, autocorrelation=150.0),), "convergence_not_inspected"),
        ((walked(2000, autocorrelation=None),), "convergence_not_inspected"),
        ((walked(300, autocorrelation=10.0, chains=8),), "convergence_not_inspected"),  # 240 independent draws
        (tuple(walked(2000, object=at) for at in range(1, 6)), "convergence_not_inspected"),  # of which is it told?
        (tuple(walked(2000, object=at) for at in range(1, 4)), ""),  # a row of the results for each
    ],
)
def test_walkers_that_were_seen_tell_themselves_whether_they_settled(lines: tuple[Kind, ...], code: str) -> None:
    assert convergence(of(*lines), RULES).code == code
