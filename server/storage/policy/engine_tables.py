"""The table of the policy about where trainings run: on this machine, or as jobs of a scheduler."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from ...vocabulary.runs import Phase
from . import ray_tables
from .tables import Table, absolute_path

Kind = Literal["local", "slurm", "ray"]
OURS = (
    "job-name", "chdir", "output", "error", "parsable", "requeue", "no-requeue", "dependency", "signal", "export",
    "export-file", "array", "wrap", "comment", "clusters", "open-mode", "nodes", "ntasks", "ntasks-per-node", "input",
)  # fmt: skip
"""Options of sbatch that watchkeeper sets, or that a run cannot have."""
_OURS_SHORT = "JDeodaMNni"
_TIME = re.compile(r"(?:(?P<d>\d{1,3})-(?P<dh>\d{1,2})(?::(?P<dm>\d\d))?(?::(?P<ds>\d\d))?|(?P<c>\d+(?::\d\d){0,2}))")


def time_limit_s(value: str) -> float:
    """Return a time limit as Slurm writes it (`MM`, `MM:SS`, `HH:MM:SS`, `D-HH`, `D-HH:MM`, `D-HH:MM:SS`) in seconds.

    :raises ValueError: if it is none.
    """
    found = _TIME.fullmatch(value)
    if found is None:
        raise ValueError('expected a time such as "00:40:00", "90" (minutes) or "1-12:00:00"')
    if found["d"] is not None:
        parts = [int(found[name] or 0) for name in ("d", "dh", "dm", "ds")]
        return parts[0] * 86400.0 + parts[1] * 3600 + parts[2] * 60 + parts[3]
    parts = [int(one) for one in found["c"].split(":")]
    if len(parts) < 3:
        return parts[0] * 60.0 + (parts[1] if len(parts) == 2 else 0)
    return parts[0] * 3600.0 + parts[1] * 60 + parts[2]


def _time(value: str) -> str:
    if value:
        time_limit_s(value)
    return value


def _word(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.,:=@/+-]*", value):
        raise ValueError("expected letters, digits and _ . , : = @ / + -")
    return value


def _extra(value: str) -> str:
    name = value.lstrip("-").partition("=")[0]
    ours = name in OURS if value.startswith("--") else value[1:2] in _OURS_SHORT
    if not value.startswith("-") or "\0" in value or "\n" in value:
        raise ValueError('expected an option of sbatch in one word, such as "--constraint=a100"')
    if ours or any(known.startswith(name) for known in OURS if value.startswith("--") and len(name) > 2):
        raise ValueError("watchkeeper sets this option itself, or a run cannot have it")
    return value


def _name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*\*?", value):
        raise ValueError("expected the name of an environment variable, or its beginning with * behind it")
    return value


def _program(value: tuple[str, ...]) -> tuple[str, ...]:
    if value and not absolute_path(value[0]):
        raise ValueError("expected an absolute path of a program first")
    return value


Word = Annotated[str, AfterValidator(_word)]


_MEANT = {
    "slurm": ("gpus", "resources"),
    "ray": ("partition", "account", "qos", "time", "gres", "extra"),
}
"""Keys that the other engine alone understands."""


class Job(Table):
    """What the jobs of one phase ask for. Empty: as the cluster has it."""

    kind: Literal["", "local", "slurm", "ray"] = Field(
        default="", description="Where this phase runs; empty: as [engine] kind says."
    )
    partition: Word = Field(default="", description="Partition (sbatch --partition).")
    account: Word = Field(default="", description="Account that is charged (--account).")
    qos: Word = Field(default="", description="Quality of service (--qos).")
    time: Annotated[str, AfterValidator(_time)] = Field(
        default="", description='Time limit (--time), such as "12:00:00"; a start that needs more is refused.'
    )
    cpus: Annotated[int, Field(ge=0, le=100_000)] = Field(default=0, description="CPUs; 0: one.")
    mem: Word = Field(default="", description='Memory, such as "64G".')
    nodes: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=1, description="Nodes (--nodes); on each the command runs once, as a rank of SLURM_PROCID."
    )
    gres: Word = Field(default="", description='Generic resources (--gres), such as "gpu:4".')
    extra: Annotated[tuple[Annotated[str, AfterValidator(_extra)], ...], Field(strict=False)] = Field(
        default=(), description='Further options of sbatch, one word each, such as "--constraint=a100".'
    )
    gpus: ray_tables.Gpus = Field(default=0.0, description="GPUs (Ray alone; Slurm: gres), parts of one too.")
    resources: ray_tables.Resources = Field(
        default={}, description="Amounts of a Ray cluster's own resources, such as {a100 = 1}."
    )

    def strange_to(self, kind: str) -> list[str]:
        """Return the keys that are set and mean nothing to an engine."""
        return [name for name in _MEANT.get(kind, ()) if getattr(self, name)]

    @property
    def asks_for_gpus(self) -> bool:
        """Whether it names a GPU: where its jobs run there is one, whatever this machine has."""
        return self.gpus > 0 or any("gpu" in one.lower() for one in (self.gres, *self.extra))

    def options(self) -> tuple[str, ...]:
        """Return sbatch's options for it."""
        named = {
            "partition": self.partition, "account": self.account, "qos": self.qos, "time": self.time,
            "cpus-per-task": str(self.cpus or ""), "mem": self.mem, "gres": self.gres,
        }  # fmt: skip
        several = (f"--nodes={self.nodes}", "--ntasks-per-node=1") if self.nodes > 1 else ()
        return (*(f"--{name}={value}" for name, value in named.items() if value), *several, *self.extra)


