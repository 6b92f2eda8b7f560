"""Was each member of an ensemble of networks trained that was saved? By how many numbers were held and saved. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..design.quantities import plain
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Saved, Steps
from ..witness.seen import Seen, place
from ..witness.values import part, texts

_MEMBERS = re.compile(
    r"(?:ensemble_|number_of_|n_|model_|networks?_)*(?:members?|networks?|ensemble_size|models)(?:_.*)?"
)
_COMPARED = re.compile(r"compar|candidate|baseline|tried|consider|benchmark", re.IGNORECASE)
"""Models that are held against each other are no members: one of them may be a network."""
_BESIDE = re.compile(r"(?:^|[._])(?:optim|exp_avg|momentum|ema)", re.IGNORECASE)
"""What stands in a checkpoint beside the weights."""
_MOSTLY = 0.9
"""So many times what all optimisers held, for each member that the design names, may be a little less: shared parts."""


def untrained_members(evidence: Evidence, seen: Seen, stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """Yield that as many networks were saved as the design names, and all optimisers together held fewer of them.

    States that one training went through are many networks too: a design of these says so. Of a body that was trained
    before and is frozen the optimiser holds the head alone.
    """
    said = evidence.design.speaks_of_snapshots or evidence.design.speaks_of_weights
    if said or not seen.whole or any(one.library != "torch" for one in stepped):
        return
    paths = {one.path for one in evidence.artefacts if one.role == "model"}
    final = [one for one in seen.saves if one.numbers and one.path in paths][-1:]
    held = sum(one.numbers for one in stepped)
    for name, asked in evidence.design.requirements.items():
        count = asked.floor or asked.value or 0.0
        if not _MEMBERS.fullmatch(name) or _COMPARED.search(name) or count < 2 or not held or len(stepped) >= count:
            continue
        for save in final:
            if _holds_more(save):
                continue
            if (save.numbers or 0) >= _MOSTLY * count * held:
                what = f"{save.path} has {save.numbers} numbers, which are {plain(count)} networks"
                what = f"{what} ({evidence.design.source(name)}); all optimisers together held {held}, the first at"
                action = "Train each member, or say in the design that members are copies or states of one training."
                yield Suspicion(f"{what} {place(stepped[0].line)}", Word.INVESTIGATE, "members_not_trained", action)
                return


def _holds_more(save: Saved) -> bool:
    """Whether what an optimiser remembers, or a mean of the weights, was saved beside them: as large again each."""
    return any(_BESIDE.search(one) for one in texts(part(save.line.facts, "weights"), "names"))
