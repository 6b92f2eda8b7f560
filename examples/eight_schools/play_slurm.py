"""The day of play.py on Slurm: each run is a job of two nodes, with a keeper and half of the chains on each.

Brings up a Slurm of its own with two nodes on this host (root, Debian: slurm-wlm, munge) and takes it down again. Run
it with `make demo-slurm`.
"""

from __future__ import annotations

import argparse
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


def main() -> None:
    """Play the story in a new folder, on a Slurm of its own."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--workspace", type=Path, help="an empty folder to play in (default: a new temporary one)")
    chosen: Path | None = options.parse_args().workspace
    if reason := why_not():
        raise SystemExit(f"demo-slurm: {reason}. Nothing was done.")
    workspace = (chosen or Path(tempfile.mkdtemp(prefix="watchkeeper-demo-"))).resolve()
    play.prepare(workspace, POLICY)
    with tempfile.TemporaryDirectory(prefix="watchkeeper-slurm-") as folder, slurm(Path(folder), 2) as cluster:
        play.tell(f"A Slurm of two nodes on this host: {cluster.ask('sinfo', '--noheader', '--format=%N %T').strip()}")
        play.SERVERS_ENVIRONMENT["SLURM_CONF"] = str(cluster.conf)
        anyio.run(play.story, workspace)
        jobs(cluster)
    play.left_behind(workspace)


if __name__ == "__main__":
    main()
