"""What a run did on GPUs, from samples of the boards and of its processes on them. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

BUSY_PERCENT = 5.0
"""Utilisation from which on a sample counts as work; a context that only lies there has 0."""
BROKEN = frozenset({48, 61, 62, 63, 64, 74, 79, 92, 94, 95, 119, 120, 140})
"""Xids of hardware, driver and firmware in NVIDIA's catalogue; others (13, 31, 43 …) are mostly the program's own."""


class GpuState(StrEnum):
    """Whether GPUs were looked at."""

    SAMPLED = "sampled"
    NONE = "none"
    OFF = "off"
    AMD = "amd"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One GPU at one moment; None is what its driver did not say. `energy_mj` counts up, in millijoules."""

    index: int
    percent: float | None = None
    used_bytes: int | None = None
    energy_mj: int | None = None
    power_mw: int | None = None
    lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OnBoard:
    """One of the run's processes on one GPU; `percent` is its own utilisation, None where nobody tells it apart."""

    pid: int
    index: int
    memory_bytes: int | None = None
    percent: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuSample:
    """One look at all GPUs.

    :ivar ours: processes of the run. `others` counts those of others by GPU.
    :ivar unknown: processes on them whose pids are not of this system: it looks out of a container.
    """

    at: float
    boards: tuple[Board, ...] = ()
    ours: tuple[OnBoard, ...] = ()
    others: tuple[int, ...] = ()
    unknown: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Xid:
    """An error that the driver told of a GPU: its code (NVIDIA's XID catalogue) and when."""

    at: float
    index: int
    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuUse:
    """What the samples of a run amount to. Shares are of all samples, 0 to 1.

    :ivar why: why nothing was sampled.
    :ivar names: the GPUs there are.
    :ivar on_share: a process of the run held a GPU; `busy_share`: and it worked, as far as that can be told.
    :ivar percent: mean utilisation while it held one; None where it never did, or nobody told.
    :ivar peak_bytes: the most memory that its processes held; `full`: a GPU that it held was full to 98 percent.
    :ivar energy_j: of the boards while it held them, whoever else used them too; None where they do not tell.
    :ivar untold: whether pids of a container's outside kept its processes from being told.
    :ivar asked: where the run asked for a GPU: its environment, or places in its sources; empty where it did not.
    """

    state: GpuState
    why: str = ""
    names: tuple[str, ...] = ()
    samples: int = 0
    on_share: float = 0.0
    busy_share: float = 0.0
    percent: float | None = None
    peak_bytes: int = 0
    full: bool = False
    lost: bool = False
    energy_j: float | None = None
    untold: bool = False
    xids: tuple[Xid, ...] = ()
    asked: tuple[str, ...] = field(default=())

    @property
    def sampled(self) -> bool:
        """Whether there are samples to go by."""
        return self.state is GpuState.SAMPLED and self.samples > 0


def use_of(
    samples: Sequence[GpuSample], names: Sequence[str], totals: Sequence[int | None], xids: Sequence[Xid]
) -> GpuUse:
    """Return what samples amount to.

    :param totals: memory of each GPU in bytes, by its index.
    """
    on = [one for one in samples if one.ours]
    worked = [(one, percent) for one in on if (percent := _percent(one)) is not None]
    count = max(1, len(samples))
    return GpuUse(
        state=GpuState.SAMPLED,
        names=tuple(names),
        samples=len(samples),
        on_share=len(on) / count,
        busy_share=sum(percent >= BUSY_PERCENT for _, percent in worked) / count,
        percent=sum(percent for _, percent in worked) / len(worked) if worked else None,
        peak_bytes=max((sum(each.memory_bytes or 0 for each in one.ours) for one in on), default=0),
        full=any(_full(one, totals) for one in on),
        lost=any(board.lost for one in samples for board in one.boards),
        energy_j=_energy_j(samples),
        untold=any(one.unknown for one in samples) and not on,
        xids=tuple(xids),
    )


def together(uses: Sequence[GpuUse]) -> GpuUse:
    """Return what a run did on the GPUs of all its nodes: shares and means over all samples, the rest summed up.

    Where one node was not sampled, nothing is known of the run as a whole.
    """
    lacking = next((one for one in uses if not one.sampled), None)
    if len(uses) == 1 or lacking is not None:
        return lacking or uses[0]
    count = sum(one.samples for one in uses)
    worked = [(one.percent, one.on_share * one.samples) for one in uses if one.percent is not None]
    weight = sum(share for _, share in worked)
    spent = [one.energy_j for one in uses if one.energy_j is not None]
    return GpuUse(
        state=GpuState.SAMPLED,
        names=tuple(name for one in uses for name in one.names),
        samples=count,
        on_share=sum(one.on_share * one.samples for one in uses) / count,
        busy_share=sum(one.busy_share * one.samples for one in uses) / count,
        percent=sum(percent * share for percent, share in worked) / weight if weight else None,
        peak_bytes=sum(one.peak_bytes for one in uses),
        full=any(one.full for one in uses),
        lost=any(one.lost for one in uses),
        energy_j=sum(spent) if spent else None,
        untold=any(one.untold for one in uses),
        xids=tuple(xid for one in uses for xid in one.xids),
    )


def _percent(sample: GpuSample) -> float | None:
    """Return the run's utilisation on the GPU that it used most; a board's own figure counts where it is alone."""
    found: list[float] = []
    boards = {one.index: one for one in sample.boards}
    for index in {one.index for one in sample.ours}:
        own = [one.percent for one in sample.ours if one.index == index and one.percent is not None]
        board = boards.get(index)
        alone = not (sample.others[index] if index < len(sample.others) else 0) and not sample.unknown
        if own:
            found.append(min(100.0, sum(own)))
        elif alone and board is not None and board.percent is not None:
            found.append(board.percent)
    return max(found, default=None)


def _full(sample: GpuSample, totals: Sequence[int | None]) -> bool:
    held = {one.index for one in sample.ours}
    return any(
        board.index in held
        and board.used_bytes is not None
        and board.index < len(totals)
        and (total := totals[board.index])
        and board.used_bytes >= 0.98 * total
        for board in sample.boards
    )


def _energy_j(samples: Sequence[GpuSample]) -> float | None:
    """Return the energy of the boards between samples in which the run held them; by their power where none counts."""
    found: list[float] = []
    for before, after in itertools.pairwise(samples):
        boards = {one.index: one for one in before.boards}
        for board in after.boards:
            if board.index in {one.index for one in after.ours} and board.index in boards:
                spent = _spent_j(boards[board.index], board, after.at - before.at)
                found += [] if spent is None else [spent]
    return sum(found) if found else None


def _spent_j(before: Board, after: Board, seconds: float) -> float | None:
    if before.energy_mj is not None and after.energy_mj is not None and after.energy_mj >= before.energy_mj:
        return (after.energy_mj - before.energy_mj) / 1000
    return after.power_mw / 1000 * seconds if after.power_mw is not None and seconds > 0 else None
