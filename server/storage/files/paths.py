"""Where the files of a model lie, by the names that the policy gives them. Paths are relative to the workspace."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from ...vocabulary.errors import InvalidArgument, PathRefused
from ...vocabulary.runs import Phase
from ...vocabulary.sanitize import one_line
from ..policy.names import Names

ZARR = ".zarr"
_MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")


def check_model_id(model: str) -> str:
    """Return `model` when it may be a model's id.

    :raises InvalidArgument: it would not be one plain part of a file's name.
    """
    if not _MODEL_ID.fullmatch(model) or ".." in model:
        rule = "Use 1 to 32 letters, digits, _ . or -, first a letter or digit, and no two dots in a row."
        raise InvalidArgument(f"{one_line(ascii(model), 60)} is no model id.", rule)
    return model


@dataclass(frozen=True, slots=True)
class Shared:
    """A file that two models would write: what it is, and of which other model."""

    path: str
    kind: str
    other: str


class Places(Protocol):
    """The names of a model's files; whoever opens files says which of several candidates exists.

    :ivar names: the `[names]` table of the policy.
    """

    names: Names

    def exists(self, path: str) -> bool:
        """Whether a plain file is there; raises PathRefused when something else is."""
        ...

    def has_folder(self, path: str) -> bool:
        """Whether a folder is there that can be opened."""
        ...

    def script(self, model: str) -> str:
        """Return the training script's path; all paths of a model's files are relative to the root."""
        return _of(model, self.names.script)

    def design(self, model: str) -> str:
        """Return the design document's path: of the candidates the first that exists, else the first."""
        return self._first(model, self.names.design)

    def features(self, model: str) -> str:
        """Return the features' path: of the candidates the first that exists, else the first."""
        return self._first(model, self.names.features)

    def results(self, model: str, phase: Phase) -> str:
        """Return the path of a phase's results."""
        return _of(model, self.names.results_quick if phase is Phase.QUICK else self.names.results_full)

    def log(self, model: str, phase: Phase) -> str:
        """Return the path of the log that all attempts of a phase append to."""
        return _of(model, self.names.log_quick if phase is Phase.QUICK else self.names.log_full)

    def history(self, model: str) -> str:
        """Return the path of the table of losses by epoch."""
        return _of(model, self.names.history)

    def final_model(self, model: str) -> str:
        """Return the final model's path: of the candidates the first that exists, else the first.

        A name that ends in .zarr may be that of a folder, as Zarr keeps one file for each chunk.
        """
        there = self.models_there(model)
        return there[0] if there else self.final_models(model)[0]

    def models_there(self, model: str) -> list[str]:
        """Return all candidates for the final model that exist: a trace and the scaler that goes with it."""
        return [path for path in self.final_models(model) if self._is_there(path) or self._is_zarr(path)]

    def final_models(self, model: str) -> list[str]:
        """Return every path at which the final model may lie, best first."""
        return [_of(model, template) for template in self.names.final_model]

    def diary(self, model: str) -> str:
        """Return the development diary's path."""
        return _of(model, self.names.diary)

    def search_log(self, model: str) -> str:
        """Return the hyper-parameter search log's path."""
        return _of(model, self.names.search_log)

    def summary(self, model: str) -> str:
        """Return the path of the log's summary."""
        return _of(model, self.names.summary)

    def results_summary(self, model: str) -> str:
        """Return the path of the results in words."""
        return _of(model, self.names.results_summary)

    def timing(self, model: str, label: str) -> str:
        """Return the path of the file that keeps how long a phase took; empty where the policy wants none."""
        return _of(model, self.names.timing.replace("{X}", label)) if self.names.timing else ""

    def reports(self, model: str) -> str:
        """Return the folder of a model's error reports; empty: the state's own."""
        return _of(model, self.names.reports)

    def verdicts(self, model: str) -> str:
        """Return the folder of the verdicts on a model's runs; empty: the state's own."""
        return _of(model, self.names.verdicts)

    def checkpoints(self, model: str) -> str:
        """Return the folder of a model's checkpoints; empty: the state's own."""
        return _of(model, self.names.checkpoints)

    def written(self, model: str) -> dict[str, str]:
        """Return every file that a model's runs, or servers on its behalf, write: its path and what it is."""
        names = self.names
        kinds: dict[str, tuple[str, ...]] = {
            "results": (names.results_quick, names.results_full),
            "log": (names.log_quick, names.log_full),
            "history": (names.history,),
            "final model": names.final_model,
            "diary": (names.diary,),
            "search log": (names.search_log,),
            "summary": (names.summary, names.results_summary),
            "timing": (names.timing,) if names.timing else (),
        }
        return {_of(model, one): kind for kind, templates in kinds.items() for one in templates}

    def shared(self, model: str, others: Iterable[str]) -> Shared | None:
        """Return a file that a model would share with another one; None where each has its own."""
        ours = self.written(model)
        for other in others:
            for path, kind in self.written(other).items() if other != model else ():
                if path in ours:
                    return Shared(path, kind, other)
        return None

    def is_there(self, path: str) -> bool:
        """Whether a plain file is there; something else in its place is none."""
        return self._is_there(path)

    def _first(self, model: str, templates: tuple[str, ...]) -> str:
        paths = [_of(model, template) for template in templates]
        return next((path for path in paths if self._is_there(path)), paths[0])

    def _is_there(self, path: str) -> bool:
        try:
            return self.exists(path)
        except PathRefused:  # something that is no plain file: another candidate may be one
            return False

    def _is_zarr(self, path: str) -> bool:
        return path.endswith(ZARR) and self.has_folder(path)


def _of(model: str, template: str) -> str:
    return template.replace("{i}", check_model_id(model))
