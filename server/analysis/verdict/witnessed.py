"""The checks that a witness makes possible, in one place; without a witness one line that says so. Pure."""

from __future__ import annotations

from ..counted.counts import Counts
from ..counted.drawn import draws
from ..evidence.checks import Check, failed, passed, unknown
from ..evidence.evidence import Evidence
from ..evidence.rules import Rules
from ..evidence.words import Word
from ..networks.of_networks import outputs
from ..networks.told_losses import history
from ..results.observed import observed
from ..results.predicted import results
from .chosen import choice
from .model_said import model_said
from .named_otherwise import classes
from .outside import outside
from .repeated import rerun
from .sealed import seal
from .trained import training


def witnessed(evidence: Evidence, rules: Rules, counts: Counts) -> tuple[Check, ...]:
    """Return what was witnessed, sealed and recomputed of a run."""
    seen = evidence.seen
    if seen is None:
        what = f"not witnessed: nothing recorded what the libraries did{_guarded(evidence)}"
        found = (unknown("witness", what), seal(evidence), rerun(evidence))
        return tuple(one for one in found if one is not None)
    if not rules.judges_work:
        return tuple(one for one in (_coverage(evidence), rerun(evidence)) if one is not None)
    checks = (
        _coverage(evidence),
        seal(evidence),
        classes(seen),
        draws(evidence, seen),
        results(evidence, rules, seen),
        outputs(evidence, seen),
        choice(evidence, seen),
        model_said(evidence, seen),
        observed(evidence, seen),
        training(evidence, rules, counts, seen),
        history(evidence, seen),
        outside(evidence, seen),
        rerun(evidence),
    )
    return tuple(one for one in checks if one is not None)


def _coverage(evidence: Evidence) -> Check:
    seen = evidence.seen
    assert seen is not None  # noqa: S101 (asked by whoever has one)
    processes = seen.witnessed.processes
    if seen.witnessed.broken:
        what = f"the chain of what was witnessed is broken: {'; '.join(seen.witnessed.broken[:2])}"
        action = "Find out who wrote into the run's directory, and train again."
        return failed("witness", what, Word.INVESTIGATE, "witness_altered", action)
    lines = sum(len(one.lines) for one in processes)
    what = f"{len(processes)} process(es), {lines} lines, chain intact{_guarded(evidence)}"
    if not seen.whole:
        return unknown("witness", f"{what}; not witnessed as a whole: what is missing proves nothing")
    kinds = ", ".join(seen.kinds) or "no method of a library that it knows"
    return passed("witness", f"{what}: {kinds}")


def _guarded(evidence: Evidence) -> str:
    """Say whether the training could write into the record, and what somebody laid there before a start."""
    guard = f"; the record was guarded: {evidence.guard}" if evidence.guard else ""
    if evidence.nodes > 1:
        guard += f"; of {evidence.nodes} nodes, what ranks beyond the first told the probe was not inspected"
    foreign = f"; lay there before its start and was not used: {', '.join(evidence.foreign[:3])}"
    return guard + (foreign if evidence.foreign else "")
