"""From a recorded start to a keeper: the run directory, its files, the training's environment. Safe to do twice."""

from __future__ import annotations

import os
import posixpath
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..runtime.gpu import devices
from ..runtime.keeper import hosts, records
from ..runtime.probe import probe_environment
from ..runtime.witness import witness_environment
from ..storage.files.workspace import CHECKPOINTS, Workspace
from ..storage.policy.policy import Policy, policy_text
from ..storage.record import Run
from ..storage.record.records import RunStarted
from ..storage.record.serialization import encode
from ..vocabulary.errors import PathRefused, StorageFailed
from ..vocabulary.runs import Phase
from .desk import Desk

FOREIGN = ".foreign-"
"""Stands in the name of a run directory that somebody else had made and that was set aside."""


def interpreter(desk: Desk) -> str:
    """Return the Python that trains: the policy's, else the first environment in the workspace, else our own."""
    return named_interpreter(desk.policy, desk.workspace) or sys.executable


def named_interpreter(policy: Policy, workspace: Workspace) -> str | None:
    """Return the absolute path of the Python that policy or project name; a bare name is looked up on the PATH."""
    named = policy.python.interpreter
    if named and "/" in named:
        return str(workspace.root / named)
    return named or workspace.interpreter()


def own_environment(policy: Policy) -> dict[str, str]:
    """Return what every training of a workspace has in its environment: what the policy passes and sets, the probe."""
    kept = {name: os.environ[name] for name in policy.python.pass_through if name in os.environ}
    own = {**kept, **policy.environment}
    return own | probe_environment(own, pymc=policy.probe.pymc)


def environment(
    desk: Desk, *, model: str, phase: Phase, attempt: int, run: str, resume: str, nonce: str, script: tuple[str, str]
) -> dict[str, str]:
    """Return the whole environment of a training: what the policy passes through and sets, and our own names.

    :param script: path in the workspace and digest of the script.
    """
    policy = desk.policy
    run_dir = desk.workspace.run_dir(run)
    own = own_environment(policy)
    folder = str(run_dir / records.WITNESS) if policy.witness.enabled else None
    files = str(desk.workspace.root / script[0]), str(desk.workspace.snapshots_dir / script[1])
    asked = {"WATCHKEEPER_CHECKPOINT_REQUEST": str(run_dir / records.WARNED)} if engine(desk, phase) else {}
    return {
        **own,
        **asked,
        **witness_environment(own, folder=folder, nonce=nonce, hooked=policy.probe.pymc, script=files),
        "WATCHKEEPER_WORKSPACE": str(desk.workspace.root),
        "WATCHKEEPER_MODEL": model,
        "WATCHKEEPER_PHASE": phase.value,
        "WATCHKEEPER_DATA_FRACTION": f"{_fraction(desk, phase):g}",
        "WATCHKEEPER_ATTEMPT": str(attempt),
        "WATCHKEEPER_RESUME": resume,
        "WATCHKEEPER_RUN_DIR": str(run_dir),
        "WATCHKEEPER_CHECKPOINT_DIR": str(checkpoint_dir(desk, model, phase)),
        "WATCHKEEPER_RESULTS": str(desk.workspace.root / desk.workspace.results(model, phase)),
        "WATCHKEEPER_FINAL_MODEL": str(desk.workspace.root / desk.workspace.final_model(model)),
    }


def engine(desk: Desk, phase: Phase) -> Mapping[str, object] | None:
    """Return what a start's record says of its job; None for a run of this machine."""
    policy = desk.policy.engine
    if policy.kind_of(phase) == "local":
        return None
    return {
        "kind": policy.kind_of(phase),
        **policy.asked(phase),
        "wrapper": list(policy.wrapper),
        "pass_through": list(policy.pass_through),
        "look_s": policy.look_s,
        **({"nodes": policy.job(phase).nodes} if policy.job(phase).nodes > 1 else {}),
    }


@dataclass(frozen=True, slots=True)
class Proof:
    """What a start's record says so that what its run leaves can be believed; see RunStarted."""

    guarded: str | None
    writable: tuple[str, ...]
    seal_paths: tuple[str, ...]
    seal_max_bytes: int
    gpu: str


def proof(desk: Desk, *, model: str, phase: Phase, run: str) -> Proof:
    """Return what is guarded and what is sealed of a run that shall start."""
    names, policy = desk.workspace, desk.policy.witness
    run_dir = names.run_dir(run)
    own = (checkpoint_dir(desk, model, phase), run_dir / records.WITNESS, run_dir / records.METRICS)
    left = [names.results(model, phase), names.log(model, phase), names.history(model)]
    return Proof(
        guarded=str(names.state_dir) if policy.guard else None,
        writable=tuple(str(path) for path in own),
        seal_paths=(*left, *(names.final_models(model) if phase is Phase.FULL else ())),
        seal_max_bytes=int(policy.seal_max_gb * 1e9),
        gpu=devices.found(_gpus_wanted(desk.policy, phase)).value,
    )


def _gpus_wanted(policy: Policy, phase: Phase) -> str:
    """Return the policy's word for GPUs; a job that asks for one has it on its node, which nobody can see from here."""
    job = policy.engine.kind_of(phase) != "local" and policy.engine.job(phase).asks_for_gpus
    return "on" if job and policy.keeper.gpu == "auto" else policy.keeper.gpu


