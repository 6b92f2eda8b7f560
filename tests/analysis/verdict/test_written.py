"""Which of the files that a run wrote tells its results, and which is its model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.analysis.verdict.written import model_among, own, results_among


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


@given(st.lists(st.text(max_size=20)))
def test_results_and_model_are_among_what_was_written(paths: list[str]) -> None:
    assert results_among(paths) in {"", *paths}
    assert model_among(paths) in {"", *paths}
