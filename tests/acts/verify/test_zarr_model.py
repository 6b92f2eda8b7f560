"""A final model that is a folder: the trace that PyMC and ArviZ write as a Zarr store."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from watchkeeper.server.acts.watch import artefact_files
from watchkeeper.server.analysis.evidence.evidence import Artefact
from watchkeeper.server.runtime.keeper import seal

from ...analysis.evidence.trainings import full, outcomes
from ...libraries import needs
from ...play import Place
from .stories.scripts import DESCENT, evidence, in_short, judged

pytestmark = pytest.mark.anyio

MODEL = "output/implementation/models/model_1_full.zarr"
ENVIRONMENT = '[environment]\nPYTENSOR_FLAGS = "mode=NUMBA,cxx="\nPYTHONWARNINGS = "ignore"\n'
ROWS = "| Method | Bayesian MCMC | | |\n| Draws | 500 | 500 | |\n| Tune | 300 | 300 | |\n| Chains | 4 | 4 | |\n"
SAMPLES = """
import numpy as np
import pymc as pm
from sklearn.linear_model import Ridge
values = np.array([0.3, 0.1, -0.2, 0.4])
baseline = Ridge().fit(np.arange(4.0)[:, None], values)
print("baseline score", baseline.score(np.arange(4.0)[:, None], values))
with pm.Model():
    mu = pm.Normal("mu", 0, 1)
    pm.Normal("obs", mu, 1, observed=values)
    trace = pm.sample(draws=500, tune=300, chains=4, cores=1, random_seed=1, progressbar=False)
