"""One story for all pages: trainings that really ran, and one that goes on until the tests are over."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from ..play import Place
from ..runtime.keeper.helpers import end_processes_of
from . import story


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    """A workspace whose story was played; nobody answers or starts anything in it."""
    place = _played(tmp_path_factory)
    try:
        yield place
    finally:
        place.go()
        end_processes_of(place.root)


def _played(factory: pytest.TempPathFactory) -> Place:
    root = factory.mktemp("story") / "schools"
    root.mkdir()
    place = Place(root)
    story.failing(place)
    story.mended(place)
    story.rejected(place)
    story.waiting(place)
    story.going_on(place)
    return place
