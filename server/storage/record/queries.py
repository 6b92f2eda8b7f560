"""The questions that are asked of the record, of a ledger or inside a transaction; the answers are typed records."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from functools import lru_cache
from typing import Any, TypeVar

from ...vocabulary.errors import LedgerUnreadable
from .chain import SubjectKind
from .fold import Folded
from .records import Attestation, Entry, Finding, Rebuilding, Record, Report, Rerun, Run, Search, Verdict
from .serialization import decode

COLUMNS = "kind, id, run, model, open, first_seq, last_seq, at, body"
R = TypeVar("R", bound=Record)


class Queries(ABC):
    """What stands on record. Lists are oldest first; `newest` asks for only so many; -1 for all."""

    @abstractmethod
    def _rows(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        """Return the rows of a query."""

    def run(self, run: str) -> Run | None:
        """Return a run; None if there never was one of that id."""
        return self._one(Run, run)

    def runs(
        self, *, model: str | None = None, open_only: bool = False, newest: int = -1, before: int | None = None
    ) -> list[Run]:
        """Return the runs of a model or of all; with `open_only` those whose end is not on record.

        :param before: the number of an event; only runs whose first event has a smaller one.
        """
        return self._many(Run, model=model, open_only=open_only, newest=newest, before=before)

    def finding(self, finding: str) -> Finding | None:
        """Return a finding, or None."""
        return self._one(Finding, finding)

    def findings(self, *, run: str | None = None, open_only: bool = False) -> list[Finding]:
        """Return the findings of a run or of all; with `open_only` the failures nobody reported or accepted."""
        return self._many(Finding, run=run, open_only=open_only)

    def report(self, report: str) -> Report | None:
        """Return a report, or None."""
        return self._one(Report, report)

    def reports(
        self, *, run: str | None = None, model: str | None = None, open_only: bool = False, newest: int = -1
    ) -> list[Report]:
        """Return reports; `run=""` asks for those about no run, `open_only` for those that are not closed."""
        return self._many(Report, run=run, model=model, open_only=open_only, newest=newest)

    def verdict(self, verdict: str) -> Verdict | None:
        """Return a verdict, or None."""
        return self._one(Verdict, verdict)

    def verdicts(self, *, run: str | None = None, model: str | None = None) -> list[Verdict]:
        """Return the verdicts on a run, on a model's runs or on all."""
        return self._many(Verdict, run=run, model=model)

    def entries(self, model: str | None = None) -> list[Entry]:
        """Return the entries of a model's diary or of all."""
        return self._many(Entry, model=model)

    def entry(self, entry: str) -> Entry | None:
        """Return an entry of a diary, or None."""
        return self._one(Entry, entry)

    def check_readable(self) -> None:
        """Read everything once.

        :raises LedgerUnreadable: if something of it cannot be read.
        """
        for form in (Run, Finding, Report, Verdict, Entry, Search, Attestation, Rerun, Rebuilding):
            self._many(form)

    def searches(self, model: str) -> list[Search]:
        """Return the hyper-parameter searches of a model."""
        return self._many(Search, model=model)

    def rebuildings(self) -> list[Rebuilding]:
        """Return the times at which the ledger was made anew."""
        return self._many(Rebuilding)

    def attestations(self, *, run: str | None = None) -> list[Attestation]:
        """Return the attestations of a run or of all."""
        return self._many(Attestation, run=run)

    def reruns(self, run: str | None = None) -> list[Rerun]:
        """Return how often a run, or any, was played again, and what came of it."""
        return self._many(Rerun, run=run)

    def models(self) -> list[str]:
        """Return the ids of all models that were ever started."""
        return [str(row[0]) for row in self._rows("SELECT DISTINCT model FROM subjects WHERE kind = 'run'")]

    def _one(self, form: type[R], subject: str) -> R | None:
        sql = f"SELECT {COLUMNS} FROM subjects WHERE kind = ? AND id = ?"  # noqa: S608 (constant columns)
        rows = self._rows(sql, (form.SUBJECT, subject))
        return typed(form, rows[0]) if rows else None

    def _many(
        self,
        form: type[R],
        *,
        run: str | None = None,
        model: str | None = None,
        open_only: bool = False,
        newest: int = -1,
        before: int | None = None,
    ) -> list[R]:
        asked = {"run = ?": run, "model = ?": model, "first_seq < ?": before}
        named = {name: value for name, value in asked.items() if value is not None}
        where = ["kind = ?", *named, *(["open"] if open_only else [])]
        # SQLite would take the index of all subjects and read 10,000 ended runs to find the active one: 19 ms, not 0.1.
        index = "INDEXED BY subjects_open" if open_only and not named else ""
        sql = f"SELECT {COLUMNS} FROM subjects {index} WHERE {' AND '.join(where)} ORDER BY first_seq DESC LIMIT ?"  # noqa: S608 (constants)
        rows = self._rows(sql, (str(form.SUBJECT), *named.values(), newest))
        return [typed(form, row) for row in reversed(rows)]


@lru_cache(maxsize=1024)
def folded(row: tuple[Any, ...]) -> Folded:
    """Return a row of the table of subjects. The same row is the same subject, which is asked for again and again."""
    kind, subject, run, model, is_open, first_seq, last_seq, at, body = row
    return Folded(
        kind=SubjectKind(kind),
        id=subject,
        run=run,
        model=model,
        open=bool(is_open),
        first_seq=first_seq,
        last_seq=last_seq,
        at=at,
        body=json.loads(body),
    )


@lru_cache(maxsize=1024)
def typed(form: type[R], row: tuple[Any, ...]) -> R:
    """Return a row of the table of subjects as a typed record.

    :raises LedgerUnreadable: if it is none that any release wrote.
    """
    try:
        one = folded(row)
        names = ("id", "run", "model", "status", "open", "first_seq", "last_seq", "at")
        return decode(form, one.body, **{name: getattr(one, name) for name in names})
    except (ValueError, TypeError, RecursionError) as error:
        raise LedgerUnreadable(
            f"What the ledger holds of {str(row[1])[:80]} cannot be read: {error}.",
            "The file was left as it is; run `watchkeeper doctor`.",
        ) from error
