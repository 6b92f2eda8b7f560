"""Several trainings in one history: folds, a last fit to all rows, settings that were tried, restarts. Pure."""

from __future__ import annotations

from itertools import accumulate, pairwise

from .series import History


def trainings(history: History) -> list[History]:
    """Return each training of a history that holds several on end.

    A next one begins where the numbers begin again, and the loss nearer to where it had begun than to where it had come
    to: a second stage and the steps of a next epoch go on. Rows that nobody numbered are one training.
    """
    parts = _parts(history)
    begins = [0]
    for row in range(1, len(parts)):
        if not _goes_on(parts[begins[-1]], parts[row - 1], parts[row]):
            begins.append(row)
    ends = [0, *accumulate(len(one.epochs) for one in parts)]
    cuts = [ends[row] for row in [*begins, len(parts)]]
    return [history] if len(begins) == 1 else [history.rows(range(begin, end)) for begin, end in pairwise(cuts)]


def _parts(history: History) -> list[History]:
    """Cut a history where its numbers begin again."""
    begins = [0]
    for row, (before, place) in enumerate(pairwise(history.epochs), start=1):
        if history.counts != "row" and place < before and place <= history.epochs[begins[-1]]:
            begins.append(row)
    return [history.rows(range(begin, end)) for begin, end in pairwise([*begins, len(history.epochs)])]


def _goes_on(first: History, before: History, after: History) -> bool:
    """Whether a loss goes on from where it had come to.

    :param first: the part with which the training began. :param before: the part that ended last.
    """
    for name in ("train_loss", "val_loss"):
        begun, ended, new = ([v for v in one.column(name) if v is not None] for one in (first, before, after))
        if begun and ended and new:
            return abs(new[0] - ended[-1]) < abs(new[0] - begun[0])
    return False
