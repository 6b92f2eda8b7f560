"""A training history as plain columns, made from rows of numbers by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from .columns import RMSE, Choice, Kind, choose
from .names import Role, named, plain_name

Column = list[float | None]
"""One value per row; None where the run printed nothing, NaN or inf where it printed that."""
Record = Mapping[str, float | None]

LEAST_INTERLEAVED = 10

COLUMNS = ("train_loss", "val_loss", "metric", "grad_norm", "grad_layer_mean", "time_s")
GAINS = ("train_gain", "val_gain")
"""Columns that no file of ours has: they are judged and not handed on."""

__all__ = ["COLUMNS", "Column", "History", "Kind", "Record", "from_records", "plain_name", "recognise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One training history: `epochs` and, beside it, columns of the same length. A column nobody wrote is empty."""

    epochs: list[float]
    """Epoch, step or, where neither was written, the row's number counted from 0."""
    train_loss: Column = field(default_factory=list[float | None])
    val_loss: Column = field(default_factory=list[float | None])
    metric: Column = field(default_factory=list[float | None])
    """The validation metric; RMSE in the documents of the other agents."""
    grad_norm: Column = field(default_factory=list[float | None])
    """Norm of the whole gradient."""
    grad_layer_mean: Column = field(default_factory=list[float | None])
    """Mean absolute gradient of one early layer: only this shows vanishing, the global norm does not."""
    time_s: Column = field(default_factory=list[float | None])
    """Seconds this row took, or seconds since the start, as the run wrote it."""
    train_gain: Column = field(default_factory=list[float | None], compare=False, repr=False)
    """What rises where the run learns: a reward, an accuracy, an ELBO."""
    val_gain: Column = field(default_factory=list[float | None], compare=False, repr=False)
    counts: str = field(default="row", compare=False, repr=False)
    """What `epochs` holds: epoch, step or row."""
    kind: Kind = field(default=Kind.PLAIN, compare=False, repr=False)
    metric_name: str = field(default="", compare=False, repr=False)
    """What the run calls the metric; empty where nobody said."""
    left: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """Names of losses that were not read although no other was read in their place."""

    def __post_init__(self) -> None:
        """Refuse columns of different lengths."""
        for name in (*COLUMNS, *GAINS):
            if len(self.column(name)) not in (0, len(self.epochs)):
                raise ValueError(f"Column {name} has another length than epochs.")

    def column(self, name: str) -> Column:
        """Return the column of that name; empty where nobody wrote it."""
        found: Column = getattr(self, name)
        return found

    @property
    def empty(self) -> bool:
        """Whether it has no number of a fit."""
        return not any(self.column(name) for name in (*COLUMNS, *GAINS) if name != "time_s")

    @property
    def by_reward(self) -> bool:
        """Whether an agent is trained for a reward; its losses say nothing of whether it learns."""
        return self.kind is Kind.REWARDS and bool(self.train_gain or self.val_gain)

    @property
    def rmse(self) -> Column:
        """The metric where it is an RMSE, as far as anybody said; else empty."""
        about = named(self.metric_name)
        other = about is not None and about.quantity != RMSE
        return [] if other else self.metric

    def first_rows(self, count: int) -> History:
        """Return the history as it stood after its first `count` rows."""
        return self.rows(range(len(self.epochs))[:count])

    def finite_rows(self) -> History:
        """Return the rows whose losses are numbers, those of a trouble that is over left out."""
        losses = [column for column in (self.train_loss, self.val_loss) if column]
        broken = {
            row for column in losses for row, value in enumerate(column) if value is not None and value - value != 0
        }
        return self.rows([row for row in range(len(self.epochs)) if row not in broken])

    def rows(self, kept: Sequence[int]) -> History:
        """Return some of its rows."""
        columns = {name: self.column(name) for name in (*COLUMNS, *GAINS)}
        picked: dict[str, Column] = {name: [column[row] for row in kept if column] for name, column in columns.items()}
        return replace(self, epochs=[self.epochs[row] for row in kept], **picked)


def continued(earlier: History, later: History) -> History:
    """Return a history that goes on from a checkpoint of another, whose rows stand before it.

    Where both have an epoch the later one holds: it was done again. Rows that count something else cannot be joined.
    """
    if earlier.counts != later.counts or later.counts == "row" or not later.epochs:
        return later
    before = earlier.rows([row for row, epoch in enumerate(earlier.epochs) if epoch < later.epochs[0]])
    if not before.epochs:
        return later
    columns: dict[str, Column] = {}
    for name in (*COLUMNS, *GAINS):
        if before.column(name) or later.column(name):
            blank: Column = [None] * len(before.epochs)
            columns[name] = (before.column(name) or blank) + (later.column(name) or [None] * len(later.epochs))
    return replace(later, epochs=before.epochs + later.epochs, **columns)


def recognise(names: Iterable[str]) -> dict[str, str]:
    """Say which of these names holds which column: {"train_loss": "Train Loss", "epoch": "Epoch", …}.

    Of two names for one column the more specific one wins (`train_loss` before `loss`), then the first.
    """
    choice = choose(names)
    places = {"epoch": choice.epoch, "step": choice.step}
    known = {column: name for column, name in places.items() if name is not None}
    return known | {column: found[0] for column, found in choice.sources.items()}


