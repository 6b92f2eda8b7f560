"""A model's page: its attempts as a story from the first failure to the verdict, its diary, its searches."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ...acts.desk import Desk
from ...acts.watch import attempts, standing
from ...analysis.curves.attempts import Comparison
from ...documents import comparison
from ...storage.record import Entry, Finding, Report, Run, Verdict
from ...vocabulary.errors import NotFound, WatchkeeperError
from ..views import health, run_page
from ..views.health import Health

MOST_ATTEMPTS = 60
MOST_SEARCHES = 10
LARGEST_DIARY_BYTES = 2 << 20
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One attempt.

    :ivar failure: what it broke by, None where it did not. :ivar more: how many further failures it had.
    """

    run: Run
    health: Health
    failure: Finding | None
    more: int
    reports: tuple[Report, ...]
    verdict: Verdict | None
    verdict_health: Health | None
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """A search's table.

    :ivar heads: parameters, then the score, then the notes. :ivar lines: for the picture: each trial's numbers.
    :ivar best: the place of the best trial.
    """

    number: int
    text: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    best: int | None
    columns: tuple[tuple[str, tuple[float | None, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How the full attempts compare: the numbers, what they are, which is best and by how much, verdicts by run."""

    found: Comparison
    measure: str
    conclusion: str
    verdicts: Mapping[str, Health]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPage:
    """Everything on a model's page. :ivar compared: None where fewer than two full attempts told numbers."""

    model: str
    chapters: tuple[Chapter, ...]
    compared: Compared | None
    earlier: int
    diary: str
    diary_path: str
    searches: tuple[Trials, ...]


def gather(desk: Desk, model: str) -> ModelPage:
    """Return what stands on the page of a model.

    :raises NotFound: it was never started.
    """
    runs = desk.ledger.runs(model=model, newest=MOST_ATTEMPTS)
    if not runs:
        raise NotFound(f"There is no model {model[:60]!r}.", "The first page names the models that were started.")
    reports, verdicts = desk.ledger.reports(model=model), desk.ledger.verdicts(model=model)
    entries, path = desk.ledger.entries(model), desk.workspace.diary(model)
    searches = desk.ledger.searches(model)[-MOST_SEARCHES:]
    return ModelPage(
        model=model,
        chapters=tuple(_chapter(desk, one, reports, verdicts, entries) for one in runs),
        compared=_compared(desk, model, verdicts),
        earlier=runs[0].attempt - 1 if len(runs) == MOST_ATTEMPTS else 0,
        diary=_diary(desk, path),
        diary_path=path,
        searches=tuple(trials(one.number, one.text) for one in reversed(searches)),
    )


def _chapter(
    desk: Desk, run: Run, reports: Sequence[Report], verdicts: Sequence[Verdict], entries: Sequence[Entry]
) -> Chapter:
    crashes = standing.crashes(desk, run.id)
    own = [one for one in reports if one.run == run.id]
    verdict = next((one for one in reversed(verdicts) if one.run == run.id), None)
    told = {one.id for one in own}
    found = desk.ledger.findings(run=run.id)
    return Chapter(
        run=run,
        health=health.of_run(run_page.state_of(desk, run), found, verdict),
        failure=crashes[0] if crashes else None,
        more=max(0, len(crashes) - 1),
        reports=tuple(own),
        verdict=verdict,
        verdict_health=health.of_verdict(verdict) if verdict else None,
        entries=tuple(one for one in entries if one.report in told or one.run == run.id),
    )


def _compared(desk: Desk, model: str, verdicts: Sequence[Verdict]) -> Compared | None:
    found = attempts.compared(desk, model)
    if len(found.ranked) < 2:
        return None
    return Compared(
        found=found,
        measure=comparison.measure(found),
        conclusion=comparison.conclusion(found),
        verdicts={one.run: health.of_verdict(one) for one in verdicts},
    )


def _diary(desk: Desk, path: str) -> str:
    with suppress(WatchkeeperError, OSError):
        return desk.workspace.read_bytes(path, LARGEST_DIARY_BYTES).decode("utf-8", "replace")
    return ""


def trials(number: int, text: str) -> Trials:
    """Return the table of a search as `documents/search_log` writes it; empty where somebody wrote it otherwise."""
    table = [_cells(line) for line in text.partition("### Results")[2].splitlines() if line.startswith("|")]
    heads, rows = (table[0], table[2:]) if len(table) > 2 else ((), [])
    plain = [tuple(one.removeprefix("**").removesuffix("**") for one in row) for row in rows if len(row) == len(heads)]
    best = next((place for place, row in enumerate(plain) if "✅" in row[-1]), None)
    columns = [(head, tuple(_value(row[place]) for row in plain)) for place, head in enumerate(heads[:-1])]
    numeric = [(head, column) for head, column in columns if sum(one is not None for one in column) > 1]
    return Trials(number=number, text=text, heads=heads, rows=tuple(plain), best=best, columns=tuple(numeric))


def _cells(line: str) -> tuple[str, ...]:
    """Return the cells of a table's row; a bar that a text holds is written with a backslash."""
    return tuple(one.strip().replace("\\|", "|") for one in re.split(r"(?<!\\)\|", line.strip().strip("|")))


def _value(cell: str) -> float | None:
    return float(cell) if _NUMBER.fullmatch(cell) else None
