"""Wall time of a CPU-bound training under a keeper, against the same started as with `nohup python`.

    python benchmarks/watch_overhead.py [--pairs 3] [--seconds 20]

The two take turns, so that a busy machine disturbs both; the median of the pairwise ratios counts. Both are measured from
the launch until the end is known: by wait() for the plain one, by the exit record for ours.
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
from watchkeeper.server.keeper import records

BUDGET = 1.01
LOOP = "import sys\nx = 0\nfor i in range(int(sys.argv[1])):\n    x = (x * 31 + i) % 1000003\n    if i % 1000000 == 0: print(i, x)"


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
    plain: list[float] = []
    kept: list[float] = []
    for _ in range(given.pairs):
        with tempfile.TemporaryDirectory() as folder:
            plain.append(plain_s(Path(folder), rounds))
            kept.append(kept_s(Path(folder), rounds))
    ratio = median(ours / theirs for ours, theirs in zip(kept, plain, strict=True))
    print(load())
    return show(
        [
            Figure("training under a keeper", ratio, "times", BUDGET, f"plain {median(plain):.2f} s", ratio),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
