from __future__ import annotations

import io
import json
import pickle
import struct
import sys
import types
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from watchkeeper.server.analysis.artefacts.facts import ArrayFacts, ArraysFacts

from .helpers import arrays, h5py, not_inspected


def test_an_npy_file_tells_type_shape_and_values(tmp_path: Path) -> None:
    values = np.arange(12, dtype="f4").reshape(3, 4)
    values[1, 1] = np.inf
    np.save(tmp_path / "a.npy", values)
    assert arrays(tmp_path / "a.npy") == ArraysFacts(
        format="npy",
        size_bytes=(tmp_path / "a.npy").stat().st_size,
        arrays=(
            ArrayFacts(name="", dtype="float32", shape=(3, 4), size_bytes=48, sampled=12, non_finite=1, constant=False),
        ),
        array_count=1,
        values=12,
    )


def test_an_npy_file_that_was_cut_is_not_consistent(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(1000.0))
    whole = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(whole[:4128])
    found = arrays(tmp_path / "a.npy")
    assert (found.consistent, found.notes) == (False, ("The header promises 8000 bytes of values, 4000 are there.",))


def test_a_large_array_is_sampled_at_its_start_middle_and_end(tmp_path: Path) -> None:
    values = np.zeros(1_000_000)
    values[-1] = np.nan
    np.save(tmp_path / "a.npy", values)
    (array,) = arrays(tmp_path / "a.npy").arrays
    assert (array.non_finite, array.constant) == (1, False)
    assert 60_000 < array.sampled <= 65_536


