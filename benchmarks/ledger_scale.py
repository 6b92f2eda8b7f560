"""What a poll costs on a record of 10,000 runs and 1 million events: the brief of everything, and one running run.

    python benchmarks/ledger_scale.py [--runs 10000] [--events 1000000] [--polls 200]

The record is made by the chain's own functions and written in one go: every event is hashed and folded as the server
does it. One training really runs, so that a poll reads a run directory and a log besides. Measured is what the server
does for one call, from the arguments to the finished text; the same on a fresh record is the reference.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import anyio
from common import Figure, load, quantile, script, show
from watchkeeper.server.acts.desk import Desk, open_desk
from watchkeeper.server.interfaces.mcp.calling import answered
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.storage.record import Event, Kind, Ledger, SubjectKind
from watchkeeper.server.storage.record.chain import GENESIS, canonical, link
from watchkeeper.server.storage.record.fold import Folded, fold
from watchkeeper.server.vocabulary.runs import Role
from watchkeeper.tools import TOOLS

BUDGET_MS = 20.0
TRAINING = """
import time
print("epoch 1 loss 0.5", flush=True)
time.sleep(3600)
"""
MODELS = 100
FINDINGS = 10
Step = tuple[Kind, str, str, str, dict[str, Any]]


def history(runs: int, events: int) -> Iterator[Step]:
    """Yield (kind, subject, run, model, body): attempts of many models, with findings, reports and answers."""
    chance = random.Random(1)
    repeats = max(0, events // runs - 2 - 2 * FINDINGS)
    for number in range(runs):
        model, attempt = f"m{number % MODELS}", number // MODELS + 1
        run = f"{model}-quick-{attempt}"
        log = f"output/implementation/logs/training_quick_{model}.log"
        start: dict[str, Any] = {
            "phase": "quick",
            "attempt": attempt,
            "log": log,
            "script": "train.py",
            "args": [],
        }
        more = {"code_sha256": "c" * 64, "results": f"output/implementation/data/results_quick_{model}.csv", "by": "x"}
        yield Kind.START, run, run, model, {**start, **more}
        levels = ["failure", *(["flag"] * (FINDINGS - 1))]
        for place, level in enumerate(levels):
            body = {"level": level, "kind": "metric", "message": f"loss rises {place}", "line": place, "log": log}
            yield Kind.SEEN, f"{run}:L{place}", run, model, {**body, "updated_at": 1.0, "text": "x" * 200}
            yield Kind.SETTLED, f"{run}:L{place}", run, model, {**body, "updated_at": 2.0, "text": "x" * 200}
        for _ in range(repeats - 4):
            place = chance.randrange(FINDINGS)
            yield Kind.REPEATED, f"{run}:L{place}", run, model, {"count": chance.randrange(99), "updated_at": 3.0}
        report = f"{model}-r{attempt}"
        about = {
            "finding": f"{run}:L0",
            "run": run,
            "error_type": "data",
            "phase": "quick",
            "deadline_at": 9e9,
            "what_happened": "x",
        }
        yield Kind.REPORT, report, run, model, about
        yield Kind.REPORTED, f"{run}:L0", run, model, {"report": report}
        yield Kind.ANSWER, report, run, model, {"action": "RESTART", "instructions": "mend", "who": "director"}
        yield (Kind.CLOSED if number % 50 else Kind.APPLIED), report, run, model, {"by": "x"}
        end = {"state": "failed", "reason": "", "exit_code": 1, "wall_s": 60.0, "started_at": 1.0, "ended_at": 61.0}
        yield Kind.ENDED, run, run, model, end


def fill(path: Path, runs: int, events: int) -> int:
    """Write a history into a fresh ledger and return the number of its events."""
    Ledger(path).close()
    subjects: dict[tuple[SubjectKind, str], Folded] = {}
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    rows = _rows(history(runs, events), subjects)
    connection.executemany("INSERT INTO chain VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    kept = (
        (s.kind, s.id, s.run, s.model, int(s.open), s.first_seq, s.last_seq, s.at, canonical(s.body))
        for s in subjects.values()
    )
    connection.executemany("INSERT INTO subjects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", kept)
    connection.execute("COMMIT")
    count = int(connection.execute("SELECT count(*) FROM chain").fetchone()[0])
    connection.close()
    with path.open("rb+") as file:
        os.fsync(file.fileno())  # or the disk would still be busy with it while polls are measured
    return count


def _rows(steps: Iterator[Step], subjects: dict[tuple[SubjectKind, str], Folded]) -> Iterator[tuple[Any, ...]]:
    prev, begin = GENESIS, time.time() - 1e6
    for seq, (kind, subject, run, model, body) in enumerate(steps, start=1):
        text, at = canonical(body), begin + seq / 10
        own = link(prev=prev, seq=seq, at=at, kind=kind, subject=subject, run=run, model=model, body=text)
        event = Event(seq=seq, at=at, kind=kind, subject=subject, run=run, model=model, body=body, prev=prev, hash=own)
        key = (kind.subject, subject)
        subjects[key] = fold(subjects.get(key), event)
        yield seq, at, kind, subject, run, model, text, prev, own
        prev = own


async def call(desk: Desk, tool: str, **arguments: object) -> Mapping[str, Any]:
    result = await answered(desk, {one.name: one for one in TOOLS}, tool, arguments)
    if result.is_error or result.structured_content is None:
        raise SystemExit(str(result.content))
    return result.structured_content


async def polled_ms(desk: Desk, polls: int, **arguments: object) -> list[float]:
    """Return the milliseconds of polls without waiting, each with the cursor of the one before."""
    taken: list[float] = []
    cursor = (await call(desk, "poll_training", wait_s=0, **arguments))["cursor"]
    for _ in range(polls):
        begun = time.perf_counter()
        cursor = (await call(desk, "poll_training", wait_s=0, cursor=cursor, **arguments))["cursor"]
        taken.append((time.perf_counter() - begun) * 1e3)
    return taken


async def first_brief_ms(desk: Desk, polls: int) -> list[float]:
    """Return the milliseconds of briefs without a cursor: what a new session asks first."""
    taken: list[float] = []
    for _ in range(polls):
        begun = time.perf_counter()
        await call(desk, "poll_training", wait_s=0)
        taken.append((time.perf_counter() - begun) * 1e3)
    return taken


async def all_ms(folder: Path, polls: int) -> dict[str, list[float]]:
    script(folder, TRAINING)
    trainer = open_desk(Workspace(folder), Role.TRAINER, who="benchmark")
    director = replace(trainer, role=Role.DIRECTOR)
    run = (await call(trainer, "start_training", model="1", phase="quick"))["run"]
    try:
        return {
            "poll of a running run": await polled_ms(trainer, polls, run=run),
            "brief of all, trainer": await polled_ms(trainer, polls),
            "brief of all, director": await polled_ms(director, polls),
            "first brief, no cursor": await first_brief_ms(trainer, polls),
        }
    finally:
        await call(trainer, "stop_training", run=run, reason="measured")


def measured(runs: int, events: int, polls: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as small, tempfile.TemporaryDirectory() as big:
        reference = anyio.run(all_ms, Path(small), polls)
        workspace = Workspace(Path(big))
        workspace.ensure_state()
        begun = time.perf_counter()
        count = fill(workspace.ledger_path, runs, events)
        size = workspace.ledger_path.stat().st_size >> 20
        print(f"# {count} events, {size} MiB, made in {time.perf_counter() - begun:.0f} s", flush=True)
        taken = anyio.run(all_ms, Path(big), polls)
    for name, values in taken.items():
        small_ms = median(reference[name])
        yield Figure(
            f"{name}, p50", median(values), "ms", None, f"fresh record {small_ms:.1f} ms", median(values) / small_ms
        )
        yield Figure(
            f"{name}, p99",
            quantile(values, 0.99),
            "ms",
            BUDGET_MS,
            f"fresh record {quantile(reference[name], 0.99):.1f} ms",
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--polls", type=int, default=200)
    options = parser.parse_args()
    print(f"# {load()}, {options.polls} polls each")
    return show(measured(options.runs, options.events, options.polls))


if __name__ == "__main__":
    sys.exit(main())
