"""What a project looks like to somebody who sets watchkeeper up in it: its Python, its scripts, its trackers' folders.

Looks at names and at the beginnings of a few files; runs nothing and imports nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...storage.files.workspace import Workspace
from ...vocabulary.errors import PathRefused

_ENVIRONMENTS = (".venv", "venv", "env", ".env", ".conda")
_FOLDERS = (".", "src", "scripts", "training", "train", "experiments")
_MOST_SCRIPTS, _LONGEST_SCRIPT_BYTES = 200, 1 << 20
_LIBRARIES = re.compile(
    rb"^\s*(?:import|from)\s+(torch|lightning|pytorch_lightning|tensorflow|keras|jax|flax|sklearn|xgboost|lightgbm"
    rb"|catboost|transformers|pymc|numpyro|cmdstanpy|statsmodels|accelerate|hydra|wandb|mlflow)\b",
    re.MULTILINE,
)
_MAIN = re.compile(rb"__name__\s*==|@hydra\.main|argparse\.|click\.command|typer\.", re.MULTILINE)
_TRAINS = re.compile(r"train|fit|main|run|experiment|model", re.IGNORECASE)
_SERVES = re.compile(r"test|setup|conftest|predict|infer|serve|app|eval|plot|util|config|model\.py$", re.IGNORECASE)
_TRACKERS = {
    "wandb": "Weights & Biases",
    "lightning_logs": "Lightning",
    "mlruns": "MLflow",
    "outputs": "Hydra",
    "multirun": "Hydra",
    "catboost_info": "CatBoost",
}


@dataclass(frozen=True, slots=True)
class Python:
    """A Python that may train.

    :ivar path: as the policy may name it: relative where it lies in the workspace.
    :ivar source: how it was found.
    """

    path: str
    source: str


@dataclass(frozen=True, slots=True)
class Project:
    """What was found.

    :ivar python: None where none was found but our own.
    :ivar missing: how to make the environment that the project's files speak of, where it is not there.
    :ivar scripts: scripts that seem to train, the likeliest first; `notebooks` besides.
    :ivar trackers: (folder, whose it is).
    """

    python: Python | None
    missing: str
    scripts: tuple[str, ...]
    notebooks: tuple[str, ...]
    trackers: tuple[tuple[str, str], ...]


def look(workspace: Workspace, environ: Mapping[str, str]) -> Project:
    """Look at a project.

    :param environ: the environment of who sets it up: an active environment is named there.
    """
    python = next(_pythons(workspace, environ), None)
    scored = sorted(_scripts(workspace), key=lambda one: (-one[0], one[1].count("/"), one[1]))
    return Project(
        python=python,
        missing=_wanted(workspace) if python is None or python.source.endswith("PATH") else "",
        scripts=tuple(path for _, path in scored),
        notebooks=tuple(_notebooks(workspace)),
        trackers=tuple((name, whose) for name, whose in _TRACKERS.items() if workspace.has_folder(name)),
    )


def _pythons(workspace: Workspace, environ: Mapping[str, str]) -> Iterator[Python]:
    """Yield the environments of a project, those in it first, then what its files name, then the active one."""
    for folder in _ENVIRONMENTS:
        if _runs(workspace.root / folder / "bin" / "python"):
            yield Python(f"{folder}/bin/python", f"the environment in {folder}")
    yield from _conda(workspace, environ)
    yield from _poetry(workspace, environ)
    for variable, kind in (("VIRTUAL_ENV", "virtual"), ("CONDA_PREFIX", "conda")):
        path = Path(environ.get(variable) or "/nowhere") / "bin" / "python"
        if _runs(path):
            yield Python(str(path), f"the active {kind} environment ({variable})")
    found = Path(shutil.which("python3", path=environ.get("PATH", "")) or "/nowhere")
    if _runs(found) and found.parent != Path(sys.executable).parent:
        yield Python(str(found), "python3 on your PATH")


def _conda(workspace: Workspace, environ: Mapping[str, str]) -> Iterator[Python]:
    """Yield the conda environment that environment.yml names, from the list that conda keeps in the home folder."""
    named = re.search(r"^name:\s*([\w.-]+)", _text(workspace, "environment.yml", "environment.yaml"), re.MULTILINE)
    if not named:
        return
    with suppress(OSError, UnicodeDecodeError):
        listed = Path(environ.get("HOME", "/nowhere"), ".conda/environments.txt").read_text(encoding="utf-8")
        for folder in map(Path, listed.splitlines()):
            if folder.name == named[1] and _runs(folder / "bin" / "python"):
                yield Python(str(folder / "bin" / "python"), f"conda's environment {named[1]} (environment.yml)")


def _poetry(workspace: Workspace, environ: Mapping[str, str]) -> Iterator[Python]:
    """Yield the environment that Poetry keeps in its cache for this project, where there is exactly one of its name."""
    if not workspace.is_taken("poetry.lock"):
        return
    named = re.search(r"^name\s*=\s*[\"']([\w.-]+)", _text(workspace, "pyproject.toml"), re.MULTILINE)
    cache = Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "/nowhere"), ".cache"))
    if named:
        found = sorted((cache / "pypoetry" / "virtualenvs").glob(f"{named[1].lower()}-*-py3.*/bin/python"))
        if len(found) == 1:
            yield Python(str(found[0]), "Poetry's environment of this project")


def _runs(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _wanted(workspace: Workspace) -> str:
    """Return how to make the environment that the project's files speak of; empty where none does."""
    ways = (
        ("uv.lock", "uv sync"),
        ("poetry.lock", "poetry install"),
        ("environment.yml", "conda env create -f environment.yml"),
        ("environment.yaml", "conda env create -f environment.yaml"),
        ("requirements.txt", "python -m venv .venv && .venv/bin/pip install -r requirements.txt"),
        ("pyproject.toml", _of_pyproject(_text(workspace, "pyproject.toml"))),
    )
    return next((f"{file} is there and no environment: {how}" for file, how in ways if workspace.is_taken(file)), "")


