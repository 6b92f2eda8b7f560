"""Whatever the bytes and whatever the name: facts or words, never a crash of ours, and always the same."""

from __future__ import annotations

import itertools
import math
import pickle
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from watchkeeper.server.analysis.artefacts import child
from watchkeeper.server.analysis.artefacts.confined import Limits
from watchkeeper.server.analysis.artefacts.decode import from_json
from watchkeeper.server.analysis.artefacts.facts import NotInspected
from watchkeeper.server.analysis.artefacts.selecting import blocks, runs, shares

from ...limits import HANG_S, examples
from .helpers import h5py, inspect, made_here

SUFFIXES = [
    ".csv", ".tsv", ".json", ".jsonl", ".pkl", ".joblib", ".pt", ".nc", ".h5", ".npy", ".npz", ".safetensors",
    ".parquet", ".keras", ".gz", ".xz", ".md", "",
]  # fmt: skip


def seeds() -> list[bytes]:
    """Return a small honest file of each format, to be damaged."""
    npz, packed = BytesIO(), BytesIO()
    np.savez(npz, a=np.arange(5.0))
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("m/data.pkl", pickle.dumps({"epoch": 1, "w": np.arange(3.0)}))
    hdf5 = BytesIO()
    with h5py.File(hdf5, "w") as file:
        file["posterior/mu"] = np.arange(40.0).reshape(2, 20)
    tensors = b'{"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}'
    safetensors = len(tensors).to_bytes(8, "little") + tensors + bytes(8)
    text = [b"a,b\n1,2\n", b'{"a": [1, NaN]}', pickle.dumps({"a": np.arange(4.0)})]
    return [*text, npz.getvalue(), packed.getvalue(), hdf5.getvalue(), safetensors]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(seeds())))
    for place, byte in draw(st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255)), max_size=8)):
        data[place] = byte
    return bytes(data[: draw(st.integers(0, len(data)))])


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300) | damaged(), suffix=st.sampled_from(SUFFIXES))
def test_any_bytes_under_any_name_are_facts_that_survive_json(tmp_path: Path, data: bytes, suffix: str) -> None:
    path = tmp_path / f"artefact{suffix}"
    path.write_bytes(data)
    told = made_here(path, bounded=True)
    assert from_json(child.document(told)) == told


@settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=damaged(), suffix=st.sampled_from(SUFFIXES))
def test_any_damage_is_survived_by_the_child(tmp_path: Path, data: bytes, suffix: str) -> None:
    path = tmp_path / f"artefact{suffix}"
    path.write_bytes(data)
    found = inspect(path, Limits(cpu_s=20, wall_s=HANG_S))
    assert not isinstance(found, NotInspected) or (found.reason.endswith(".") and found.cause != "time")


@pytest.mark.parametrize(
    "wrong", [b"", b"[]", b'{"kind": "trace"}', b'{"kind": "unknown", "size_bytes": "1"}', b"\xff"]
)
def test_an_answer_that_holds_no_facts_is_refused(wrong: bytes) -> None:
    with pytest.raises(ValueError, match="no facts"):
        from_json(wrong)


SHAPES = st.lists(st.integers(1, 9), max_size=4).map(tuple)


@given(SHAPES, st.integers(1, 200), st.floats(0, 1))
def test_a_block_is_never_larger_than_asked_and_never_empty(shape: tuple[int, ...], most: int, place: float) -> None:
    taken = np.zeros(shape)[runs(shape, most, place)]
    assert 1 <= taken.size <= most


@given(SHAPES, st.integers(0, 200))
def test_blocks_hold_no_more_parameters_than_their_quota(shape: tuple[int, ...], quota: int) -> None:
    chosen = blocks(shape, quota)
    indices = np.arange(math.prod(shape)).reshape(shape)
    looked_at = list(itertools.chain.from_iterable(indices[one].reshape(-1).tolist() for one in chosen))
    assert len(looked_at) <= quota
    assert set(looked_at) == set(range(math.prod(shape))) or quota < math.prod(shape)


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 500), max_size=8), st.integers(0, 1000))
def test_shares_use_all_that_there_is_and_no_more(sizes: dict[str, int], most: int) -> None:
    given_shares = shares(sizes, most)
    assert sum(given_shares.values()) <= most
    assert all(given_shares[name] <= size for name, size in sizes.items())
    assert sum(sizes.values()) > most or given_shares == sizes
