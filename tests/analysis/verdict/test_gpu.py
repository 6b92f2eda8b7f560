"""What a verdict says of GPUs: asked for and never used, held and idle, broken; and when their work counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from watchkeeper.server.analysis.evidence.gpu_use import Board, GpuSample, GpuState, GpuUse, OnBoard, Xid, use_of
from watchkeeper.server.analysis.evidence.usage import Usage
from watchkeeper.server.analysis.evidence.words import Outcome, Word
from watchkeeper.server.analysis.verdict.effort import effort, intensity
from watchkeeper.server.analysis.verdict.gpu import gpu

from ..evidence.facts import HONEST, RULES, spoilt

WORKED = GpuUse(
    state=GpuState.SAMPLED, names=("H100",), samples=10, on_share=1.0, busy_share=0.9, percent=70.0, energy_j=3600.0
)
NEVER = GpuUse(state=GpuState.SAMPLED, names=("H100",), samples=10)
ASKED = ("model_1.py:12",)


def look(
    at: float,
    percent: float | None = 50.0,
    *,
    on: bool = True,
    own: float | None = None,
    others: int = 0,
    unknown: int = 0,
) -> GpuSample:
    board = Board(index=0, percent=percent, used_bytes=50, energy_mj=int(at * 1000), power_mw=1000)
    ours = (OnBoard(pid=1, index=0, memory_bytes=40, percent=own),) if on else ()
    return GpuSample(at=at, boards=(board,), ours=ours, others=(others,), unknown=unknown)


def test_samples_amount_to_shares_memory_and_energy() -> None:
    found = use_of([look(0, on=False), look(1), look(2, 0.0), look(3, on=False)], ["A"], [100], [])
    assert (found.on_share, found.busy_share, found.percent, found.peak_bytes) == (0.5, 0.25, 25.0, 40)
    assert (found.energy_j, found.full, found.untold) == (2.0, False, False)


@pytest.mark.parametrize(
    ("sample", "percent"),
    [
        (look(0, 90.0, own=30.0), 30.0),
        (look(0, 90.0, others=1), None),
        (look(0, 90.0, unknown=1), None),
        (look(0, 90.0), 90.0),
        (look(0, None), None),
    ],
)
def test_a_boards_figure_counts_only_where_the_run_is_alone_on_it(sample: GpuSample, percent: float | None) -> None:
    assert use_of([sample], ["A"], [100], []).percent == percent


def test_a_container_that_hides_pids_is_said_and_accuses_nobody() -> None:
    hidden = use_of([look(at, on=False, unknown=1) for at in range(5)], ["A"], [100], [])
    check = gpu(spoilt(gpu=replace(hidden, asked=ASKED)))
    assert check is not None
    assert check.outcome is Outcome.PASSED
    assert "outside of its container" in check.evidence


@pytest.mark.parametrize(
    ("use", "outcome", "code", "words"),
    [
        (GpuUse(state=GpuState.NONE), Outcome.PASSED, "", "no GPU on this machine"),
        (GpuUse(state=GpuState.NONE, asked=ASKED), Outcome.PASSED, "", "asked for by model_1.py:12 (read)"),
        (GpuUse(state=GpuState.OFF), Outcome.NOT_INSPECTED, "", "gpu is off"),
        (GpuUse(state=GpuState.AMD), Outcome.NOT_INSPECTED, "", "ROCm"),
        (
            GpuUse(state=GpuState.FAILED, why="pip install 'watchkeeper[gpu]'"),
            Outcome.NOT_INSPECTED,
            "",
            "GPU not inspected: pip install 'watchkeeper[gpu]'",
        ),
        (NEVER, Outcome.PASSED, "", "not used in 10 samples"),
        (replace(NEVER, asked=ASKED), Outcome.FAILED, "gpu_never_used", "no process of the run was ever on one"),
        (replace(NEVER, asked=ASKED, samples=2), Outcome.PASSED, "", "not used in 2 samples"),
        (WORKED, Outcome.PASSED, "", "worked in 90%, 70% used, 1 Wh"),
        (replace(WORKED, asked=ASKED), Outcome.PASSED, "", "worked in 90%"),
        (replace(WORKED, busy_share=0.01, percent=1.0), Outcome.PASSED, "", "held and left idle"),
        (replace(WORKED, xids=(Xid(at=1, index=0, code=31),)), Outcome.PASSED, "", "Xid 31 on GPU 0"),
        (replace(WORKED, xids=(Xid(at=1, index=0, code=79),)), Outcome.FAILED, "gpu_error", "Xid 79"),
        (replace(WORKED, full=True, lost=True), Outcome.PASSED, "", "memory full, a GPU was lost"),
    ],
)
def test_what_is_said_of_gpus(use: GpuUse, outcome: Outcome, code: str, words: str) -> None:
    check = gpu(spoilt(gpu=use))
    assert check is not None
    assert (check.outcome, check.code) == (outcome, code)
    assert words in check.evidence
    assert check.word is (Word.INVESTIGATE if code else None)


def test_a_start_that_noted_nothing_has_no_row() -> None:
    assert gpu(HONEST) is None


WAITED = Usage(sampled_s=100.0, idle_share=0.95, silent_share=0.0, cores=(0.0,) * 10, cpu_s=1.0)


@pytest.mark.parametrize(
    ("use", "guard", "passes"),
    [(WORKED, "on", True), (WORKED, "off", False), (replace(WORKED, busy_share=0.2), "on", False), (None, "on", False)],
)
def test_work_on_a_gpu_counts_as_work_where_the_training_could_not_write_the_samples(
    use: GpuUse | None, guard: str, passes: bool
) -> None:
    found = replace(spoilt(gpu=use, guard=guard), usage=WAITED, cpu_s=1.0, wall_s=100.0)
    check = effort(found, RULES, {})
    assert (check.outcome is Outcome.PASSED) is passes
    assert ("a GPU worked for 90% of it" in check.evidence) is passes
    assert intensity(found) == ("High" if passes else "Low")
