"""The table of the policy about how much may be spent before the director is asked."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .tables import Table

Hours = Annotated[float, Field(ge=0, le=10_000_000)]
Attempts = Annotated[int, Field(ge=0, le=1_000_000)]


class Budget(Table):
    """What may be spent before a further start asks the director; 0 is no limit. CONTINUE lets one more start."""

    model_cpu_hours: Hours = Field(default=0.0, description="Hours of CPU of all attempts of one model.")
    model_gpu_hours: Hours = Field(
        default=0.0, description="Hours in which one of its attempts worked on a GPU, as far as GPUs were sampled."
    )
    model_attempts: Attempts = Field(default=0, description="Attempts of one model, both phases together.")
    model_attempts_without_improvement: Attempts = Field(
        default=0,
        description="Full attempts of one model since its best one, as `watchkeeper compare` tells it.",
    )
    cpu_hours: Hours = Field(default=0.0, description="Hours of CPU of all runs of the workspace.")
    gpu_hours: Hours = Field(default=0.0, description="Hours in which a run of the workspace worked on a GPU.")
    attempts: Attempts = Field(default=0, description="Attempts of all models together.")