def checkpoint_dir(desk: Desk, model: str, phase: Phase) -> Path:
    """Return the folder that all attempts of one phase share for their checkpoints."""
    named = desk.workspace.checkpoints(model)
    if named:
        return desk.workspace.root / named / phase.value
    return desk.workspace.state_dir / CHECKPOINTS / f"{model}-{phase}"


def arguments(desk: Desk, model: str, phase: Phase) -> tuple[str, ...]:
    """Return the arguments that the policy gives a script of this model and phase."""
    files, root = desk.workspace, desk.workspace.root
    words = {
        "i": model,
        "phase": phase.value,
        "results": str(root / files.results(model, phase)),
        "final_model": str(root / files.final_model(model)),
        "checkpoints": str(checkpoint_dir(desk, model, phase)),
        "data_fraction": f"{_fraction(desk, phase):g}",
        "log": str(root / files.log(model, phase)),
    }
    return tuple(_filled(one, words) for one in desk.policy.run.templates(phase))


def _filled(template: str, words: Mapping[str, str]) -> str:
    for name, value in words.items():
        template = template.replace("{" + name + "}", value)
    return template


def _fraction(desk: Desk, phase: Phase) -> float:
    return desk.policy.quick.data_fraction if phase is Phase.QUICK else 1.0


def working_folder(desk: Desk, model: str, script: str) -> str:
    """Return the absolute folder in which a script runs.

    :raises PathRefused: if the policy names one that is not there.
    """
    wanted = desk.policy.run.cwd.replace("{i}", model)
    folder = posixpath.dirname(script) if wanted == "{script}" else wanted
    if not folder:
        return str(desk.workspace.root)
    os.close(desk.workspace.open_folder_beneath(folder))
    return str(desk.workspace.root / folder)


def materialise(desk: Desk, run: Run) -> Path:
    """Make the run directory of a recorded start, with what the keeper reads; does nothing that was done before.

    :raises StorageFailed: the disk does not take it; any later look goes on with it.
    """
    run_dir = desk.workspace.run_dir(run.id)
    try:
        _made(desk, run, run_dir)
    except OSError as error:
        raise StorageFailed(
            f"The directory of {run.id} could not be written: {error.strerror or error}. Its start is on record.",
            f"Make room, then poll_training(run={run.id!r}): that goes on with the start.",
        ) from error
    return run_dir


def _made(desk: Desk, run: Run, run_dir: Path) -> None:
    _set_aside(run_dir, run.nonce)
    for folder in (run_dir, checkpoint_dir(desk, run.model, run.phase)):
        desk.workspace.make_folder(str(folder))
    _make_room(desk, run)
    (run_dir / records.WITNESS).mkdir(mode=0o700, exist_ok=True)
    (run_dir / records.METRICS).touch(mode=0o600, exist_ok=True)
    path = run_dir / records.SPEC
    if not path.exists():
        inside = desk.workspace.relative(str(run_dir))
        desk.workspace.write_text_atomically(f"{inside}/{records.POLICY}", policy_text(desk.policy), 0o600)
        records.write(path, spec(desk, run))
        # The file's time is the start's age: a start that was recorded long ago must not be launched now.
        os.utime(path, (run.at, run.at))


def _make_room(desk: Desk, run: Run) -> None:
    """Make the folders of the files that a project names: hours of training must not end at one that is missing.

    One that cannot be made for what stands there is told by what looks for its file.
    """
    if desk.policy.judge.results != "named":
        return  # the project writes where it likes
    for path in (run.results, desk.workspace.final_model(run.model)):
        with suppress(PathRefused):
            desk.workspace.make_folder(posixpath.dirname(path), private=False)


def _set_aside(run_dir: Path, nonce: str) -> None:
    """Put a run directory out of the way that was not made for this start, so that nothing in it is believed."""
    try:
        found = records.read(run_dir / records.SPEC)
    except records.DamagedRecord:
        return  # the state says so
    if nonce and found is not None and found.get("nonce") != nonce:
        run_dir.rename(run_dir.with_name(f"{run_dir.name}{FOREIGN}{os.urandom(4).hex()}"))


def launch(desk: Desk, run: Run) -> None:
    """Give a recorded start its keeper; does nothing that was done before."""
    run_dir = materialise(desk, run)
    with opened_log(desk, run.log) as log_fd:
        desk.engine.launch(run_dir, log_fd)


def attach(desk: Desk, run: Run) -> None:
    """Give a running training whose keeper was killed a new one."""
    with opened_log(desk, run.log) as log_fd:
        desk.engine.attach(desk.workspace.run_dir(run.id), log_fd)


class opened_log:  # noqa: N801 (a context manager reads as a function)
    """Open a run's log for a keeper, beneath the workspace, and close our copy afterwards."""

    def __init__(self, desk: Desk, path: str) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
        self._fd = desk.workspace.open_beneath(path, flags, make_parents=True)

    def __enter__(self) -> int:
        return self._fd

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


def spec(desk: Desk, run: Run) -> Mapping[str, Any]:
    """Return what the keeper reads: the whole recorded start, so that a lost ledger can be rebuilt from it."""
    about = {"version": 1, **hosts.here(), "run": run.id, "model": run.model, "workspace": str(desk.workspace.root)}
    return {**about, **encode(run, RunStarted)}
