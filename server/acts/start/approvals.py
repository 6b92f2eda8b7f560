"""Changes that wait for the director: found whatever the caller says, approved by name, bound to what was compared.

A fix that lowers the draws in the same edit that mends an import is the fraud that this is for. What was approved
counts for exactly the sources, arguments, policy, design and features that were shown with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from ...storage.record import Report, Run
from ...vocabulary.runs import Phase
from ..desk import Desk
from ..watch.standing import failures
from . import comparison, provenance, quick_facts
from .comparison import Comparison, Entry
from .provenance import Origin


@dataclass(frozen=True, slots=True)
class Pending:
    """Changes of a start that nobody approved.

    :ivar base: the attempt that it was compared with; the director's report stands with it.
    :ivar compared: digest of everything that was compared.
    :ivar refused: whether the director answered about exactly this and left these entries out.
    :ivar difference: what was compared, in a line, and the sources' unified diff.
    """

    base: Run
    entries: tuple[Entry, ...]
    compared: str
    refused: bool
    difference: str = ""


@dataclass(frozen=True, slots=True)
class Passed:
    """A start that asks for nothing. :ivar said: how a changed script was compared; empty where it is the same."""

    said: str = ""


def pending(
    desk: Desk, phase: Phase, origin: Origin, attempts: Sequence[Run], quick: Sequence[Run]
) -> Pending | Passed:
    """Return the changes of a full start that wait for the director, or that nothing does.

    :param attempts: the earlier attempts of this phase, oldest first.
    :param quick: the quick attempts of the model, oldest first.
    """
    if phase is Phase.QUICK or not (attempts or quick):
        return Passed()
    same = [one for one in quick if one.code_sha256 == origin.code_sha256]
    base = (attempts or same or quick)[-1]
    asked = _asked_first(desk, attempts[-1:] or quick)
    if not (desk.policy.judge.approve_changes or asked):
        return Passed()
    compared = comparison.compare(
        desk, provenance.of(base), origin, quick_facts.pair(base, origin, quick), _said(desk, base)
    )
    found = compared.entries
    if not attempts:
        firsts = {one.id: one for one in (quick[0], asked) if one is not None and one.id != base.id}
        earlier = (entry for first in firsts.values() for entry in _lowered_before(desk, first, origin, quick))
        found = _distinct((*earlier, *found))
    digest = _digest(base, origin, compared)
    answers = _answers(desk, base, digest)
    approved = {name for answer in answers for name in (answer.answer.approve if answer.answer else ())}
    left = tuple(one for one in found if not {str(one), one.name} & approved)
    if not left:
        return Passed(_shown(base, origin, compared))
    difference = comparison.difference(desk, provenance.of(base), origin)
    told = "\n".join(one for one in (compared.said, difference) if one)
    return Pending(base, left, digest, refused=bool(answers), difference=told)


def _asked_first(desk: Desk, runs: Sequence[Run]) -> Run | None:
    """Return the first of some attempts whose policy had changes approved: dropping that is a change that asks, too.

    Before the first full attempt every quick one counts: nobody was asked yet, so one more quick attempt under another
    policy approves nothing.
    """
    kept = {one.policy_sha256: one for one in reversed(runs)}
    return next((one for one in reversed(kept.values()) if _asked_then(desk, one)), None)


def _asked_then(desk: Desk, run: Run) -> bool:
    then = provenance.policy(desk, provenance.of(run))
    return then is None or then.judge.approve_changes


def _shown(base: Run, origin: Origin, compared: Comparison) -> str:
    """Say how a changed script was compared with the one before; nothing where it is the same script."""
    if base.code_sha256 == origin.code_sha256:
        return ""
    return f"script changed since {base.id}; {compared.said}"


def _lowered_before(desk: Desk, first: Run, origin: Origin, quick: Sequence[Run]) -> Iterable[Entry]:
    """What was cut between two quick attempts, or the policy's, is shown before the first full one.

    What only moved in the script is not.
    """
    found = comparison.compare(desk, provenance.of(first), origin, quick_facts.pair(first, origin, quick))
    return (replace(one, since=first.id) for one in found.entries if one.lowered)


def _said(desk: Desk, run: Run) -> str:
    """Return what the failures of an attempt said, as they stand in its log."""
    return "\n".join(f"{one.exception or ''}: {one.message or ''}" for one in failures(desk, run.id))


def _distinct(found: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple({one.name: one for one in found}.values())


def _digest(base: Run, origin: Origin, compared: Comparison) -> str:
    """Bind an approval to what was compared: parsed forms, not bytes, so that a comment does not undo it."""
    about = {**asdict(origin), "sources": [path for path, _ in origin.sources], "base": base.id}
    about["facts"] = compared.facts
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def _answers(desk: Desk, base: Run, compared: str) -> list[Report]:
    reports = desk.ledger.reports(run=base.id)
    return [one for one in reports if one.compared == compared and one.answer]
