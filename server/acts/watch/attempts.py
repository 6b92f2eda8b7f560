"""The full attempts of a model, as they are compared: their numbers, and what they were made from but for seeds.

The numbers are noted when an attempt ends: files that a script writes are written over by the next attempt.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from ...analysis.curves.attempts import Attempt, Comparison, compare, tails
from ...runtime.run_directory import RunStatus
from ...storage.record import Run
from ...vocabulary.errors import NotFound, WatchkeeperError
from ...vocabulary.runs import Phase
from ..desk import Desk
from . import histories

MOST_ATTEMPTS = 200
_SEED = re.compile(r"(?i)(?:^|[-_.+])(?:random[-_]?)?(?:seed|state)$")


def of_model(desk: Desk, model: str) -> list[Attempt]:
    """Return the full attempts of a model that ended and told numbers, oldest first; of hundreds the newest."""
    runs = [one for one in desk.ledger.runs(model=model) if one.phase is Phase.FULL and one.ended]
    found = ((run, _noted(desk, run)) for run in runs[-MOST_ATTEMPTS:])
    return [Attempt(run.id, told, _settings(run)) for run, told in found if told is not None]


def numbers(desk: Desk, run: Run) -> Mapping[str, Sequence[float]] | None:
    """Return what a full run that ended is compared by (`tails`); None where it told no numbers."""
    if run.pruned is not None and run.pruned.tails:
        return dict(run.pruned.tails)
    with suppress(ValueError):  # a note that nobody can read: the files may tell it still
        if note := desk.ledger.note(_key(run)):
            kept: dict[str, list[float]] | None = json.loads(note)
            return kept
    try:
        return _told(desk, run, run.end.started_at, run.end.ended_at) if run.end else None
    except (WatchkeeperError, OSError, ValueError, ArithmeticError):  # files that nobody can read tell no numbers
        return None


def _noted(desk: Desk, run: Run) -> Mapping[str, Sequence[float]] | None:
    """Return `numbers`; what files alone tell of a run of an older release is noted, so that they are read once."""
    told = numbers(desk, run)
    if told and run.pruned is None and not desk.ledger.note(_key(run)):
        with suppress(WatchkeeperError):  # another host's ledger, a full disk: they are read again
            desk.ledger.take_note(_key(run), json.dumps(told))
    return told


def keep(desk: Desk, run: Run, status: RunStatus) -> None:
    """Note what a full run that ends now is compared by from now on; noted twice it is the same.

    Where another server was faster, its note stays: the next attempt may write already.
    """
    if run.phase is not Phase.FULL:
        return
    before = desk.ledger.note(_key(run))
    told = json.dumps(_told(desk, run, status.started_at, status.ended_at))
    with desk.ledger.transaction() as transaction:
        known = transaction.run(run.id)
        if known is not None and not known.ended:
            transaction.swap_note(_key(run), expected=before, value=told)


def _told(
    desk: Desk, run: Run, started_at: float | None, ended_at: float | None
) -> Mapping[str, Sequence[float]] | None:
    found = histories.of_run_alone(desk, run, started_at, ended_at)
    return None if found is None else tails(found)


def _key(run: Run) -> str:
    return f"attempt:{run.id}"


def verdicts(desk: Desk, model: str) -> dict[str, str]:
    """Return the newest verdict's word by run, of the runs of a model that have one."""
    return {one.run: one.word for one in desk.ledger.verdicts(model=model)}


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
    """Yield arguments without those that are called a seed: `--seed 7`, `--seed=7`, `trainer.seed=7`.

    Who names none takes the script's own: that is another seed, not another setting.
    """
    hides = False
    for word in args:
        name, equals, _ = word.partition("=")
        if hides:
            hides = False
            if not word.startswith("--"):
                continue
        if _SEED.search(name):
            hides = not equals and word.startswith("-")
            continue
        yield word
