"""What a keeper costs while its training sleeps: memory and CPU.

    python benchmarks/keeper_cost.py [--seconds 30]

Samples are taken every 5 s, as by default. The CPU time is what the scheduler counted, the keeper's own start left out;
the memory is its largest resident set, shared pages of the interpreter included.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from common import Figure, fresh_folder, show, until_unkept
from watchkeeper.server.runtime.engines.local import LocalEngine
from watchkeeper.server.runtime.keeper import lock, procfs, records
from watchkeeper.server.runtime.samples import usage

RSS_BUDGET_MB = 11.0
CPU_BUDGET_PERCENT = 0.05


def launched(workspace: Path, argv: list[str]) -> Path:
    """Launch a training and return its run directory."""
    run_dir = workspace / "1-quick-1"
    run_dir.mkdir()
    spec: dict[str, object] = {
        "run": run_dir.name, "workspace": str(workspace), "model": "1", "phase": "quick", "attempt": 1,
        "argv": argv, "cwd": str(workspace), "env": dict(os.environ), "limit_s": None, "sample_s": 5.0,
        "grace_s": 1.0, "log": "training.log",
    }  # fmt: skip
    records.write(run_dir / records.SPEC, spec)
    log = os.open(workspace / "training.log", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    LocalEngine().launch(run_dir, log)
    os.close(log)
    return run_dir


def measured(run_dir: Path, seconds: float) -> tuple[float, float, int]:
    """Return the keeper's resident set in MB, its CPU use in percent of a core, and the samples it took."""
    while len(usage(run_dir)) < 2:
        time.sleep(0.05)
    pid = records.whole(lock.holder(run_dir / records.LOCK), "pid") or 0
    cpu_before_s, samples_before, began = cpu_s(pid), len(usage(run_dir)), time.monotonic()
    time.sleep(seconds)
    cpu_percent = 100 * (cpu_s(pid) - cpu_before_s) / (time.monotonic() - began)
    return procfs.peak_rss_bytes(pid) / 1e6, cpu_percent, len(usage(run_dir)) - samples_before


def cpu_s(pid: int) -> float:
    """Return the CPU seconds that the scheduler counted for a process, to the nanosecond."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def stop(run_dir: Path) -> None:
    """Stop the run and wait until its keeper is gone."""
    records.create(run_dir / records.STOP, {"reason": "measured", "who": "benchmark", "act": None, "at": time.time()})
    LocalEngine().hasten(run_dir)
    until_unkept(run_dir)


def main() -> int:
    """Measure once and print both figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0)
    seconds: float = parser.parse_args().seconds
    with fresh_folder() as folder:
        run_dir = launched(folder, [sys.executable, "-c", f"import time; time.sleep({seconds + 60})"])
        try:
            rss_mb, cpu_percent, samples = measured(run_dir, seconds)
        finally:
            stop(run_dir)
    seen = f"{samples} samples, {len(procfs.pids())} processes"
    return show(
        [
            Figure("keeper: memory", rss_mb, "MB", RSS_BUDGET_MB, "-", rss_mb / RSS_BUDGET_MB),
            Figure(
                "keeper: CPU while idle", cpu_percent, "%", CPU_BUDGET_PERCENT, seen, cpu_percent / CPU_BUDGET_PERCENT
            ),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
