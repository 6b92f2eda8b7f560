"""The tests of what is written have a model 1 to write about."""

from __future__ import annotations

import pytest

from ...play import GOOD, Place


@pytest.fixture(autouse=True)
def model_1(place: Place) -> None:
    """Write the script of model 1: an entry for a model that nobody knows is refused."""
    place.script(GOOD)
