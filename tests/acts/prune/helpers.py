"""Runs that have ended long ago, made by hand: what is on record of them, and the heavy things that they left."""

from __future__ import annotations

import os
import time
from pathlib import Path

from watchkeeper.server.acts.desk import Desk
from watchkeeper.server.storage.record.records import RunEnded, RunStarted, VerdictKept
from watchkeeper.server.vocabulary.runs import Phase, RunState

from ...play import Place

LONG_AGO_S = 100 * 86400.0
LINE = b"epoch 7 loss 0.25\n"


def state(place: Place, *names: str) -> Path:
    return place.root.joinpath(".watchkeeper", *names)


def ended(
    place: Place,
    run: str,
    *,
    code: str = "",
    lines: int = 0,
    outcome: RunState = RunState.COMPLETED,
    verdict: str = "",
    follows: str | None = None,
    resumed: bool = False,
    gpu: str = "",
    ago_s: float = LONG_AGO_S,
    lasted_s: float = 0.0,
) -> str:
    """Put a run on record that began long ago, with what it left; its part of the log has so many lines."""
    model, word, attempt = run.split("-")
    phase, at = Phase(word), time.time() - ago_s
    desk = place.desk()
    snapshot = desk.workspace.store_snapshot(f"print({code or run!r})\n".encode())
    os.utime(state(place, "snapshots", snapshot), (at, at))
    begin, end = _written(place, desk.workspace.log(model, phase), run, lines)
    for name, data in (("witness/1.jsonl", b"{}\n" * 4000), ("usage.jsonl", b"{}\n" * 4000), ("spec.json", b"{}")):
        path = state(place, "runs", run, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    begun = RunStarted(
        phase=phase,
        attempt=int(attempt),
        follows=follows,
        nonce="n",
        gpu=gpu,
        script="train.py",
        sources=(("train.py", snapshot),),
        code_sha256=code or run,
        script_sha256=snapshot,
        env={"WATCHKEEPER_RESUME": "checkpoint" if resumed else "start"},
        log=desk.workspace.log(model, phase),
        results=desk.workspace.results(model, phase),
    )
    with desk.ledger.transaction() as transaction:
        transaction.append(begun, run, run=run, model=model)
        over = RunEnded(
            state=outcome,
            exit_code=0,
            wall_s=7200.0,
            started_at=at,
            ended_at=at + lasted_s,
            log_begin=begin,
            log_end=end,
        )
        transaction.append(over, run, run=run, model=model)
        transaction.keep_metrics(run, [(1, {"loss": 0.25})])
        if verdict:
            transaction.append(VerdictKept(word=verdict), f"{run}-v1", run=run, model=model)
    desk.ledger.close()
    return snapshot


def mark(run: str) -> bytes:
    """Return the line that the keeper writes before an attempt's part of a log."""
    model, phase, attempt = run.split("-")
    return f"=== watchkeeper: attempt {attempt} of {model} {phase}, run {run}, 2026-01-01T00:00:00Z ===\n".encode()


def _written(place: Place, log: str, run: str, lines: int) -> tuple[int, int]:
    path = place.root / log
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(mark(run))
        begin = file.tell()
        file.write(LINE * lines)
        return begin, file.tell()


def checkpoint(place: Place, model: str, phase: str) -> Path:
    path = state(place, "checkpoints", f"{model}-{phase}", "deep", "epoch.pt")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"w" * 20_000)
    return path


def pruned(desk: Desk) -> list[str]:
    return [one.id for one in desk.ledger.runs() if one.pruned is not None]