class Engine(Table):
    """Where trainings run (docs/engines.md)."""

    kind: Kind = Field(default="local", description='"local": on this machine; "slurm" or "ray": as their jobs.')
    address: ray_tables.Address = Field(
        default="", description="Where Ray's dashboard answers, such as http://head:8265."
    )
    token_file: ray_tables.TokenFile = Field(
        default="",
        description="Absolute path of a file of mode 0600 outside of the workspace with Ray's token, or with lines"
        " `Name: value` that are sent as headers.",
    )
    token_env: ray_tables.Variable = Field(
        default="", description="In place of a file: the variable of the server's environment that holds Ray's token."
    )
    look_s: Annotated[float, Field(ge=1, le=3600)] = Field(
        default=30.0,
        description="Seconds between two questions to the scheduler, one for all runs and all servers; sites ask for"
        " up to 120.",
    )
    wrapper: Annotated[tuple[str, ...], AfterValidator(_program), Field(strict=False)] = Field(
        default=(),
        description='A program of yours that sets up the environment on the node and ends in `exec "$@"`, with its'
        " arguments; its path is absolute.",
    )
    pass_through: Annotated[tuple[Annotated[str, AfterValidator(_name)], ...], Field(strict=False)] = Field(
        default=(
            "SLURM_*", "CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "TMPDIR",
            "OMP_NUM_THREADS", "RAY_ADDRESS",
        ),
        description="What of the job's own environment reaches the training; no other variable of it does.",
    )  # fmt: skip
    resume_interrupted: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=0,
        description="Attempts in a row that may go on from the checkpoint without the director after a job was"
        " preempted or lost its node.",
    )
    quick: Job = Field(default=Job(), description="What the jobs of the quick phase ask for.")
    full: Job = Field(default=Job(), description="What the jobs of the full phase ask for.")

    @model_validator(mode="after")
    def _fits_its_engine(self) -> Self:
        for phase in Phase:
            kind = self.kind_of(phase)
            if strange := self.job(phase).strange_to(kind):
                raise ValueError(f"[engine.{phase}] {strange[0]} means nothing to {kind.capitalize()}")
            if kind == "ray" and not self.address:
                raise ValueError(f"{phase} runs on Ray: expected address, such as http://head:8265")
            if kind == "ray" and self.job(phase).mem:
                ray_tables.memory_bytes(self.job(phase).mem)
        if self.token_file and self.token_env:
            raise ValueError("expected token_file or token_env, not both")
        return self

    @model_validator(mode="after")
    def _nodes_are_of_slurm(self) -> Self:
        for phase in Phase:
            if self.job(phase).nodes > 1 and self.kind_of(phase) != "slurm":
                raise ValueError(
                    f'[engine.{phase}] nodes = {self.job(phase).nodes} is for jobs of Slurm: kind = "slurm"'
                )
        return self

    def asked(self, phase: Phase) -> dict[str, object]:
        """Return what an engine is asked for a phase's jobs, as it understands it."""
        job = self.job(phase)
        if self.kind_of(phase) != "ray":
            return {"options": list(job.options())}
        head = {"address": self.address, "token_file": self.token_file, "token_env": self.token_env}
        request = ray_tables.request(job.cpus, job.gpus, job.mem, job.resources)
        return {**{name: value for name, value in head.items() if value}, "request": request}

    def job(self, phase: Phase) -> Job:
        """Return what a phase's jobs ask for."""
        return self.quick if phase is Phase.QUICK else self.full

    def kind_of(self, phase: Phase) -> str:
        """Return where a phase runs."""
        return self.job(phase).kind or self.kind

    def limit_s(self, phase: Phase) -> float | None:
        """Return the time limit of a phase's jobs in seconds; None where the policy names none or there are no jobs."""
        time = self.job(phase).time
        return time_limit_s(time) if time and self.kind_of(phase) != "local" else None
