"""The verdict on a run that left a results table of 500 MB: seconds, CPU time and the memory of the largest process.

    python benchmarks/large_table.py [--megabytes 500]

The table is written by a training under a keeper, as numbers and as numbers beside a column of words. A copy with `cp`,
which reads and writes the same bytes, is the reference: on a busy machine or a slow disk both take longer.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from common import Figure, fresh_folder, load, script, show, until_unkept

WITHIN_S, WITHIN_MB = 15.0, 300.0
WRITES = """
import os, pathlib, random, sys
path = pathlib.Path(os.environ["WATCHKEEPER_RESULTS"])
path.parent.mkdir(parents=True, exist_ok=True)
random.seed(1)
words = ["cod", "haddock", "none of these"] if {words} else []
rows = (f"{{i}},{{random.gauss(0, 1):.6f}},{{random.gauss(5, 2):.6f}},{{random.random():.8f}}" for i in range(100_000))
block = "".join(f"{{row}},{{random.choice(words)}}\\n" if words else f"{{row}}\\n" for row in rows)
with open(path, "w") as file:
    file.write("id,mu,sigma,share,species\\n" if words else "id,mu,sigma,share\\n")
    for _ in range({megabytes} * 1_000_000 // len(block) + 1):
        file.write(block)
"""


def measured(megabytes: int) -> Iterator[Figure]:
    for what, words in (("numbers", False), ("words", True)):
        with fresh_folder() as folder:
            table = trained(folder, megabytes, words=words)
            wall_s, cpu_s = spent(folder)
            reference_s = copied(table)
        name = f"verdict on {megabytes} MB of {what}"
        yield Figure(name, wall_s, "s", WITHIN_S, f"cp {reference_s:.2f} s", wall_s / reference_s)
        yield Figure(f"{name}, CPU time", cpu_s, "s")
    largest_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    yield Figure("largest process", largest_mb, "MB", WITHIN_MB)


def command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "watchkeeper.server", "--workspace", str(folder), *words]


def trained(folder: Path, megabytes: int, *, words: bool) -> Path:
    """Have a run write the table, and return where it lies."""
    script(folder, WRITES.format(megabytes=megabytes, words=words))
    for said in (["start", "1", "quick"], ["poll", "1-quick-1", "--until", "event", "--wait", "300"]):
        subprocess.run(command(folder, *said), stdout=subprocess.DEVNULL, check=True)
    until_unkept(folder)
    return next((folder / "output/implementation/data").glob("results*"))


def spent(folder: Path) -> tuple[float, float]:
    """Compute the verdict and return what that took: wall time, and CPU time with its readers."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command(folder, "verify", "1-quick-1", "--all"), capture_output=True, text=True, check=True)
    wall_s, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if "artefact results" not in done.stdout or "not inspected" in done.stdout.partition("artefact results")[2][:60]:
        raise SystemExit(f"the table was not read:\n{done.stdout}")
    return wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def copied(table: Path) -> float:
    begun = time.perf_counter()
    subprocess.run(["cp", str(table), os.fspath(table) + ".copy"], check=True)
    return time.perf_counter() - begun


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=500)
    options = parser.parse_args()
    print(f"# {load()}")
    return show(measured(options.megabytes))


if __name__ == "__main__":
    sys.exit(main())
