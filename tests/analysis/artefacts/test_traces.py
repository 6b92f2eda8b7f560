from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from watchkeeper.server.analysis.artefacts.confined import read_container
from watchkeeper.server.analysis.artefacts.facts import TraceFacts
from watchkeeper.server.analysis.artefacts.parameter_facts import HDIS, QUANTILES

from .helpers import h5py, honest, inspect, not_inspected, trace, write_trace

pytestmark = pytest.mark.xdist_group("sampled")  # one process imports SciPy, for which a trace is read


def _writer(attributes: dict[str, Any]) -> str:
    if "arviz_version" in attributes:
        return f"arviz {attributes['arviz_version']}"
    return f"{attributes['creation_library']} {attributes['creation_library_version']}"  # since ArviZ 1


def test_a_trace_of_pymc_tells_what_the_sampler_did(sampled: Path) -> None:
    found = trace(sampled / "pymc.nc")
    with h5py.File(sampled / "pymc.nc") as file:
        statistics = {name: np.asarray(file["sample_stats"][name]) for name in file["sample_stats"]}
        attributes = dict(file["posterior"].attrs)
        draws = [np.asarray(file["posterior"][name]).reshape(2, 50, -1) for name in ("mu", "theta")]
    distinct = min(len(np.unique(chain, axis=0)) for chain in np.concatenate(draws, axis=2))
    begin, took = statistics["perf_counter_start"], statistics["perf_counter_diff"]
    assert found == replace(
        found,
        format="netcdf4",
        size_bytes=(sampled / "pymc.nc").stat().st_size,
        groups=("observed_data", "posterior", "sample_stats"),
        chains=2,
        draws=50,
        stats_draws=50,
        tuning_steps=60,
        warmup_draws=0,
        sampling_time_s=float(attributes["sampling_time"][0]),
        library="pymc",
        library_version=attributes["inference_library_version"],
        created_at=attributes["created_at"],
        writer=_writer(attributes),
        divergences=int(statistics["diverging"].sum()),
        max_tree_depth_share=float(statistics["reached_max_treedepth"].mean(axis=1).max()),
        tree_depth_max=int(statistics["tree_depth"].max()),
        variables=("mu", "theta"),
        parameters=4,
        parameters_looked_at=4,
        n_steps_total=int(statistics["n_steps"].sum()),
        process_time_s=pytest.approx(float(statistics["process_time_diff"].sum())),
        perf_counter_first_s=float(begin.min()),
        perf_counter_last_s=float((begin + took).max()),
        identical_chains=(),
        constant_parameters=0,
        constant_chains=(),
        distinct_draws=distinct,
        non_finite=0,
        notes=(),
    )
    assert 0 < (found.perf_counter_span_s or 0) < 60


def test_convergence_is_that_of_arviz_on_the_whole_arrays(sampled: Path) -> None:
    found = trace(sampled / "pymc.nc")
    with h5py.File(sampled / "pymc.nc") as file:
        theta, mu = (np.asarray(file["posterior"][name]) for name in ("theta", "mu"))
        energy = np.asarray(file["sample_stats"]["energy"])
    values = np.concatenate([theta, mu[:, :, None]], axis=2)
    stats: Any = import_module("arviz_stats.base.array").array_stats
    rhat = stats.rhat(values, chain_axis=0, draw_axis=1, method="rank")
    tail = stats.ess(values, chain_axis=0, draw_axis=1, method="tail", prob=(0.05, 0.95))
    assert found.rhat_max == pytest.approx(rhat.max())
    assert found.worst_parameter == ["theta[0]", "theta[1]", "theta[2]", "mu"][int(rhat.argmax())]
    assert found.ess_bulk_min == pytest.approx(stats.ess(values, chain_axis=0, draw_axis=1, method="bulk").min())
    assert found.ess_tail_min == pytest.approx(tail.min())
    assert found.bfmi_min == pytest.approx(stats.bfmi(energy, chain_axis=0, draw_axis=1).min())


@pytest.mark.parametrize(
    ("name", "container"), [("datatree.nc", "netcdf4"), ("v2.zarr", "zarr v2"), ("v3.zarr", "zarr v3")]
)
def test_the_same_draws_have_the_same_facts_in_every_container(sampled: Path, name: str, container: str) -> None:
    if not (sampled / name).exists():
        pytest.skip("zarr is not installed")
    netcdf, other = trace(sampled / "pymc.nc"), trace(sampled / name)
    assert other == replace(netcdf, format=container, size_bytes=other.size_bytes)
    assert len(other.fingerprint) == 64


