"""Artefacts for the tests, and the door to the room."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from watchkeeper.server.analysis.artefacts.confined import Limits, read_container
from watchkeeper.server.analysis.artefacts.facts import ArraysFacts, Container, NotInspected, PickleFacts, TraceFacts

h5py: Any = import_module("h5py")  # neither has types
joblib: Any = import_module("joblib")
Values = npt.NDArray[Any]


def inspect(path: Path, limits: Limits | None = None) -> Container:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return read_container(descriptor, path.name, limits)
    finally:
        os.close(descriptor)


def trace(path: Path) -> TraceFacts:
    found = inspect(path)
    assert isinstance(found, TraceFacts), found
    return found


def pickled(path: Path) -> PickleFacts:
    found = inspect(path)
    assert isinstance(found, PickleFacts), found
    return found


def arrays(path: Path) -> ArraysFacts:
    found = inspect(path)
    assert isinstance(found, ArraysFacts), found
    return found


def not_inspected(path: Path, limits: Limits | None = None) -> NotInspected:
    found = inspect(path, limits)
    assert isinstance(found, NotInspected), found
    return found


def write_trace(
    path: Path,
    posterior: Mapping[str, Values],
    statistics: Mapping[str, Values] | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Path:
    with h5py.File(path, "w") as file:
        file.create_group("posterior").attrs.update(attributes or {})
        for name, values in posterior.items():
            file[f"posterior/{name}"] = values
        for name, values in (statistics or {}).items():
            file[f"sample_stats/{name}"] = values
    return path


def honest(chains: int = 4, draws: int = 200, *rest: int, seed: int = 1) -> Values:
    return np.random.default_rng(seed).normal(size=(chains, draws, *rest))
