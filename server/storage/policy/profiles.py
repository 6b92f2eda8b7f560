"""The profiles: what a policy file starts from, and why each value is another one than the requirement document's.

`contest` is the requirement document to the letter; a file that names no profile means it, as files of older releases
do. `research` keeps watch and evidence for any training and leaves the document's demands out; `plain` only runs and
watches.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, Protocol, cast

from pydantic import Field

from .names import MODEL_SUFFIXES
from .tables import Table

Profile = Literal["contest", "research", "plain"]
CONTEST, RESEARCH, PLAIN = "contest", "research", "plain"
ABOUT: Mapping[str, str] = {
    CONTEST: "the requirement document to the letter: hours, approved methods, a quick run first, fixed file names",
    RESEARCH: "any script as it is: watch, evidence and verdicts, and gates only where you ask for them",
    PLAIN: "runs and watches; no witness in the training, no gates, no verdicts",
}
ANY = "*"
"""In a list of columns: every column."""
NO_MAXIMUM_HOURS = 8760.0
"""A year: as much as there is no maximum."""
DOCUMENT_FOLDERS = ("output/implementation", "output/model")
"""Folders of the requirement document: with one of the designs in the second, or the first at all, it is meant."""


class Judge(Table):
    """What a start is asked and what a verdict decides by; the profiles differ in these."""

    results: Literal["named", "written"] = Field(
        default="named",
        description='What counts as the results: "named", the files of [names]; "written", what the run was seen to'
        " write, where the named file is not there.",
    )
    told_only: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=60)], ...], Field(strict=False, max_length=100)
    ] = Field(
        default=(),
        description="Checks of the verdict, by their name or their reason code, that are made and told and decide"
        ' nothing, for example "convergence" or "not_stable".',
    )
    approve_changes: bool = Field(
        default=True,
        description="Whether a full start that changed more than the failure before asked for waits for the director.",
    )
    wait_for_answers: bool = Field(
        default=True, description="Whether a full start waits while a report on the attempt before is not answered."
    )
    verdicts: bool = Field(default=True, description="Whether verify_compute judges a run at all.")


class Setting(NamedTuple):
    """A value that a profile sets, and why."""

    value: Any
    why: str


def _minima() -> dict[tuple[str, str], Setting]:
    names = ("min_draws", "min_tune", "min_chains", "min_epochs", "min_cv", "min_bootstraps")
    return {("method", name): Setting(0, "how much is enough is yours to say") for name in names}


_RUNS = "watchkeeper-runs/{i}"
_BESIDE = "beside your project's own files, one folder a model"
_NAMES: dict[str, Any] = {
    "script": "train.py",
    "features": ["features_{i}.pkl", "features_{i}.csv"],
    "results_quick": f"{_RUNS}/results_quick.csv",
    "results_full": f"{_RUNS}/results.csv",
    "log_quick": f"{_RUNS}/quick.log",
    "log_full": f"{_RUNS}/full.log",
    "history": f"{_RUNS}/history.csv",
    "final_model": [f"{_RUNS}/model.{one}" for one in MODEL_SUFFIXES],
    "diary": f"{_RUNS}/diary.md",
    "search_log": f"{_RUNS}/search.md",
    "summary": f"{_RUNS}/summary.json",
    "results_summary": f"{_RUNS}/results.md",
}
PASSED_THROUGH = (
    *("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"),
    *("LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV"),
    *("CUDA_VISIBLE_DEVICES", "CUDA_HOME", "NVIDIA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"),
    *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "TOKENIZERS_PARALLELISM"),
    *("PYTORCH_CUDA_ALLOC_CONF", "TORCH_HOME", "XLA_FLAGS", "JAX_PLATFORMS", "KERAS_BACKEND", "MPLBACKEND"),
    *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE"),
    *("HF_DATASETS_CACHE", "WANDB_MODE", "WANDB_DIR", "WANDB_PROJECT", "WANDB_ENTITY", "MLFLOW_TRACKING_URI"),
    *("HYDRA_FULL_ERROR", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"),
)
_HISTORIES = (
    *("lightning_logs/version_*/metrics.csv", "lightning_logs/version_*/events.out.tfevents.*"),
    *("outputs/*/*/**/metrics.csv", "outputs/*/*/**/events.out.tfevents.*"),
    *("logs/*/runs/*/**/metrics.csv", "logs/*/runs/*/**/events.out.tfevents.*"),
    *("multirun/*/*/*/**/metrics.csv", "runs/*/events.out.tfevents.*", "logs/*/events.out.tfevents.*"),
    *("logs/*/metrics.csv", "output/*/trainer_state.json", "output/*/checkpoint-*/trainer_state.json"),
    *("results/checkpoint-*/trainer_state.json", "runs/*/*/results.csv", "catboost_info/catboost_training.json"),
    *("logs/progress.csv", "logs/*/progress.csv", "work_dirs/*/*/vis_data/scalars.json"),
)
TOLD_ONLY = (
    *("method", "iterations", "time", "convergence", "completion diary", "completion history"),
    *("adopted", "command", "effort_not_inspected", "results_unchanged", "model_unchanged"),
    *("results_library_missing", "model_library_missing"),
)
_RESEARCH: Mapping[tuple[str, str], Setting] = {
    ("quick", "label"): Setting("quick", "5A is the document's word"),
    ("full", "label"): Setting("full", "5B is the document's word"),
    ("quick", "required"): Setting(False, "a full run may be the first; true brings the gate back"),
    ("full", "min_hours"): Setting(0.0, "no minimum of hours"),
    ("full", "max_hours"): Setting(NO_MAXIMUM_HOURS, "no length is warned about"),
    ("method", "forbidden"): Setting([], "a linear regression is a model like others"),
    **_minima(),
    ("compute", "min_cores"): Setting(0.0, "waiting for data, a GPU or a busy machine is no lie; sleeping still is"),
    ("compute", "may_be_constant"): Setting([ANY], "a table of settings repeats itself"),
    ("compute", "may_be_blank"): Setting([ANY], "loggers leave cells blank; infinite numbers are told all the same"),
    ("judge", "results"): Setting("written", "scripts name their own files; the witness sees which they wrote"),
    ("judge", "told_only"): Setting(list(TOLD_ONLY), "the document's demands are told; what speaks of falsity decides"),
    ("judge", "approve_changes"): Setting(False, "trying other settings is the work"),
    ("watch", "histories"): Setting(list(_HISTORIES), "Hydra and templates put them deeper"),
    ("python", "pass_through"): Setting(
        list(PASSED_THROUGH), "caches, threads, trackers' settings; no keys: what is passed is kept in the record"
    ),
    ("judge", "wait_for_answers"): Setting(False, "you may be the director yourself; reports are told all the same"),
    **{("names", name): Setting(value, _BESIDE) for name, value in _NAMES.items()},
}
_PLAIN: Mapping[tuple[str, str], Setting] = {
    **_RESEARCH,
    ("judge", "verdicts"): Setting(False, "nothing is judged"),
    ("witness", "enabled"): Setting(False, "nothing of ours in your processes"),
    ("witness", "guard"): Setting(False, "no mount namespace around your processes"),
}
SETTINGS: Mapping[str, Mapping[tuple[str, str], Setting]] = {CONTEST: {}, RESEARCH: _RESEARCH, PLAIN: _PLAIN}
"""By profile and (table, key): only what differs from the requirement document's values."""


def completed(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a file says with the values of its profile where it says nothing. Pure.

    What is no table, or names no profile that there is, stays as it is: the complaint about it names its line.
    """
    whole = dict(data)
    named = data.get("profile", CONTEST)
    for (table, key), setting in SETTINGS.get(named if isinstance(named, str) else "", {}).items():
        said: Any = whole.get(table, {})
        if isinstance(said, dict):
            whole[table] = {key: setting.value, **cast("dict[str, Any]", said)}
    return whole


class _Folders(Protocol):
    def has_folder(self, path: str) -> bool: ...

    def list_dir(self, path: str = ".") -> list[str]: ...


def usual(workspace: _Folders) -> Profile:
    """Return the profile of a workspace without a policy file: contest where the document's folders or designs are."""
    code, models = DOCUMENT_FOLDERS
    designs = [folder for folder in (models, "output", ".") if _has_design(workspace, folder)]
    return "contest" if designs or workspace.has_folder(code) else "research"


def _has_design(workspace: _Folders, folder: str) -> bool:
    if not workspace.has_folder(folder):
        return False
    names = workspace.list_dir(folder)
    return any(one == "model_design.md" or (one.startswith("model_design_") and one.endswith(".md")) for one in names)