def test_parameters_are_called_by_the_coordinates_that_the_trace_has(sampled: Path) -> None:
    found = trace(sampled / "pymc.nc")
    assert [(one.name, one.called) for one in found.figures] == [
        ("mu", ""), ("theta[0]", "theta[north]"), ("theta[1]", "theta[mid]"), ("theta[2]", "theta[south]"),
    ]  # fmt: skip


def test_a_dimension_without_coordinates_gives_no_names(tmp_path: Path) -> None:
    path = write_trace(tmp_path / "t.nc", {"theta": honest(4, 50, 2)})
    assert [one.called for one in trace(path).figures] == ["", ""]


def test_the_ends_of_intervals_are_quantiles_and_the_narrowest_that_hold_as_many_draws(tmp_path: Path) -> None:
    values = np.exp(honest(4, 500))
    (found,) = trace(write_trace(tmp_path / "t.nc", {"rate": values})).figures
    assert found.quantiles[QUANTILES.index(97.5)] == pytest.approx(float(np.quantile(values, 0.975)))
    low, high = found.hdis[HDIS.index(94)]
    assert np.mean((values >= low) & (values <= high)) == pytest.approx(0.94, abs=0.002)
    assert high - low < float(np.quantile(values, 0.97) - np.quantile(values, 0.03))


def test_what_arviz_1_writes_about_itself_is_read_too(tmp_path: Path) -> None:
    attributes = {"creation_library": "ArviZ", "creation_library_version": "1.0.0", "tuning_steps": 500}
    found = trace(write_trace(tmp_path / "t.nc", {"mu": honest()}, attributes=attributes))
    assert (found.writer, found.tuning_steps) == ("ArviZ 1.0.0", 500)


def test_copied_chains_are_named(tmp_path: Path) -> None:
    values = honest(4, 100, 3)
    values[2] = values[0]
    found = trace(write_trace(tmp_path / "t.nc", {"theta": values}))
    assert found.identical_chains == ((0, 2),)


def test_draws_that_never_move_are_counted(tmp_path: Path) -> None:
    theta, stuck = honest(4, 100, 3), honest(4, 100, 2)
    theta[:, :, 1] = 0.5
    theta[1] = theta[1, 0]
    stuck[1] = 7.0
    found = trace(write_trace(tmp_path / "t.nc", {"theta": theta, "other": stuck}))
    assert (found.constant_parameters, found.constant_chains) == (1, (1,))


def test_a_block_of_draws_that_is_repeated_shows_as_few_distinct_draws(tmp_path: Path) -> None:
    found = trace(write_trace(tmp_path / "t.nc", {"mu": np.tile(honest(4, 50), (1, 20))}))
    assert (found.draws, found.distinct_draws) == (1000, 50)


def test_chains_in_different_places_have_a_large_rhat_and_are_named(tmp_path: Path) -> None:
    theta = honest(4, 200, 5)
    theta[0, :, 3] += 8
    found = trace(write_trace(tmp_path / "t.nc", {"mu": honest(), "theta": theta}))
    assert found.worst_parameter == "theta[3]"
    assert (found.rhat_max or 0) > 1.5
    assert (found.ess_bulk_min or 1e9) < 20


def test_values_that_are_not_finite_are_counted_and_their_parameters_not_judged(tmp_path: Path) -> None:
    theta = honest(4, 200, 2)
    theta[0, 5:8, 0] = np.nan
    theta[1, 3, 0] = np.inf
    found = trace(write_trace(tmp_path / "t.nc", {"theta": theta}))
    assert (found.non_finite, found.worst_parameter) == (4, "theta[1]")
    assert found.notes[-1] == "1 parameters with values that are not finite were not judged."


def test_a_posterior_of_a_million_parameters_is_sampled_and_says_so(tmp_path: Path) -> None:
    with h5py.File(write_trace(tmp_path / "t.nc", {"mu": honest(4, 100)}), "r+") as file:
        # Chunks that were never written take no space and read as zeros; a few are written.
        big = file.create_dataset("posterior/big", (4, 100, 1_000_000), "f8", chunks=(4, 100, 1000))
        big[:, :, -1000:] = honest(4, 100, 1000)
    found = trace(tmp_path / "t.nc")
    assert found.parameters == 1_000_001
    assert 900 <= found.parameters_looked_at <= 1000
    assert found.parameters_left_out == found.parameters - found.parameters_looked_at
    assert f"{found.parameters_looked_at} of 1000001 parameters were looked at" in found.notes[0]
    assert found.worst_parameter.startswith(("big[999", "mu"))
    assert found == trace(tmp_path / "t.nc")


def test_a_trace_without_statistics_says_so(tmp_path: Path) -> None:
    found = trace(write_trace(tmp_path / "t.nc", {"mu": honest()}))
    assert found.stats_draws is None
    assert found.divergences is None
    assert "The sampler left no statistics: no divergences, tree depth or energy." in found.notes


