"""Observed data of which a part stands in a file and the rest nowhere are asked about; what is computed is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from watchkeeper.server.acts.verify.search import with_rows
from watchkeeper.server.analysis.artefacts.readers import searcher
from watchkeeper.server.analysis.artefacts.search_facts import Found, SearchFacts, as_text
from watchkeeper.server.analysis.splits.observed_rows import held_out, made_before_split, made_up, told
from watchkeeper.server.analysis.witness.fingerprints import places
from watchkeeper.server.analysis.witness.seen import Seen

from ..artefacts.helpers import made_here
from ..evidence.facts import HONEST
from ..evidence.witnessed import Kind, fit, sampling, seen

RNG = np.random.default_rng(12)
ROWS = 240
PATH = "data/trial.csv"
Values = npt.NDArray[np.float64]
Y: Values = RNG.gamma(3, 2, ROWS).round(3)
OTHER: Values = RNG.normal(5, 2, ROWS).round(3)
MORE = np.random.default_rng(13)
RETURNED: Values = np.where(MORE.random(ROWS) < 0.4, MORE.gamma(2, 1, ROWS), 0.0).round(3)
EXPOSURE: Values = np.where(MORE.random(ROWS) < 0.5, MORE.uniform(0.1, 0.9, ROWS), 1.0).round(3)
GRID: Values = MORE.choice(400, ROWS, replace=False) / 100
READ: Kind = {"kind": "read", "facts": {"path": PATH, "sha256": "a"}}


def described(values: Values) -> dict[str, Any]:
    at = [float(values[one]) for one in places(len(values))]
    return {"shape": [len(values)], "dtype": "float64", "sha": str(hash(values.tobytes())), "at": at}


def observing(values: Values) -> Seen:
    return seen(READ, sampling(observed={"outcome": {"shape": [len(values)], "data": described(values)}}))


def fitting(values: Values, *before: Kind) -> Seen:
    return seen(READ, *before, fit(1, "ExtraTreesRegressor", y=described(values)))


def looked_for(one: Seen, folder: Path) -> tuple[tuple[str, Found], ...]:
    """Look in a real file, as the child does."""
    path = folder / "trial.csv"
    columns = zip(Y, OTHER, RETURNED, EXPOSURE, GRID, strict=True)
    rows = "\n".join(f"{n},{n % 2},{','.join(map(str, row))}" for n, row in enumerate(columns))
    path.write_text(f"patient,arm,outcome,baseline,returned,exposure,price\n{rows}\n")
    wanted = [each for name, about in told(one).items() for each in with_rows(name, about.data)]
    found = made_here(path, of=lambda look: searcher(look, as_text(wanted)))
    assert isinstance(found, SearchFacts), found
    return tuple((PATH, each) for each in found.found)


def asked(one: Seen, folder: Path) -> list[str]:
    evidence = replace(HONEST, observed=looked_for(one, folder), observed_in=(PATH,))
    return [each.what for each in made_up(evidence, one)]


def part(values: Values, by: Callable[[Values], Values], share: float = 0.45) -> Values:
    """Change the share of the rows that lie farthest from the middle."""
    far = np.argsort(-np.abs(values - np.median(values)))[: int(share * len(values))]
    changed = values.copy()
    changed[far] = by(values[far])
    return changed


def repaired(values: Values) -> Values:
    return 6 + np.random.default_rng(len(values)).normal(0, 0.4, len(values))  # the same in whatever order


FALSE: dict[str, Callable[[], Values]] = {
    "made up": lambda: part(Y, repaired),
    "made up, then in logarithms": lambda: np.log(part(Y, lambda one: np.abs(repaired(one)))),
    "moved by the arm": lambda: np.where(np.arange(ROWS) % 2 == 1, Y + 0.8137, Y),
}
HONEST_WAYS: dict[str, Callable[[], Values]] = {
    "as it is": lambda: Y,
    "single precision": lambda: Y.astype("f4").astype("f8"),
    "in logarithms": lambda: np.log(Y),
    "standardised": lambda: (Y - Y.mean()) / Y.std(),
    "cut at its ends": lambda: np.clip(Y, np.quantile(Y, 0.2), np.quantile(Y, 0.8)),
    "filled with the mean": lambda: part(Y, lambda one: np.full(len(one), 5.9137)),
    "a part in another unit": lambda: part(Y, lambda one: one * 0.45359),
    "a part of another column": lambda: np.where(np.arange(ROWS) % 2 == 1, OTHER, Y),
    "some outliers set right": lambda: part(Y, repaired, 0.02),
    "rows in another order": lambda: np.sort(Y),
    "residuals": lambda: Y - 0.3 * OTHER,
    "rows left out": lambda: part(Y, repaired)[:150],
    "less what was returned": lambda: Y - RETURNED,
    "by the time at risk": lambda: Y / EXPOSURE,
    "without tax, in cents": lambda: (GRID / 1.19).round(2),
}


@pytest.mark.parametrize("way", FALSE)
def test_a_part_of_the_rows_that_was_made_up_is_asked_about(way: str, tmp_path: Path) -> None:
    (what,) = asked(observing(FALSE[way]()), tmp_path)
    assert f"stand in column outcome of {PATH}, which has as many rows (240)" in what


@pytest.mark.parametrize("way", HONEST_WAYS)
def test_what_is_computed_from_a_column_in_a_known_way_is_not_asked_about(way: str, tmp_path: Path) -> None:
    assert asked(observing(HONEST_WAYS[way]()), tmp_path) == []


def test_the_target_of_a_fit_to_a_part_of_a_split_is_looked_for_as_well(tmp_path: Path) -> None:
    changed = part(Y, repaired)
    train, test = changed[:180], changed[180:]
    split = {
        "kind": "split",
        "facts": {"call": "train_test_split", "parts": [described(each) for each in (train, test)]},
    }
    assert len(asked(fitting(train, split), tmp_path)) == 1
    assert asked(fitting(train), tmp_path) == [], "rows that were chosen otherwise"
    assert asked(fitting(Y[:180], split), tmp_path) == []


def test_a_target_of_a_part_in_cents_is_not_asked_about(tmp_path: Path) -> None:
    prices = (GRID / 1.19).round(2)
    parts = [described(prices[:180]), described(prices[180:])]
    split = {"kind": "split", "facts": {"call": "train_test_split", "parts": parts}}
    assert asked(fitting(prices[:180], split), tmp_path) == []


def table(values: Values) -> dict[str, Any]:
    at = [float(values.reshape(-1)[one]) for one in places(values.size)]
    return {"shape": list(values.shape), "dtype": "float64", "sha": str(hash(values.tobytes())), "at": at}


CELLS: Values = RNG.normal(size=(300, 7)).round(4)
BETWEEN: Values = 0.37 * CELLS[:150] + 0.63 * CELLS[1:151]
MIXED: Values = RNG.permutation(np.concatenate([CELLS[:60], BETWEEN]))
SPLITS: dict[str, tuple[Callable[[], Values], bool]] = {
    "rows made between others": (lambda: MIXED, True),
    "rows of the file": (lambda: CELLS[100:], False),
    "a column that was computed": (lambda: np.column_stack([CELLS[:, :6], CELLS[:, 0] * CELLS[:, 1]]), False),
    "a column that was filled": (
        lambda: np.column_stack([CELLS[:, :6], np.where(CELLS[:, 6] > 1, 0.1234, CELLS[:, 6])]),
        False,
    ),
    "standardised": (lambda: (CELLS - 0.1) / 1.1, False),
    "what was rounded": (lambda: (CELLS * 2.3).round(2), False),
}


@pytest.mark.parametrize("way", SPLITS)
def test_rows_that_were_made_before_a_split_are_asked_about_where_it_held_some_out(way: str, tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    path.write_text(
        "a,b,c,d,e,f,g\n" + "\n".join(",".join(map(str, row)) for row in CELLS.round(2 if "rounded" in way else 4))
    )
    make, asked = SPLITS[way]
    facts = {"call": "train_test_split", "parts": [table(CELLS[:9]), table(make())]}
    one = seen(READ, {"kind": "split", "facts": facts})
    wanted = [each for name, (told, _) in held_out(one).items() for each in with_rows(name, told)[1:]]
    found = made_here(path, of=lambda look: searcher(look, as_text(wanted)))
    assert isinstance(found, SearchFacts), found
    evidence = replace(HONEST, observed=tuple((PATH, each) for each in found.found))
    assert [each.code for each in made_before_split(evidence, one)] == ["held_out_rows_made"] * asked
    filled = seen(READ, {"kind": "split", "facts": facts}, fit(1, "KNNImputer"))
    assert not [*made_before_split(evidence, filled)], "blank cells were filled"


def test_nothing_is_asked_where_a_file_was_read_that_nobody_looked_through(tmp_path: Path) -> None:
    other: Kind = {"kind": "read", "facts": {"path": "data/more.sav", "sha256": "b"}}
    about = {"outcome": {"shape": [ROWS], "data": described(FALSE["made up"]())}}
    assert asked(seen(READ, other, sampling(observed=about)), tmp_path) == []
