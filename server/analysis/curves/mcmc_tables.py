"""Recognise tables that samplers leave: summaries (ArviZ, Stan) and statistics of single draws (Stan, PyMC)."""

from __future__ import annotations

import io
import itertools
import math
import re
from collections.abc import Mapping, Sequence

from .mcmc import McmcSummary
from .readers import csv_records, finite
from .series import plain_name

_NAMES: Mapping[str, tuple[str, ...]] = {
    "rhat": ("r_hat", "rhat", "split_rhat", "max_rhat"),
    "ess_bulk": ("ess_bulk", "bulk_ess", "n_eff", "ess", "min_ess_bulk"),
    "ess_tail": ("ess_tail", "tail_ess", "min_ess_tail"),
    "diverging": ("diverging", "divergent", "divergent_transition", "is_divergent"),
    "divergences": ("divergences", "num_divergences", "n_divergences"),
    "reached": ("reached_max_treedepth", "maxdepth_reached", "max_treedepth_reached"),
    "depth": ("tree_depth", "treedepth", "depth"),
    "energy": ("energy",),
    "chain": ("chain", "chain_id"),
    "tune": ("tune", "tuning", "warmup"),
    "bfmi": ("bfmi", "e_bfmi", "min_bfmi"),
}
_KNOWN = {name: key for key, names in _NAMES.items() for name in names}
_MAX_DEPTH = re.compile(r"^#\s*max_depth\s*=\s*(\d{1,9})(?!\d)", re.MULTILINE)
_Rows = list[dict[str, float | None]]


def read_mcmc(data: bytes) -> McmcSummary | None:
    """Return what a sampler's CSV says, or None where it is none.

    A summary has one row per parameter and a column for R-hat or ESS; a table of draws has one row per draw and a
    column for divergences or energy, tuning draws marked as such are left out.
    """
    text = data.decode("utf-8", errors="replace").lstrip("\ufeff")
    head = next((line for line in io.StringIO(text) if line.strip() and not line.startswith("#")), "").rstrip()
    if not any(plain_name(field.strip('" ')) in _KNOWN for field in re.split(r"[,;\t|]", head)):
        return None
    header = csv_records(head + "\n")[1]
    names = {_KNOWN[plain_name(field)]: field for field in header if plain_name(field) in _KNOWN}
    rows = csv_records(text, frozenset(names.values()))[0]
    table = [{key: row.get(name) for key, name in names.items()} for row in rows]
    if names.keys() & {"rhat", "ess_bulk", "ess_tail"}:
        return _summary(table)
    return _draws(table, text) if "diverging" in names or names.keys() >= {"energy", "depth"} else None


def _summary(table: _Rows) -> McmcSummary:
    divergences = _values(table, "divergences")
    return McmcSummary(
        max_rhat=max(_values(table, "rhat"), default=None),
        min_ess_bulk=min(_values(table, "ess_bulk"), default=None),
        min_ess_tail=min(_values(table, "ess_tail"), default=None),
        divergences=int(max(divergences)) if divergences else None,
        bfmi_min=min(_values(table, "bfmi"), default=None),
    )


def _draws(table: _Rows, text: str) -> McmcSummary:
    kept = [row for row in table if not row.get("tune")]
    chains: dict[float | None, _Rows] = {}
    for row in kept:
        chains.setdefault(row.get("chain"), []).append(row)
    diverging = _values(kept, "diverging")
    energies = [bfmi(_values(chain, "energy")) for chain in chains.values()]
    shares = [_depth_share(chain, text) for chain in chains.values()]
    return McmcSummary(
        divergences=sum(one > 0 for one in diverging) if diverging else None,
        draws=len(kept),
        chains=None if None in chains else len(chains),
        bfmi_min=min(finite(energies), default=None),
        tree_depth_share=max(finite(shares), default=None),
    )


def bfmi(energies: Sequence[float]) -> float | None:
    """Return the Bayesian fraction of missing information of one chain (Betancourt 2016), None for too few draws."""
    if len(energies) < 10:
        return None
    middle = sum(energies) / len(energies)
    # Not `** 2`: that raises where the product is too large for a number, and the CSV may hold any.
    spread = sum((energy - middle) * (energy - middle) for energy in energies)
    steps = sum((b - a) * (b - a) for a, b in itertools.pairwise(energies))
    return steps / spread if spread and math.isfinite(spread) else None


def _depth_share(kept: _Rows, text: str) -> float | None:
    reached = _values(kept, "reached")
    if reached:
        return sum(reached) / len(reached)
    limit, depths = _MAX_DEPTH.search(text), _values(kept, "depth")
    if limit is None or not depths:
        return None
    return sum(depth >= int(limit[1]) for depth in depths) / len(depths)


def _values(table: _Rows, key: str) -> list[float]:
    return finite(row.get(key) for row in table)
