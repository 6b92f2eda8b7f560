"""Are the ends of the intervals that a summary tells those of the trace? Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from ..artefacts.facts import TableFacts
from ..artefacts.parameter_facts import HDIS, QUANTILES, ParameterFigures
from ..design.quantities import plain
from ..evidence.rounding import rounded
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word

_BY_PERCENT = re.compile(
    r"(?:(?:hdi|eti|ci|cri|q|p|quantile|perc(?:entile)?)[_ ]?)?(\d+(?:[._]\d+)?) ?%", re.IGNORECASE
)
_BY_PLACE = re.compile(r"(?:q|p|quantile_?|perc(?:entile)?_?)(\d{1,3}|\d+[._]\d+)", re.IGNORECASE)
_BY_SHARE = re.compile(
    r"(?:hdi|eti|ci|cri)[_ ]?(\d+)%?[_ ]?(?:(l)(?:b|o|ow|ower)|u(?:b|p|pper)|hi(?:gh)?)", re.IGNORECASE
)
_OFF = 0.2
"""Share of a parameter's deviation by which an end may be off: of thinned draws, of another estimate."""


class End(NamedTuple):
    """The end of an interval: at which quantile (per cent), of an interval of which share of all draws."""

    at: float
    share: float


def told_intervals(
    table: TableFacts, named: Mapping[str, ParameterFigures], agreeing: Collection[str]
) -> Iterator[Suspicion]:
    """Yield that the end of an interval is not the trace's where the mean beside it is.

    :param agreeing: the rows whose means are those of the trace: what is in another unit is not looked at.
    """
    ends = {one.name: end for one in table.columns if len(one.values) == len(table.labels) and (end := read(one.name))}
    if not any(one.at < 50 for one in ends.values()) or not any(one.at > 50 for one in ends.values()):
        return
    for column in (one for one in table.columns if one.name in ends):
        for label, value in zip(table.labels, column.values, strict=True):
            known = _known(ends[column.name], named[label]) if label in agreeing else []
            if known and all(abs(value - one) > rounded(value, column) + _OFF * named[label].sd for one in known):
                what = f"the results say {plain(value)} for the {column.name} of {label}, whose mean is the trace's;"
                what = f"{what} there it is {' or '.join(f'{one:.5g}' for one in known)}"
                action = "Let the table hold the intervals of the trace, or call them what they are."
                yield Suspicion(what, Word.INVESTIGATE, "intervals_not_of_trace", action)
                return


def has_an_end(table: TableFacts, label: str, one: ParameterFigures) -> bool:
    """Whether the table tells of a row the end of an interval, and it is where the trace has it."""
    ends = ((each, end) for each in table.columns if len(each.values) == len(table.labels) and (end := read(each.name)))
    told = ((each, each.values[table.labels.index(label)], end) for each, end in ends)
    return any(
        abs(value - known) <= rounded(value, each) + _OFF * one.sd
        for each, value, end in told
        for known in _known(end, one)
    )


def read(name: str) -> End | None:
    """Return which end of an interval a column's name tells: `hdi_3%`, `q05`, `97.5%`, `eti89_lb`; None of others."""
    if found := _BY_SHARE.fullmatch(name):
        share = float(found[1])
        return End(50 - share / 2 if found[2] else 50 + share / 2, share)
    found = _BY_PERCENT.fullmatch(name) or _BY_PLACE.fullmatch(name)
    at = 0.0 if found is None else _percent(found[1], of_one="%" not in name)
    return End(at, abs(100 - 2 * at)) if 0 < at < 100 else None


def _percent(digits: str, *, of_one: bool) -> float:
    """Return per cent: `025` are 2.5, `975` are 97.5; where shares of one are told, `0.05` is 5."""
    digits = digits.replace("_", ".")
    if "." not in digits and len(digits) == 3:
        return float(digits) / 10
    return float(digits) * (100 if of_one and digits.startswith("0.") else 1)


def _known(end: End, one: ParameterFigures) -> list[float]:
    """Return where the trace has this end: by quantiles, and of the interval in which its draws lie densest."""
    found = [value for at, value in zip(QUANTILES, one.quantiles, strict=False) if abs(at - end.at) < 1e-6]
    dense = [pair for share, pair in zip(HDIS, one.hdis, strict=False) if abs(share - end.share) < 1e-6]
    return [*found, *(pair[end.at > 50] for pair in dense)] if found else []
