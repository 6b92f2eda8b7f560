"""What escapes every other seam of a process of ours is said on standard error, before the process ends."""

from __future__ import annotations

import sys
import traceback

from ...vocabulary.refusals import refused_by_machine
from . import instructions


def tell(error: Exception) -> None:
    """Say in words what the machine refused; anything else is a defect of ours and stands there with its traceback."""
    refusal = refused_by_machine(error)
    if refusal is None:
        traceback.print_exception(error)
    sys.stderr.write(f"watchkeeper: {refusal or instructions.DEFECT}\n")
    sys.stderr.flush()
