"""Are the rows that a design holds out as the last ones the last ones? By how they were divided. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..artefacts.facts import TableFacts
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Fingerprint, Fit, Index, Prediction, fingerprint
from ..witness.seen import Seen, argument, place
from ..witness.values import parts, text

_IN_ORDER = re.compile(
    r"chronolog|time[- ]order|in (?:the )?order of time|temporal (?:split|hold|order|cut)|out[- ]of[- ]time"
    r"|most recent|walk[- ]forward|rolling[- ]origin|no shuffl|without shuffl|not shuffled|unshuffled"
    r"|(?:last|latest|final) (?:\S{1,12} ){0,3}?(?:weeks?|days?|months?|years?|quarters?|hours?|seasons?|periods?|%"
    r"|percent|rows|observations|fifth|quarter|tenth|third)",
    re.IGNORECASE,
)
_HELD_OUT = re.compile(r"test|hold|valid|evaluat|split|forecast|back|unseen|horizon|order", re.IGNORECASE)
_SHUFFLED = re.compile(
    r"after (?:a )?shuffl|shuffled (?:before|rows)|random(?:ly)? (?:split|held|drawn|chosen)", re.IGNORECASE
)
_LEAST_BEFORE = 0.2
"""Share of the range of the fitted rows by which the first predicted one must lie before its end."""
_OF_EACH = re.compile(r"\b(?:each|every|per)\b", re.IGNORECASE)
_OF_GROUPS = re.compile(r"\b(?:each|every|per|all)\b", re.IGNORECASE)
"""The last rows of groups end at times of their own, or lie scattered in the table."""
_AGAIN = {"week": 53.0, "month": 12.0, "quarter": 4.0, "season": 4.0, "day": 366.0, "time": 24.0, "period": 53.0}
"""By how much a column goes on at least that does not begin anew each year, or each day."""
_LEAST_RUNS = 0.5
_LEAST_GAPS = 4
"""Rows that were drawn lie apart by so many different distances at least."""


def in_time_order(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that a design holds out the last rows, and those that were held out lie among those that were fitted."""
    said = _says_so(evidence)
    if not said:
        return
    action = "Sort by time and hold out the last rows (`shuffle=False`), or say in the design how the rows are drawn."
    rows = next((one.inside.rows for one in evidence.artefacts if isinstance(one.inside, TableFacts)), 0)
    among = () if _OF_GROUPS.search(said) else _among_fitted(seen, rows)
    in_time = () if _OF_EACH.search(said) else _in_their_time(seen, rows)
    for what in (*_split_at_random(seen, rows), *among, *in_time):
        yield Suspicion(f"{what}; the design has {said!r}", Word.INVESTIGATE, "held_out_not_last", action)
        return


def _says_so(evidence: Evidence) -> str:
    rows = ((name.replace("_", " "), one.text) for name, one in evidence.design.requirements.items())
    told = (f"{name}: {text}" for name, text in rows if _HELD_OUT.search(f"{name}: {text}"))
    return next((one[:100] for one in told if _IN_ORDER.search(one) and not _SHUFFLED.search(one)), "")


def _split_at_random(seen: Seen, rows: int) -> Iterator[str]:
    """Yield that the rows of the results are a part that a split drew, where all splits that were seen shuffle."""
    lines = seen.witnessed.of("split")
    called = [one for one in lines if text(one.facts, "call") == "train_test_split"]
    random = [one for one in called if argument(one, "shuffle") is not False]
    for line in random if len(random) == len(lines) else ():
        held = next((fingerprint(one) for one in parts(line.facts, "parts")[1:2]), None)
        if held is not None and held.shape[:1] == (rows,):
            yield f"the {rows} rows of the results were held out at random by train_test_split at {place(line)}"


def _among_fitted(seen: Seen, rows: int) -> Iterator[str]:
    """Yield that the rows of the results, by the index of their table, lie among those that were fitted before.

    Rows that are the last of each group lie among others too, in one run a group or at equal distances.
    """
    asked = [(one, fit) for one in seen.predictions if _rows(one.x) == rows and (fit := seen.fit_of(one)) is not None]
    pairs = [(one, fit, ours, theirs) for one, fit in asked if (ours := one.x.index) and (theirs := fit.x.index)]
    if not pairs or not all(_lies_among(one, fit, ours, theirs) for one, fit, ours, theirs in pairs):
        return
    one, fit, ours, theirs = pairs[0]
    yield (
        f"the {rows} rows that {one.name} predicted at {place(one.line)} lie in {ours.runs} places of the table's index"
        f" among the {_rows(fit.x)} that it was fitted to at {place(fit.line)} ({_span(ours)} within {_span(theirs)})"
    )


def _in_their_time(seen: Seen, rows: int) -> Iterator[str]:
    """Yield that all rows of the results were predicted by fits whose rows go on to the same time, by a column of it.

    A column that begins anew each year, month or day says nothing.
    """
    asked = [(one, fit) for one in seen.predictions if _rows(one.x) == rows and (fit := seen.fit_of(one)) is not None]
    names = {name for one, fit in asked for name in one.x.times if name in fit.x.times}
    for name in sorted(names):
        if all(_in_time(one.x.times.get(name, ()), fit.x.times.get(name, ()), name) for one, fit in asked):
            one, fit = asked[0]
            first, last = one.x.times[name]
            low, high = fit.x.times[name]
            yield (
                f"the {rows} rows that {one.name} predicted at {place(one.line)} have {name} {first:g} to {last:g}, and"
                f" those that it was fitted to at {place(fit.line)} {low:g} to {high:g}"
            )


def _in_time(ours: Sequence[float], theirs: Sequence[float], name: str) -> bool:
    if len(ours) != 2 or len(theirs) != 2:
        return False
    (first, _), (low, high) = ours, theirs
    again = next((most for word, most in _AGAIN.items() if word in name.lower()), 0.0)
    return high - low > again and first < high - _LEAST_BEFORE * (high - low)


def _lies_among(one: Prediction, fit: Fit, ours: Index, theirs: Index) -> bool:
    if fit.x.sha == one.x.sha or _rows(one.x) >= _rows(fit.x) or ours.is_time != theirs.is_time:
        return False
    before = theirs.least < ours.least < theirs.most - _LEAST_BEFORE * (theirs.most - theirs.least)
    drawn = ours.runs >= _LEAST_RUNS * _rows(one.x) and ours.gaps >= _LEAST_GAPS
    return before and (drawn or (ours.is_time and ours.most < theirs.most))


def _span(index: Index) -> str:
    if not index.is_time:
        return f"{index.least:g} to {index.most:g}"
    return "one time to another" if index.least != index.most else "one time"


def _rows(table: Fingerprint) -> int:
    return table.shape[0] if table.shape else 0
