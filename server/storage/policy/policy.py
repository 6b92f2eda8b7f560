"""Every number and list of rules, with its default; a project changes them in `watchkeeper.toml`.

The tables are frozen models whose field descriptions say unit, meaning and source; the commented default file and the
error messages are made from them (`policy_text`).
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from functools import cache, cached_property
from typing import Annotated, Literal, Protocol, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from ...analysis.curves.silence import StallRule
from ...analysis.curves.thresholds import Thresholds
from ...analysis.logs.rules import DEFAULT_RULES, Rules
from ...vocabulary.errors import PolicyInvalid
from ...vocabulary.mcmc_levels import FULL_LEVELS
from ...vocabulary.runs import Phase
from . import profiles
from . import toml_text as texts
from .budget import Budget
from .engine_tables import Engine
from .names import POLICY_FILE, Names, own_file, plain_path
from .notify_table import Notify
from .profiles import Judge, Profile
from .tables import (
    Compute,
    Convergence,
    Curves,
    Diary,
    Integrity,
    Logs,
    Mcmc,
    Method,
    Stalls,
    Table,
    ascending,
    numbers_from,
)
from .witness_tables import Rerun, Witness

POLICY_LIMIT_BYTES = 250_000

_DAY_S = 86_400.0
_INHERITED = (
    *("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"),
    *("LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "VIRTUAL_ENV"),
)
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _label(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_. -]{1,20}", value):
        raise ValueError("expected 1 to 20 letters, digits, blanks, _ . or -")
    return value


def _environment_name(value: str) -> str:
    if not _ENVIRONMENT_NAME.fullmatch(value):
        raise ValueError("expected the name of an environment variable: letters, digits and _, not first a digit")
    if value.startswith("WATCHKEEPER_"):
        raise ValueError("names that begin by WATCHKEEPER_ are set by watchkeeper itself")
    return value


def _environment_value(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if not math.isfinite(value):
        raise ValueError("expected a string or a finite number")
    return str(value)


def _without_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("expected a string without a NUL character")
    return value


EnvironmentName = Annotated[str, AfterValidator(_environment_name)]
EnvironmentValue = Annotated[str, BeforeValidator(_environment_value), AfterValidator(_without_nul)]
Hours = Annotated[float, Field(ge=0, le=8760)]
Minutes = Annotated[float, Field(gt=0, le=525_600)]
Seconds = Annotated[float, Field(gt=0, le=_DAY_S)]
Label = Annotated[str, AfterValidator(_label)]


class Quick(Table):
    """The quick phase: a short run on a part of the data that shows whether the code runs at all."""

    max_minutes: Minutes = Field(default=30.0, description="Minutes after which a quick run is stopped.")
    data_fraction: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.2, description="Share of the data (above 0, at most 1) that the script is told to use."
    )
    label: Label = Field(default="5A", description="What reports call this phase.")
    required: bool = Field(
        default=True,
        description="Whether a full run needs a passed quick run of the same script before it (requirement document).",
    )


class Full(Table):
    """The full phase; a model's design document overrides the hours."""

    min_hours: Hours = Field(default=2.0, description="Hours that a full run should take at least.")
    max_hours: Hours = Field(
        default=6.0,
        description="Hours above which a full run is warned about, 8760 (a year) for never; it is never stopped.",
    )
    label: Label = Field(default="5B", description="What reports call this phase.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        ascending(min_hours=self.min_hours, max_hours=self.max_hours)
        return self


class Watch(Table):
    """How polls wait and how often they are suggested."""

    wait_s: Seconds = Field(
        default=45.0, description="Seconds that a poll waits for news when it names no time of its own."
    )
    max_wait_s: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=50.0,
        description="Seconds that a poll may wait at most. Raise only for a client that allows longer calls.",
    )
    brisk_minutes: Minutes = Field(default=10.0, description="Minutes after a start in which most errors come.")
    brisk_poll_s: Seconds = Field(
        default=10.0, description="Seconds that a poll is suggested to wait in that time; later on wait_s."
    )
    gap_minutes: Minutes = Field(
        default=15.0, description="Minutes without a trainer's poll after which an active run counts as unwatched."
    )
    status_minutes: Minutes = Field(default=30.0, description="Minutes between status lines.")
    hook_holds: Annotated[int, Field(ge=0, le=100)] = Field(
        default=3,
        description="Times in a row that the Stop hook holds an agent's turn while a run is unwatched; 0 for never.",
    )
    histories: tuple[str, ...] = Field(
        default=(
            "lightning_logs/version_*/metrics.csv",
            "lightning_logs/version_*/events.out.tfevents.*",
            "runs/*/events.out.tfevents.*",
            "logs/*/events.out.tfevents.*",
            "logs/*/metrics.csv",
            "output/*/trainer_state.json",
            "output/*/checkpoint-*/trainer_state.json",
            "runs/*/*/results.csv",
            "catboost_info/catboost_training.json",
            "logs/progress.csv",
            "logs/*/progress.csv",
            "work_dirs/*/*/vis_data/scalars.json",
            "output/implementation/logs/*history*.csv",
            "output/implementation/logs/*history*.jsonl",
        ),
        description="Where training libraries write their numbers; read besides the log, newest first."
        " TensorBoard's event files are read where tensorboard is installed beside watchkeeper.",
        strict=False,
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        ascending(wait_s=self.wait_s, max_wait_s=self.max_wait_s)
        return self


class Keeper(Table):
    """The process that stays with a run."""

    sample_s: Annotated[float, Field(ge=0.1, le=3600)] = Field(
        default=5.0, description="Seconds between two samples of CPU, memory and log size."
    )
    grace_s: Annotated[float, Field(ge=0, le=3600)] = Field(
        default=10.0, description="Seconds between SIGTERM and SIGKILL when a run is stopped."
    )
    gpu: Literal["auto", "on", "off"] = Field(
        default="auto",
        description='Whether NVIDIA GPUs are sampled (needs the extra "gpu"): "auto" where their driver\'s files are'
        ' there, "on" without asking for these, "off" never.',
    )


class Report(Table):
    """Error reports to the director."""

    deadline_minutes: Minutes = Field(
        default=30.0,
        description="Minutes within which the director should answer; then the report's stated default holds.",
    )
    open_after_minutes: Minutes = Field(
        default=10.0, description="Minutes after which the server itself reports a failure that nobody reported."
    )
    stuck_hours: Annotated[float, Field(gt=0, le=8760)] = Field(
        default=2.0,
        description="Hours of failures without a completed attempt after which a model is flagged for @advisor"
        " (requirement document, Convergence Monitoring).",
    )


class Python(Table):
    """What a training is started with."""

    interpreter: Annotated[str, Field(min_length=1), AfterValidator(_without_nul)] | None = Field(
        default=None,
        description="Python that runs the scripts, absolute or relative to the workspace. Default: that of the first"
        " environment among output/venv, output/implementation/.venv and .venv, else the server's own.",
    )
    pass_through: Annotated[tuple[EnvironmentName, ...], Field(strict=False)] = Field(
        default=_INHERITED,
        description="Environment variables that a training inherits from the server; no others.",
    )


ARGUMENT_WORDS = ("i", "phase", "results", "final_model", "checkpoints", "data_fraction", "log")
"""What may stand in braces in an argument of the policy."""


def _argument(value: str) -> str:
    unknown = set(re.findall(r"\{([a-z_]*)\}", value)) - set(ARGUMENT_WORDS)
    if unknown or "\0" in value:
        raise ValueError(f"only {', '.join('{' + one + '}' for one in ARGUMENT_WORDS)} may stand in braces")
    return value


def _folder(value: str) -> str:
    return value if value in ("", "{script}") else plain_path(own_file(value))


Argument = Annotated[str, AfterValidator(_argument)]


class Run(Table):
    """How a script is called."""

    cwd: Annotated[str, AfterValidator(_folder)] = Field(
        default="",
        description="Working folder of a script, relative to the workspace: {i} stands for the model's id, {script}"
        " alone for the folder that the script lies in. Empty: the workspace itself.",
    )
    args: Annotated[tuple[Argument, ...], Field(strict=False)] = Field(
        default=(),
        description='Arguments that every script gets before those of the call, such as "--mode=train" and'
        ' "--output={results}". In braces: i (the model\'s id), phase, results, final_model, checkpoints, log (absolute'
        " paths) and data_fraction.",
    )
    args_quick: Annotated[tuple[Argument, ...], Field(strict=False)] = Field(
        default=(), description="Further arguments of the quick phase."
    )
    args_full: Annotated[tuple[Argument, ...], Field(strict=False)] = Field(
        default=(), description="Further arguments of the full phase."
    )

    def templates(self, phase: Phase) -> tuple[str, ...]:
        """Return the arguments of a phase as the policy words them."""
        return (*self.args, *(self.args_quick if phase is Phase.QUICK else self.args_full))


class Probe(Table):
    """How a training script tells its numbers; `import watchkeeper_probe` is possible in every run."""

    pymc: bool = Field(
        default=False,
        description="Whether an import hook records progress, divergences and the true arguments of pm.sample in a"
        " script that was left as it is. The run's record says that it was on.",
    )


class Policy(Table):
    """The rules in force."""

    profile: Profile = Field(
        default="contest",
        description="What all other values start from: contest (the requirement document to the letter), research (any"
        " script as it is, judged by evidence) or plain (runs and watches only).",
    )
    quick: Quick = Quick()
    full: Full = Full()
    judge: Judge = Judge()
    watch: Watch = Watch()
    keeper: Keeper = Keeper()
    report: Report = Report()
    mcmc: Mcmc = Mcmc()
    curves: Curves = Curves()
    stalls: Stalls = Stalls()
    logs: Logs = Logs()
    compute: Compute = Compute()
    method: Method = Method()
    convergence: Convergence = Convergence()
    integrity: Integrity = Integrity()
    diary: Diary = Diary()
    names: Names = Names()
    probe: Probe = Probe()
    witness: Witness = Witness()
    rerun: Rerun = Rerun()
    python: Python = Python()
    budget: Budget = Budget()
    run: Run = Run()
    engine: Engine = Engine()
    notify: Notify = Notify()
    environment: Mapping[EnvironmentName, EnvironmentValue] = Field(
        default={}, description='Environment variables set for every training, for example OMP_NUM_THREADS = "4".'
    )
    clients: Mapping[Annotated[str, Field(min_length=1, max_length=200)], Seconds] = Field(
        default={},
        description="Seconds that a tool call may last for an MCP client, by the name that it gives of itself, for"
        " example mcp = 60 for a Python client whose time limit you raised. A poll answers before that. Known clients"
        " have their limits already (docs/clients.md).",
    )

    def thresholds(self) -> Thresholds:
        """Return the thresholds of the curve flags."""
        return numbers_from(self.curves, Thresholds)

    def stall_rule(self) -> StallRule:
        """Return when silence is called a stall."""
        return numbers_from(self.stalls, StallRule)

    @cached_property
    def rules(self) -> Rules:
        """What to look for in logs; made once, as it is dear to prepare."""
        return DEFAULT_RULES.extended(self.logs.made(), self.mcmc.sampler_levels(FULL_LEVELS))


class _Files(Protocol):
    """The part of a workspace that reading the policy needs."""

    def exists(self, path: str) -> bool: ...

    def read_bytes(self, path: str, limit_bytes: int) -> bytes: ...

    def has_folder(self, path: str) -> bool: ...

    def list_dir(self, path: str = ".") -> list[str]: ...


def load_policy(text: str, source: str = POLICY_FILE) -> Policy:
    """Return the policy that `text` (TOML) asks for; what it does not mention is as its profile has it.

    :raises PolicyInvalid: naming every unknown key and wrong value as `source:line`, with what was expected.
    """
    data = texts.parsed(text, source)
    try:
        return Policy.model_validate(profiles.completed(data))
    except ValidationError as error:
        problems = texts.problems(error, text, source, Policy)
    raise PolicyInvalid("\n".join(problems), "Correct these lines and repeat the call; nothing was changed.")


def read_policy(workspace: _Files) -> Policy:
    """Return the policy of a workspace; without a `watchkeeper.toml` that of the profile which fits (profiles.usual).

    :raises PolicyInvalid: as `load_policy`, and when the file is not UTF-8.
    :raises PathRefused: the file cannot be read or is larger than POLICY_LIMIT_BYTES.
    """
    if not workspace.exists(POLICY_FILE):
        return of_profile(profiles.usual(workspace))
    try:
        text = workspace.read_bytes(POLICY_FILE, POLICY_LIMIT_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyInvalid(f"{POLICY_FILE} is not UTF-8 at byte {error.start}.", "Save it as UTF-8.") from None
    return load_policy(text)


@cache
def of_profile(profile: Profile) -> Policy:
    """Return the policy of a profile without any change."""
    return load_policy(f'profile = "{profile}"')


def policy_text(policy: Policy) -> str:
    """Return the policy in force as TOML; `load_policy` gives the same policy back."""
    return texts.dumped(policy)


def policy_sha256(policy: Policy) -> str:
    """Return the hexadecimal sha256 of `policy_text`."""
    return hashlib.sha256(policy_text(policy).encode()).hexdigest()
