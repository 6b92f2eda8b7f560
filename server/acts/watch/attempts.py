"""The full attempts of a model, as they are compared: their numbers, and what they were made from but for seeds."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

from ...analysis.curves.attempts import Attempt, Comparison, compare
from ...analysis.curves.series import History
from ...storage.record import Run
from ...vocabulary.errors import NotFound
from ...vocabulary.runs import Phase
from ..desk import Desk
from . import histories

MOST_ATTEMPTS = 200
_SEED = re.compile(r"(?i)(?:^|[-_.+])(?:random[-_]?)?(?:seed|state)$")


def of_model(desk: Desk, model: str) -> list[Attempt]:
    """Return the full attempts of a model that ended and told numbers, oldest first; of hundreds the newest."""
    runs = [one for one in desk.ledger.runs(model=model) if one.phase is Phase.FULL and one.ended]
    found: list[Attempt] = []
    for run in runs[-MOST_ATTEMPTS:]:
        numbers = dict(run.pruned.tails) if run.pruned is not None and run.pruned.tails else history(desk, run)
        if numbers is not None:
            found.append(Attempt(run.id, numbers, _settings(run)))
    return found


def history(desk: Desk, run: Run) -> History | None:
    """Return the numbers of a run that ended, as attempts are compared; None where it told none."""
    return histories.of_run(desk, run, run.end.started_at if run.end else None)


def compared(desk: Desk, model: str) -> Comparison:
    """Return how the full attempts of a model compare.

    :raises NotFound: there is no such model.
    """
    if model not in desk.ledger.models():
        known = ", ".join(desk.ledger.models()[:10]) or "none"
        raise NotFound(f"There is no model {model[:40]!r}. Known models: {known}.", "`watchkeeper status` lists runs.")
    return compare(of_model(desk, model))


def _settings(run: Run) -> str:
    """Return a digest of what a run was made from, in which the values of seeds are left out."""
    parts = [run.code_sha256, *without_seeds(run.args)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def without_seeds(args: Sequence[str]) -> Iterator[str]:
    """Yield arguments without the values of those that are called a seed: `--seed 7`, `--seed=7`, `trainer.seed=7`."""
    hides = False
    for word in args:
        name, equals, _ = word.partition("=")
        if hides:
            hides = False
            if not word.startswith("--"):
                continue
        if _SEED.search(name):
            hides = not equals and word.startswith("-")
            yield f"{name}="
            continue
        yield word
