"""Most clients are tried by `make clients` only: what they weigh is too much for every change."""

from __future__ import annotations

import os

import pytest

EVERY = bool(os.environ.get("WATCHKEEPER_CLIENTS"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("clients") and not EVERY:
            item.add_marker(pytest.mark.skip("tried by `make clients`"))