write_results(trace.posterior["mu"].values.ravel()[:9])
tree = trace.to_datatree() if hasattr(trace, "to_datatree") else trace
tree.to_zarr(FINAL_MODEL.with_suffix(".zarr"))
"""


def store(place: Place, model: str = "1") -> Path:
    """Write a folder of two files, 3 and 4 bytes long, of the times 100 and 200."""
    folder = place.root / MODEL.replace("_1_", f"_{model}_")
    (folder / "posterior").mkdir(parents=True)
    for name, content, at in (("zarr.json", b"{ }", 100), ("posterior/c0", b"mean", 200)):
        (folder / name).write_bytes(content)
        os.utime(folder / name, (at, at))
    return folder


def seen(place: Place, path: str = MODEL) -> Artefact:
    desk = place.desk()
    try:
        return artefact_files.artefact(desk, "model", path, read=False)
    finally:
        desk.ledger.close()


@needs("zarr", "pymc", "sklearn")
async def test_a_trace_in_a_zarr_folder_is_the_final_model_and_is_judged_and_a_ridge_beside_it_is_good_practice(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place.policy(ENVIRONMENT)
    async with place.trainer() as trainer:
        verdict = await judged(place, trainer, SAMPLES, ROWS)
        chunk = next(one for one in (place.root / MODEL / "posterior" / "mu" / "c").rglob("*") if one.is_file())
        outside = tmp_path_factory.mktemp("outside") / "chunk"
        shutil.move(chunk, outside)
        chunk.symlink_to(outside)
        linked = await trainer.ask("verify_compute", run=verdict["run"])
    assert in_short(verdict) == ("APPROVE", "all_passed", True), verdict["checks"]
    assert "**Forbidden Methods**: None used" in verdict["text"]
    assert evidence(verdict, "artefact model").startswith(f"{MODEL}, ")
    assert evidence(verdict, "artefact model").endswith(", 4 chains of 500 draws")
    assert evidence(verdict, "convergence").startswith("4 chains, R-hat 1.0")
    assert not linked["met"], "the link leads to the same bytes, which are not read"
    assert f"{MODEL} was changed after {verdict['run']}-v1 had looked at it" in evidence(linked, "artefact model")


async def test_an_empty_folder_is_no_finished_model(place: Place) -> None:
    body = f"{DESCENT}FINAL_MODEL.unlink()\nFINAL_MODEL.with_suffix('.zarr').mkdir()\n"
    async with place.trainer() as trainer:
        verdict = await judged(place, trainer, body)
    assert in_short(verdict) == ("REJECT_INCOMPLETE_TRAINING", "model_empty", False), verdict["checks"]
    assert outcomes(verdict)["artefact model"] == "failed"


async def test_a_copy_of_another_model_s_folder_is_named(place: Place) -> None:
    store(place, "2")
    copies = "w = train(80)\nwrite_results(w)\nimport shutil\nmodels = pathlib.Path('output/implementation/models')\n"
    copies += "shutil.copytree(models / 'model_2_full.zarr', models / 'model_1_full.zarr', copy_function=shutil.copy)\n"
    async with place.trainer() as trainer:
        place.script("print('never mind')\n", "2")
        await trainer.trained("2")
        verdict = await full(place, trainer, copies)
    assert in_short(verdict)[1:] == ("model_copied", False), verdict["checks"]
    assert "model_2_full.zarr, model of 2-full" in evidence(verdict, "artefact model")


def test_size_time_and_digest_are_those_of_the_files(place: Place) -> None:
    folder = store(place)
    found = seen(place)
    assert found == Artefact("model", MODEL, 7, 200.0, found.sha256, None, None)
    (folder / "posterior/c0").write_bytes(b"Mean")
    os.utime(folder / "posterior/c0", (200, 200))
    assert found.sha256 not in (None, seen(place).sha256)


def test_a_copy_of_a_folder_has_its_digest(place: Place) -> None:
    shutil.copytree(store(place), place.root / "copy.zarr")
    assert seen(place, "copy.zarr").sha256 == seen(place).sha256


def test_a_folder_has_the_digest_that_the_keeper_seals(place: Place) -> None:
    folder = store(place)
    for name in ("posterior.json", "posterior/\u00e9", "a"):
        (folder / name).write_bytes(name.encode())
    (folder / "link").symlink_to("zarr.json")
    os.mkfifo(folder / "fifo")
    sealed = seal.about(str(place.root.resolve()), MODEL, seal.Budget(1 << 20))
    assert (sealed["sha256"], sealed["files"]) == (seen(place).sha256, 5)
    beyond = seal.about(str(place.root.resolve()), MODEL, seal.Budget(4))
    assert "sha256" not in beyond, "a digest of samples must not be taken for that of the files"


def test_a_link_in_the_folder_and_a_fifo_are_left_alone(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "large").write_bytes(bytes(1000))
    folder = store(place)
    before = seen(place)
    (folder / "file").symlink_to(outside / "large")
    (folder / "folder").symlink_to(outside)
    os.mkfifo(folder / "fifo")
    assert seen(place) == before


def test_a_folder_that_is_a_link_out_of_the_workspace_is_no_model(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = store(place)
    outside = tmp_path_factory.mktemp("outside") / "model.zarr"
    shutil.move(folder, outside)
    folder.symlink_to(outside)
    found = seen(place)
    assert found == Artefact("model", MODEL, refused=found.refused)
    assert found.refused.startswith("is a link to ")
    desk = place.desk()
    try:
        assert desk.workspace.final_model("1").endswith("model_1_full.pkl")
    finally:
        desk.ledger.close()


@pytest.mark.parametrize(("limit", "value"), [("MOST_ENTRIES", 2), ("MOST_LEVELS", 1)])
def test_a_folder_of_too_many_files_or_levels_is_not_hashed(
    place: Place, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    store(place)
    monkeypatch.setattr(artefact_files, limit, value)
    assert seen(place).sha256 is None


def test_a_file_beyond_the_time_for_reading_is_not_hashed(place: Place) -> None:
    place.policy("[compute]\nread_s = 1.0\n")
    os.truncate(store(place) / "posterior/c0", 1 << 40)
    found = seen(place)
    assert (found.size_bytes, found.sha256) == (3 + (1 << 40), None)


def test_no_file_is_read_whole_in_a_call_that_has_taken_its_time(place: Place) -> None:
    store(place)
    desk = replace(place.desk(), read_until_s=0.0)
    try:
        assert artefact_files.artefact(desk, "model", MODEL, read=False).sha256 is None
        assert artefact_files.limits(desk).wall_s == artefact_files.LEAST_S
    finally:
        desk.ledger.close()
