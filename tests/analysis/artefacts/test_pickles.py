from __future__ import annotations

import bz2
import gzip
import lzma
import pickle
import pickletools
import zlib
from collections import OrderedDict
from collections.abc import Callable
from fractions import Fraction
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.analysis.artefacts.facts import JsonFacts, UnknownFacts
from watchkeeper.server.analysis.artefacts.pickle_interpreter import Machine
from watchkeeper.server.analysis.artefacts.symbols import Call, Mapping, Sequence

from .helpers import joblib, made_here, pickled


@pytest.mark.training
def test_a_fitted_model_tells_its_class_and_its_counts(tmp_path: Path) -> None:
    ensemble: Any = import_module("sklearn.ensemble")  # typed in part; takes two seconds, so not with the module
    x = np.random.default_rng(1).normal(size=(60, 3))
    model = ensemble.GradientBoostingRegressor(n_estimators=17).fit(x, x[:, 0])
    joblib.dump(model, tmp_path / "m.joblib")
    found = pickled(tmp_path / "m.joblib")
    assert (found.root, found.writer, found.complete) == (
        "sklearn.ensemble._gb.GradientBoostingRegressor",
        "joblib",
        True,
    )
    assert dict(found.numbers)["n_estimators"] == 17
    assert ("estimators_", (17, 1)) in [(one.name, one.shape) for one in found.arrays]
    assert "sklearn.tree._tree.Tree" in found.globals


@pytest.mark.parametrize(
    ("content", "model"),
    [
        (b"tree\nversion=v4\nnum_class=1\n", "a model of LightGBM"),
        (b"CBM1h#\x00\x00\x14\x00", "a model of CatBoost"),
        (b"{L" + bytes(7) + b"\x07learner{L", "a model of XGBoost"),
    ],
)
def test_a_library_may_write_its_own_form_under_the_name_that_a_pickle_has(
    tmp_path: Path, content: bytes, model: str
) -> None:
    (tmp_path / "m.pkl").write_bytes(content)
    found = made_here(tmp_path / "m.pkl")
    assert isinstance(found, UnknownFacts)
    assert found.model == model
    (tmp_path / "j.pkl").write_text('{"learner": {"trees": 3}}')
    assert isinstance(made_here(tmp_path / "j.pkl"), JsonFacts)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_and_numbers_are_found_in_every_protocol(tmp_path: Path, protocol: int) -> None:
    weights = np.linspace(0, 1, 300_000).reshape(300, 1000)
    weights[0, 5] = np.nan
    content = {"epoch": 7, "loss": np.float64(0.25), "inner": {"done": True}, "weights": weights}
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(content, protocol))
    found = pickled(tmp_path / "m.pkl")
    assert (found.root, found.complete, found.protocol) == ("dict", True, protocol if protocol >= 2 else None)
    assert dict(found.numbers) == {"epoch": 7.0, "loss": 0.25, "inner.done": 1.0}
    (array,) = found.arrays
    assert (array.name, array.shape, array.size_bytes, array.non_finite) == ("weights", (300, 1000), 2_400_000, 1)
    assert array.constant is False


def test_joblibs_arrays_are_passed_over_and_those_of_objects_walked_through(tmp_path: Path) -> None:
    objects = np.array([Fraction(1, 3), None], dtype=object)
    content = {"a": np.ones((10, 20)), "o": objects, "e": np.empty((0, 3)), "t": np.array(["x", "yy"]), "n": 5}
    joblib.dump(content, tmp_path / "m.joblib")
    found = pickled(tmp_path / "m.joblib")
    assert found.complete is True
    assert "fractions.Fraction" in found.globals
    assert [(one.name, one.shape, one.constant) for one in found.arrays] == [
        ("a", (10, 20), True),
        ("o", (2,), None),
        ("e", (0, 3), None),
        ("t", (2,), None),
    ]
    assert found.numbers == (("n", 5.0),)


@pytest.mark.parametrize(
    ("name", "pack"),
    [("gzip", gzip.compress), ("zlib", zlib.compress), ("bz2", bz2.compress), ("xz", lzma.compress)],
)
def test_a_packed_pickle_is_walked_through(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / "m.pkl").write_bytes(pack(pickle.dumps({"epoch": 3})))
    found = pickled(tmp_path / "m.pkl")
    assert (found.compression, found.root, found.numbers) == (name, "dict", (("epoch", 3.0),))


def test_a_pickle_that_was_cut_is_truncated_wherever_it_was_cut(tmp_path: Path) -> None:
    whole = pickle.dumps({"epoch": 3, "weights": np.arange(10.0)})
    for length in (2, 5, len(whole) // 2, len(whole) - 1):
        (tmp_path / "m.pkl").write_bytes(whole[:length])
        found = pickled(tmp_path / "m.pkl")
        assert (found.truncated, found.complete, found.root) == (True, False, "")


def test_what_unpickling_would_import_is_named_however_it_is_written(tmp_path: Path) -> None:
    by_memo = b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94h\x00h\x01\x93."
    forms = {"GLOBAL": b"cos\nsystem\n.", "STACK_GLOBAL from the memo": by_memo, "INST": b"(S'ls'\nios\nsystem\n."}
    for data in forms.values():
        (tmp_path / "m.pkl").write_bytes(data)
        assert pickled(tmp_path / "m.pkl").globals == ("os.system",)


NOTHING: dict[str, object] = {}


def test_a_name_that_is_no_text_is_told_with_question_marks(tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(b"\x80\x04\x8c\x05os\xed\xb3\xbf\x8c\x06system\x93.")
    assert pickled(tmp_path / "m.pkl").globals == ("os?.system",)


class Plain:
    def __init__(self, value: object) -> None:
        self.value = value


def ordered(value: object) -> OrderedDict[str, object]:
    return OrderedDict([("a", value)])


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
        | st.tuples(inner, inner)
        | inner.map(Plain)
        | inner.map(ordered)
    ),
    max_leaves=15,
)


def walked(data: bytes) -> Machine:
    machine = Machine()
    for opcode, argument, _ in pickletools.genops(BytesIO(data)):
        machine.step(opcode, argument)
    return machine


def plain(value: object) -> object:
    """Return what the machine made as what was pickled."""
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.pairs}
    if isinstance(value, Sequence):
        return [plain(one) for one in value.items]
    if isinstance(value, Call):
        state: object = plain(value.state[0]) if value.state else NOTHING
        return (value.name.rpartition(".")[2], state, plain(value.added))
    return value


def expected(value: Any) -> object:  # whatever can be pickled
    if isinstance(value, Plain):
        return ("Plain", {"value": expected(value.value)}, NOTHING)
    if isinstance(value, dict):
        inner = {key: expected(one) for key, one in cast(dict[str, Any], value).items()}
        return ("OrderedDict", NOTHING, inner) if isinstance(value, OrderedDict) else inner
    return [expected(one) for one in cast(list[Any], value)] if isinstance(value, list | tuple) else value


@given(VALUES, st.integers(2, pickle.HIGHEST_PROTOCOL))
def test_the_machine_ends_with_what_was_pickled(value: object, protocol: int) -> None:
    machine = walked(pickle.dumps(value, protocol))
    assert len(machine.stack) == 1
    if protocol >= 3:  # before, bytes are written as a call of an encoder
        assert repr(plain(machine.stack[0])) == repr(expected(value))
