"""A budget that is used up stays so, and the best attempt stays the best, when the evidence of both is given up."""

from __future__ import annotations

import json

from watchkeeper.server.acts.desk import Desk
from watchkeeper.server.acts.prune import prune
from watchkeeper.server.acts.prune.plan import Wanted
from watchkeeper.server.acts.start import spending
from watchkeeper.server.acts.watch import attempts
from watchkeeper.server.analysis.curves.attempts import Comparison

from ...play import Place
from .helpers import checkpoint, ended, pruned, state

BUDGET = """
[budget]
model_attempts_without_improvement = 3
gpu_hours = 1.5
model_gpu_hours = 1.5
"""
BEGIN = {"at": 1.0, "version": 1, "nonce": "n", "boards": [{"name": "A", "memory_bytes": 100}], "driver": "1"}
LOOK = {"at": 2.0, "boards": [{"percent": 90}], "run": [{"pid": 4, "gpu": 0, "memory_bytes": 60, "percent": 90}]}


def story(place: Place) -> Desk:
    """Four attempts: the first is the best, and worked on a GPU for its two hours."""
    place.policy(BUDGET)
    for number in range(1, 5):
        ended(place, f"1-full-{number}", verdict="APPROVE", gpu="sampled" if number == 1 else "none")
    told = "".join(json.dumps(one) + "\n" for one in (BEGIN, LOOK))
    state(place, "runs", "1-full-1", "gpu.jsonl").write_text(told)
    checkpoint(place, "1", "full")
    desk = place.desk()
    with desk.ledger.transaction() as record:
        for number in range(1, 5):
            rows = [
                (epoch, {"epoch": float(epoch), "val_loss": number / 10 + (epoch % 3) / 1000}) for epoch in range(99)
            ]
            record.keep_metrics(f"1-full-{number}", rows)
    return desk


def seen(desk: Desk) -> tuple[list[str], Comparison]:
    return list(spending.exceeded(desk, "1")), attempts.compared(desk, "1")


def test_budgets_and_the_comparison_of_attempts_say_the_same_before_and_after(place: Place) -> None:
    desk = story(place)
    before = seen(desk)
    assert [one.split(" is ")[0].split()[-1] for one in before[0]] == [
        "model_gpu_hours", "gpu_hours", "model_attempts_without_improvement",
    ]  # fmt: skip
    assert before[1].ranked[0].run == "1-full-1"
    prune.prune(desk, Wanted())
    assert pruned(desk) == ["1-full-1", "1-full-2", "1-full-3", "1-full-4"]  # of the last one the checkpoints alone
    assert not state(place, "runs", "1-full-1", "gpu.jsonl").exists()
    assert desk.ledger.metric_rows("1-full-1") == []
    assert seen(desk) == before
    ended(place, "1-full-5", verdict="APPROVE")
    before = seen(desk)
    prune.prune(desk, Wanted())  # now the evidence of the fourth as well, which was pruned once before
    assert seen(desk) == before
    assert desk.ledger.broken() == []
    desk.ledger.close()
