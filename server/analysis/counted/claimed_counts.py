"""Iteration counts that a log, a history or a table claims, compared with those that the script asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..design.quantities import plain
from ..scripts.program import BOOSTING, Program
from .counts import WITNESSED, Count, Counts


@dataclass(frozen=True, slots=True)
class Floor:
    """How many of something must be done, and which rule says so.

    :ivar asks: fewer are asked about at most: a default of the policy, where the design speaks of its length otherwise.
    """

    name: str
    minimum: float
    source: str
    must_not_simplify: bool = False
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why told iterations are not taken for done, and what a person must say or the script must do."""

    what: str
    code: str
    action: str


def doubted(program: Program | None, wanted: Sequence[Floor], counts: Counts, refitted: int = 0) -> Doubt | None:
    """Return why what was told does not prove that enough was done; None where nothing speaks against it.

    :param refitted: how many fits to other targets of one table were witnessed: bootstraps, however they are written.
    """
    asked: Mapping[str, int] = asked_for(program) if program is not None else {}
    if asked.get("bootstraps", refitted) < refitted:
        asked = {**asked, "bootstraps": refitted}
    for one in wanted:
        count, most = counts.get(one.name), asked.get(one.name)
        if count is None:
            continue
        if most is not None and most < one.minimum and not count.source.startswith(WITNESSED):
            words = f"the script asks for {most}" if most else "none were recognised in the script"
            what = f"{plain(count.value)} {one.name} ({count.source}), yet {words}"
            action = f"Say where the {one.name} are from that the script does not do."
            return Doubt(what, f"{one.name}_differ_from_script", action)
        if count.value < one.minimum:
            return _sparse(one, count)
    return None


def _sparse(floor: Floor, count: Count) -> Doubt:
    told = f"{plain(count.value)} {floor.name} were told ({count.source}), up to number {plain(count.named)}"
    what = f"{told}: too few lines to prove the {plain(floor.minimum)} that {floor.source} asks for"
    action = f"Tell more of the {floor.name}, in the log or through watchkeeper_probe: ten at least."
    return Doubt(what, f"{floor.name}_told_sparsely", action)


def asked_for(program: Program) -> Mapping[str, int]:
    """Return the most epochs and bootstraps that a script can do in all its loops; nothing of what cannot be told."""
    epochs = [None if one.again else one.count for one in program.loops if one.library not in BOOSTING]
    bootstraps = [one.count for one in program.bootstraps]
    found: dict[str, int | None] = {}
    if epochs:  # that nothing trains at all is told by the check of the method
        found["epochs"] = _most(epochs)
    if bootstraps or not program.unresolved:
        found["bootstraps"] = _most(bootstraps)
    return {name: number for name, number in found.items() if number is not None}


def _most(counts: Sequence[int | None]) -> int | None:
    """Return the sum (two stages follow one another), 0 of none, None where one is not known."""
    known = [one for one in counts if one is not None]
    return sum(known) if len(known) == len(counts) else None
