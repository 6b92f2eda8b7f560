"""Values are looked for in a trace or a table: found in any order, told apart from what is there by chance."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from watchkeeper.server.analysis.artefacts.confined import search_container
from watchkeeper.server.analysis.artefacts.facts import NotInspected
from watchkeeper.server.analysis.artefacts.search_facts import Found, SearchFacts, Wanted

RNG = np.random.default_rng(7)


def search(path: Path, *wanted: Wanted) -> dict[str, Found]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        found = search_container(descriptor, path.name, wanted)
    finally:
        os.close(descriptor)
    assert isinstance(found, SearchFacts), found
    return {one.name: one for one in found.found}


def wanted(name: str, values: object, digits: int = 6) -> Wanted:
    return Wanted(name, tuple(float(one) for one in np.round(np.asarray(values), digits)), 0.501 * 10.0**-digits)


def test_draws_are_found_in_whatever_order_and_group_and_other_numbers_are_not(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    mu, tau, y = RNG.normal(size=(2, 500)), RNG.exponential(size=(2, 500)), RNG.normal(9, 2, size=(2, 500, 4))
    path = tmp_path / "trace.nc"
    with h5py.File(path, "w") as file:
        for name, values in (("posterior/mu", mu), ("posterior/tau", tau), ("posterior_predictive/y", y)):
            file[name] = values
        file["sample_stats/energy"] = RNG.normal(size=(2, 500))
    shuffled, long_form = RNG.permutation(mu.reshape(-1))[:40], np.concatenate([mu[0, :20], tau[1, :20]])
    found = search(
        path, wanted("mu", shuffled), wanted("value", long_form), wanted("y", y[1, ::16, 2]),
        wanted("rough", mu[0, :40], 1), wanted("other", RNG.normal(size=40)),
    )  # fmt: skip
    assert (found["mu"].source, found["mu"].hits, found["mu"].asked) == ("posterior/mu", 40, 40)
    assert (found["value"].source, found["value"].hits) == ("several variables", 40)
    assert (found["y"].source, found["y"].hits) == ("posterior_predictive/y", 32)
    assert all(found[name].by_chance < 10 for name in ("mu", "value", "y"))
    assert found["rough"].by_chance > 30, "one digit says nothing"
    assert found["other"].hits < 10


Values = npt.NDArray[np.float64]
FORMS: dict[str, Callable[[Values], Values]] = {
    "as it is": lambda x: x[5:45],
    "centred": lambda x: (x - x.mean())[:40],
    "log": lambda x: np.log(x)[::5],
    "log1p": lambda x: np.log1p(x)[:40],
    "standardised": lambda x: ((x - x.mean()) / x.std())[::-1][:40],
    "standardised (n - 1)": lambda x: ((x - x.mean()) / x.std(ddof=1))[:40],
    "standardised log": lambda x: ((np.log(x) - np.log(x).mean()) / np.log(x).std())[:40],
    "scaled to 0 to 1": lambda x: ((x - x.min()) / (x.max() - x.min()))[:40],
}


def test_data_are_found_in_a_column_of_a_table_as_they_are_and_in_the_usual_forms(tmp_path: Path) -> None:
    path = tmp_path / "catches.csv"
    x = np.round(RNG.gamma(3, 2, size=200), 4)
    rows = zip(RNG.normal(size=200), x, strict=True)
    path.write_text("depth,catch\n" + "".join(f"{one:.4f},{other:.4f}\n" for one, other in rows))
    asked = [Wanted(form, tuple(map(float, make(x))), 0.0) for form, make in FORMS.items()]
    found = search(path, *asked, Wanted("invented", tuple(map(float, RNG.gamma(3, 2, size=40))), 0.0))
    told = {form: (found[form].source, found[form].form, found[form].hits) for form in FORMS}
    assert told == {form: ("catch", form, 40) for form in FORMS}
    assert found["invented"].hits < 8


TORN = {"model.pkl": b"\x80\x04N.", "empty.csv": b"", "torn.nc": b"\x89HDF"}


@pytest.mark.parametrize(("name", "content"), TORN.items())
def test_what_cannot_be_searched_is_not_inspected(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with open(path, "rb") as file:
        assert isinstance(search_container(file.fileno(), name, [Wanted("y", (1.0, 2.0), 0.0)]), NotInspected)
