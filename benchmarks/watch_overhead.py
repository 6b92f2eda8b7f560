"""Wall time of a CPU-bound training under a keeper, against the same started as with `nohup python`.

    python benchmarks/watch_overhead.py [--pairs 3] [--seconds 20]

The two take turns in going first, so that a busy machine disturbs both; the median of the pairwise ratios counts. Both
are measured from the launch until the end is known: by wait() for the plain one, by the exit record for ours.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from common import Figure, load, show
from keeper_cost import launched
from watchkeeper.server.runtime.keeper import records

BUDGET = 1.01
LOOP = """
import sys
x = 0
for i in range(int(sys.argv[1])):
    x = (x * 31 + i) % 1000003
    if i % 1000000 == 0:
        print(i, x)
"""


def rounds_for(seconds: float) -> int:
    """Return how many rounds of the loop take about so long here."""
    rounds = 2_000_000
    with tempfile.TemporaryDirectory() as folder:
        return int(rounds * seconds / plain_s(Path(folder), rounds))


def plain_s(folder: Path, rounds: int) -> float:
    """Return the wall time of the loop in a session of its own, its output in a file."""
    began = time.perf_counter()
    with (folder / "plain.log").open("wb") as log:
        command = [sys.executable, "-u", "-c", LOOP, str(rounds)]
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, check=True)
    return time.perf_counter() - began


def kept_s(folder: Path, rounds: int) -> float:
    """Return the wall time of the loop under a keeper."""
    began = time.perf_counter()
    run_dir = launched(folder, [sys.executable, "-u", "-c", LOOP, str(rounds)])
    while not (run_dir / records.EXIT).exists():
        time.sleep(0.005)
    taken_s = time.perf_counter() - began
    end = records.read(run_dir / records.EXIT)
    if records.whole(end, "exit_code") != 0:
        raise RuntimeError(f"the loop failed: {end}")
    return taken_s


def main() -> int:
    """Measure the pairs and print the median."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    rounds = rounds_for(given.seconds)
    pairs = [pair(rounds, ours_first=bool(number % 2)) for number in range(given.pairs)]
    ratios = sorted(ours_s / theirs_s for theirs_s, ours_s in pairs)
    fastest = min(ours_s for _, ours_s in pairs) / min(theirs_s for theirs_s, _ in pairs)
    print(load(), "- all ratios:", *(f"{one:.3f}" for one in ratios), f"- fastest against fastest: {fastest:.4f}")
    reference = f"plain {median(theirs_s for theirs_s, _ in pairs):.2f} s"
    return show([Figure("training under a keeper", median(ratios), "times", BUDGET, reference, median(ratios))])


def pair(rounds: int, *, ours_first: bool) -> tuple[float, float]:
    """Return the wall times of the plain loop and of ours, run one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        if ours_first:
            ours_s = kept_s(Path(folder), rounds)
            return plain_s(Path(folder), rounds), ours_s
        return plain_s(Path(folder), rounds), kept_s(Path(folder), rounds)


if __name__ == "__main__":
    sys.exit(main())
