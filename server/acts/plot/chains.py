"""Trace and rank plots of the chains that a run left: read when somebody asks, in the confined process, and kept."""

from __future__ import annotations

import os
import posixpath
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ...analysis.artefacts.chain_facts import BINS, ChainFacts, ParameterChains
from ...analysis.artefacts.confined import draw_chains
from ...storage.files.paths import ZARR
from ...storage.files.rooted import closing
from ...storage.record import Run
from ...vocabulary.errors import PathRefused
from ...vocabulary.runs import Phase
from ...vocabulary.sanitize import one_line
from ..desk import Desk
from ..watch import artefact_files, witness_files, written_files
from .charts import DRAWS, RANKS, Chart

LONGEST_CPU_S, LONGEST_WALL_S = 20, 40.0
"""Somebody waits for the picture; the verdict may take longer."""
SAME_END_S = 1.0
"""A file may be closed a moment after the run's end was seen."""
MOST_KEPT = 32
LASTING = ("damaged", "unsupported", "too large")
"""Why a file cannot be drawn as long as it stays the same; memory, time and libraries may be there the next time."""
_SUFFIXES = (".nc", ".nc4", ".h5", ".hdf5", ZARR)
_OTHER = "{} is not the file that this run left: it {}."
_BY_TIME = "Taken for the run's by the time of its last change: it could not be held against a seal."
Key = tuple[str, int, int, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The pictures of one trace.

    :ivar path: of the trace, relative to the workspace; empty where the run left none.
    :ivar said: how it is known to be the run's; what was not drawn, and why.
    """

    path: str = ""
    charts: tuple[Chart, ...] = ()
    said: tuple[str, ...] = ()


class Chains:
    """Remembers what was drawn of each file as long as it stays the same; reads one at a time."""

    def __init__(self) -> None:
        self._kept: dict[Key, Drawn] = {}
        self._digest: tuple[Key, str | None] | None = None
        self._reading = threading.Lock()

    def of(self, desk: Desk, run: Run) -> Drawn:
        """Return the pictures of the trace that a run left; blocks while it is hashed and read."""
        path = trace_of(desk, run)
        if not path:
            return Drawn()
        try:
            descriptor = _opened(desk, path)
        except PathRefused as refusal:
            return Drawn(path=path, said=(refusal.what,))
        with closing(descriptor) as file:
            size, changed_at = artefact_files.size_and_time(file)
            key = (run.id, os.fstat(file).st_ino, size, changed_at)
            with self._reading:
                return self._kept.get(key) or self._drawn(desk, run, path, file, key)

    def _drawn(self, desk: Desk, run: Run, path: str, file: int, key: Key) -> Drawn:
        other, known_by = self._whose(desk, run, path, file, key)
        if other:
            return self._keep(key, Drawn(path=path, said=(_OTHER.format(one_line(path, 120), other),)))
        limits = artefact_files.limits(desk)
        bounded = replace(limits, cpu_s=min(limits.cpu_s, LONGEST_CPU_S), wall_s=min(limits.wall_s, LONGEST_WALL_S))
        found = draw_chains(file, posixpath.basename(path), bounded)
        if not isinstance(found, ChainFacts):
            none = Drawn(path=path, said=(known_by, f"Not inspected: {one_line(found.reason, 300)}"))
            return self._keep(key, none) if found.cause in LASTING else none
        charts = [chart for one in found.shown for chart in _charts(found, one)]
        return self._keep(key, Drawn(path=path, charts=tuple(charts), said=(known_by, *_said(found))))

    def _keep(self, key: Key, made: Drawn) -> Drawn:
        self._kept[key] = made
        while len(self._kept) > MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))
        return made

    def _whose(self, desk: Desk, run: Run, path: str, file: int, key: Key) -> tuple[str, str]:
        """Return why a file is not the one that a run left, else how it is known to be: by the seal, else by time."""
        seal = witness_files.seal(desk, run)
        sealed = seal.files.get(path) if seal is not None else None
        today = self._digest_of(desk, path, file, key) if sealed else None
        if sealed and today:
            other = "" if today == sealed else "has not the digest that the keeper sealed at its end"
            return other, "As the keeper sealed it at the run's end."
        ended_at, changed_at = run.end.ended_at if run.end else None, key[-1]
        if ended_at is not None and changed_at > ended_at + SAME_END_S:
            return "was written after its end", ""
        return "was written before its start" if changed_at < run.at - SAME_END_S else "", _BY_TIME

    def _digest_of(self, desk: Desk, path: str, file: int, key: Key) -> str | None:
        """Return the digest of a file; the newest one is kept: attempts of a model leave theirs at one path."""
        same: Key = (path, *key[1:])
        if self._digest is None or self._digest[0] != same:
            self._digest = (same, artefact_files.digest(desk, path, file))
        return self._digest[1]


LEFT = Chains()
"""What was drawn for agents by this process: reading a trace takes seconds."""


def trace_of(desk: Desk, run: Run) -> str:
    """Return where the trace lies that an ended run left; empty where its model and results are none."""
    if run.end is None:
        return ""
    models = [written_files.model(desk, run), *desk.workspace.models_there(run.model)]
    left = [*(models if run.phase is Phase.FULL else ()), written_files.results(desk, run)]
    return next((one for one in left if one.endswith(_SUFFIXES) and desk.workspace.is_taken(one)), "")


def _opened(desk: Desk, path: str) -> int:
    folder = path.endswith(ZARR) and desk.workspace.has_folder(path)
    return desk.workspace.open_folder_beneath(path) if folder else desk.workspace.open_beneath(path, os.O_RDONLY)


def _charts(found: ChainFacts, one: ParameterChains) -> Iterator[Chart]:
    rhat = "" if one.rhat is None else f", R-hat {one.rhat:.3f}"
    name = one_line(one.name, 40)
    yield Chart(
        title=f"{name}: draws{rhat}",
        x_name=DRAWS,
        x=[float(place) for place in found.at],
        series=[(f"chain {number}", list(draws)) for number, draws in enumerate(one.chains)],
    )
    parts = [100 * (part + 0.5) / BINS for part in range(BINS)]
    yield Chart(
        title=f"{name}: ranks",
        x_name=RANKS,
        x=parts,
        series=[(f"chain {number}", _floats(counts)) for number, counts in enumerate(one.ranks)],
        unit="draws in each twentieth",
    )


def _floats(counts: Sequence[int]) -> list[float | None]:
    return [float(one) for one in counts]


def _said(found: ChainFacts) -> Iterator[str]:
    kept = len(found.shown[0].chains) if found.shown else 0
    if not found.shown:
        yield "The trace holds no draws."
    elif len(found.shown) < found.parameters:
        yield f"The {len(found.shown)} of {found.parameters} parameters that mixed worst."
    if kept < found.chains:
        yield f"The first {kept} of {found.chains} chains; ranks are among all of them."
    if len(found.at) < found.draws:
        yield f"{len(found.at)} of {found.draws} draws of each chain are drawn; ranks count all."
    yield from (one_line(one, 300) for one in found.notes)
