"""Are the weights that were saved those of the last step, where the design has those of the best epoch? Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Steps
from ..witness.seen import Seen, place
from ..witness.values import whole

_WORSE = 0.05
"""By such a share must the last validation loss be above the least."""
_LEAST_EPOCHS = 5


def last_as_best(evidence: Evidence, seen: Seen, stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """Yield that the last weights were saved, though the validation loss was far lower at an epoch before.

    Not where anything was loaded into a module that changed it after some training, or nobody knows whether.
    """
    said, known = evidence.design.training.best_epoch, [one for one in stepped if one.library == "torch"]
    losses = [one for one in (evidence.history.val_loss if evidence.history else ()) if one is not None]
    loaded = seen.witnessed.of("restored")
    put_back = any(whole(one.facts, "changed") or whole(one.facts, "untold") for one in loaded)
    if not said or put_back or not seen.whole or len(known) != 1 or len(losses) < _LEAST_EPOCHS:
        return
    best, paths = min(losses), {one.path for one in evidence.artefacts if one.role == "model"}
    final = [one for one in seen.saves if one.path in paths][-1:]
    same = [one for one in final if one.weights.sha and one.weights.sha == known[0].weights.sha]
    if best > 0 and losses[-1] > (1 + _WORSE) * best and same:
        what = (
            f"{same[0].path} holds the weights after the last of {known[0].steps} steps at {place(known[0].line)}, with"
        )
        what = f"{what} a validation loss of {losses[-1]:.4g}, where the least was {best:.4g} at epoch"
        what = f"{what} {losses.index(best) + 1}; {evidence.design.path}:{said.line} says {said.words[:80]!r}"
        why = (
            f" (load_state_dict was called {whole(loaded[0].facts, 'calls')} times and changed nothing)"
            if loaded
            else ""
        )
        action = (
            "Keep a copy of the best weights (state_dict() of a network that trains on is none) and load it at the end."
        )
        yield Suspicion(f"{what}{why}", Word.INVESTIGATE, "last_weights_as_best", action)
