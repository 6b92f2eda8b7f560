"""Is the training history that of the losses? What file and log tell against what `backward` was called on. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..evidence.checks import Check, passed, unknown
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion, first_of
from ..evidence.words import Word
from ..witness import Line, epochs, losses
from ..witness.seen import Seen, place
from ..witness.values import text
from .curve_match import Match, Told, match, rising_apart, told

LOG = "the log"
_RIGHT = "Leave the history as the training made it; a figure of another kind belongs into a column of its own name."
_SAY = "Say how the training loss of the history is computed, or write the mean of each epoch's losses."
_OTHERWISE = 0.3
"""Share of rows from which on a history that differs from log and losses alike is asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Losses that were seen, by epoch counted from 1."""

    what: str
    line: Line
    values: Mapping[int, float]


def history(evidence: Evidence, seen: Seen) -> Check | None:
    """Return what the told training losses are of those seen; None where one of both is missing.

    Means, last values and sums of an epoch, at any factor and rounding, are the same. What is none of them may be
    computed elsewhere: nothing follows from that alone.
    """
    files = [one for path, each in evidence.curves if (one := told(path, each)) is not None]
    log = told(LOG, evidence.log_curve)
    curves = [*_curves(seen)]
    listed = [*files, *([log] if log is not None else [])]
    if not listed or not (curves or (files and log)):
        return None
    if found := first_of(one for each in listed for one in _contradictions(each, log, curves)):
        return found.check("history", "told against witnessed" if curves else "told")
    same = [(one, curve) for one in listed for curve in curves if _is(one, curve)]
    if same:
        one, curve = same[0]
        return passed("history", f"{one.source} tells {curve.what} at {place(curve.line)} (told, as witnessed)")
    what = f"the training loss in {listed[0].source} is not matched"
    return unknown("history", f"{what} with losses that were witnessed" if curves else f"{what} with the log")


def _curves(seen: Seen) -> Iterator[Curve]:
    ended = {one.file for one in seen.witnessed.processes if one.end is not None}
    for line in seen.witnessed.of("losses"):
        found = epochs(line)
        found = found if line.file in ended else found[:-1]  # the last one may have been cut short
        if found and seen.whole:
            yield Curve(what="the mean loss of each epoch", line=line, values={one[0]: one[2] for one in found})
            yield Curve(what="the last loss of each epoch", line=line, values={one[0]: one[3] for one in found})
            sums = {number: calls * mean for number, calls, mean, _ in found}
            yield Curve(what="the sum of each epoch's losses", line=line, values=sums)
        elif not line.facts.get("epochs"):
            what = "the loss of each epoch" if text(line.facts, "library") == "keras" else "each loss"
            yield Curve(what=what, line=line, values=dict(losses(line)))


def _is(one: Told, curve: Curve) -> bool:
    found = match(one, curve.values)
    return found is not None and (found.same or (found.hits > found.rows / 2 and not found.gross))


def _contradictions(one: Told, log: Told | None, curves: Sequence[Curve]) -> Iterator[Suspicion]:
    matched = [(found, each) for each in curves if (found := match(one, each.values)) is not None]
    whole = any(found.same for found, _ in matched)
    for found, each in matched:
        if found.mostly and not whole:
            yield _edited(one, found, each.values, f"{each.what} at {place(each.line)}")
    if log is None or one.source == LOG or whole:
        return
    of_log = match(one, log.values)
    if of_log is not None and of_log.mostly:
        yield _edited(one, of_log, log.values, "what the log printed while it trained")
    printed = next((each for each in curves if _is(log, each)), None)
    if printed is not None and of_log is not None and len(of_log.gross) > _OTHERWISE * of_log.rows:
        number = of_log.gross[0]
        what = f"{_row(one, number)} is {one.values[number]:.6g}, the log says {log.values[number + of_log.shift]:.6g}"
        what = f"{what}, which is {printed.what} at {place(printed.line)}"
        yield Suspicion(what, Word.INVESTIGATE, "history_not_of_log", _SAY)
    elif len(curves) > 0 and all(rising_apart(one, each.values) for each in curves):
        what = f"the training loss in {one.source} goes against the losses at {place(curves[0].line)}"
        yield Suspicion(what, Word.INVESTIGATE, "history_against_losses", _SAY)


def _edited(one: Told, found: Match, values: Mapping[int, float], what: str) -> Suspicion:
    number = found.gross[0]
    other = found.scale * values[number + found.shift]
    said = f"{found.hits} of {found.rows} rows of {one.source} are {what}, {len(found.gross)} are not:"
    said = f"{said} {_row(one, number)} is {one.values[number]:.6g} instead of {other:.6g}"
    # One row alone may be an epoch that was interrupted; a block at either end a term that was added or left out then.
    edited = len(found.gross) > 1 and not found.at_end
    word = Word.LIKELY_FABRICATION if edited else Word.INVESTIGATE
    return Suspicion(said, word, "history_edited", _RIGHT)


def _row(one: Told, number: int) -> str:
    return f"epoch {number}" if one.source == LOG else f"row {one.rows[number]} of {one.source}"
