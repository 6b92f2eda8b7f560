"""What a run costs on Slurm, beside the same run on this machine: `python -P benchmarks/slurm_costs.py`.

Brings up a Slurm of its own (root, Debian: slurm-wlm, munge). Prints seconds from a start to the first line of the log
that a look has read, milliseconds of one question about 1, 100 and 1,000 queued jobs, and memory of waiter and keeper.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from watchkeeper.server.acts.start import start, stop
from watchkeeper.server.acts.watch.look import find_run, look_at
from watchkeeper.server.runtime.engines.slurm_commands import jobs
from watchkeeper.server.runtime.keeper import procfs, records
from watchkeeper.server.vocabulary.runs import Phase

from tests.play import Place
from tests.runtime.keeper.helpers import until
from tests.slurm import Slurm, slurm, why_not

POLICY = '[engine]\nkind = "slurm"\nlook_s = 1.0\n[engine.quick]\nmem = "50M"\n'
SCRIPT = "import time\nprint('ready', flush=True)\ntime.sleep(600)\n"
TRIES = 5


def first_line_s(folder: Path, policy: str) -> tuple[float, int, int]:
    """Return seconds from a start to the first line read, and bytes of keeper and waiter (0 without one)."""
    folder.mkdir()
    desk = Place(folder).policy(policy).script(SCRIPT).desk()
    begun = time.monotonic()
    start.start(desk, start.request(desk, "1", Phase.QUICK, None, (), None))
    run = "1-quick-1"
    until(lambda: look_at(desk, run) and (desk.ledger.scan_position(run) or (0, ""))[0] > 0, "a line is read")
    took_s = time.monotonic() - begun
    keeper = (
        records.whole(records.part(records.read(desk.workspace.run_dir(run) / records.START), "keeper"), "pid") or 0
    )
    found = procfs.stat(keeper)
    above = procfs.stat(found.ppid) if found is not None and policy else None
    sizes = (found.rss_bytes if found else 0, above.rss_bytes if above else 0)
    stop.stop(desk, find_run(desk, run), "measured")
    desk.ledger.close()
    return took_s, *sizes


def question_ms(cluster: Slurm, queued: int) -> float:
    """Return the median time of one question while so many jobs wait."""
    while (there := len(jobs("--states=PENDING"))) < queued:
        for number in range(queued - there):
            cluster.ask("sbatch", "--hold", f"--job-name=wk-00000000-{number}", "--wrap=true", "--output=/dev/null")
    taken: list[float] = []
    for _ in range(10):
        begun = time.monotonic()
        jobs()
        taken.append((time.monotonic() - begun) * 1000)
    return statistics.median(taken)


def main() -> None:
    """Measure and print."""
    if reason := why_not():
        print(f"skipped: {reason}")
        return
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "slurm").mkdir()
        with slurm(folder / "slurm") as cluster:
            os.environ["SLURM_CONF"] = str(cluster.conf)
            for name, policy in (("local", ""), ("slurm", POLICY)):
                rows = [first_line_s(folder / f"{name}{one}", policy) for one in range(TRIES)]
                median_s = statistics.median(row[0] for row in rows)
                sizes = f"keeper {rows[0][1] >> 10} KiB, waiter {rows[0][2] >> 10} KiB"
                print(f"{name}: first line after {median_s:.2f} s, {sizes}")
            for queued in (1, 100, 1000):
                print(f"one question with {queued} jobs queued: {question_ms(cluster, queued):.0f} ms")


if __name__ == "__main__":
    main()
