"""The facts of a trace: what the sampler wrote about itself, and what its draws show."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from . import draws as of_draws
from . import prints
from .converged import Convergence, convergence
from .facts import TraceFacts
from .recurring import recurring
from .sources import Group, Source

_MOST_TEXT_CHARACTERS = 120
_MOST_STATISTICS = 20_000_000
_DEPTH = ("tree_depth", "depth", "treedepth")
_MAX_DEPTH = ("reached_max_treedepth", "maxdepth_reached", "reached_max_tree_depth")

Values = npt.NDArray[np.float64]


def facts(source: Source) -> TraceFacts:
    """Return the facts of an open trace.

    :raises ValueError: if it has no posterior with chains and draws.
    """
    posterior = source.group("posterior")
    if posterior is None:
        raise ValueError("there is no posterior")
    statistics = source.group("sample_stats")
    draws = of_draws.read_draws(posterior)
    found = _Statistics(statistics)
    still, stuck = of_draws.constant(draws.values)
    finite = np.isfinite(draws.values).all(axis=(0, 1))
    judged = convergence(draws.values, draws.names, finite & ~still, found.values("energy"))
    notes = [*draws.notes, *found.notes, *judged.notes]
    if source.left_out:
        notes.append(f"Not followed: {', '.join(name[:80] for name in sorted(source.left_out)[:10])}.")
    if not finite.all():
        notes.append(f"{int((~finite).sum())} parameters with values that are not finite were not judged.")
    return TraceFacts(
        format=source.format,
        size_bytes=source.size_bytes,
        groups=tuple(name[:_MOST_TEXT_CHARACTERS] for name in source.names[:50]),
        chains=draws.chains,
        draws=draws.length,
        warmup_draws=_length(source.group("warmup_posterior")),
        variables=tuple(name[:_MOST_TEXT_CHARACTERS] for name in draws.variables[:500]),
        parameters=draws.parameters,
        parameters_looked_at=len(draws.names),
        identical_chains=of_draws.identical_chains(draws.values) if draws.names else (),
        constant_parameters=int(still.sum()),
        constant_chains=stuck,
        distinct_draws=of_draws.distinct_draws(draws.values),
        recurring=recurring(draws.values),
        non_finite=int((~np.isfinite(draws.values)).sum()),
        fingerprint=of_draws.fingerprint(draws.values),
        prints=prints.chains(posterior),
        statistic_prints=prints.statistics(statistics),
        statistics=tuple(sorted(name[:80] for name in statistics.variables))[:100] if statistics else (),
        figures=prints.figures(draws.values, draws.names, draws.called),
        notes=tuple(notes),
        **_told(posterior.attributes, statistics.attributes if statistics else {}),
        **found.sums(),
        **_figures(judged),
    )


def _figures(judged: Convergence) -> dict[str, Any]:
    return {
        "rhat_max": judged.rhat_max,
        "ess_bulk_min": judged.ess_bulk_min,
        "ess_tail_min": judged.ess_tail_min,
        "bfmi_min": judged.bfmi_min,
        "worst_parameter": judged.worst_parameter,
    }


def _told(posterior: Mapping[str, Any], statistics: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the sampler and ArviZ wrote into the attributes: ArviZ 0 and ArviZ 1 have different names."""
    told = {**statistics, **posterior}
    tuning = _number(told.get("tuning_steps"))
    writer = [told.get("creation_library", "arviz"), told.get("creation_library_version", told.get("arviz_version"))]
    return {
        "tuning_steps": None if tuning is None else int(tuning),
        "sampling_time_s": _number(told.get("sampling_time")),
        "library": _text(told.get("inference_library")),
        "library_version": _text(told.get("inference_library_version")),
        "created_at": _text(told.get("created_at")),
        "writer": _text(f"{writer[0]} {writer[1]}") if writer[1] else "",
    }


def _number(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return value[:_MOST_TEXT_CHARACTERS] if isinstance(value, str) else ""


def _length(group: Group | None) -> int:
    """Return the draws per chain of a group, 0 where there is none."""
    if group is None:
        return 0
    lengths = [one.shape[1] for one in group.variables.values() if len(one.shape) >= 2]
    return max(lengths, default=0)


class _Statistics:
    """The sampler's statistics, under the names of PyMC, nutpie and what ArviZ makes of others."""

    def __init__(self, group: Group | None) -> None:
        self._variables = {} if group is None else dict(group.variables)
        self._length = _length(group)
        self.notes = [] if group else ["The sampler left no statistics: no divergences, tree depth or energy."]

    def values(self, *names: str) -> Values | None:
        """Return the first of these statistics as chains x draws x whatever else, None if there is none."""
        for name in names:
            found = self._variables.get(name)
            if found is None or found.kind not in "fiub" or len(found.shape) < 2:
                continue
            if math.prod(found.shape) > _MOST_STATISTICS:
                self.notes.append(f"{name} has too many values to be read.")
                continue
            return np.asarray(found.read(tuple(slice(None) for _ in found.shape))).astype(np.float64)
        return None

    def sums(self) -> dict[str, Any]:
        """Return what TraceFacts tells of the statistics."""
        depths, deepest = self.values(*_MAX_DEPTH), self.values(*_DEPTH)
        diverging, steps = _total(self.values("diverging")), _total(self.values("n_steps"))
        start, took = self.values("perf_counter_start"), self.values("perf_counter_diff")
        begun = start if start is not None and np.isfinite(start).any() else None
        ended = start + took if start is not None and took is not None and start.shape == took.shape else None
        share = None if depths is None or 0 in depths.shape else np.nanmax(depths.reshape(len(depths), -1).mean(axis=1))
        last = None if begun is None or ended is None else _number(float(np.nanmax(ended)))
        return {
            "stats_draws": self._length or None,
            "divergences": None if diverging is None else round(diverging),
            "n_steps_total": None if steps is None else round(steps),
            "process_time_s": _total(self.values("process_time_diff")),
            "perf_counter_first_s": None if begun is None else float(np.nanmin(begun)),
            "perf_counter_last_s": last,
            "max_tree_depth_share": None if share is None else _number(float(share)),
            "tree_depth_max": None if deepest is None or not np.isfinite(deepest).any() else int(np.nanmax(deepest)),
        }


def _total(values: Values | None) -> float | None:
    """Return the sum of the finite values, None if there are none."""
    if values is None or not np.isfinite(values).any():
        return None
    return _number(float(values[np.isfinite(values)].sum()))
