"""Were the inputs of networks as long as the design says: tokens of a text, steps of a window? Pure.

Texts are padded to the longest of a batch: then lengths differ from batch to batch. Where every batch was just as
long, and far shorter than the design says, they were cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness.seen import Seen, place
from ..witness.values import text, whole, wholes

_SAID = re.compile(
    r"\b(?:sequence|context|window|look-?back|history|token)s?[ _]?(?:length|size|window)[\s*_`|:=(]{1,12}(?:of |is )?"
    r"(\d{1,5})\b(?!\s*(?:%|\.\d))"
    r"|\b(?:windows|sequences) of (?:length )?(\d{1,5})\b(?!\s*(?:%|\.\d|px|x ))",
    re.IGNORECASE,
)
_AT_MOST = re.compile(r"(?:max(?:imum|imal|\.)?|at most|up to|longest)\W{0,3}(?:\w+ )?$", re.IGNORECASE)
_PIECES = re.compile(
    r"truncat|chunk|stateful|bptt|patch|pool|downsampl|resampl|aggregat|stride|step by step", re.IGNORECASE
)
"""Words for inputs that are given in pieces, or made shorter first."""
_SHORTER = re.compile(
    r"\bcrop|shorter|curriculum|grow(?:s|ing)?\b|variable[\s-]length|pieces|segments?\b|roll[\s-]?out", re.IGNORECASE
)
"""Words for a training on less than a whole input."""
_MOST_SHARE = 0.6
_LEAST_CALLS = 3
_LEAST = 2
"""One step at a time is how a state is carried on."""


def shorter_inputs(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that all inputs of a network were of one length, far below each that the design names."""
    prose = evidence.design.prose
    said = [
        int(one[1] or one[2])
        for one in _SAID.finditer(prose)
        if not _AT_MOST.search(prose[max(0, one.start() - 20) : one.start()])
    ]
    told = [one for one in seen.witnessed.of("forward") if wholes(one.facts, "lengths")]
    if not said or not told or _PIECES.search(prose):
        return
    lengths = [wholes(one.facts, "lengths") for one in told]
    calls = sum({(one.where, whole(one.facts, "steps")): whole(one.facts, "calls") or 0 for one in told}.values())
    asked, least, most = min(said), min(one[0] for one in lengths), max(one[-1] for one in lengths)
    first_sides = {one[0] for one in lengths}
    if calls >= _LEAST_CALLS and len(first_sides) == 1 and _LEAST <= least <= most < _MOST_SHARE * asked:
        what = f"each of {calls} inputs of {text(told[0].facts, 'class')} at {place(told[0])} was {most} long at most;"
        what = f"{what} {evidence.design.path} says {asked}"
        action = "Give the network inputs of the length that the design has, or change the design."
        yield Suspicion(what, Word.INVESTIGATE, "inputs_shorter", action)


def trained_shorter(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that a network was trained on far shorter inputs than it was evaluated on."""
    if _PIECES.search(evidence.design.prose) or _SHORTER.search(evidence.design.prose):
        return
    for line in seen.witnessed.of("trained_inputs"):
        name, shape = text(line.facts, "class"), wholes(line.facts, "shape")
        same = [one for one in seen.witnessed.of("forward") if text(one.facts, "class") == name]
        lengths = [wholes(one.facts, "lengths") for one in same]
        least = min((one[0] for one in lengths if one), default=0)
        if shape and lengths and all(lengths) and _LEAST <= shape[0] < _MOST_SHARE * least:
            what = f"{name} was given inputs of {shape[0]} steps when it was first trained at {place(line)}, and of"
            what = f"{what} {least} and more where it was evaluated at {place(same[-1])}"
            action = "Train on inputs as long as those that are evaluated, or say in the design why they are shorter."
            yield Suspicion(what, Word.INVESTIGATE, "trained_on_shorter_inputs", action)
            return
