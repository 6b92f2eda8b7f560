"""What a run costs on Slurm, beside the same run on this machine: `python -P benchmarks/slurm_costs.py`.

Brings up a Slurm of its own (root, Debian: slurm-wlm, munge). Prints seconds from a start to the first line of the log
that a look has read, memory of waiter and keeper, and milliseconds of a look at 1, 100 and 1,000 queued runs.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from watchkeeper.server.acts.desk import Desk
from watchkeeper.server.acts.start import start, stop
from watchkeeper.server.acts.watch.look import find_run, look_at
from watchkeeper.server.runtime.engines.slurm_commands import jobs
from watchkeeper.server.runtime.keeper import procfs, records
from watchkeeper.server.vocabulary.runs import Phase, RunState

from tests.play import Place
from tests.runtime.keeper.helpers import until
from tests.slurm import slurm, why_not

QUEUED = (1, 100, 1000)
POLICY = '[engine]\nkind = "slurm"\nlook_s = 1.0\n[engine.quick]\nmem = "50M"\n'
SCRIPT = "import time\nprint('ready', flush=True)\ntime.sleep(600)\n"
HELD = POLICY.replace("look_s = 1.0", "look_s = 3600.0") + 'extra = ["--hold"]\n'
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


def look_ms(place: Place, question: Callable[[], object]) -> None:
    """Start runs that stay in the queue, and print what the engine takes for the one question, and a look at all."""
    for number in range(1, QUEUED[-1] + 1):
        place.script(SCRIPT, str(number))
    desk, there = place.desk(), 0
    for count in QUEUED:
        for number in range(there + 1, count + 1):
            start.start(desk, start.request(desk, str(number), Phase.QUICK, None, (), None))
        there = count
        runs = [f"{number}-quick-1" for number in range(1, count + 1)]
        assert {look_at(desk, run).status.state for run in runs} == {RunState.QUEUED}  # and what it finds is recorded
        asked, looked = list[float](), list[float]()
        for _ in range(5):
            asked.append(_ms(question))
            for kept in desk.workspace.state_dir.glob("engine-*.json"):  # without an answer that is kept a look asks
                kept.unlink()
            looked.append(_ms(partial(_look, desk, runs)))
        one, every = statistics.median(asked), statistics.median(looked)
        print(f"{count} runs queued: the question {one:.0f} ms, a look at all with it {every:.0f} ms", flush=True)
    desk.ledger.close()


def _look(desk: Desk, runs: Sequence[str]) -> None:
    for run in runs:
        look_at(desk, run)


def _ms(act: Callable[[], object]) -> float:
    begun = time.monotonic()
    act()
    return (time.monotonic() - begun) * 1000


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
            (folder / "queue").mkdir()
            look_ms(Place(folder / "queue").policy(HELD), jobs)


if __name__ == "__main__":
    main()
