"""The day of play.py on Slurm: each run is a job of two nodes, with a keeper and half of the chains on each.

Brings up a Slurm of its own with two nodes on this host (root, Debian: slurm-wlm, munge) and takes it down again. Run
it with `make demo-slurm`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import anyio

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import play

from tests.slurm import Slurm, slurm, why_not

POLICY = """
[engine]
kind = "slurm"
look_s = 2.0

[engine.quick]
time = "00:10:00"
nodes = 2
mem = "1500M"

[engine.full]
time = "00:30:00"
nodes = 2
mem = "1500M"
"""


def jobs(cluster: Slurm) -> None:
    """Print what Slurm remembers of the day."""
    play.tell("What Slurm says of it")
    print(cluster.ask("squeue", "--states=all", "--format=  %.6i %.32j %.10T %.6D %.12N %.10M %r"), end="")


def nodes(workspace: Path) -> None:
    """Print what each node's keeper measured, and the run's own record, its sum; srun takes a little itself."""
    play.tell("CPU by the keeper of each node, and of the run")
    for run in sorted((workspace / ".watchkeeper/runs").iterdir()):
        parts = [f"{one.parent.name} {_cpu_s(one):.1f} s" for one in sorted(run.glob("nodes/*/exit.json"))]
        print(f"  {run.name:12} {' + '.join(parts)}; the run {_cpu_s(run / 'exit.json'):.1f} s")


def _cpu_s(exit_record: Path) -> float:
    return float(json.loads(exit_record.read_text(encoding="utf-8"))["cpu_s"])


def main() -> None:
    """Play the story in a new folder, on a Slurm of its own."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--workspace", type=Path, help="an empty folder to play in (default: a new temporary one)")
    chosen: Path | None = options.parse_args().workspace
    if reason := why_not():
        raise SystemExit(f"demo-slurm: {reason}. Nothing was done.")
    workspace = (chosen or Path(tempfile.mkdtemp(prefix="watchkeeper-demo-"))).resolve()
    play.prepare(workspace, POLICY)
    with (
        tempfile.TemporaryDirectory(prefix="watchkeeper-slurm-") as folder,
        slurm(Path(folder), 2, "MinJobAge=3600") as cluster,
    ):
        play.tell(f"A Slurm of two nodes on this host: {cluster.ask('sinfo', '--noheader', '--format=%N %T').strip()}")
        play.SERVERS_ENVIRONMENT["SLURM_CONF"] = str(cluster.conf)
        anyio.run(play.story, workspace)
        jobs(cluster)
        nodes(workspace)
    play.left_behind(workspace)


if __name__ == "__main__":
    main()
