"""The engines that search logs: the default one, and hyperscan where the extra `fast` is installed."""

from __future__ import annotations

import importlib.util

import pytest

needs_hyperscan = pytest.mark.skipif(
    importlib.util.find_spec("hyperscan") is None, reason="the extra `fast` is not installed"
)
ENGINES = ["shapes", pytest.param("hyperscan", marks=needs_hyperscan)]
