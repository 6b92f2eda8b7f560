"""The bytes of `metrics.jsonl`, which a training script wrote through `watchkeeper_probe`, to what they say. Pure.

The text in it (names, arguments, remarks) is the script's: whoever lets it out sanitises it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from ...analysis.curves.series import History, from_records

_WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_MARKS = 64
"""Marks of progress that are kept: three times what an estimate of the pace looks at."""
_MOST_CALLS = 50
_MOST_NOTES = 50

_PLACES = frozenset({"at", "epoch", "step"})
Row = Mapping[str, float]
"""One moment's numbers by name, with the time `at` (unix seconds) of the newest of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Where one chain of the newest sampling is."""

    chain: int
    draw: int
    """Draws done, tuning included."""
    draws: int | None = None
    """Draws it will do, tuning included."""
    tuning: bool = False
    divergences: int = 0
    """Divergent draws after the tuning."""
    gradients: int = 0
    """Evaluations of the gradient, tuning included; 0 where the sampler does not say."""
    step_size: float | None = None
    at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of `sample` with its arguments: as given, defaults filled in, then completed by what they became."""

    call: str
    at: float
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeData:
    """The numbers that a script has handed over so far."""

    rows: tuple[Row, ...] = ()
    """The numbers of the process that wrote first; calls for one epoch (else one step) stand in one row."""
    pid: int | None = None
    """That process."""
    other_pids: frozenset[int] = frozenset()
    """Processes whose numbers were left out: workers that trained beside it."""
    chains: Mapping[tuple[int, int], Chain] = field(default_factory=dict[tuple[int, int], Chain])
    """The newest sampling of each process, by (pid, chain)."""
    samplings: Mapping[int, int] = field(default_factory=dict[int, int])
    """The number of the newest sampling, by pid."""
    totals: Mapping[int, int | None] = field(default_factory=dict[int, int | None])
    """Draws of the newest sampling in all, by pid; None where the number of chains is not known."""
    draw_marks: tuple[tuple[float, float], ...] = ()
    calls: tuple[Call, ...] = ()
    notes: tuple[str, ...] = ()
    hooked: Mapping[str, str] = field(default_factory=dict[str, str])
    """Versions of the libraries that the import hook wrapped, by name; empty when it was not on or found none."""
    offset: int = 0
    """Bytes that were read: up to the end of the last whole line."""

    @property
    def history(self) -> History:
        """The rows as a history: those of epochs, where there are none those of steps, else all in their order."""
        rows = next((found for place in ("epoch", "step") if (found := self._with(place))), self.rows)
        return from_records(rows, dict.fromkeys(name for row in rows for name in row))

    @property
    def draws_done(self) -> int:
        """Draws of all chains, tuning included."""
        return sum(each.draw for each in self.chains.values())

    @property
    def draws_total(self) -> int | None:
        """Draws in all, tuning included; None where nobody has sampled or the number of chains is not known."""
        known = [total for total in self.totals.values() if total is not None]
        return sum(known) if known and len(known) == len(self.totals) else None

    @property
    def divergences(self) -> int:
        """Divergent draws of all chains after their tuning."""
        return sum(each.divergences for each in self.chains.values())

    @property
    def gradients(self) -> int:
        """Evaluations of the gradient by all chains, tuning included."""
        return sum(each.gradients for each in self.chains.values())

    @property
    def marks(self) -> tuple[tuple[float, float], ...]:
        """Marks of progress, (unix s, draws or epochs or steps done), of whichever was written last."""
        if self._counts == "draws":
            return self.draw_marks
        return tuple((row["at"], row[self._counts]) for row in self._with(self._counts)[-_MARKS:])

    @property
    def total(self) -> float | None:
        """The count at which `marks` will end, None where nobody said."""
        if self._counts == "draws":
            return self.draws_total
        names = ("epochs_total", "epochs") if self._counts == "epoch" else ("steps_total", "total_steps")
        return next((row[name] for row in reversed(self.rows) for name in names if name in row), None)

    @property
    def _counts(self) -> str:
        """What tells the progress: draws, epoch or step."""
        place = "epoch" if self._with("epoch") else "step"
        rows = self._with(place)
        newer = self.draw_marks and (not rows or self.draw_marks[-1][0] >= rows[-1]["at"])
        return "draws" if newer else place

    def _with(self, place: str) -> list[Row]:
        return [row for row in self.rows if place in row]


def read_probe(data: bytes, before: ProbeData | None = None) -> ProbeData:
    """Return what the file says.

    A last line without its line end is left for the next reading; a line that is no JSON object is passed over.

    :param data: the file's bytes from `before.offset`, or from its beginning.
    :param before: what was read earlier, so that a file that grows is read once.
    """
    reading = _Reading(before or ProbeData())
    whole = data[: data.rfind(b"\n") + 1]
    for line in whole.splitlines():
        record = _record(line)
        if record is not None:
            reading.take(record)
    return reading.data(len(whole))


class _Reading:
    """What was read so far, in the making."""

    def __init__(self, before: ProbeData) -> None:
        self._before = before
        self._rows = list(before.rows)
        self._pid = before.pid
        self._others = set(before.other_pids)
        self._chains = dict(before.chains)
        self._samplings = dict(before.samplings)
        self._totals = dict(before.totals)
        self._marks = list(before.draw_marks)
        self._calls = list(before.calls)
        self._notes = list(before.notes)
        self._hooked = dict(before.hooked)

    def take(self, record: Mapping[str, object]) -> None:
        match record.get("kind"):
            case None:
                self._take_row(record)
            case "draws":
                self._take_draws(record)
            case "arguments":
                self._take_call(record)
            case "note":
                self._notes.append(str(record.get("text", "")))
            case "hook":
                self._hooked[str(record.get("library", ""))] = str(record.get("version", ""))
            case _:
                pass

    def data(self, consumed: int) -> ProbeData:
        return ProbeData(
            rows=tuple(self._rows),
            pid=self._pid,
            other_pids=frozenset(self._others),
            chains=self._chains,
            samplings=self._samplings,
            totals=self._totals,
            draw_marks=tuple(self._marks[-_MARKS:]),
            calls=tuple(self._calls[-_MOST_CALLS:]),
            notes=tuple(self._notes[-_MOST_NOTES:]),
            hooked=self._hooked,
            offset=self._before.offset + consumed,
        )

    def _take_row(self, record: Mapping[str, object]) -> None:
        pid = _whole(record, "pid")
        row = {
            name: number
            for name, value in record.items()
            if name != "pid" and (number := value if type(value) is float else _number(record, name)) is not None
            if name not in _PLACES or math.isfinite(number)  # a loss may be NaN, a time or an epoch is none then
        }
        if "at" not in row or len(row) == 1:
            return
        self._pid = pid if self._pid is None else self._pid
        if pid != self._pid:
            self._others.add(pid)
            return
        place = next((name for name in ("epoch", "step") if name in row), None)
        last: Row = self._rows[-1] if self._rows else {}
        if place and last.get(place) == row[place] and ("epoch" in last) == ("epoch" in row):
            self._rows[-1] = {**last, **row}
        else:
            self._rows.append(row)

    def _take_draws(self, record: Mapping[str, object]) -> None:
        pid, sampling, number = _whole(record, "pid"), _whole(record, "sampling"), _whole(record, "chain")
        at = _time(record)
        if self._samplings.get(pid) != sampling:
            self._samplings[pid] = sampling
            self._chains = {key: each for key, each in self._chains.items() if key[0] != pid}
            self._marks = []
        self._chains[pid, number] = Chain(
            chain=number,
            draw=_whole(record, "draw"),
            draws=_whole(record, "draws") or None,
            tuning=bool(_whole(record, "tuning")),
            divergences=_whole(record, "divergences"),
            gradients=_whole(record, "gradients"),
            step_size=_number(record, "step_size"),
            at=at,
        )
        self._totals[pid] = _whole(record, "draws_total") or None
        self._marks.append((at, float(sum(each.draw for each in self._chains.values()))))

    def _take_call(self, record: Mapping[str, object]) -> None:
        values = record.get("values")
        arguments = cast("dict[str, object]", values) if isinstance(values, dict) else {}
        if record.get("resolves") is True and self._calls:
            known = {name: value for name, value in arguments.items() if value is not None}
            self._calls[-1] = replace(self._calls[-1], arguments={**self._calls[-1].arguments, **known})
        else:
            at = _time(record)
            self._calls.append(Call(call=str(record.get("call", "")), at=at, arguments=arguments))


def _record(line: bytes) -> dict[str, object] | None:
    try:
        record: object = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, object]", record) if isinstance(record, dict) else None


def _number(record: Mapping[str, object], name: str) -> float | None:
    value = record.get(name)
    if isinstance(value, str):
        return _WORDS.get(value)
    if not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _time(record: Mapping[str, object]) -> float:
    at = _number(record, "at")
    return at if at is not None and math.isfinite(at) else 0.0


def _whole(record: Mapping[str, object], name: str) -> int:
    number = _number(record, name)
    return int(number) if number is not None and math.isfinite(number) else 0
