"""What did the run write? Asked where the policy takes what was written as the results. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from ..evidence.checks import Check, passed, unknown
from ..evidence.evidence import Evidence

_TABLES = (".json", ".csv", ".tsv", ".csv.gz", ".parquet", ".feather", ".xlsx", ".jsonl")
_MODELS = (
    *(".pt", ".pth", ".ckpt", ".safetensors", ".pkl", ".pickle", ".joblib", ".h5", ".hdf5", ".keras", ".nc", ".zarr"),
    *(".npz", ".npy", ".onnx", ".bin", ".ubj", ".cbm", ".model"),
)
_AS_TEXT = (".json", ".txt", ".lgb")
_TELLING = re.compile(
    r"result|metric|score|eval|test|predict|forecast|report|summary|posterior|submission", re.IGNORECASE
)
_SETTINGS = re.compile(
    r"config|hparams|param|setting|args|state|overrides|vocab|tokenizer|history|version", re.IGNORECASE
)
_PASSING = (".pyc", ".lock", ".tmp", ".log", ".out", ".err", ".pid", "~")
_MOST_NAMED = 6


def own(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the paths that are something a run leaves: no caches, no hidden files, nothing that passes."""
    return tuple(dict.fromkeys(one for one in paths if not _passes(one)))


def _passes(path: str) -> bool:
    parts = path.split("/")
    return any(one.startswith(".") or one == "__pycache__" for one in parts) or path.endswith(_PASSING)


def results_among(paths: Iterable[str]) -> str:
    """Return which of the files that a run wrote tells its results best; empty where none can.

    A table or JSON whose name says so, else any table or JSON that does not look like settings, else a notebook or a
    text, else settings; among equals the one that was written last.
    """
    return max(((_rank(path), place, path) for place, path in enumerate(paths) if _rank(path)), default=(0, 0, ""))[2]


def _rank(path: str) -> int:
    name = posixpath.basename(path)
    if name.endswith(_MODELS):
        return 0
    if name.endswith(_TABLES):
        return 4 if _TELLING.search(name) else 1 if _SETTINGS.search(name) else 3
    return 2 if name.endswith((".ipynb", ".md", ".txt", ".html")) and not _SETTINGS.search(name) else 1


def model_in(folder: str, paths: Iterable[str]) -> str:
    """Return the model among what a run wrote beneath the folder of its models; boosters are kept as text there too."""
    inside = [one for one in paths if folder and one.startswith(f"{folder}/")]
    return model_among(inside) or next((one for one in reversed(inside) if one.endswith(_AS_TEXT)), "")


def model_among(paths: Iterable[str]) -> str:
    """Return the model that a run wrote last, one that calls itself the best or the final one first; else empty."""
    models = [one for one in paths if one.endswith(_MODELS)]
    chosen = [one for one in models if re.search(r"best|final|model", posixpath.basename(one), re.IGNORECASE)]
    return next(reversed(chosen or models), "")


def written(evidence: Evidence) -> Check | None:
    """Did the run leave anything? None where its results are files that the policy names."""
    left = evidence.written
    if left is None:
        return None
    if not left.paths:
        return unknown("written", "no file of its own was seen to be written; its log is what it left")
    named = ", ".join(left.paths[:_MOST_NAMED])
    more = f" and {len(left.paths) - _MOST_NAMED} more" if len(left.paths) > _MOST_NAMED else ""
    return passed("written", f"{named}{more} ({left.known_by})")
