"""A class of the run's own is what fits it, whatever it is called."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.verdict.named_otherwise import classes

from ..evidence.witnessed import Kind, fit, seen


def own(number: int, name: str, base: str = "", wall_s: float = 60.0) -> Kind:
    return fit(number, name, own=True, wall_s=wall_s, base=base)


FOREST = "RandomForestRegressor"


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        ((own(1, FOREST, "Ridge"),), True),
        ((own(1, FOREST, "Ridge"), own(1, FOREST)), True),
        ((fit(1, "Ridge"), own(2, "FastBoosting")), True),
        ((own(1, "TunedMLP", "LinearRegression"),), True),
        ((own(1, "ShopForest", FOREST), own(1, "ShopForest")), False),
        ((own(1, "ShopModel", "Ridge"),), False),
        ((fit(1, FOREST), fit(2, "Ridge"), own(3, "StackedForest")), False),
        ((*(fit(number, "Ridge") for number in range(1, 9)), own(9, "BoostedRidge")), False),
        ((fit(1, "StandardScaler"), fit(2, FOREST), own(3, "ScaledForest")), False),
        ((own(1, "QuantileForest"),), False),
        ((fit(1, "Ridge"), own(2, "SequentialRegression")), False),
        ((fit(1, FOREST),), False),
    ],
    ids=["a ridge that inherits", "with a fit of its own", "a ridge inside", "a line called a network",
         "a forest that inherits", "a name that says no kind", "a stack", "boosting by hand", "a scaler beside",
         "nothing seen inside", "a way of doing it", "the library's own"],
)  # fmt: skip
def test_a_class_that_is_called_as_another_kind_than_what_fits_it_is_asked_about(
    lines: tuple[Kind, ...], asked: bool
) -> None:
    found = classes(seen(*lines))
    assert (found is not None and found.code == "class_by_another_name") == asked


def test_fits_before_a_class_of_its_own_began_are_not_inside_of_it() -> None:
    assert classes(seen(fit(1, "Ridge"), own(2, "OwnForest", wall_s=0.1))) is None
