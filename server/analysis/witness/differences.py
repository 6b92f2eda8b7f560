"""What two runs did differently, by the facts that were witnessed of both. Pure.

The order of what several processes did counts for nothing. Where a run drew rows anew without a fixed seed, nobody can
tell whether they are the right ones: `drawn_anew` says so, and reading has to decide.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from .arrays import otherwise
from .events import TRAINS, Event, events, files_read, files_written
from .lines import Witnessed

_MOST = 40
"""So many are told one by one."""
_DIGEST_SIGNS = 12
_VALUES = " values"
_SEEDS = frozenset({"random_seed", "random_state", "seed", "rng", "rng_seed"})
_COUNTED = frozenset({"fit", "more", "search", "sampling", "split", "solve", "steps"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that was done otherwise.

    :ivar topic: what, in the field's words: `pymc.sample draws`, `Ridge.fit X rows`.
    :ivar old, new: empty where there was or is none. :ivar where: file:line in the later run, else in the earlier.
    :ivar lowered: whether a number became smaller.
    :ivar features: whether it concerns which columns the model sees.
    """

    topic: str
    old: str
    new: str
    where: str = ""
    lowered: bool = False
    features: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What the comparison of two runs came to.

    :ivar trained: the subjects that both were seen to train; empty where nothing of a training was witnessed.
    :ivar drawn_anew: what had other rows of the same table, or other first weights, in both: a seed is not fixed.
    """

    differences: tuple[Difference, ...] = ()
    trained: tuple[str, ...] = ()
    drawn_anew: tuple[str, ...] = ()


def compare(before: Witnessed, after: Witnessed, leave_out: Collection[str] = ()) -> Compared:
    """Return what the later run did otherwise than the earlier one.

    :param leave_out: files that are compared elsewhere: sources, and what the sources name.
    """
    old, new = events(before), events(after)
    drawn: dict[str, None] = {}
    found: list[Difference] = []
    for subject in dict.fromkeys(one.subject for one in (*old, *new)):
        pair = [[one for one in every if one.subject == subject] for every in (old, new)]
        found += _of_subject(subject, pair[0], pair[1], drawn)
    found += _files(before, after, leave_out)
    if drawn:  # what follows from other rows has other values, and nobody can tell whether for that reason alone
        drawn.update(dict.fromkeys(one.topic for one in found if one.topic.endswith(_VALUES)))
        found = [one for one in found if not one.topic.endswith(_VALUES) and one.topic != "loss first value"]
    trained = {one.subject for one in old if one.kind in TRAINS} & {one.subject for one in new if one.kind in TRAINS}
    every = tuple({(one.topic, one.old, one.new): one for one in found}.values())
    return Compared(
        differences=(*every[:_MOST], *_rest(every[_MOST:])), trained=tuple(sorted(trained)), drawn_anew=tuple(drawn)
    )


def _rest(found: Sequence[Difference]) -> Iterator[Difference]:
    """Yield what there are more, as one: its number, and a digest of all, which an approval is bound to."""
    if found:
        every = repr([(one.topic, one.old, one.new) for one in found])
        said = f"{len(found)} of them, {_digest(hashlib.sha256(every.encode('utf-8', 'replace')).hexdigest())}"
        yield Difference(topic="more differences", old="", new=said, where=found[0].where)


def _of_subject(
    subject: str, old: Sequence[Event], new: Sequence[Event], drawn: dict[str, None]
) -> Iterator[Difference]:
    kind = (*old, *new)[0].kind
    if kind == "predict":
        yield from _predicted(subject, old, new, drawn)
        return
    counts = [sum(one.count for one in every) for every in (old, new)]
    where = (new or old)[0].where
    if not old or not new:
        said = [_said(every[0]) if every else "" for every in (old, new)]
        yield Difference(topic=subject, old=said[0], new=said[1], where=where)
        return
    if kind in _COUNTED and counts[0] != counts[1]:
        yield Difference(
            topic=f"number of {subject}", old=str(counts[0]), new=str(counts[1]), where=where,
            lowered=counts[1] < counts[0],
        )  # fmt: skip
    yield from _figures(subject, old, new)
    if counts[0] == counts[1]:
        for one, other in zip(_left(old, new), _left(new, old), strict=False):
            yield from _arrays(subject, one, other, drawn)
    else:
        yield from _arrays(subject, old[0], new[0], drawn)


def _left(some: Sequence[Event], others: Sequence[Event]) -> list[Event]:
    """Return the events that have no equal among others: the order of processes counts for nothing."""
    there = Counter(_whole(one) for one in others)
    left: list[Event] = []
    for one in some:
        if there[_whole(one)] > 0:
            there[_whole(one)] -= 1
        else:
            left.append(one)
    return left


def _whole(event: Event) -> tuple[object, ...]:
    return _key(event), tuple((name, one.sha, one.shape) for name, one in sorted(event.arrays.items()))


def _said(event: Event) -> str:
    told = ", ".join(f"{name} {value}" for name, value in list(event.figures.items())[:4])
    return told or "done"


def _figures(subject: str, old: Sequence[Event], new: Sequence[Event]) -> Iterator[Difference]:
    """Pair the settings that only one side has, in their order, and yield what differs in each pair."""
    kept = [Counter(_key(one) for one in every) for every in (old, new)]
    lost = [one for one in old if _key(one) not in kept[1] and one.figures]
    gained = [one for one in new if _key(one) not in kept[0] and one.figures]
    for one, other in zip_longest(lost, gained):
        first, second = one or old[-1], other or new[-1]
        for name in dict.fromkeys([*first.figures, *second.figures]):
            was, now = first.figures.get(name, ""), second.figures.get(name, "")
            if was != now and not _unseeded(name, was, now):
                topic = f"{subject} {name}"
                yield Difference(topic=topic, old=was, new=now, where=second.where, lowered=_less(was, now))


def _unseeded(name: str, was: str, now: str) -> bool:
    """Whether a seed is no number that somebody chose: a generator, or a state of one."""
    return name in _SEEDS and not (was or "0").isdigit() and not (now or "0").isdigit()


def _key(event: Event) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(event.figures.items()))


def _arrays(subject: str, old: Event, new: Event, drawn: dict[str, None]) -> Iterator[Difference]:
    for name in dict.fromkeys([*old.arrays, *new.arrays]):
        one, other = old.arrays.get(name), new.arrays.get(name)
        if one is None or other is None:
            yield Difference(
                topic=f"{subject} {name}", old="given" if one else "", new="given" if other else "", where=new.where
            )
            continue
        found = otherwise(one, other)
        if found is None:
            continue
        if found.how == "drawn anew" or (old.kind == "steps" and found.how == "values"):
            drawn[f"{subject} {name}"] = None
            continue
        yield Difference(
            topic=f"{subject} {name} {found.how}",
            old=found.before,
            new=found.after,
            where=new.where,
            lowered=_less(found.before, found.after),
            features=found.how == "columns" and name == "X",
        )


def _predicted(
    subject: str, old: Sequence[Event], new: Sequence[Event], drawn: dict[str, None]
) -> Iterator[Difference]:
    """Rows that were predicted and are not any more; one prediction more than before alters nothing by itself."""
    now = [one.arrays["rows"] for one in new]
    for one in old:
        rows = one.arrays["rows"]
        apart = [otherwise(rows, other) for other in now]
        if not new or None in apart:
            if not new:
                yield Difference(topic=subject, old="done", new="", where=one.where)
                return
            continue
        nearest = min((each for each in apart if each), key=lambda each: each.how != "drawn anew")
        if nearest.how == "drawn anew":
            drawn[f"{subject} rows"] = None
            continue
        where = new[0].where
        yield Difference(
            topic=f"{subject} {nearest.how}", old=nearest.before, new=nearest.after, where=where,
            lowered=_less(nearest.before, nearest.after),
        )  # fmt: skip


def _files(before: Witnessed, after: Witnessed, leave_out: Collection[str]) -> Iterator[Difference]:
    old, new = files_read(before), files_read(after)
    of_runs = files_written(before) | files_written(after) | {*leave_out}
    content = [{digest for digest, _ in every.values()} for every in (old, new)]
    for path in sorted({*old, *new} - of_runs):
        was, now = old.get(path), new.get(path)
        if was and now and was[0] != now[0]:
            yield Difference(topic=f"file {path}", old=_digest(was[0]), new=_digest(now[0]), where=now[1])
        elif now and not was and now[0] not in content[0]:
            yield Difference(topic=f"file {path}", old="", new="read", where=now[1])
        elif was and not now and was[0] not in content[1]:
            yield Difference(topic=f"file {path}", old="read", new="", where=was[1])


def _digest(sha256: str) -> str:
    return f"sha256 {sha256[:_DIGEST_SIGNS]}"


def _less(was: str, now: str) -> bool:
    try:
        return float(now) < float(was)
    except ValueError:
        return False
