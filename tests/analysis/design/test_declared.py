"""A method of another kind is one where the design declares it and a class of its name was seen to be fitted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from watchkeeper.server.analysis.design.declared import is_named
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.evidence.evidence import Evidence
from watchkeeper.server.analysis.evidence.words import Outcome, Word
from watchkeeper.server.analysis.scripts.program import EstimatorUse, Program
from watchkeeper.server.analysis.scripts.reader import read_program
from watchkeeper.server.analysis.verdict.verdict import decide

from ..evidence.facts import HOUR, RULES, TRAINED, check, designed, with_trace
from ..evidence.witnessed import Kind, fit, sampling, seen


def run(method: str, *lines: Kind, rows: str = "") -> Evidence:
    used = EstimatorUse(name="GaussianMixture", file="model_1.py", line=7, forbidden=False, fitted=True)
    evidence = designed(f"Method | {method} | | | | YES\n{rows}", TRAINED)
    return replace(
        evidence, program=Program(script="model_1.py", estimators=(used,)), seen=seen(*lines), history=None, epochs={}
    )


FITTED = [fit(number, "GaussianMixture", wall_s=HOUR) for number in range(1, 4)]


def test_a_declared_method_whose_class_was_fitted_is_approved() -> None:
    verdict = decide(run("Gaussian mixture, components by BIC", *FITTED), RULES)
    assert verdict.word is Word.APPROVE, verdict


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        (run("Kernel density", *FITTED), "no_method_found"),
        (run("Gaussian mixture"), "no_method_found"),
        (run("Gaussian mixture", fit(1, "Ridge", wall_s=3 * HOUR)), "method_not_approved"),
        (run("Kernel density after a standard scaler", fit(1, "StandardScaler", wall_s=HOUR)), "no_method_found"),
        (run("Kernel density, against a dummy", fit(1, "DummyRegressor", wall_s=HOUR)), "no_method_found"),
        (run("Gaussian mixture", *FITTED, rows="Bootstraps | 200 | 200 | | | YES\n"), "iterations_not_inspected"),
    ],
    ids=[
        "another one was fitted",
        "nothing was fitted",
        "a linear model",
        "a scaler",
        "a guess",
        "more is asked for than fits",
    ],
)
def test_what_was_not_declared_or_not_fitted_is_asked_about(evidence: Evidence, code: str) -> None:
    assert code in {one.code for one in decide(evidence, RULES).checks}


@pytest.mark.parametrize(
    ("prose", "outcome"),
    [
        ("We fit a Gaussian mixture of two to eight components.", Outcome.PASSED),
        ("We fit a neural network for 300 epochs, and a Gaussian mixture to its residuals.", Outcome.FAILED),
        ("We fit a kernel density.", Outcome.FAILED),
    ],
)
def test_a_method_may_be_named_in_a_sentence_where_no_row_does(prose: str, outcome: Outcome) -> None:
    evidence = replace(run("", *FITTED), design=read_design(f"# Model 1\n\n{prose}\n", "d.md"))
    assert check(decide(evidence, RULES), "method").outcome is outcome


@pytest.mark.parametrize(
    ("name", "method", "named"),
    [
        ("SVR", "support vector regression", True),
        ("GaussianHMM", "hidden Markov model with Gaussian emissions", True),
        ("KMeans", "k-means with 50 starts", True),
        ("ARIMA", "seasonal ARIMA", True),
        ("RandomForestRegressor", "Random forest", True),
        ("SVR", "smooth regression splines", False),
        ("GaussianProcessRegressor", "Gaussian mixture", False),
        ("Regressor", "regression", False),
        ("ETSModel", "Holt-Winters", True),
        ("UnobservedComponents", "a local linear trend", True),
        ("MixedLM", "linear regression", False),
    ],
)
def test_a_class_is_named_by_its_words_or_their_first_letters(name: str, method: str, named: bool) -> None:
    assert is_named(name, method) == named


LOOP = """
for epoch in range(400):
    w -= learning_rate * gradient(w)
    print("epoch", epoch)
"""


def test_a_declared_method_by_hand_whose_iterations_are_told_is_asked_about_by_what_would_settle_it() -> None:
    rows = "Epochs | 400 | 400 | | |\n"
    told = replace(run("Softmax regression", rows=rows), epochs={"log": [float(one) for one in range(400)]})
    by_hand = check(decide(told, RULES), "method")
    assert (by_hand.word, by_hand.code) == (Word.INVESTIGATE, "no_method_found")
    assert "told 400 epochs (log), and nobody saw" in by_hand.evidence
    assert "w -= learning_rate * gradient" in by_hand.action
    silent = check(decide(run("Softmax regression", rows=rows), RULES), "method")
    assert (silent.code, silent.action.startswith("Print a line for each iteration")) == ("no_method_found", True)
    read = read_program("m.py", {"m.py": LOOP.encode()}.get, env={})  # as the action says it
    assert check(decide(replace(told, program=read), RULES), "method").outcome is Outcome.PASSED


def curve(method: str, *names: str) -> str:
    used = tuple(
        EstimatorUse(name=each, file="m.py", line=7, forbidden=True, fitted=True, used_for_results=True)
        for each in names
    )
    evidence = designed(f"Method | {method} | | | | YES\n", TRAINED)
    evidence = replace(evidence, program=Program(script="m.py", estimators=used), history=None, epochs={})
    return next(one.code for one in decide(evidence, RULES).checks if one.name == "method")


def test_a_curve_that_the_design_fits_by_least_squares_is_no_stand_in_for_another_method() -> None:
    assert not curve("nonlinear least squares (Richards growth curve), bootstrap intervals", "curve_fit")
    assert not curve("four-parameter dose-response curve by least squares", "curve_fit")
    assert curve("Bayesian growth curve (NUTS)", "curve_fit") == "forbidden_method"
    assert curve("random forest", "curve_fit") == "forbidden_method"
    assert curve("nonlinear least squares", "curve_fit", "Ridge") == "forbidden_method"


def test_a_sampler_by_hand_that_solves_equations_is_asked_about_and_not_called_false() -> None:
    used = (
        EstimatorUse(name="normal equations", file="m.py", line=7, forbidden=True, fitted=True, used_for_results=True),
    )
    rows = "Method | MCMC, Gibbs sampler | | | |\n"
    chains = replace(
        with_trace(), design=designed(rows, TRAINED).design, program=Program(script="m.py", estimators=used)
    )
    word, code = (one := check(decide(chains, RULES), "method")).word, one.code
    assert (word, code) == (Word.INVESTIGATE, "declared_method_not_recognised")


def test_an_approximation_that_a_design_declares_is_judged_by_its_own_steps_and_not_as_chains() -> None:
    fitted = sampling(method="vi", call="pymc.fit", arguments={"n": 20_000})
    rows = "Iterations | 20000 | | |\n"
    drawn = with_trace(chains=1, draws=2000, tuning_steps=None, rhat_max=None, statistics=())
    drawn = replace(drawn, seen=seen(fitted), program=Program(script="m.py"), history=None, epochs={})
    for method, steps, word in (
        ("Variational inference (PyMC ADVI)", 20_000, Word.APPROVE),
        ("Variational inference (PyMC ADVI)", 40_000, Word.INCOMPLETE_TRAINING),
        ("NUTS (PyMC)", 20_000, Word.LIKELY_FABRICATION),
    ):
        text = f"Method | {method} | | |\n{rows.replace('20000', str(steps))}"
        assert decide(designed(text, drawn), RULES).word is word, (method, steps)
