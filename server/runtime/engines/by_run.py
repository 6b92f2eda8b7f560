"""The engine of each run, as its start recorded it: the policy may have changed since."""

from __future__ import annotations

from pathlib import Path

from ..keeper.procfs import Process
from . import Engine
from .local import LocalEngine
from .ray import KIND as RAY
from .ray import RayEngine
from .slurm import KIND as SLURM
from .slurm import SlurmEngine
from .submissions import asked
from .words import Word


class EngineByRun:
    """Hands each act to the engine that a run's spec names."""

    def __init__(self) -> None:
        self._local = LocalEngine()
        self._by_kind: dict[object, Engine] = {SLURM: SlurmEngine(), RAY: RayEngine()}

    def _of(self, run_dir: Path) -> Engine:
        return self._by_kind.get(asked(run_dir).get("kind"), self._local)

    def launch(self, run_dir: Path, log_fd: int) -> None:
        """See Engine."""
        self._of(run_dir).launch(run_dir, log_fd)

    def attach(self, run_dir: Path, log_fd: int) -> None:
        """See Engine."""
        self._of(run_dir).attach(run_dir, log_fd)

    def word(self, run_dir: Path) -> Word | None:
        """See Engine."""
        return self._of(run_dir).word(run_dir)

    def hasten(self, run_dir: Path) -> None:
        """See Engine."""
        self._of(run_dir).hasten(run_dir)

    def interrupt(self, run_dir: Path) -> None:
        """See Engine."""
        self._of(run_dir).interrupt(run_dir)

    def end_all(self, run_dir: Path, grace_s: float) -> list[Process]:
        """See Engine."""
        return self._of(run_dir).end_all(run_dir, grace_s)

    def end_strays(self, run_dir: Path, grace_s: float) -> list[Process]:
        """See Engine."""
        return self._of(run_dir).end_strays(run_dir, grace_s)

    def living(self, run_dir: Path) -> list[Process]:
        """See Engine."""
        return self._of(run_dir).living(run_dir)
