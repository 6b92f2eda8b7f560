"""The process that srun starts on a node of a run: it makes that node's own run directory and is the waiter there."""

from __future__ import annotations

import os
import sys

from . import job, records
from .signals import complain


def main(run_directory: str) -> None:
    """Be a member of a run on several nodes. Never returns."""
    try:
        node, rank = os.environ["SLURMD_NODENAME"], int(os.environ["SLURM_PROCID"])
        folder = prepared(run_directory, node, rank)
    except (OSError, KeyError, ValueError) as error:  # a damaged record is a ValueError
        complain(f"{type(error).__name__}: {error}")
        sys.exit(job.NO_KEEPER)
    root = records.text(records.read(os.path.join(folder, records.SPEC)), "workspace")
    log = os.path.relpath(os.path.join(folder, records.MEMBER_LOG), os.path.realpath(root))
    job.main(folder, log if rank else job.ITS_OUTPUT)


def prepared(run_directory: str, node: str, rank: int) -> str:
    """Make a member's run directory and its orders, and return its path. Everything is the run's but for these:

    its name, and with it the mark of its processes; no limit of its own; what is sealed, which the head does. What the
    script tells through the probe is the first rank's: the file cannot be shared between machines.
    """
    if "/" in node or node.startswith("."):
        raise ValueError(f"{node!r} is no name of a node")
    spec = records.read(os.path.join(run_directory, records.SPEC)) or {}
    engine = records.part(spec, "engine") or {}
    folder = os.path.join(run_directory, records.NODES, node)
    os.makedirs(folder, 0o700, exist_ok=True)
    orders: dict[str, object] = {
        **spec,
        "run": f"{records.text(spec, 'run')}/{records.NODES}/{node}",
        "member": {"node": node, "rank": rank, "of": records.whole(engine, "nodes") or 1},
        "limit_s": None,
        "seal_paths": [],
    }
    if rank:
        orders |= _own_probe(spec, run_directory, folder)
    records.write(os.path.join(folder, records.SPEC), orders)
    return folder


def _own_probe(spec: dict[str, object], run_directory: str, folder: str) -> dict[str, object]:
    with open(os.path.join(folder, records.METRICS), "ab"):
        pass
    shared, listed = os.path.join(run_directory, records.METRICS), spec.get("writable")
    writable = [one for one in listed if one != shared] if isinstance(listed, list) else []  # pyright: ignore[reportUnknownVariableType] # JSON
    env = {**(records.part(spec, "env") or {}), "WATCHKEEPER_RUN_DIR": folder}
    return {"env": env, "writable": [*writable, os.path.join(folder, records.METRICS)] if writable else []}