def test_other_draws_have_another_fingerprint(tmp_path: Path) -> None:
    one, other = (write_trace(tmp_path / f"{seed}.nc", {"mu": honest(seed=seed)}) for seed in (1, 2))
    assert trace(one).fingerprint != trace(other).fingerprint


@pytest.mark.parametrize("shape", [(4, 0), (0, 100), (1, 1), (4, 3)])
def test_too_few_draws_are_facts_without_figures(tmp_path: Path, shape: tuple[int, int]) -> None:
    found = trace(write_trace(tmp_path / "t.nc", {"mu": honest(*shape)}))
    assert (found.chains, found.draws, found.rhat_max, found.ess_bulk_min) == (*shape, None, None)


def test_the_first_draws_are_told_of_a_bounded_number_of_parameters(tmp_path: Path) -> None:
    values = np.stack([honest(4, 100, seed=seed) for seed in range(60)], axis=2)
    found = trace(write_trace(tmp_path / "t.nc", {"theta": values}))
    assert [len(one.first) for one in found.figures] == [64] * 50 + [0] * 10
    assert found.figures[7].first == tuple(values[0, :64, 7])


def test_a_posterior_without_draws_is_not_inspected(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "t.nc", "w") as file:
        file.create_group("posterior")
    assert not_inspected(tmp_path / "t.nc").cause == "damaged"


def test_a_trace_cut_anywhere_is_no_crash(sampled: Path, tmp_path: Path) -> None:
    whole = (sampled / "pymc.nc").read_bytes()
    for share in (0.001, 0.3, 0.999):
        cut = tmp_path / "cut.nc"
        cut.write_bytes(whole[: int(len(whole) * share)])
        assert not_inspected(cut).cause in ("damaged", "crashed")


def test_a_trace_with_its_middle_overwritten_is_a_fact_or_not_inspected(sampled: Path, tmp_path: Path) -> None:
    whole = bytearray((sampled / "pymc.nc").read_bytes())
    rng = np.random.default_rng(3)
    for _ in range(3):
        damaged = bytearray(whole)
        for place in rng.integers(100, len(whole), 200):
            damaged[place] = int(rng.integers(256))
        (tmp_path / "damaged.nc").write_bytes(damaged)
        found = inspect(tmp_path / "damaged.nc").kind
        assert found in ("trace", "arrays", "not_inspected")


def test_a_zarr_whose_chunk_is_missing_is_not_finite(sampled: Path, tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    shutil.copytree(sampled / "v3.zarr", tmp_path / "t.zarr")
    shutil.rmtree(tmp_path / "t.zarr" / "posterior" / "mu" / "c")
    assert trace(tmp_path / "t.zarr").non_finite == 100


def test_a_zarr_codec_that_could_run_code_is_left_out(sampled: Path, tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    shutil.copytree(sampled / "v2.zarr", tmp_path / "t.zarr")
    described = tmp_path / "t.zarr" / "posterior" / "mu" / ".zarray"
    metadata = json.loads(described.read_text()) | {"filters": [{"id": "pickle"}]}
    described.write_text(json.dumps(metadata))
    found = trace(tmp_path / "t.zarr")
    assert (found.variables, found.notes) == (
        ("theta",),
        ("Not looked at, no numbers of this file with chains and draws: mu.",),
    )


def test_a_link_in_a_zarr_folder_is_not_followed(sampled: Path, tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    shutil.copytree(sampled / "v3.zarr", tmp_path / "t.zarr")
    inside = tmp_path / "t.zarr" / "posterior" / "theta"
    shutil.rmtree(inside)
    inside.symlink_to(sampled / "v3.zarr" / "posterior" / "theta")
    chunk = tmp_path / "t.zarr" / "posterior" / "mu" / "c" / "0" / "0"
    chunk.unlink()
    chunk.symlink_to(sampled / "v3.zarr" / "posterior" / "mu" / "c" / "0" / "0")
    found = trace(tmp_path / "t.zarr")
    assert found.variables == ("mu",)
    assert found.non_finite == 100
    assert "theta" in found.notes[0]


def test_a_folder_that_is_no_zarr_store_is_not_inspected(tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    (tmp_path / "notes.txt").write_text("hello\n")
    assert not_inspected(tmp_path).reason == "The folder is no Zarr store with a group named posterior."


def test_the_offset_of_the_callers_descriptor_stays(sampled: Path) -> None:
    descriptor = os.open(sampled / "pymc.nc", os.O_RDONLY)
    try:
        os.lseek(descriptor, 17, os.SEEK_SET)
        assert isinstance(read_container(descriptor, "pymc.nc"), TraceFacts)
        assert os.lseek(descriptor, 0, os.SEEK_CUR) == 17
    finally:
        os.close(descriptor)
