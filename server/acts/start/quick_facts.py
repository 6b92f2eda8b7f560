"""What the quick runs before two attempts were seen to do, held against each other.

A changed script has a quick run of its own. What was witnessed of it and of the one before says what changed in what a
quick run does; reading is left with what only the full phase does, and with what was not witnessed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ...analysis.scripts import Program
from ...analysis.witness import Compared, compare
from ...analysis.witness.seen import Seen
from ...storage.record import Run
from ..desk import Desk
from ..watch import witness_files
from .provenance import Origin

_OTHER_RESULTS = "the results are not the same"
_DEEP = frozenset({"torch", "keras", "tensorflow", "flax", "jax", "optax"})


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickFacts:
    """What comparing two quick runs came to.

    :ivar compared: None where one of the two was not witnessed.
    :ivar equal: whether all that was trained, and the results bit for bit, are the same: what else the sources say of
        the quick phase is then written otherwise and does the same.
    :ivar said: one line of it.
    """

    compared: Compared | None = None
    equal: bool = False
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The quick runs of two attempts; None where there is none of the same script."""

    before: Run | None = None
    after: Run | None = None


def pair(base: Run, origin: Origin, quick: Sequence[Run]) -> Pair:
    """Return the quick run that stood behind an attempt, and that of what shall be started."""
    of_base = [one for one in quick if one.code_sha256 == base.code_sha256 and one.first_seq <= base.first_seq]
    of_start = [one for one in quick if one.code_sha256 == origin.code_sha256]
    return Pair(before=(of_base or [None])[-1], after=(of_start or [None])[-1])


def facts(desk: Desk, runs: Pair, programs: tuple[Program, Program], leave_out: Collection[str]) -> QuickFacts:
    """Return what the later quick run did otherwise than the earlier one.

    :param leave_out: files that are compared elsewhere.
    """
    before, after = runs.before, runs.after
    if before is None or after is None or not (before.completed and after.completed):
        return QuickFacts(said="not witnessed: no two quick runs to compare, so the scripts were compared by reading")
    if before.id == after.id:
        return QuickFacts()
    names = f"{before.id} and {after.id}"
    old, new = (witness_files.seen(desk, one) for one in (before, after))
    if old is None or new is None or not (old.whole and new.whole):
        return QuickFacts(said=f"not witnessed ({names}): compared by reading")
    compared = compare(old.witnessed, new.witnessed, leave_out)
    gap = _gap(compared, programs, (old, new)) or ("" if _same_results(desk, before, after) else _OTHER_RESULTS)
    if compared.differences or gap:
        return QuickFacts(compared=compared, said=_told(names, compared, gap))
    trained = ", ".join(compared.trained[:4])
    return QuickFacts(compared=compared, equal=True, said=f"facts equal ({names}: {trained}; the same results)")


def _told(names: str, compared: Compared, gap: str) -> str:
    count = len(compared.differences)
    facts = f"{count} witnessed fact(s) differ" if count else "no witnessed fact differs"
    return f"{names}: {facts}{f'; {gap}: compared by reading too' if gap else ''}"


def _gap(compared: Compared, programs: tuple[Program, Program], seen: tuple[Seen, Seen]) -> str:
    """Return why the facts alone do not say that the same was done; empty where they do."""
    missing = _not_seen(programs[0], seen[0]) or _not_seen(programs[1], seen[1])
    if not compared.trained or missing:
        return f"not witnessed, {missing or 'no training of a library that the witness knows'}"
    if compared.drawn_anew:
        return f"{', '.join(compared.drawn_anew[:3])} drawn anew, as no seed is fixed"
    return ""


def _not_seen(program: Program, seen: Seen) -> str:
    """Return what the script says that it trains with and nobody saw; empty where all of it was seen."""
    lines = seen.witnessed
    if program.samplers and not lines.of("sampling"):
        return f"{program.samplers[0].library} was not seen to sample"
    if any(one.library in _DEEP for one in program.loops) and not lines.of("steps"):
        return "no optimiser was seen to step"
    if any(one.fitted for one in program.estimators) and not lines.of("fit", "search", "more"):
        return "no estimator was seen to be fitted"
    return ""


def _same_results(desk: Desk, before: Run, after: Run) -> bool:
    seals = [witness_files.seal(desk, one) for one in (before, after)]
    digests = [one.files.get(run.results) if one else None for one, run in zip(seals, (before, after), strict=True)]
    return digests[0] is not None and digests[0] == digests[1]
