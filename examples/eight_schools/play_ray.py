"""The day of play.py on Ray: every training is a job of a Ray of its own on this host, which is taken down again.

Ray comes from PyPI into an environment outside of the checkout (300 MB, once). Run it with `make demo-ray`.
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

from tests.ray import Ray, ray, why_not


def policy(address: str) -> str:
    """Return the tables that the demo's policy needs besides its own."""
    return f"""
[engine]
kind = "ray"
address = "{address}"
look_s = 2.0

[engine.quick]
cpus = 1

[engine.full]
cpus = 2
"""


def jobs(head: Ray) -> None:
    """Print what Ray remembers of the day."""
    play.tell("What Ray says of it")
    for name in sorted(head.names()):
        about = head.job(name)
        took_s = (int(about.get("end_time") or 0) - int(about.get("start_time") or 0)) / 1000
        status, code = about.get("status") or "unknown", about.get("driver_exit_code")
        print(f"  {name:40} {status:10} exit status {code}, {took_s:.1f} s")


def main() -> None:
    """Play the story in a new folder, on a Ray of its own."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--workspace", type=Path, help="an empty folder to play in (default: a new temporary one)")
    chosen: Path | None = options.parse_args().workspace
    if reason := why_not():
        raise SystemExit(f"demo-ray: {reason}. Nothing was done.")
    workspace = (chosen or Path(tempfile.mkdtemp(prefix="watchkeeper-demo-"))).resolve()
    play.tell("A Ray of one node on this host; it takes half a minute to come up")
    with ray() as head:
        play.prepare(workspace, policy(head.address))
        anyio.run(play.story, workspace)
        jobs(head)
    play.left_behind(workspace)


if __name__ == "__main__":
    main()
