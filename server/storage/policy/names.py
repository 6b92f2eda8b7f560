"""The names of files, as the policy's `[names]` gives them, and what a name may be."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from .tables import Table

POLICY_FILE = "watchkeeper.toml"


def plain_path(value: str) -> str:
    """Refuse what is no plain path relative to the workspace, with `{i}` at most.

    :raises ValueError: saying what is expected.
    """
    parts = value.split("/")
    if "\0" in value or {"", ".", ".."} & set(parts):
        raise ValueError("expected a path relative to the workspace, without . or .. or empty parts")
    if "{" in value.replace("{i}", "") or "}" in value.replace("{i}", ""):
        raise ValueError("{i} (the model's id) is the only thing that may stand in braces")
    return value


def own_file(value: str) -> str:
    """Refuse a path among watchkeeper's own files.

    :raises ValueError: saying what is expected.
    """
    if value.split("/", maxsplit=1)[0] in {".watchkeeper", POLICY_FILE}:
        raise ValueError("expected a path outside watchkeeper's own files")
    return value


def _template(value: str) -> str:
    return own_file(plain_path(value))


def _timing(value: str) -> str:
    if value:
        _template(value.replace("{X}", "5B"))
    if value and "{X}" not in value:
        raise ValueError("{X} (the phase's label) must stand in it, or both phases would share the file")
    return value


def _as_candidates(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Template = Annotated[str, AfterValidator(_template)]
Folder = Annotated[str, AfterValidator(lambda value: _template(value) if value else value)]
Timing = Annotated[str, AfterValidator(_timing)]
Candidates = Annotated[
    tuple[Template, ...], BeforeValidator(_as_candidates), Field(strict=False, min_length=1, max_length=20)
]


FOLDERS = frozenset({"reports", "verdicts", "checkpoints"})
"""Names of folders; two kinds of documents may lie in one, their files are called differently."""

MODEL_SUFFIXES = (
    *("pkl", "nc", "pt", "joblib", "safetensors", "zarr"),
    *("pth", "keras", "h5", "onnx", "json", "ubj", "txt", "cbm", "npz", "npy", "csv"),
)
"""Endings of model files: what the requirement document names first, then what libraries write by themselves (Keras,
XGBoost's `.json` and `.ubj`, LightGBM's `.txt`, CatBoost's `.cbm`)."""


class Names(Table):
    """Where files lie, relative to the workspace; {i} stands for the model's id. Lists name candidates, best first."""

    script: Template = Field(default="output/implementation/code/model_{i}.py", description="Training script.")
    design: Candidates = Field(
        default=("output/model/model_design_{i}.md", "output/model_design.md", "model_design.md"),
        description="Design document; the first that exists counts.",
    )
    features: Candidates = Field(
        default=("output/implementation/data/features_{i}.pkl", "output/implementation/data/features_{i}.csv"),
        description="Features; the first that exists counts.",
    )
    results_quick: Template = Field(
        default="output/implementation/data/results_quick_{i}.csv", description="Results of a quick run."
    )
    results_full: Template = Field(
        default="output/implementation/data/results_{i}.csv", description="Results of a full run."
    )
    log_quick: Template = Field(
        default="output/implementation/logs/training_quick_{i}.log", description="Log that quick runs append to."
    )
    log_full: Template = Field(
        default="output/implementation/logs/training_{i}_full.log", description="Log that full runs append to."
    )
    history: Template = Field(
        default="output/implementation/logs/training_history_{i}.csv", description="Table of losses by epoch."
    )
    final_model: Candidates = Field(
        default=tuple(f"output/implementation/models/model_{{i}}_full.{suffix}" for suffix in MODEL_SUFFIXES),
        description="Final model; the first that exists counts. One that ends in .zarr may be a folder.",
    )
    diary: Template = Field(default="output/docs/insights/dev_diary_{i}.md", description="Development diary.")
    search_log: Template = Field(
        default="output/docs/insights/hyperparameter_search_{i}.md", description="Hyper-parameter search log."
    )
    summary: Template = Field(default="output/implementation/logs/summary_{i}.json", description="Summary of the log.")
    results_summary: Template = Field(
        default="output/implementation/logs/results_summary_{i}.md",
        description="Results in words, with the errors that were met.",
    )
    timing: Timing = Field(
        default="",
        description="Empty, or the file that keeps when a phase ran and for how long: {X} stands for the phase's label,"
        ' as in "output/implementation/logs/phase_{X}_timing.json".',
    )
    reports: Folder = Field(default="", description="Folder of the error reports. Empty: .watchkeeper/reports.")
    verdicts: Folder = Field(default="", description="Folder of the verdicts. Empty: .watchkeeper/verdicts.")
    checkpoints: Folder = Field(
        default="", description="Folder of the checkpoints, one below it a phase. Empty: .watchkeeper/checkpoints."
    )

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        kinds: dict[str, str] = {}
        for kind, value in self:
            for template in (value,) if isinstance(value, str) else value:
                if template and template in kinds and not {kind, kinds[template]} <= FOLDERS:
                    raise ValueError(f"{kinds[template]} and {kind} name the same file, {template}")
                kinds[template] = kind
        return self
