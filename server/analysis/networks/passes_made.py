"""Were as many rows trained on as the epochs that are told have, by the rows that loaders gave? Pure.

An epoch is a pass over all rows of the training part. Who counts batches as epochs comes to few passes in all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..design.quantities import plain
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Line
from ..witness.seen import Seen, place
from ..witness.values import number, text, whole

_LEAST_EPOCHS = 10
_LEAST_SHARE = 0.4
"""Of the passes that a design asks for; a sampler may leave some rows out, a last batch may be dropped."""
_SAID = re.compile(
    r"(?:epoch|pass)\b[^.\n]{0,60}\b(?:steps|batch(?:es)?|updates|draws?|drawn|samples|subset|episodes?|random)\b"
    r"|\b(?:steps|batches|updates|samples|rows|windows|episodes) (?:per|in each|in an|each|every) epoch"
    r"|steps_per_epoch|samples_per_epoch|limit_train_batches|subsampl|reinforcement|curriculum|early[- ]stop|patience",
    re.IGNORECASE,
)
"""A design that says what else an epoch is, or that fewer may be made."""


def fewer_passes_than_epochs(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that all training gave far fewer rows than the epochs of the design times the rows of the training part."""
    asked = evidence.design.requirements.get("epochs")
    floor = (asked.floor or 0.0) if asked is not None else 0.0
    continued = any(one.continued for one in evidence.attempts)
    if (
        floor < _LEAST_EPOCHS
        or continued
        or not seen.whole
        or evidence.design.length.stops
        or _SAID.search(evidence.design.prose)
    ):
        return
    for made, rows, what in (*_of_loaders(seen), *_by_hand(seen)):
        if made < _LEAST_SHARE * floor * rows:
            told = f"{what} of {plain(made)} rows in all, which are {made / rows:.1f} passes over its {rows} rows;"
            told = f"{told} {evidence.design.source('epochs')} asks for {plain(floor)} epochs"
            action = "Let an epoch be a pass over all rows of the training part, or say in the design what it is."
            yield Suspicion(told, Word.INVESTIGATE, "epochs_of_few_rows", action)
            return


_Made = tuple[float, int, str]
"""Rows that were trained on, rows of the training part, words."""


def _of_loaders(seen: Seen) -> Iterator[_Made]:
    """Loaders that were trained from, where each loss that went backward was of one of their batches."""
    loaders = [one for one in seen.witnessed.of("batches") if one.facts.get("trains") is True]
    batches = sum(whole(one.facts, "batches") or 0 for one in loaders)
    losses = sum(whole(one.facts, "count") or 0 for one in seen.witnessed.of("losses"))
    sizes = [min(whole(one.facts, "dataset") or 0, whole(one.facts, "batch_size") or 0) for one in loaders]
    if loaders and all(sizes) and 0 < losses <= batches:
        rows = sum(map(_given, loaders))
        yield rows, min(whole(one.facts, "dataset") or 0 for one in loaders), f"the training at {place(loaders[0])} was"


def _given(line: Line) -> float:
    """Return how many rows a loader gave; of a graph, or where time is the first side, a batch has another length."""
    by_size = (whole(line.facts, "batches") or 0) * (whole(line.facts, "batch_size") or 0)
    return max(number(line.facts, "rows") or 0.0, float(by_size))


def _by_hand(seen: Seen) -> Iterator[_Made]:
    """One module in a loop without loaders, of which the rows of the first calls were looked at until they came again.

    A module that is called for parts of a batch goes backward once for all of them: nobody knows the rows of a step.
    """
    told = seen.witnessed.of("trained_rows")
    losses = seen.witnessed.of("losses")
    torch = {text(one.facts, "library") for one in losses} == {"torch"}
    if len(told) != 1 or not torch or seen.witnessed.of("batches") or told[0].facts.get("whole") is not True:
        return
    calls, rows = whole(told[0].facts, "calls") or 0, whole(told[0].facts, "rows") or 0
    distinct = whole(told[0].facts, "distinct") or 0
    count = sum(whole(one.facts, "count") or 0 for one in losses)
    if calls and rows and distinct:
        yield rows / calls * count, distinct, f"the training of {text(told[0].facts, 'class')} at {place(told[0])} was"
