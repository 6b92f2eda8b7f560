"""What it costs a training to tell its numbers: a call, a draw, and a whole PyMC run with the import hook.

    python benchmarks/probe_cost.py [--pairs 5]

The calls are timed in this process, writing to a temporary folder; the loop's own cost is taken off. The PyMC model is
as small as can be (a draw costs some 100 us), so its ratio is the worst that a sampler will see. Runs with and without
the hook take turns in going first, each in a process of its own; the reference is the same script without the hook, and
the median of the pairwise ratios counts. CPU time is what a busy machine disturbs least.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from common import HEADING, Figure, load, show
from watchkeeper.server.runtime.probe import PATH_FOLDER, probe_environment
from watchkeeper.server.runtime.probe.reading import read_probe

SCRIPT = """
import json, time
import pymc as pm

with pm.Model():
    x = pm.Normal("x", shape=3)
    pm.sample(draws=5, tune=5, chains=1, cores=1, progressbar=False, compute_convergence_checks=False)
    began, began_cpu = time.perf_counter(), time.process_time()
    pm.sample(draws=2000, tune=1000, chains=2, cores=1, random_seed=1, progressbar=False,
              compute_convergence_checks=False)
    print(json.dumps([time.perf_counter() - began, time.process_time() - began_cpu]))
"""
DRAWS = 6000
Call = Callable[[int], object]


def each_us(call: Call, count: int) -> float:
    """Return microseconds per call, the best of five."""
    return min(_spent_s(call, count) - _spent_s(lambda _: None, count) for _ in range(5)) / count * 1e6


def _spent_s(call: Call, count: int) -> float:
    began = time.perf_counter()
    for number in range(count):
        call(number)
    return time.perf_counter() - began


def calls(folder: Path) -> Iterator[Figure]:
    """Time the calls that a script makes."""
    os.environ["WATCHKEEPER_RUN_DIR"] = str(folder)
    sys.path.append(PATH_FOLDER)
    probe: Any = importlib.import_module("watchkeeper_probe")
    stats = [{"diverging": False, "tree_size": 7.0, "step_size": 0.8, "energy": 1.0, "depth": 3}]
    trace = SimpleNamespace(draws=10**9)

    def draw(number: int) -> None:
        probe.pymc_callback(trace, SimpleNamespace(chain=0, draw_idx=number, tuning=False, stats=stats))

    bare = each_us(lambda n: SimpleNamespace(chain=0, draw_idx=n, tuning=False, stats=stats), 20_000)
    throttled = each_us(lambda n: probe.log(step=n, loss=0.5, lr=1e-3), 20_000)
    epochs = each_us(lambda n: probe.log(epoch=n, train_loss=0.5, val_loss=0.6), 2_000)
    yield Figure("log(), a line per 0.2 s", throttled, "us", 10)
    yield Figure("log() of a new epoch, a line each", epochs, "us", 100)
    yield Figure("pymc_callback, per draw", each_us(draw, 20_000) - bare, "us", 5)


def reading() -> Figure:
    """Time the reading of a file as large as the probe lets it become quickly."""
    record = {"at": 1.0, "pid": 1, "epoch": 0, "train_loss": 0.123456789, "val_loss": 0.23456789, "time_s": 1.5}
    data = b"".join(json.dumps({**record, "epoch": epoch}).encode() + b"\n" for epoch in range(50_000))
    began = time.perf_counter()
    assert len(read_probe(data).rows) == 50_000
    return Figure("reading 50,000 epochs", (time.perf_counter() - began) * 1000, "ms")


def sampling(folder: Path, pairs: int) -> Iterator[Figure]:
    """Time a PyMC run with and without the hook."""
    script = folder / "train.py"
    script.write_text(SCRIPT, encoding="utf-8")
    found: dict[bool, list[list[float]]] = {False: [], True: []}
    for pair in range(pairs):
        for hooked in (pair % 2 == 0, pair % 2 == 1):
            found[hooked].append(_run(script, folder, hooked=hooked))
    for place, name in enumerate(("pm.sample, wall", "pm.sample, CPU", "whole script, wall")):
        with_, without = ([run[place] for run in found[hooked]] for hooked in (True, False))
        ratio = statistics.median(a / b for a, b in zip(with_, without, strict=True))
        reference = f"without {statistics.median(without):.3f} s"
        yield Figure(f"{name}, {DRAWS} draws with the hook", statistics.median(with_), "s", None, reference, ratio)


def _run(script: Path, folder: Path, *, hooked: bool) -> list[float]:
    """Return seconds of `pm.sample` by the clock and of CPU, and of the whole script by the clock."""
    flags = f"mode=NUMBA,cxx=,base_compiledir={folder / 'compiled'}"
    env = {**os.environ, "PYTENSOR_FLAGS": flags, "WATCHKEEPER_RUN_DIR": str(folder)}
    env |= probe_environment({}, pymc=hooked)
    (folder / "metrics.jsonl").unlink(missing_ok=True)
    began = time.perf_counter()
    done = subprocess.run([sys.executable, script], env=env, capture_output=True, text=True, check=True)
    whole_s = time.perf_counter() - began
    if hooked and read_probe((folder / "metrics.jsonl").read_bytes()).draws_done != DRAWS:
        raise SystemExit("the hook did not count the draws")
    return [*json.loads(done.stdout), whole_s]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    print(load())
    print(HEADING)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        over = show(calls(folder)) | show([reading()])
        return over | show(sampling(folder, options.pairs))


if __name__ == "__main__":
    sys.exit(main())
