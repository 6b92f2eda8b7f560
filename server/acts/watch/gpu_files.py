"""What the GPUs' helper left of a run: for the verdict, for the watch, for a poll's numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ...analysis.evidence.gpu_use import BROKEN, GpuState, GpuUse
from ...runtime.gpu import reading
from ...runtime.run_directory import RunStatus
from ...storage.record import Run
from ...storage.record.records import FindingSeen
from ...vocabulary.errors import PathRefused
from ...vocabulary.runs import ErrorType, Level
from ...vocabulary.runs import Finding as Noticed
from ..desk import Desk

VARIABLE = "CUDA_VISIBLE_DEVICES"
_NONE = frozenset({"", "-1", "NoDevFiles", "none", "void"})
_LONGEST_SOURCE_BYTES = 4 << 20
_ASKS = re.compile(
    r"""\.cuda\(\)                                                        # torch
      | ["'](?:cuda|gpu)(?::\d+)?["']                                     # device="cuda:0", accelerator="gpu"
      | ["']gpu_hist["']                                                  # XGBoost before 2
      | \bdevice_map\s*=""",
    re.VERBOSE,
)
_CHOOSES = re.compile(r"is_available|device_count|list_physical_devices|list_logical_devices|default_backend")
"""A source that looks whether there is one goes on without, and asks for none."""


def used(desk: Desk, run: Run) -> GpuUse | None:
    """Return what a run did on GPUs, with what asked for one; None where its start did not note any."""
    found = reading.use(desk.workspace.run_dir(run.id), run.nonce, run.gpu)
    return None if found is None else replace(found, asked=tuple(_asked(desk, run)))


def busy_s(desk: Desk, run: Run) -> float | None:
    """Return how long a run that ended worked on a GPU; None where nobody sampled that."""
    if run.pruned is not None and run.pruned.gpu_s is not None:
        return run.pruned.gpu_s
    found = reading.use(desk.workspace.run_dir(run.id), run.nonce, run.gpu) if run.end is not None else None
    return run.end.wall_s * found.busy_share if run.end is not None and found is not None else None


def _asked(desk: Desk, run: Run) -> Iterator[str]:
    """Yield where a run asks for a GPU: its environment, lines of sources that do not look whether there is one."""
    visible = run.env.get(VARIABLE, "")
    if visible.strip() not in _NONE:
        yield f"{VARIABLE}={visible[:40]}"
    elif VARIABLE in run.env:
        return  # it was kept from all of them
    for path, digest in run.sources:
        try:
            source = desk.workspace.snapshot(digest, _LONGEST_SOURCE_BYTES).decode("utf-8", "replace")
        except PathRefused:
            continue
        if _CHOOSES.search(source):
            continue
        for number, line in enumerate(source.splitlines(), start=1):
            if _ASKS.search(line.partition("#")[0]):
                yield f"{path}:{number}"


def numbers(desk: Desk, run: Run) -> dict[str, float]:
    """Return the newest figures of a run that goes on: percent used and gigabytes held; empty where it is on no GPU."""
    if run.gpu != GpuState.SAMPLED:
        return {}
    found = reading.newest(desk.workspace.run_dir(run.id))
    if found is None or not found.ours:
        return {}
    held = sum(one.memory_bytes or 0 for one in found.ours)
    boards = {one.index for one in found.ours}
    percents = [one.percent for one in found.boards if one.index in boards and one.percent is not None]
    return {**({"gpu_percent": max(percents)} if percents else {}), "gpu_gb": round(held / 1e9, 1)}


def update(desk: Desk, run: Run, status: RunStatus) -> None:
    """Record each kind of error that the driver told of a GPU while the run was on this machine, once."""
    if run.gpu != GpuState.SAMPLED or not status.state.running:
        return
    for one in {(each.code, each.index): each for each in reading.errors(desk.workspace.run_dir(run.id))}.values():
        finding = f"{run.id}:xid-{one.code}-{one.index}"
        if desk.ledger.finding(finding) is not None:
            continue
        broken = one.code in BROKEN
        what = "an error of hardware or driver" if broken else "mostly an error of the program that used it"
        noticed = Noticed(
            kind="gpu",
            level=Level.FLAG,
            type=ErrorType.INFRASTRUCTURE,
            message=f"GPU {one.index} told Xid {one.code}, {what}.",
            fingerprint=f"xid:{one.code}:{one.index}",
            advice="Look the Xid up in NVIDIA's catalogue.",
        )
        with desk.ledger.transaction() as transaction:
            if transaction.finding(finding) is None:
                event = FindingSeen.of(noticed, log=run.log, updated_at=desk.clock())
                transaction.append(event, finding, run=run.id, model=run.model)
