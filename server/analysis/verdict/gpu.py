"""Was a GPU used where one was asked for, and did it work? From what the keeper's helper sampled. Pure."""

from __future__ import annotations

from ..evidence.checks import Check, failed, passed, unknown
from ..evidence.evidence import Evidence
from ..evidence.gpu_use import BROKEN, GpuState, GpuUse
from ..evidence.words import Word

IDLE_SHARE = 0.1
"""A run that held a GPU and worked on it in a smaller share of that time left it idle."""
_LEAST_SAMPLES = 3
_WORDS = {
    GpuState.NONE: "no GPU on this machine",
    GpuState.OFF: "GPU not inspected: [keeper] gpu is off",
    GpuState.AMD: "GPU not inspected: an AMD GPU (ROCm) is here, and only NVIDIA's are sampled",
}


def gpu(evidence: Evidence) -> Check | None:
    """Was one used where one was asked for? None for a run of which nobody noted whether there was one."""
    use = evidence.gpu
    if use is None:
        return None
    if use.state is GpuState.NONE:
        return passed("gpu", _WORDS[use.state] + _asked(use))
    if not use.sampled:
        return unknown("gpu", _WORDS.get(use.state) or f"GPU not inspected: {use.why or 'no sample was taken'}")
    text = described(use)
    if broken := [one for one in use.xids if one.code in BROKEN]:
        what = f"{text}: GPU {broken[0].index} told Xid {broken[0].code}, an error of hardware or driver"
        action = "Look the Xid up in NVIDIA's catalogue; what was computed on that GPU may be wrong. Train again."
        return failed("gpu", what, Word.INVESTIGATE, "gpu_error", action)
    if use.asked and not use.on_share and not use.untold and use.samples >= _LEAST_SAMPLES:
        what = f"{text}{_asked(use)}, and no process of the run was ever on one"
        action = "Say why it trained on the CPU (a build without CUDA? a device that was not passed on?), or mend it."
        return failed("gpu", what, Word.INVESTIGATE, "gpu_never_used", action)
    return passed("gpu", text)


def worked_on_gpu(evidence: Evidence, least_share: float) -> bool:
    """Whether a GPU worked for at least that share of the run, by samples that the training could not write itself."""
    use = evidence.gpu
    return use is not None and use.sampled and evidence.guard == "on" and use.busy_share >= least_share


def described(use: GpuUse) -> str:
    """Return in words what was sampled."""
    if not use.on_share:
        seen = "its processes cannot be told from those outside of its container" if use.untold else "not used"
        return f"{_boards(use)}: {seen} in {use.samples} samples{_errors(use)}"
    parts = [f"held for {use.on_share:.0%} of {use.samples} samples, worked in {use.busy_share:.0%}"]
    parts += [f"{use.percent:.0f}% used"] if use.percent is not None else ["its use cannot be told from others'"]
    parts += [f"{use.peak_bytes / 1e9:.1f} GB at most"] if use.peak_bytes else []
    parts += [f"{use.energy_j / 3600:.3g} Wh"] if use.energy_j is not None else []
    parts += ["memory full"] if use.full else []
    parts += ["it was held and left idle"] if _idle(use) else []
    return f"{_boards(use)}: {', '.join(parts)}{_errors(use)}"


def _idle(use: GpuUse) -> bool:
    return use.percent is not None and use.samples >= _LEAST_SAMPLES and use.busy_share < IDLE_SHARE * use.on_share


def _boards(use: GpuUse) -> str:
    return f"{len(use.names)} GPU(s), {use.names[0]}" if use.names else "no board"


def _errors(use: GpuUse) -> str:
    told = [f"Xid {one.code} on GPU {one.index}" for one in use.xids[:3]]
    return "".join(f", {one}" for one in [*told, *(["a GPU was lost"] if use.lost else [])])


def _asked(use: GpuUse) -> str:
    return f"; it was asked for by {', '.join(use.asked[:2])} (read)" if use.asked else ""
