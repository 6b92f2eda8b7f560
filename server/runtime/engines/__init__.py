"""Where a run's keeper is started and its processes are reached: on this machine, or through a scheduler."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ..keeper.procfs import Process
from .words import Word

__all__ = ["Engine", "Process", "Word"]


class Engine(Protocol):
    """What a place where trainings run has to offer. Every act may be done twice, and by two servers at once."""

    def launch(self, run_dir: Path, log_fd: int) -> None:
        """Start a keeper for a run directory that has its spec.json; return once it no longer depends on the caller.

        :param log_fd: the run's log, opened for reading and appending; the caller closes its own descriptor.
        :raises WatchkeeperError: if no keeper can be started.
        """
        ...

    def attach(self, run_dir: Path, log_fd: int) -> None:
        """Start a keeper that watches the main process that runs already.

        It leaves at once if the run has a keeper or its end is recorded.

        :raises WatchkeeperError: if no keeper can be started.
        """
        ...

    def hasten(self, run_dir: Path) -> None:
        """Make the run's keeper look at stop.json now, also one that was stopped by a signal; nothing without one."""
        ...

    def interrupt(self, run_dir: Path) -> None:
        """Make the run's keeper stop it without a stop.json, for which a disk may have no room."""
        ...

    def end_all(self, run_dir: Path, grace_s: float) -> list[Process]:
        """End the whole tree of a run whose keeper does not: SIGTERM, `grace_s` seconds of grace, SIGKILL. Blocks.

        :return: what is left even then; empty when nothing is.
        """
        ...

    def end_strays(self, run_dir: Path, grace_s: float) -> list[Process]:
        """End what is left of a run that has ended: SIGTERM, `grace_s` seconds of grace, SIGKILL. Blocks.

        :return: what is left even then; empty when nothing is.
        :raises Refused: if the run has not ended: that is what a stop is for.
        """
        ...

    def living(self, run_dir: Path) -> list[Process]:
        """Return what of this run lives now, its main process included."""
        ...

    def word(self, run_dir: Path) -> Word | None:
        """Return what a scheduler says of a run; None for a run of this machine, of which /proc tells."""
        ...
