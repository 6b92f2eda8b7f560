"""What a run costs on Ray, beside the same run on this machine: `python -P benchmarks/ray_costs.py`.

Brings up a Ray of its own (from PyPI, once). Prints seconds from a start to the first line of the log that a look has
read, milliseconds of one look at 1, 100 and 1,000 queued jobs, memory of waiter and keeper. Slurm's: slurm_costs.py.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from slurm_costs import TRIES, first_line_s
from watchkeeper.server.runtime.engines.ray_head import Head

from tests.ray import Ray, ray, why_not


def policy(address: str) -> str:
    """Return a policy whose runs go to a Ray."""
    return f'[engine]\nkind = "ray"\naddress = "{address}"\nlook_s = 1.0\n'


def question_ms(cluster: Ray, queued: int) -> float:
    """Return the median time of what a look asks while so many jobs wait."""
    names = {f"wk-00000000-{number}" for number in range(queued)}
    for name in sorted(names.difference(cluster.names())):
        cluster.submit(name, "exec true", entrypoint_num_cpus=64)
    assert names <= set(cluster.names()), "Ray has not taken them all"
    head, taken = Head(cluster.address), list[float]()
    for _ in range(10):
        begun = time.monotonic()
        head.about()
        head.jobs()
        head.cluster()
        taken.append((time.monotonic() - begun) * 1000)
    return statistics.median(taken)


def main() -> None:
    """Measure and print."""
    if reason := why_not():
        print(f"skipped: {reason}")
        return
    with tempfile.TemporaryDirectory() as made, ray() as cluster:
        for name, text in (("local", ""), ("ray", policy(cluster.address))):
            rows = [first_line_s(Path(made) / f"{name}{one}", text) for one in range(TRIES)]
            median_s = statistics.median(row[0] for row in rows)
            sizes = f"keeper {rows[0][1] >> 10} KiB, waiter {rows[0][2] >> 10} KiB"
            print(f"{name}: first line after {median_s:.2f} s, {sizes}", flush=True)
        for queued in (1, 100, 1000):
            print(f"one look with {queued} jobs queued: {question_ms(cluster, queued):.0f} ms", flush=True)


if __name__ == "__main__":
    main()
