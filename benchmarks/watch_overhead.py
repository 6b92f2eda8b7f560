"""Wall time and CPU time of a CPU-bound training under a keeper, against the same started as with `nohup python`.

    python benchmarks/watch_overhead.py [--pairs 3] [--seconds 20]

The two take turns in going first, so that a busy machine disturbs both; the median of the pairwise ratios counts. Both
are measured from the launch until the end is known: by wait() for the plain one, by the exit record for ours. The CPU
time is what a busy machine disturbs least; the keeper's own is measured by keeper_cost.py.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from common import Figure, fresh_folder, load, show, until_unkept
from keeper_cost import launched
from watchkeeper.server.runtime.keeper import records
from watchkeeper.server.runtime.run_directory import judge, read_facts

BUDGET = 1.01
LOOP = """
import sys
x = 0
for i in range(int(sys.argv[1])):
    x = (x * 31 + i) % 1000003
    if i % 1000000 == 0:
        print(i, x)
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """What one training took: wall time from its launch until its end is known, and CPU time of all its processes."""

    wall_s: float
    cpu_s: float


Pair = tuple[Spent, Spent]
"""The plain loop, and ours."""


def rounds_for(seconds: float) -> int:
    """Return how many rounds of the loop take about so long here."""
    rounds = 2_000_000
    with fresh_folder() as folder:
        return int(rounds * seconds / plain(folder, rounds).wall_s)


def plain(folder: Path, rounds: int) -> Spent:
    """Run the loop in a session of its own, its output in a file."""
    began = time.perf_counter()
    with (folder / "plain.log").open("wb") as log:
        process = subprocess.Popen(
            command(rounds), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        _, status, used = os.wait4(process.pid, 0)
    taken_s = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"the loop failed: {process.returncode}")
    return Spent(taken_s, used.ru_utime + used.ru_stime)


def kept(folder: Path, rounds: int) -> Spent:
    """Run the loop under a keeper."""
    began = time.perf_counter()
    run_dir = launched(folder, command(rounds))
    while not (run_dir / records.EXIT).exists():
        time.sleep(0.005)
    taken_s = time.perf_counter() - began
    end = records.read(run_dir / records.EXIT)
    if records.whole(end, "exit_code") != 0:
        raise RuntimeError(f"the loop failed: {end}")
    until_unkept(run_dir)
    return Spent(taken_s, judge(read_facts(run_dir)).cpu_s or 0.0)


def command(rounds: int) -> list[str]:
    """Return how the loop is run."""
    return [sys.executable, "-u", "-c", LOOP, str(rounds)]


def main() -> int:
    """Measure the pairs and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    rounds = rounds_for(given.seconds)
    pairs = [pair(rounds, ours_first=bool(number % 2)) for number in range(given.pairs)]
    ratios = sorted(ours.wall_s / theirs.wall_s for theirs, ours in pairs)
    fastest = min(ours.wall_s for _, ours in pairs) / min(theirs.wall_s for theirs, _ in pairs)
    print(load(), "- all ratios:", *(f"{one:.3f}" for one in ratios), f"- fastest against fastest: {fastest:.4f}")
    return show([wall_time(pairs), cpu_time(pairs)])


def wall_time(pairs: Sequence[Pair]) -> Figure:
    """Return by how much a training takes longer under a keeper."""
    ratio = median(ours.wall_s / theirs.wall_s for theirs, ours in pairs)
    reference = f"plain {median(theirs.wall_s for theirs, _ in pairs):.2f} s"
    return Figure("training under a keeper", ratio, "times", BUDGET, reference, ratio)


def cpu_time(pairs: Sequence[Pair]) -> Figure:
    """Return how much more CPU time a training uses under a keeper."""
    ratio = median(ours.cpu_s / theirs.cpu_s for theirs, ours in pairs)
    reference = f"plain {median(theirs.cpu_s for theirs, _ in pairs):.2f} s"
    return Figure("training under a keeper, its CPU time", ratio, "times", None, reference, ratio)


def pair(rounds: int, *, ours_first: bool) -> Pair:
    """Return the plain loop and ours, run one after the other."""
    with fresh_folder() as folder:
        if ours_first:
            ours = kept(folder, rounds)
            return plain(folder, rounds), ours
        return plain(folder, rounds), kept(folder, rounds)


if __name__ == "__main__":
    sys.exit(main())
