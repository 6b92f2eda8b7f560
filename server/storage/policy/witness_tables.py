"""The tables of the policy about what is recorded of a run, and about playing it again."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .tables import Table


class Witness(Table):
    """What is recorded of a run by its own processes and by what it leaves."""

    enabled: bool = Field(
        default=True,
        description="Whether every Python process of a run writes down what its libraries sample, fit, step, read and"
        " write. Without it a verdict says: not witnessed.",
    )
    seal_max_gb: Annotated[float, Field(gt=0, le=10_000)] = Field(
        default=2.0,
        description="At the end of a run what it left is hashed, up to so many gigabytes in all; beyond that, samples"
        " of each file.",
    )
    guard: bool = Field(
        default=True,
        description="Whether a run is kept from writing below .watchkeeper/, its own metrics, lines and checkpoints"
        " aside, where the kernel can do that. Turn it off for trainings that need setuid programs.",
    )


class Rerun(Table):
    """What `verify_compute(run, rerun=true)` may take: the first part of a run is played again, in a copy."""

    minutes: Annotated[float, Field(gt=0, le=1_440)] = Field(
        default=5.0, description="After so many minutes it is ended; what it had reached by then is compared."
    )
    max_copy_gb: Annotated[float, Field(gt=0, le=1_000)] = Field(
        default=1.0,
        description="Gigabytes of inputs that are copied. Larger ones that the run read are seen read-only, others are"
        " left out. No file that it writes may be larger.",
    )
    max_memory_gb: Annotated[float, Field(gt=0, le=10_000)] = Field(
        default=8.0, description="Gigabytes of memory that it may take."
    )
    max_processes: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=256, description="Processes that it may have."
    )
