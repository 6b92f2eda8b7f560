"""What the witness wrote in a run, read: lines, their chain, typed facts. The recorder is runtime/witness."""

from __future__ import annotations

from .differences import Compared, Difference, compare
from .facts import (
    Fit,
    Prediction,
    Sampling,
    Saved,
    Steps,
    epochs,
    files,
    fit,
    losses,
    prediction,
    sampling,
    saved,
    steps,
)
from .fingerprints import NOTHING, Fingerprint, Index, fingerprint, fingerprints, places, value_key
from .lines import Line, Process, Witnessed, gathered, read_process

__all__ = (
    "NOTHING",
    "Compared",
    "Difference",
    "Fingerprint",
    "Fit",
    "Index",
    "Line",
    "Prediction",
    "Process",
    "Sampling",
    "Saved",
    "Steps",
    "Witnessed",
    "compare",
    "epochs",
    "files",
    "fingerprint",
    "fingerprints",
    "fit",
    "gathered",
    "losses",
    "places",
    "prediction",
    "read_process",
    "sampling",
    "saved",
    "steps",
    "value_key",
)
