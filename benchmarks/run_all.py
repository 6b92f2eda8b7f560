"""Run every benchmark with a budget, one after the other, and end with status 1 when one is over it.

    python benchmarks/run_all.py [--only NAME]

Each is a program of its own and can be run alone; a missing one is named and passed over.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
NAMES = (
    "tool_tokens", "quiet_poll", "server_start", "line_to_answer", "poll_long_log", "ledger_scale", "scan_speed",
    "keeper_cost", "page", "watch_overhead", "probe_cost", "witness_cost", "large_table",
)  # fmt: skip


def run(name: str) -> str:
    """Run a benchmark, its output shown as it comes, and return what became of it."""
    program = FOLDER / f"{name}.py"
    if not program.exists():
        return "missing"
    print(f"\n== {name}", flush=True)
    status = subprocess.run([sys.executable, str(program)], check=False).returncode
    return {0: "within budget", 1: "OVER BUDGET"}.get(status, f"FAILED with status {status}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=NAMES, help="this one alone")
    options = parser.parse_args()
    results: dict[str, tuple[str, float]] = {}
    for name in [options.only] if options.only else NAMES:
        begun = time.monotonic()
        results[name] = (run(name), time.monotonic() - begun)
    print("\n== all")
    for name, (result, seconds) in results.items():
        print(f"{name:<20} {result:<22} {seconds:6.0f} s")
    return int(any(result not in ("within budget", "missing") for result, _ in results.values()))


if __name__ == "__main__":
    sys.exit(main())
