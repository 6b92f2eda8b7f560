"""Artefacts for the tests, and the door to the room."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from watchkeeper.server.analysis.artefacts import formats
from watchkeeper.server.analysis.artefacts.child import document, guarded
from watchkeeper.server.analysis.artefacts.confined import Limits, read_container
from watchkeeper.server.analysis.artefacts.decode import from_json
from watchkeeper.server.analysis.artefacts.facts import ArraysFacts, Container, NotInspected, PickleFacts, TraceFacts
from watchkeeper.server.analysis.artefacts.readers import reader

h5py: Any = import_module("h5py")  # neither has types
joblib: Any = import_module("joblib")
Values = npt.NDArray[Any]
Opened = Callable[[formats.Look], Callable[[formats.Look], Container]]


def inspect(path: Path, limits: Limits | None = None) -> Container:
    """Return the facts of an artefact as its reading process makes them."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return read_container(descriptor, path.name, limits)
    finally:
        os.close(descriptor)


def made_here(path: Path, *, bounded: bool = False, of: Opened = reader) -> Container:
    """Return the facts of a file without a process, its limits and its seal, which could not be undone.

    The process has tests of its own (`test_confinement`); starting one for each file costs more than reading it.

    :param of: what finds the reader, that of the facts or that of the chains.
    :param bounded: leave alone what a native library reads, which might not survive damage here.
    """
    hidden = {name: sys.modules[name] for name in ("xarray", "arviz_base") if name in sys.modules}
    descriptor = os.open(path, os.O_RDONLY)
    look = None
    try:
        look = look_at = formats.first_look(descriptor, path.name)
        if bounded and look.format in ("hdf5", "parquet"):
            return NotInspected(reason="Left to the child.", cause="unsupported")
        return from_json(document(guarded(lambda: of(look_at)(look_at))))
    finally:
        os.close(descriptor)
        if look:
            os.close(look.descriptor)
        for name in ("xarray", "arviz_base"):  # which the reader hides from arviz-stats, see converged.py
            sys.modules.pop(name, None)
        sys.modules.update(hidden)


def seen(path: Path) -> Container:
    """Return the facts of a file, made here; of a Zarr store, whose library starts threads, by its process."""
    return inspect(path) if path.is_dir() else made_here(path)


def trace(path: Path, look: Callable[[Path], Container] = seen) -> TraceFacts:
    found = look(path)
    assert isinstance(found, TraceFacts), found
    return found


def pickled(path: Path, look: Callable[[Path], Container] = seen) -> PickleFacts:
    found = look(path)
    assert isinstance(found, PickleFacts), found
    return found


def arrays(path: Path, look: Callable[[Path], Container] = seen) -> ArraysFacts:
    found = look(path)
    assert isinstance(found, ArraysFacts), found
    return found


def not_inspected(path: Path, limits: Limits | None = None) -> NotInspected:
    found = inspect(path, limits) if limits else seen(path)
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
