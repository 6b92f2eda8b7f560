"""What a run costs on Ray, beside the same run on this machine: `python -P benchmarks/ray_costs.py`.

Brings up a Ray of its own (from PyPI, once). Prints seconds from a start to the first line of the log that a look has
read, memory of waiter and keeper, milliseconds of a look at 1, 100 and 1,000 queued runs. Slurm's: slurm_costs.py.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from slurm_costs import TRIES, first_line_s, look_ms
from watchkeeper.server.runtime.engines.ray_head import Head

from tests.play import Place
from tests.ray import ray, why_not


def policy(address: str) -> str:
    """Return a policy whose runs go to a Ray."""
    return f'[engine]\nkind = "ray"\naddress = "{address}"\nlook_s = 1.0\n'


def question(head: Head) -> None:
    """Ask what a look asks while runs are queued."""
    head.about()
    head.jobs()
    head.cluster()


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
        queue, head = Path(made) / "queue", Head(cluster.address)
        queue.mkdir()
        wants_more = policy(cluster.address).replace("look_s = 1.0", "look_s = 3600.0") + "[engine.quick]\ncpus = 64\n"
        look_ms(Place(queue).policy(wants_more), lambda: question(head))


if __name__ == "__main__":
    main()
