"""Which GPUs a machine has, by the files that their drivers make: no library is loaded, no process begun."""

from __future__ import annotations

import os

from ...analysis.evidence.gpu_use import GpuState

_NVIDIA = ("/dev/nvidiactl", "/proc/driver/nvidia/version", "/dev/dxg")
"""The control device, the loaded driver, and the way that WSL passes a GPU through."""
_AMD = "/dev/kfd"


def found(wanted: str) -> GpuState:
    """Return what is to be done about GPUs.

    :param wanted: the policy's word: `off`, `on` (look for NVIDIA's without asking for their files), else `auto`.
    """
    if wanted == "off":
        return GpuState.OFF
    if wanted == "on" or any(os.path.exists(path) for path in _NVIDIA):
        return GpuState.SAMPLED
    return GpuState.AMD if os.path.exists(_AMD) else GpuState.NONE
