"""Did a sampler observe a column of a file changed, several times with a jitter, or with rows left out? Pure.

Only where the design says nothing of what was done to its data: who smooths, adjusts or leaves out rows says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ..artefacts.search_facts import Beside, Found
from ..design.quantities import plain
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.observed import is_there
from ..witness import Fingerprint, Sampling
from ..witness.seen import Seen, place

_CHANGED = re.compile(
    r"smooth|moving|rolling|averaged|detrend|deseasonal|seasonally|adjust|residuals? (?:of|from|after)|corrected"
    r"|correction|deflat|differenc|anomal|index(?:ed)? (?:of|to|by)|ratio of|share of|sum of|combined|jitter"
    r"|noise (?:is|was) added|imput|interpol|calibrat|winsor|clip|truncat|capped|denois|filter|aggregat|augment"
    r"|perturb|privacy"
    r"|(?:outcome|response|target|\by\b).{0,60}(?:transform|standardi|normali[sz]|rescal)",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"replicat|imputation|augment|jitter|copies|copied|oversampl|stack|data cloning", re.IGNORECASE)
_LEFT_OUT = re.compile(
    r"outlier|trim|drop|exclu|remov|discard(?!ed\b.{0,3}$)|omit|left out|leave out|leaving out|filter|restrict|eligib"
    r"|\bvalid|quality|complete (?:case|row|record)|missing|subset|sub[\s-]?sampl|duplicat|\bfirst \d|\blast \d"
    r"|train(?:ing)? (?:set|rows?|part|data|period)|\btest|hold[\s-]?out|held|\bfolds?\b|implausib|clean(?:ed|ing)"
    r"|random (?:part|half|sample)|\bsample of\b|\bunless\b|\bexcept\b|at least (?:one|\d+) (?!s|min|h)",
    re.IGNORECASE,
)
_EVERY = re.compile(r"\bevery\b|\bthin|down[\s-]?sampl|decimat|resampl|hourly|daily|weekly|monthly", re.IGNORECASE)
_BY_HAND = ("emcee", "blackjax")
_MOST_HELD = 4
_WHOLE_INPUT = ("numpyro", "cmdstanpy", "cmdstan")


def held(seen: Seen) -> dict[str, Fingerprint]:
    """Return the data that log-densities have at their hand where no library is told what is observed, by name."""
    every = (each for each in seen.samplings if each.library in _BY_HAND)
    return {f"held {name}": data for each in every for name, data in [*each.held.items()][:_MOST_HELD]}


def observed_changed(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield what was done to the outcomes that a sampler observed."""
    there = {one.name for _, one in evidence.observed if is_there(one)}
    for path, one in evidence.observed:
        name = one.name.removeprefix("held ")
        by_hand = [each for each in seen.samplings if name != one.name and name in each.held]
        by = [each for each in seen.samplings if name in each.observed and each.library not in _WHOLE_INPUT]
        data = [(each, (each.held if by_hand else each.observed)[name]) for each in by_hand or by]
        if not data or len({each.sha for _, each in data}) > 1:
            continue
        told = replace(one, name=name)
        if one.name not in there and not (by_hand and one.beside is not None and one.beside.times == 1):
            yield from _beside(evidence, path, told, data[-1][0])
        elif is_there(one):
            yield from _left_out(evidence, path, told, *data[-1])


def _beside(evidence: Evidence, path: str, one: Found, by: Sampling) -> Iterator[Suspicion]:
    """None of the values is the file's, and yet they go with a column row by row."""
    found, prose = one.beside, evidence.design.prose
    if found is None or one.in_row or (found.times == 1 and (found.known or _CHANGED.search(prose))):
        return
    pair = f"as {plain(found.value)} where the file has {plain(found.there)} (correlation {found.correlation:.3f})"
    name = f"{one.name} of the model at {place(by.line)}"
    if found.times > 1 and not _SEVERAL.search(prose):
        yield _several_times(name, path, found, pair)
    elif found.times == 1:
        what = f"{name} goes with column {found.column} of {path} row by row, and not one of its values that are told"
        what = f"{what} stands there, {pair}; {evidence.design.path} does not say what was done to it"
        action = "Observe what was measured, or say in the design how it is changed before the model sees it."
        yield Suspicion(what, Word.INVESTIGATE, "observed_changed", action)


def _several_times(name: str, path: str, found: Beside, pair: str) -> Suspicion:
    what = f"{name} has {found.rows * found.times} values, column {found.column} of {path} has {found.rows},"
    what = f"{what} and each of its rows comes {found.times} times, changed a little, {pair}"
    action = "Give the model each observation once, or say in the design why it counts several times."
    return Suspicion(what, Word.INVESTIGATE, "observations_repeated", action)


def _left_out(evidence: Evidence, path: str, one: Found, by: Sampling, data: Fingerprint) -> Iterator[Suspicion]:
    """Rows of the file are not observed, here and there, and nothing says which."""
    prose = evidence.design.prose
    if not (one.rows_left or one.stride > 1) or _LEFT_OUT.search(prose) or (one.stride > 1 and _EVERY.search(prose)):
        return
    how = f"one row in {one.stride}" if one.stride > 1 else "the others are left out here and there, no cell is blank"
    what = f"column {one.source} of {path} has {one.size} rows, and {one.name} of the model at {place(by.line)} has"
    what = f"{what} {data.size} of them: {how}, and {evidence.design.path} does not say which rows are left out"
    action = "Observe all rows, or say in the design which rows are left out and why."
    yield Suspicion(what, Word.INVESTIGATE, "observed_rows_left_out", action)
