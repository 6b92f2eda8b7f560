"""The chains of a trace, thinned for a picture by the confined process: of a real sampler, and of damaged files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.analysis.artefacts.chain_facts import BINS, MOST_CHAINS, MOST_POINTS, ChainFacts
from watchkeeper.server.analysis.artefacts.confined import draw_chains
from watchkeeper.server.analysis.artefacts.facts import NotInspected
from watchkeeper.server.analysis.artefacts.readers import drawer

from .helpers import honest, made_here, trace, write_trace

pytestmark = pytest.mark.xdist_group("sampled")  # with the other tests of traces: one process imports SciPy


def drawn(path: Path) -> ChainFacts | NotInspected:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return draw_chains(descriptor, path.name)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("name", ["pymc.nc", "v3.zarr"])
def test_a_trace_of_pymc_is_drawn_the_same_from_each_container(sampled: Path, name: str) -> None:
    found = drawn(sampled / name)
    assert isinstance(found, ChainFacts)
    assert (found.chains, found.draws, found.parameters, len(found.at)) == (2, 50, 4, 50)
    assert {one.name for one in found.shown} == {"mu", "theta[0]", "theta[1]", "theta[2]"}
    known = [one.rhat for one in found.shown if one.rhat is not None]
    assert known == sorted(known, reverse=True)
    about = trace(sampled / "pymc.nc")
    assert found.shown[0].name == about.worst_parameter
    assert known[0] == about.rhat_max
    for one in found.shown:
        assert [sum(chain) for chain in one.ranks] == [50, 50]


def test_a_long_trace_is_thinned_and_the_chain_that_stood_apart_shows_in_the_ranks(tmp_path: Path) -> None:
    apart = honest(8, 1000, 6)
    apart[5, :, 4] += 8.0
    apart[0, 7, 2] = np.nan
    found = drawn(write_trace(tmp_path / "long.nc", {"theta": apart}))
    assert isinstance(found, ChainFacts)
    first = found.shown[0]
    assert first.name == "theta[4]"
    assert first.rhat is not None
    assert first.rhat > 1.1
    assert len(first.chains) == len(first.ranks) == MOST_CHAINS < found.chains == 8
    assert len(found.at) == len(first.chains[0]) == MOST_POINTS
    assert (found.at[0], found.at[-1]) == (0, 999)
    assert sum(first.ranks[5][: BINS - 3]) == 0  # all of them rank above nearly all others


@pytest.mark.parametrize(
    ("name", "text", "cause"),
    [("t.nc", b"\x89HDF\r\n\x1a\n" + b"\0" * 4000, "damaged"), ("t.csv", b"a,b\n1,2\n", "unsupported")],
)
def test_a_damaged_trace_and_what_is_none_say_so(tmp_path: Path, name: str, text: bytes, cause: str) -> None:
    path = tmp_path / name
    path.write_bytes(text)
    found = made_here(path, of=drawer)
    assert isinstance(found, NotInspected)
    assert found.cause == cause


@given(st.lists(st.lists(st.floats() | st.sampled_from([0.0, 1.0]), min_size=3, max_size=3), min_size=1, max_size=4))
def test_every_draw_has_one_rank(values: list[list[float]]) -> None:
    from watchkeeper.server.analysis.artefacts.chain_draws import ranks  # not at the top: it imports SciPy

    counted = ranks(np.array(values))
    assert counted.shape == (len(values), BINS)
    assert (counted.sum(axis=1) == 3).all()
