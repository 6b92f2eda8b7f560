"""Whether a Ray has a node that a job fits on at all. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NAMES = {"entrypoint_num_cpus": "CPU", "entrypoint_num_gpus": "GPU", "entrypoint_memory": "memory"}
_GIB = 1 << 30


def never_fits(cluster: Mapping[str, Any], request: Mapping[str, object]) -> str:
    """Return why no node can take a job, ever; empty where one can, more may come, or the head does not tell.

    :param cluster: the head's `cluster_status`. Where an autoscaler may add nodes, nothing is for ever.
    :param request: what the job asks for, by the names of the Jobs API.
    """
    nodes = _nodes(cluster)
    if not nodes:
        return ""
    wanted = {name: amount for key, name in _NAMES.items() if isinstance(amount := request.get(key), int | float)}
    if any(all(node.get(name, 0.0) >= amount for name, amount in wanted.items()) for node in nodes):
        return ""
    asked = " and ".join(f"{_amount(name, amount)}" for name, amount in wanted.items() if amount)
    most = " and ".join(_amount(name, max(node.get(name, 0.0) for node in nodes)) for name in wanted)
    return f"it asks for {asked} on one node, and no node has that: at most {most}"


def seen(cluster: Mapping[str, Any]) -> str:
    """Return what all nodes have together, for people; empty where the head does not tell."""
    nodes = _nodes(cluster, fixed=False)
    names = [name for name in _NAMES.values() if any(node.get(name) for node in nodes)]
    total = ", ".join(_amount(name, sum(node.get(name, 0.0) for node in nodes)) for name in names)
    return f"{len(nodes)} node{'' if len(nodes) == 1 else 's'} with {total}" if nodes else ""


def _nodes(cluster: Mapping[str, Any], *, fixed: bool = True) -> list[Mapping[str, float]]:
    """Return what each node has in all; nothing where an autoscaler may add nodes, if they are to be `fixed`."""
    try:
        status = cluster["data"]["clusterStatus"]
        if fixed and not _is_fixed(status["autoscalerReport"]):
            return []
        by_node = status["loadMetricsReport"]["usageByNode"].values()
        return [{str(name): float(pair[1]) for name, pair in node.items()} for node in by_node]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return []


def _is_fixed(report: Mapping[str, Any]) -> bool:
    """Whether every node was started by hand: each is then a type of its own, named after itself."""
    types = report["nodeTypeMapping"]
    return bool(types) and all(kind == f"node_{node}" for node, kind in types.items())


def _amount(name: str, amount: float) -> str:
    return f"{amount / _GIB:.3g} GiB" if name == "memory" else f"{amount:g} {name}s"
