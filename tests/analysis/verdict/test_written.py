"""Which of the files that a run wrote tells its results, and which is its model."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.analysis.artefacts.facts import ArrayFacts, ArraysFacts, NotInspected, PickleFacts
from watchkeeper.server.analysis.evidence.words import Outcome, Word
from watchkeeper.server.analysis.verdict.artefacts import artefact
from watchkeeper.server.analysis.verdict.verdict import decide
from watchkeeper.server.analysis.verdict.written import model_among, own, results_among
from watchkeeper.server.storage.policy.profiles import TOLD_ONLY

from ..evidence.facts import HONEST, MODEL, RESULTS, RULES


@pytest.mark.parametrize(
    ("paths", "results", "model"),
    [
        ([], "", ""),
        (["runs/a/config.json", "runs/a/metrics.json", "runs/a/model.pt"], "runs/a/metrics.json", "runs/a/model.pt"),
        (["out/ckpt_1.pt", "out/best.pt", "out/last.pt"], "", "out/best.pt"),
        (["out/ckpt_1.pt", "out/ckpt_2.pt"], "", "out/ckpt_2.pt"),
        (["data.csv", "predictions.csv", "notes.txt"], "predictions.csv", ""),
        (["lightning_logs/version_0/hparams.yaml"], "lightning_logs/version_0/hparams.yaml", ""),
        (["nb-out.ipynb"], "nb-out.ipynb", ""),
        (["eval_1.json", "eval_2.json"], "eval_2.json", ""),
    ],
)
def test_results_are_what_calls_itself_so_and_was_written_last(paths: list[str], results: str, model: str) -> None:
    assert (results_among(paths), model_among(paths)) == (results, model)


def test_caches_hidden_files_and_what_passes_are_nothing_that_a_run_leaves() -> None:
    left = ["a/__pycache__/m.pyc", ".hydra/config.yaml", "x/.ipynb_checkpoints/n.ipynb", "train.log", "x.lock", "a.csv"]
    assert own([*left, "a.csv"]) == ("a.csv",)


def with_arrays(*arrays: ArrayFacts) -> str:
    inside = ArraysFacts(format="torch", size_bytes=900, arrays=arrays, consistent=True)
    found = artefact(HONEST, replace(MODEL, path="last.ckpt", inside=inside), RULES)
    return "" if found.outcome is Outcome.PASSED else found.code


def test_a_single_number_that_is_infinite_beside_weights_is_a_trainers_note_and_weights_are_not() -> None:
    weights = ArrayFacts(name="net.0.weight", dtype="float32", shape=(16, 4), sampled=64)
    note = ArrayFacts(name="callbacks.kth_value", dtype="float32", shape=(), sampled=1, non_finite=1)
    assert with_arrays(weights, note) == ""
    assert with_arrays(replace(weights, non_finite=3), note) == "model_nan"
    assert with_arrays(note) == "model_nan"


@pytest.mark.parametrize(
    ("root", "name", "code"),
    [
        ("statsmodels.tsa.arima.model.ARIMAResults", "_results.model._params._params_split.exog_params", ""),
        ("statsmodels.tsa.arima.model.ARIMAResults", "_results.params", "model_nan"),
        ("sklearn.pipeline.Pipeline", "steps[0].statistics_", ""),
        ("sklearn.linear_model._ridge.Ridge", "coef_", "model_nan"),
        ("sklearn.neural_network.MLPRegressor", "coefs_[1]", "model_nan"),
        ("dict", "history.val", ""),
        ("collections.OrderedDict", "0.weight", "model_nan"),
    ],
)
def test_of_an_object_of_a_library_only_what_was_fitted_must_be_numbers(root: str, name: str, code: str) -> None:
    array = ArrayFacts(name=name, dtype="float64", shape=(3,), sampled=3, non_finite=1)
    inside = PickleFacts(size_bytes=900, protocol=5, root=root, arrays=(array,))
    found = artefact(HONEST, replace(MODEL, path="m.pkl", inside=inside), RULES)
    assert ("" if found.outcome is Outcome.PASSED else found.code) == code


def test_what_is_only_told_decides_nothing_and_says_so() -> None:
    short = replace(HONEST, artefacts=(replace(RESULTS, size_bytes=None), MODEL))
    assert decide(short, RULES).code == "results_missing"
    told = decide(short, replace(RULES, told_only=frozenset({"results_missing"})))
    (check,) = (one for one in told.checks if one.name == "artefact results")
    assert (told.code, check.outcome, check.word) == ("all_passed", Outcome.FAILED, None)
    assert check.evidence.endswith("(told only: results_missing)")
    by_name = decide(short, replace(RULES, told_only=frozenset({"artefact results"})))
    assert by_name == told


@pytest.mark.parametrize("role", ["model", "results"])
def test_under_research_what_only_an_extra_reads_is_told_and_decides_nothing(role: str) -> None:
    unread = NotInspected(reason="numpy is not installed: pip install it.", cause="library missing")
    one, other = (MODEL, RESULTS) if role == "model" else (RESULTS, MODEL)
    run = replace(HONEST, artefacts=(replace(one, inside=unread), other))
    assert decide(run, RULES).code == f"{role}_library_missing"
    told = decide(run, replace(RULES, told_only=frozenset(TOLD_ONLY)))
    (check,) = (each for each in told.checks if each.name == f"artefact {role}")
    assert (told.code, check.outcome) == ("all_passed", Outcome.NOT_INSPECTED)
    assert check.evidence.endswith(f"{unread.reason} (told only: {role}_library_missing)")


def test_a_script_that_another_program_was_started_with_is_to_be_looked_at() -> None:
    found = decide(replace(HONEST, command=(".", "/bin/sh", "-c", "true", "train.py")), RULES)
    assert (found.word, found.code) == (Word.INVESTIGATE, "other_command")
    assert "started by /bin/sh -c true train.py in ., not by the Python that trains" in found.why


@given(st.lists(st.text(max_size=20)))
def test_results_and_model_are_among_what_was_written(paths: list[str]) -> None:
    assert results_among(paths) in {"", *paths}
    assert model_among(paths) in {"", *paths}
