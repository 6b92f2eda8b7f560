"""Log a hyper-parameter search: recorded in the ledger first, then appended to the model's file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...documents import search_log, trial_files
from ...documents.markdown import inline
from ...documents.search_log import Search, Trial
from ...storage.record import Entry, Run
from ...storage.record.records import SearchLogged
from ...vocabulary.errors import InvalidArgument, Refused
from ...vocabulary.runs import ErrorType
from ..desk import Desk
from ..sections import Section, complete, read


@dataclass(frozen=True, slots=True)
class Logged:
    """A search that is in the file.

    :ivar best: the best trial in one line; empty when the direction is not known.
    :ivar existing: whether it was there before.
    """

    number: int
    path: str
    best: str
    advice: tuple[str, ...]
    existing: bool


def log_search(desk: Desk, model: str, search: Search, run: Run | None, trials_from: str) -> Logged:
    """Check, number, record and append a search; the same search again is the one that is there.

    :param search: as the agent tells it; `trials_from` adds the trials of a file to it.
    :raises InvalidArgument: if something is missing or no trial can be read; nothing is written then.
    :raises PathRefused: if the file is no plain file beneath the workspace.
    """
    if run is not None and run.model != model:
        raise InvalidArgument(f"{run.id} belongs to model {run.model}, not to {model}.", "Name the model's own run.")
    search = _with_facts(desk, model, search, run, trials_from)
    search_log.check(search)
    path = desk.workspace.search_log(model)
    read(desk, path)  # refuses what nothing can be appended to before anything is recorded
    digest, links = _digest(model, search, run), _links(desk, model, search)
    with desk.ledger.transaction() as transaction:
        kept = transaction.searches(model)
        known = next((one for one in kept if one.sha256 == digest), None)
        if known is None:
            in_file = search_log.last_number(read(desk, path))
            number = 1 + max([in_file, *(one.number for one in kept)])
            text = search_log.render(number, desk.clock(), search, links)
            logged = SearchLogged(number=number, sha256=digest, path=path, text=text)
            transaction.append(logged, f"{model}-h{number}", run=run.id if run else "", model=model)
        else:
            number, path = known.number, known.path
    kept = [one for one in desk.ledger.searches(model) if one.path == path]
    sections = [Section(f"written:{one.id}", one.text) for one in kept]
    complete(desk, path, search_log.title(model), sections)
    return Logged(number, path, _best(search), search_log.advice(search, links), existing=known is not None)


def _with_facts(desk: Desk, model: str, search: Search, run: Run | None, trials_from: str) -> Search:
    """Return a search with the trials of its file, and with where all of it comes from."""
    facts = [f"**Model**: {model}"]
    if run is not None:
        facts.append(f"**Run**: {run.id} ({run.outcome})")
    if search.trials:
        facts.append(f"**Trials**: {len(search.trials)} as told by @model_trainer")
    if trials_from:
        path, found = _read(desk, trials_from, search.metric)
        facts.append(f"**Trials**: {len(found.trials)} read from {inline(path, 300)}")
        metric = search.metric or found.metric
        search = replace(search, trials=(*search.trials, *found.trials), metric=metric, lower=found.lower)
    return replace(search, facts=tuple(facts))


def _read(desk: Desk, trials_from: str, metric: str) -> tuple[str, trial_files.TrialFile]:
    """Read a file of trials; what stands behind a # names one of several Optuna studies."""
    path, _, study = trials_from.partition("#")
    if desk.workspace.exists(trials_from):
        path, study = trials_from, ""
    data = desk.workspace.read_bytes(path, trial_files.LARGEST_BYTES)
    for beside in (f"{path}-journal", f"{path}-wal"):
        about = desk.workspace.about(beside)
        if about is not None and about.size_bytes:
            raise Refused(
                f"{inline(path, 300)} is being written: {inline(beside, 300)} holds what is not in it yet.",
                "Call again when the study has ended and its program was closed.",
            )
    return desk.workspace.relative(path), trial_files.read_trials(data, inline(path, 300), metric, study)


def _digest(model: str, search: Search, run: Run | None) -> str:
    """Return what the same search has in common, whatever became of its run in between."""
    trials = [(dict(one.parameters), one.score, one.note, one.run, one.diary) for one in search.trials]
    told = (search.space, trials, search.selected, search.reasons, search.insight, search.metric, run.id if run else "")
    content = json.dumps([model, *told], sort_keys=True)
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def _links(desk: Desk, model: str, search: Search) -> Mapping[int, int]:
    """Return the diary entry of each diverged trial: the one it names, its run's, or the only one on a divergence."""
    entries = desk.ledger.entries(model)
    links: dict[int, int] = {}
    for place, trial in enumerate(search.trials):
        number = _entry_of(desk, trial, entries) if trial.diverged else 0
        if number:
            links[place] = number
    return links


def _entry_of(desk: Desk, trial: Trial, entries: Sequence[Entry]) -> int:
    numbers = [one.number for one in entries]
    if trial.diary in numbers:
        return trial.diary
    of_run = [one.number for one in entries if trial.run and one.run == trial.run]
    if of_run or trial.run or trial.diary:
        return of_run[-1] if of_run else 0
    of_divergence = [number for one, number in zip(entries, numbers, strict=True) if _diverged(desk, one)]
    return of_divergence[0] if len(of_divergence) == 1 else 0


def _diverged(desk: Desk, entry: Entry) -> bool:
    finding = desk.ledger.finding(entry.finding)
    return finding is not None and finding.type is ErrorType.CONVERGENCE


def _best(search: Search) -> str:
    place = search_log.best(search)
    if place is None:
        return ""
    trial = search.trials[place]
    values = ", ".join(f"{name}={value}" for name, value in trial.parameters.items())
    return inline(f"trial {place + 1}: {values}, {search.metric or 'score'} {trial.score:.6g}", 200)
