"""Observations that count more or less than once are asked about, unless the design says so."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.samplers.counted_otherwise import counted_otherwise
from watchkeeper.server.analysis.scripts.program import Program, Unit

from ..evidence.witnessed import Kind, fp, sampling, seen

ONCE = "Each day counts once."
NUMPYRO = "Normal(f(), f())"
HALF = "emcee.EnsembleSampler(8, 2, lambda p: 0.5 * norm.logpdf(y, p[0], p[1]).sum())"
BY_ROW = "emcee.EnsembleSampler(8, 2, lambda p: (quality * norm.logpdf(y, p[0], p[1])).sum())"


def model(**more: Any) -> Kind:
    observed = {"y": {"shape": [400], "prior": "y ~ Normal(a, b)", "data": fp("y", size=400)}}
    return sampling(**{"observed": observed, "variables": {}, "potentials": [], **more})


def numpyro(**likelihood: Any) -> Kind:
    return model(library="numpyro", likelihoods={"y": {"prior": NUMPYRO, **likelihood}})


def walkers(*quality: float) -> Kind:
    held = {"quality": {"data": fp("q", size=400, at=quality)}}
    return model(library="emcee", method="ensemble", observed={}, held=held)


def asked(design: str, line: Kind, script: str = "") -> list[str]:
    program = Program(script="m.py", units=(Unit("m.py", script.encode(), ast.parse(script)),))
    return [one.code for one in counted_otherwise(read_design(design, "d.md"), program, seen(line))]


@pytest.mark.parametrize(
    ("design", "line", "script", "code"),
    [
        (ONCE, model(held={"c": {"data": fp("y", size=400)}}, potentials=["p"]), "", "observations_repeated"),
        (ONCE, numpyro(scale=5.0), "", "observations_repeated"),
        ("All 300 plots enter with full weight.", model(potentials=["p"], factors={"p": 0.04}), "",
         "likelihood_tempered"),
        ("The likelihood is not tempered.", numpyro(scale=0.1), "", "likelihood_tempered"),
        (ONCE, walkers(1.0), HALF, "likelihood_tempered"),
        (ONCE, model(potentials=["p"], weights={"p": fp("w", at=(1.0, 0.1, 1.0))}), "", "observations_weighted"),
        (ONCE, numpyro(weights=fp("w", at=(1.0, 0.1))), "", "observations_weighted"),
        (ONCE, walkers(1.0, 0.1, 1.0), BY_ROW, "observations_weighted"),
        (ONCE, numpyro(weights=fp("m", at=(1.0, 0.0, 1.0), mean=0.6)), "", "observations_masked"),
    ],
    ids=["a potential over the same data", "a factor", "a potential times 0.04", "a scale below one",
         "as it is written", "weights in a potential", "weights by a scale", "weights as they are written",
         "a mask"],
)  # fmt: skip
def test_what_does_not_count_once_is_asked_about(design: str, line: Kind, script: str, code: str) -> None:
    assert asked(design, line, script) == [code]


@pytest.mark.parametrize(
    ("design", "line", "script"),
    [
        ("Likelihood tempered with weight 3.", model(held={"c": {"data": fp("y", size=400)}}, potentials=["p"]), ""),
        ("A power posterior with exponent 0.5.", model(potentials=["p"], factors={"p": 0.5}), HALF),
        ("Full weight for new rows, old ones are discounted by 0.3.", model(factors={"p": 0.3}), ""),
        ("Soft constraints.", model(held={"c": {"data": fp("other", size=40)}}, potentials=["p"]), ""),
        ("Days after the limit are right-censored.", model(weights={"p": fp("w", at=(0.0, 1.0), mean=0.5)}), ""),
        (ONCE, model(weights={"p": fp("w", at=(1.0, 1.0, 1.0), mean=1.0)}), ""),
        (ONCE, model(weights={"p": fp("w", at=(3.0, 12.0, 1.0))}), ""),
        (ONCE, walkers(0.0, 1.0, 1.0), BY_ROW),
        ("Survey weights multiply each log-likelihood.", walkers(0.4, 1.3), BY_ROW),
    ],
    ids=[
        "tempered",
        "a power",
        "discounted",
        "a constraint",
        "censored",
        "none",
        "frequencies",
        "marks as written",
        "weights",
    ],
)
def test_what_the_design_says_and_marks_are_not_asked_about(design: str, line: Kind, script: str) -> None:
    assert asked(design, line, script) == []


def test_a_factor_in_the_density_of_a_sampler_by_hand_is_asked_about() -> None:
    script = "def log_posterior(p):\n    return 0.1 * norm.logpdf(y, p[0]).sum()\n"
    program = Program(script="m.py", units=(Unit("m.py", script.encode(), ast.parse(script)),))
    design = read_design("- **Method**: MCMC, Metropolis by hand\n", "d.md")
    assert [one.code for one in counted_otherwise(design, program, seen())] == ["likelihood_tempered"]


def test_a_likelihood_times_nought_leaves_the_prior_unless_something_is_observed_beside_it() -> None:
    design = read_design(ONCE, "d.md")
    nought = model(observed={}, potentials=["p"], factors={"p": 0.0})
    (asked_of,) = counted_otherwise(design, None, seen(nought))
    assert (asked_of.code, "they are those of the prior" in asked_of.what) == ("likelihood_tempered", True)
    for honest in (
        [model(potentials=["p"], factors={"p": 0.0})],
        [model(observed={}, potentials=["p", "q"], factors={"p": 0.0})],
        [nought, model()],
        [model(observed={}, potentials=["p"])],
    ):
        assert [*counted_otherwise(design, None, seen(*honest))] == []
