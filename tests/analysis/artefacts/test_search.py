"""Values are looked for in a trace or a table: found in any order, told apart from what is there by chance."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


Pair = dict[str, npt.NDArray[np.float64]]


def _xlsx(path: Path, columns: Pair) -> None:
    rows = [list(columns), *zip(*columns.values(), strict=True)]
    shown = ["".join(f"<c t='str'><v>{one}</v></c>" for one in row) for row in rows]
    cells = "".join(f"<row>{one}</row>" for one in shown)
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("xl/worksheets/sheet1.xml", f"<worksheet><sheetData>{cells}</sheetData></worksheet>")


def _arrow(path: Path, columns: Pair) -> None:
    arrow: Any = pytest.importorskip("pyarrow")
    kind: Any = pytest.importorskip("pyarrow.parquet" if path.suffix == ".parquet" else "pyarrow.feather")
    write = kind.write_table if path.suffix == ".parquet" else kind.write_feather
    write(arrow.table(columns), path)


def _npy(path: Path, columns: Pair) -> None:
    np.save(path, np.stack(list(columns.values()), axis=1))


def _npy_by_columns(path: Path, columns: Pair) -> None:
    np.save(path, np.asfortranarray(np.stack(list(columns.values()), axis=1)))


def _one_axis(path: Path, columns: Pair) -> None:
    np.save(path, columns["catch"].astype("f4"))


@pytest.mark.parametrize(
    ("name", "write", "source"),
    [
        ("catches.xlsx", _xlsx, "catch"),
        ("catches.parquet", _arrow, "catch"),
        ("catches.feather", _arrow, "catch"),
        ("catches.npy", _npy, "column 1"),
        ("catches.npy", _npy_by_columns, "column 1"),
        ("catches.npy", _one_axis, "the array"),
    ],
)
def test_data_are_found_in_other_files_of_columns_too(
    tmp_path: Path, name: str, write: Callable[[Path, Pair], None], source: str
) -> None:
    columns = {"depth": RNG.normal(size=200), "catch": np.round(RNG.gamma(3, 2, size=200), 3)}
    write(tmp_path / name, columns)
    there = Wanted("y", tuple(map(float, columns["catch"][40:80])), 0.0)
    found = search(tmp_path / name, there, Wanted("no", tuple(map(float, RNG.gamma(3, 2, size=40))), 0.0))
    assert (found["y"].source, found["y"].form, found["y"].hits) == (source, "as it is", 40)
    assert found["no"].hits < 20


def _texts(path: Path) -> None:
    np.save(path, np.array(["a", "b"]))


def _cube(path: Path) -> None:
    np.save(path, np.zeros((3, 3, 3)))


@pytest.mark.parametrize("write", [_texts, _cube])
def test_an_array_without_columns_of_numbers_is_not_searched(tmp_path: Path, write: Callable[[Path], None]) -> None:
    write(tmp_path / "x.npy")
    with open(tmp_path / "x.npy", "rb") as file:
        found = search_container(file.fileno(), "x.npy", [Wanted("y", (1.0, 2.0), 0.0)])
    assert isinstance(found, NotInspected)


TORN = {"model.pkl": b"\x80\x04N.", "empty.csv": b"", "torn.nc": b"\x89HDF"}


@pytest.mark.parametrize(("name", "content"), TORN.items())
def test_what_cannot_be_searched_is_not_inspected(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with open(path, "rb") as file:
        assert isinstance(search_container(file.fileno(), name, [Wanted("y", (1.0, 2.0), 0.0)]), NotInspected)


def test_the_means_of_a_smooth_series_are_no_rows_that_were_drawn_to_look_like_it(tmp_path: Path) -> None:
    days, draw = np.arange(400), np.random.default_rng(29)
    series = np.round(50 + 20 * np.sin(days / 40) + 0.05 * days + draw.normal(0, 0.4, 400), 3)
    (path := tmp_path / "sales.csv").write_text("sales\n" + "\n".join(map(str, series)) + "\n")
    means = np.convolve(series, np.ones(7) / 7, "valid")
    places = [number * (319 - 1) // 31 for number in range(32)]
    asked = {
        "means": means[:319][places],  # the first four fifths are trained on
        "drawn": draw.normal(series.mean(), series.std(), 32),
        "mixed": draw.permutation(means)[:32],
    }
    every = [
        Wanted(name, tuple(map(float, one)), 0.0, float(series.mean()), float(series.std()))
        for name, one in asked.items()
    ]
    found = search(path, *every)
    assert {name: found[name].alike for name in asked} == {"means": "", "drawn": "sales", "mixed": "sales"}
