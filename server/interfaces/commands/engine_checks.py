"""What `watchkeeper doctor` finds out of the engines that the policy hands runs to."""

from __future__ import annotations

from pathlib import Path

from ...runtime.engines import ray_check, ray_names, slurm_check
from ...storage.policy.engine_tables import Engine
from ...vocabulary.runs import Phase

_SLURM = "Ask who runs the cluster whether you may submit, and that this host has sbatch, squeue, scancel and srun."
_RAY = (
    "Check [engine] address and its token (curl ADDRESS/api/version), that the head has ray[default] and a CPU free, "
    "and that the nodes find this Python and the workspace under the same paths."
)


def examine(policy: Engine, workspace: Path) -> tuple[bool, str, str]:
    """Run a job of a moment on each engine of the policy; return whether all is well, what was seen, the mend."""
    kinds = dict.fromkeys(kind for phase in Phase if (kind := policy.kind_of(phase)) != "local")
    if not kinds:
        return True, "trainings run on this machine", ""
    found = [_slurm(policy) if kind == "slurm" else _ray(policy, workspace) for kind in kinds]
    wrong = [mend for fine, _, mend in found if not fine]
    return not wrong, "; ".join(seen for _, seen, _ in found), " ".join(wrong)


def _slurm(policy: Engine) -> tuple[bool, str, str]:
    ours = [phase for phase in Phase if policy.kind_of(phase) == "slurm"]
    fine, seen = slurm_check.check({phase.value: policy.job(phase).options() for phase in ours})
    unlimited = [phase for phase in ours if policy.limit_s(phase) is None]
    if fine and unlimited:
        seen += f"; no [engine.{unlimited[0]}] time: a start is not held against the partition's own limit"
    return fine, seen, _SLURM


def _ray(policy: Engine, workspace: Path) -> tuple[bool, str, str]:
    phase = next(phase for phase in Phase if policy.kind_of(phase) == "ray")
    fine, seen = ray_check.check(ray_names.head_of(policy.asked(phase), workspace))
    return fine, seen, _RAY
