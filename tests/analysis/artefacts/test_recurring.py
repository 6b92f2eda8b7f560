"""Blocks of draws that come again are told, also in NumPy's files; a sampler that rejects makes no move twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from watchkeeper.server.analysis.artefacts.recurring import as_chains, recurring

from .helpers import arrays

Draws = npt.NDArray[np.float64]


def metropolis(draws: int, seed: int, parameters: int = 3) -> Draws:
    own = np.random.default_rng(seed)
    at, kept = np.zeros(parameters), np.empty((draws, parameters))
    for row in range(draws):
        to = at + own.normal(size=parameters)
        at = to if np.log(own.random()) < (at @ at - to @ to) / 2 else at
        kept[row] = at
    return kept


HONEST = np.stack([metropolis(2000, seed) for seed in range(4)])
FILLED = np.stack([np.resize(chain[:700], (2000, 3)) for chain in HONEST])


def test_a_chain_that_rejects_makes_no_move_twice_and_one_that_is_filled_up_makes_most() -> None:
    assert recurring(HONEST) == 0.0
    assert recurring(HONEST[:, :, :1].astype("f4")) == pytest.approx(0.0, abs=1e-3)
    assert recurring(FILLED) == pytest.approx(0.65, abs=0.02)
    assert recurring(np.stack([HONEST[0], HONEST[0][::-1], HONEST[1], HONEST[1]])) == pytest.approx(0.25, abs=0.01)


def test_whole_numbers_few_moves_and_draws_with_replacement_tell_nothing() -> None:
    own = np.random.default_rng(1)
    assert recurring(np.floor(HONEST)) is None
    assert recurring(HONEST[:1, :100]) is None
    resampled = HONEST[:, own.integers(0, 2000, size=2000)]
    assert recurring(resampled) == pytest.approx(0.0, abs=0.01)


def test_sides_tell_which_are_chains() -> None:
    sides = {(4, 2000, 3): (4, 2000, 3), (2000, 32, 3): (1, 2000, 96), (4, 2000): (4, 2000, 1), (2000, 3): (1, 2000, 3)}
    for shape, chains in sides.items():
        found = as_chains(np.zeros(shape))
        assert found is not None
        assert found.shape == chains


def test_arrays_that_are_called_draws_are_looked_at_as_a_whole(tmp_path: Path) -> None:
    long = np.resize(metropolis(9000, 3, 6), (4, 20_000, 6)).astype("f4")
    np.savez_compressed(tmp_path / "m.npz", draws=long, design=FILLED)
    told = {one.name: one.recurring for one in arrays(tmp_path / "m.npz").arrays}
    assert told["design"] is None
    assert told["draws"] is not None
    assert told["draws"] > 0.8
