"""Why a reader in the child gives up."""

from __future__ import annotations

from typing import Literal

Cause = Literal["damaged", "library missing", "memory", "time", "too large", "crashed", "unsupported"]


class CannotInspectError(Exception):
    """The inside of the artefact stays unknown.

    :param reason: one sentence with its full stop.
    """

    def __init__(self, cause: Cause, reason: str) -> None:
        super().__init__(reason)
        self.cause: Cause = cause
        self.reason = reason