def _of_pyproject(text: str) -> str:
    """Return how an environment is made of a pyproject.toml that no lock stands beside."""
    if re.search(r"^\[tool\.poetry\b|^build-backend\s*=\s*[\"']poetry\.", text, re.MULTILINE):
        return "poetry install"
    return "uv sync" if "[tool.uv" in text else "python -m venv .venv && .venv/bin/pip install -e ."


def _text(workspace: Workspace, *paths: str) -> str:
    for path in paths:
        with suppress(PathRefused):
            return workspace.read_bytes(path, _LONGEST_SCRIPT_BYTES).decode("utf-8", "replace")
    return ""


def _scripts(workspace: Workspace) -> Iterator[tuple[int, str]]:
    """Yield (how much it looks like a training, path) of the scripts that look like one at all."""
    for path in _named(workspace, ".py"):
        with suppress(PathRefused):
            source = workspace.read_bytes(path, _LONGEST_SCRIPT_BYTES)
            score = likeness(path.rpartition("/")[2], source)
            if score > 1:
                yield score, path


def likeness(name: str, source: bytes) -> int:
    """Return how much a script looks like one that trains, by its name, what it imports and whether it is started."""
    named = 3 if re.search(r"train", name, re.IGNORECASE) else 1 if _TRAINS.search(name) else 0
    started = 2 if _MAIN.search(source) else 0
    learns = 2 if _LIBRARIES.search(source) else 1 if b"epoch" in source or b".fit(" in source else 0
    serves = 3 if _SERVES.search(name) and "train" not in name.lower() else 0
    return named + started + learns - serves


def _notebooks(workspace: Workspace) -> list[str]:
    return [one for one in _named(workspace, ".ipynb") if not one.endswith("-checkpoint.ipynb")]


def _named(workspace: Workspace, suffix: str) -> Iterable[str]:
    found: list[str] = []
    for folder in _FOLDERS:
        with suppress(PathRefused):
            names = [one for one in workspace.list_dir(folder) if one.endswith(suffix) and _is_plain(one)]
            found += [name if folder == "." else f"{folder}/{name}" for name in names]
    return found[:_MOST_SCRIPTS]


def _is_plain(name: str) -> bool:
    """Whether a name can stand in a policy file, and is no test's."""
    return name.isprintable() and not name.startswith("test_") and not name.endswith("_test.py")
