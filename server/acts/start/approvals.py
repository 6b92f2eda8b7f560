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
from . import comparison, provenance
from .comparison import Entry
from .provenance import Origin


@dataclass(frozen=True, slots=True)
class Pending:
    """Changes of a start that nobody approved.

    :ivar base: the attempt that it was compared with; the director's report stands with it.
    :ivar compared: digest of everything that was compared.
    :ivar refused: whether the director answered about exactly this and left these entries out.
    :ivar difference: of the sources, as a unified diff.
    """

    base: Run
    entries: tuple[Entry, ...]
    compared: str
    refused: bool
    difference: str = ""


def pending(desk: Desk, phase: Phase, origin: Origin, attempts: Sequence[Run], quick: Sequence[Run]) -> Pending | None:
    """Return the changes of a full start that wait for the director; None when nothing does.

    :param attempts: the earlier attempts of this phase, oldest first.
    :param quick: the quick attempts of the model, oldest first.
    """
    if phase is Phase.QUICK or not (attempts or quick):
        return None
    same = [one for one in quick if one.code_sha256 == origin.code_sha256]
    base = (attempts or same or quick)[-1]
    found = comparison.entries(desk, provenance.of(base), origin, _said(desk, base))
    if not attempts:
        earlier = _lowered_before(desk, quick[0], origin) if quick[0].id != base.id else ()
        found = _distinct((*earlier, *found))
    compared = _digest(base, origin)
    answers = _answers(desk, base, compared)
    approved = {name for answer in answers for name in (answer.answer.approve if answer.answer else ())}
    left = tuple(one for one in found if not {str(one), one.name} & approved)
    if not left:
        return None
    difference = comparison.difference(desk, provenance.of(base), origin)
    return Pending(base, left, compared, refused=bool(answers), difference=difference)


def _lowered_before(desk: Desk, first: Run, origin: Origin) -> Iterable[Entry]:
    """A number that was cut between two quick attempts is shown before the first full one; what only moved is not."""
    found = comparison.entries(desk, provenance.of(first), origin)
    return (replace(one, since=first.id) for one in found if one.lowered)


def _said(desk: Desk, run: Run) -> str:
    """Return what the failures of an attempt said, as they stand in its log."""
    return "\n".join(f"{one.exception or ''}: {one.message or ''}" for one in failures(desk, run.id))


def _distinct(found: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple({one.name: one for one in found}.values())


def _digest(base: Run, origin: Origin) -> str:
    """Bind an approval to what was compared: parsed forms, not bytes, so that a comment does not undo it."""
    about = {**asdict(origin), "sources": [path for path, _ in origin.sources], "base": base.id}
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def _answers(desk: Desk, base: Run, compared: str) -> list[Report]:
    reports = desk.ledger.reports(run=base.id)
    return [one for one in reports if one.compared == compared and one.answer]