def from_records(records: Sequence[Record], names: Iterable[str], whole: Role = Role.NONE) -> History:
    """Build a history from rows of numbers; rows of one epoch that fill each other's blanks become one row.

    :param whole: which data all rows are of, where the names do not say.
    """
    # The line that closes a transformers log repeats the mean loss of the whole run under another name.
    kept = [record for record in records if "train_runtime" not in record and not _is_of_a_repetition(record)]
    if len(kept) < len(records):
        names = dict.fromkeys(name for record in kept for name in record)
    choice = choose(names, whole)
    rows, counts = _placed(kept, choice)
    merged = _merged(_of_all_processes(rows))
    columns: dict[str, Column] = {column: [row.get(column) for _, row in merged] for column in choice.sources}
    history = History(
        epochs=[float(at) if place is None else place for at, (place, _) in enumerate(merged)],
        counts=counts,
        kind=choice.kind,
        metric_name=choice.metric_name,
        left=choice.left,
        **{column: values for column, values in columns.items() if any(value is not None for value in values)},
    )
    return _turned(history) if choice.unsaid else history


_PLACES_IN_TIME = ("epoch", "step", "round", "batch")
_EVALUATIONS = frozenset(
    f"{of}{name}" for name in ("rmse", "mae", "mape") for of in ("", "test_", "val_", "cv_", "oof_")
)


def of_a_log(records: Sequence[Record]) -> Sequence[Record]:
    """Return the rows of a log without errors that follow nothing: of models, seeds, horizons, regions one by one.

    A log that names no epoch and no step anywhere may still print the losses of a training, but not as an rmse alone.
    """
    counted = any(name in record for record in records for name in _PLACES_IN_TIME)
    if counted or any(name.startswith("train") for record in records for name in record):
        return records
    kept = ({name: value for name, value in record.items() if name not in _EVALUATIONS} for record in records)
    return [record for record in kept if record]


def _is_of_a_repetition(record: Record) -> bool:
    """Whether a row tells the error of one fold or bootstrap, which has nothing to do with that of the one before."""
    return ("fold" in record or "bootstrap" in record) and not any(name in record for name in _PLACES_IN_TIME)


_Row = tuple[float | None, dict[str, float]]


def _placed(records: Sequence[Record], choice: Choice) -> tuple[list[_Row], str]:
    """Return the rows that tell something, each with its place, and what the places count.

    A log says the epoch in one line and the loss in the next: a row without a place has that of the row before it.
    """
    sources = tuple(choice.sources.items())
    told = [_values(record, sources) for record in records]
    for name, counts in ((choice.epoch, "epoch"), (choice.step, "step")):
        own = [record.get(name) for record in records] if name else []
        seen = [place for place in own if place is not None and place == place]  # noqa: PLR0124 (NaN is none)
        if _count_on(seen, [bool(values) for values in told], own, alone=choice.step is None or counts == "step"):
            places, here = list[float](), seen[0]
            for place in own:
                here = here if place is None or place != place else place  # noqa: PLR0124 (the same)
                places.append(here)
            return [(place, values) for place, values in zip(places, told, strict=True) if values], counts
    return [(None, values) for values in told if values], "row"


def _count_on(seen: Sequence[float], told: Sequence[bool], own: Sequence[float | None], *, alone: bool) -> bool:
    """Whether these are places: more than one of them, or none but this one, beside values."""
    if not seen:
        return False
    beside = any(place is not None for place, tells in zip(own, told, strict=True) if tells)
    return len(set(seen)) > 1 or (beside and (alone or sum(told) < 3))


def _values(record: Record, sources: Iterable[tuple[str, Sequence[str]]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for column, (first, *others) in sources:
        value = record.get(first)
        for name in others:
            term = record.get(name)
            value = None if value is None or term is None else value + term
        if value is not None:
            found[column] = value
    return found


def _merged(rows: Sequence[_Row]) -> Sequence[_Row]:
    places = [place for place, _ in rows]
    if not any(one is not None and one == other for one, other in pairwise(places)):
        return rows
    merged: list[_Row] = []
    for place, values in rows:
        if merged and place is not None and merged[-1][0] == place and not values.keys() & merged[-1][1].keys():
            merged[-1][1].update(values)
        else:
            merged.append((place, dict(values)))
    return merged


def _of_all_processes(rows: list[_Row]) -> list[_Row]:
    """Return the means by place where several processes print the same steps, one between the lines of the other."""
    places = [place for place, _ in rows if place is not None]
    back = sum(other < one for one, other in pairwise(places))
    if len(rows) < LEAST_INTERLEAVED or back < len(rows) / 5:
        return rows
    by_place: dict[float, list[dict[str, float]]] = {}
    for place, values in rows:
        by_place.setdefault(place or 0.0, []).append(values)
    return [(place, _mean_of(by_place[place])) for place in sorted(by_place)]


def _mean_of(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for row in rows:
        for name, value in row.items():
            found.setdefault(name, []).append(value)
    return {name: sum(values) / len(values) for name, values in found.items()}


def _turned(history: History) -> History:
    """Take what has a name for both senses for a gain where it rises at first: an ELBO, an objective."""
    values = [value for value in history.train_loss or history.val_loss if value is not None]
    early = sorted(values[1 : max(2, len(values) // 3)])
    if not early or not early[len(early) // 2] > values[0]:
        return history
    return replace(history, train_loss=[], val_loss=[], train_gain=history.train_loss, val_gain=history.val_loss)