def test_an_npz_archive_tells_its_arrays(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", weights=np.ones((2, 3)), names=np.array(["a", "b"]))
    found = arrays(tmp_path / "a.npz")
    assert [(one.name, one.shape, one.constant) for one in found.arrays] == [
        ("weights", (2, 3), True),
        ("names", (2,), None),
    ]
    assert (found.format, found.values, found.member_count, found.complete) == ("npz", 8, 2, True)


def safetensors(tensors: dict[str, tuple[str, list[int], bytes]], **metadata: str) -> bytes:
    header: dict[str, Any] = {"__metadata__": metadata}
    data = b""
    for name, (dtype, shape, raw) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def test_safetensors_tell_types_shapes_and_values(tmp_path: Path) -> None:
    halves = struct.pack("<4H", 0x3F80, 0x7FC0, 0x4000, 0x3F80)  # 1, NaN, 2, 1 as bfloat16
    raw = safetensors({"w": ("F32", [2, 2], np.ones(4, "<f4").tobytes()), "b": ("BF16", [4], halves)}, epoch="3")
    (tmp_path / "m.safetensors").write_bytes(raw)
    assert arrays(tmp_path / "m.safetensors") == ArraysFacts(
        format="safetensors",
        size_bytes=len(raw),
        arrays=(
            ArrayFacts(name="w", dtype="F32", shape=(2, 2), size_bytes=16, sampled=4, constant=True),
            ArrayFacts(name="b", dtype="BF16", shape=(4,), size_bytes=8, sampled=4, non_finite=1, constant=False),
        ),
        array_count=2,
        values=8,
        metadata=(("epoch", "3"),),
    )


def test_safetensors_whose_offsets_do_not_add_up_are_not_consistent(tmp_path: Path) -> None:
    raw = safetensors({"w": ("F32", [3], bytes(16))})
    (tmp_path / "m.safetensors").write_bytes(raw + b"more")
    found = arrays(tmp_path / "m.safetensors")
    assert (found.consistent, found.notes) == (
        False,
        ("w takes 16 bytes, its shape and type 12.", "The tensors take 16 bytes, 20 are there."),
    )


def test_safetensors_with_a_header_longer_than_the_file_are_not_inspected(tmp_path: Path) -> None:
    (tmp_path / "m.safetensors").write_bytes(struct.pack("<Q", 1 << 60) + b"{")
    assert not_inspected(tmp_path / "m.safetensors").reason == "Its header is longer than the file."


class Storage:
    def __init__(self, kind: type, key: str, values: bytes, count: int) -> None:
        self.kind, self.key, self.values, self.count = kind, key, values, count


class Tensor:
    def __init__(self, storage: Storage, shape: tuple[int, ...]) -> None:
        self.storage, self.shape = storage, shape

    def __reduce__(self) -> tuple[object, ...]:
        rebuild = sys.modules["torch._utils"].__dict__["_rebuild_tensor_v2"]
        return rebuild, (self.storage, 0, self.shape, (1,) * len(self.shape), False, OrderedDict[str, object]())


@pytest.fixture
def torch_names(monkeypatch: pytest.MonkeyPatch) -> type:
    """Put the names there that torch.save writes, so that the pickle is the one that torch makes; no torch needed."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    storage = type("FloatStorage", (), {"__module__": "torch"})

    def rebuild(*_: object) -> None: ...

    rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    torch.__dict__["FloatStorage"] = storage
    utils.__dict__["_rebuild_tensor_v2"] = rebuild
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    return storage


def saved_as_torch_does(path: Path, content: object, storages: list[Storage]) -> None:
    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: object) -> object:
            if isinstance(obj, Storage):
                return ("storage", obj.kind, obj.key, "cpu", obj.count)
            return None

    buffer = io.BytesIO()
    Pickler(buffer, protocol=2).dump(content)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", buffer.getvalue())
        for one in storages:
            archive.writestr(f"model/data/{one.key}", one.values)


def test_a_checkpoint_of_torch_tells_tensors_and_the_optimisers_step(tmp_path: Path, torch_names: type) -> None:
    weights = Storage(torch_names, "0", np.array([1, np.nan, 3, 4], "<f4").tobytes(), 4)
    step = Storage(torch_names, "1", np.array([120], "<f4").tobytes(), 1)
    content = {
        "epoch": 12,
        "model": OrderedDict([("layer.weight", Tensor(weights, (2, 2)))]),
        "optimizer": {"state": {0: {"step": Tensor(step, ())}}},
    }
    saved_as_torch_does(tmp_path / "m.pt", content, [weights, step])
    found = arrays(tmp_path / "m.pt")
    assert (found.format, found.complete, found.values) == ("torch", True, 5)
    assert found.arrays[0] == ArrayFacts(
        name="model.layer.weight", dtype="<f4", shape=(2, 2), size_bytes=16, sampled=4, non_finite=1, constant=False
    )
    assert found.pickle is not None
    assert found.pickle.writer == "torch"
    assert dict(found.pickle.numbers) == {"epoch": 12.0, "optimizer.state.0.step": 120.0}


def test_a_checkpoint_of_torch_without_its_values_says_so(tmp_path: Path, torch_names: type) -> None:
    weights = Storage(torch_names, "0", b"", 4)
    saved_as_torch_does(tmp_path / "m.pt", {"w": Tensor(weights, (4,))}, [weights])
    found = arrays(tmp_path / "m.pt")
    assert (found.consistent, found.notes) == (False, ("Values of 1 storage(s) are missing or too short.",))


def weights_of_keras(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["layers/dense/vars/0"] = np.ones((3, 2))
        file["layers/dense/vars/1"] = np.array([0.5, np.nan])
        file["layers/again"] = h5py.SoftLink("/layers/dense")


def test_a_keras_model_tells_its_weights(tmp_path: Path) -> None:
    weights_of_keras(tmp_path / "w.h5")
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.8.0"}')
        archive.writestr("config.json", "{}")
        archive.write(tmp_path / "w.h5", "model.weights.h5")
    found = arrays(tmp_path / "m.keras")
    assert [(one.name, one.shape, one.non_finite) for one in found.arrays] == [
        ("layers/dense/vars/0", (3, 2), 0),
        ("layers/dense/vars/1", (2,), 1),
    ]
    assert (found.format, found.notes) == ("keras", ("Not followed: again.",))


def test_hdf5_without_draws_is_a_list_of_arrays(tmp_path: Path) -> None:
    weights_of_keras(tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5", "r+") as file:
        file["layers/round"] = file["layers"]  # a hard link back to itself
    found = arrays(tmp_path / "w.h5")
    assert (found.format, found.array_count, found.values) == ("hdf5", 2, 8)


def test_another_zip_archive_tells_its_members(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../escape.txt", "x")
    found = arrays(tmp_path / "a.zip")
    assert (found.format, found.notes) == ("zip", ("../escape.txt would be unpacked outside.",))


def test_an_archive_that_was_cut_is_not_inspected(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.ones(1000))
    (tmp_path / "a.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:3000])
    assert not_inspected(tmp_path / "a.npz").cause == "damaged"
