"""Looks for values in files: a results table's among the draws of the trace, a model's data in what the run read."""

from __future__ import annotations

import itertools
import math
import os
import posixpath
from collections.abc import Sequence

from ...analysis.artefacts.confined import search_container
from ...analysis.artefacts.facts import TableFacts, TraceFacts
from ...analysis.artefacts.search_facts import MOST_VALUES, Found, SearchFacts, Wanted
from ...analysis.evidence.evidence import Artefact
from ...analysis.results import from_a_file
from ...analysis.results.observed import target_of
from ...analysis.results.predicted import grain_of
from ...analysis.samplers import observed_changed
from ...analysis.splits import fitted_rows, observed_rows
from ...analysis.witness import Fingerprint, Line
from ...analysis.witness.seen import Seen
from ...analysis.witness.values import text
from ...storage.files.paths import ZARR
from ...storage.files.rooted import closing
from ...vocabulary.errors import PathRefused
from ..desk import Desk
from ..watch import artefact_files

MOST_FILES = 6
LARGEST_BYTES = 256 << 20
_TABLES = (
    *(".csv", ".tsv", ".csv.gz", ".tsv.gz", ".csv.bz2", ".csv.xz"),
    *(".parquet", ".feather", ".arrow", ".xlsx", ".npy"),
)
_LEAST_ROWS = 20


def drawn(desk: Desk, artefacts: Sequence[Artefact]) -> tuple[Found, ...]:
    """Return which columns of the results stand among the draws of the trace; empty where there is no trace."""
    trace = next((one for one in artefacts if isinstance(one.inside, TraceFacts)), None)
    table = next((one.inside for one in artefacts if one.role == "results"), None)
    if trace is None or not isinstance(table, TableFacts) or table.rows < _LEAST_ROWS:
        return ()
    wanted = [Wanted(one.name, _spread(one.values), grain_of(one.values)) for one in table.columns if one.values]
    return _searched(desk, trace.path, [one for one in wanted if len(set(one.values)) > 1])


def observed(
    desk: Desk, seen: Seen | None, artefacts: Sequence[Artefact] = ()
) -> tuple[tuple[tuple[str, Found], ...], tuple[str, ...]]:
    """Return where the data that samplers were told stand in the tables that the run read, and which tables these are.

    Targets of other fits are looked for where each of their values occurs several times, and those of the fits to most
    rows, with some cells of what they were fitted to; of the results their predictions and outcomes. A table that was
    changed since the run read it is not looked through.
    """
    told = _told(seen) if seen is not None else {}
    wanted = [each for name, one in told.items() for each in with_rows(name, one)]
    wanted += [cells for name, (one, _) in _held_out(seen) for cells in with_rows(name, one)[1:]]
    wanted += [one for _, *both in fitted_rows.asked(seen) for one in both] if seen is not None else []
    wanted = [*_of_results(artefacts), *wanted]
    if seen is None or not wanted:
        return (), ()
    paths = _tables_read(desk, seen)
    found = [(path, one) for path in paths for one in _searched(desk, path, wanted)]
    return tuple(found), tuple(paths)


def blank_inputs(desk: Desk, artefacts: Sequence[Artefact], seen: Seen | None) -> frozenset[str]:
    """Return which columns have blank cells in the tables that a run read, in lower case, where its results have some.

    What came along from the data is blank where the data are.
    """
    results = [one.inside for one in artefacts if one.role == "results"]
    if seen is None or not any(isinstance(one, TableFacts) and one.nan_columns for one in results):
        return frozenset()
    every = (artefact_files.artefact(desk, "input", path, read=True).inside for path in _tables_read(desk, seen))
    names = (name for one in every if isinstance(one, TableFacts) for name in one.nan_columns)
    return frozenset(name.strip().lower() for name in names)


def _tables_read(desk: Desk, seen: Seen) -> list[str]:
    """Return the first tables of the workspace that a run read and that are as it read them."""
    read = {text(one.facts, "path"): text(one.facts, "sha256") for one in seen.witnessed.of("read")}
    paths = [path for path in read if path.endswith(_TABLES) and not path.startswith(("/", ".watchkeeper/"))]
    same = (path for path in paths if path not in seen.written and artefact_files.sha256(desk, path) == read[path])
    return list(itertools.islice(same, MOST_FILES))


def _told(seen: Seen) -> dict[str, Fingerprint]:
    targets = {target_of(one.name): one.y for one in seen.fits if one.y.repeats > 1}
    return {
        **targets,
        **{name: one.data for name, one in observed_rows.told(seen).items()},
        **observed_changed.held(seen),
    }


def _held_out(seen: Seen | None) -> list[tuple[str, tuple[Fingerprint, Line]]]:
    return [] if seen is None else [*observed_rows.held_out(seen).items()]


def with_rows(name: str, one: Fingerprint) -> list[Wanted]:
    """Return what is looked for of one array: its values as one column's, and in any column at all."""
    pairs = {value: row for row, value in zip(one.places, one.at, strict=False) if math.isfinite(value)}
    rows = tuple(pairs.values()) if len(one.shape) == 1 else ()
    found = [Wanted(name, tuple(pairs), 0.0, rows=rows, size=one.size if rows else 0)]
    return [*found, Wanted(observed_rows.anywhere(name), tuple(pairs), 0.0, anywhere=True)] if pairs else []


def _of_results(artefacts: Sequence[Artefact]) -> list[Wanted]:
    table = next((one.inside for one in artefacts if one.role == "results"), None)
    named = from_a_file.asked(table) if isinstance(table, TableFacts) and table.rows >= _LEAST_ROWS else []
    return [Wanted(from_a_file.wanted(one), _spread(one.values), grain_of(one.values)) for one in named]


def _different(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(dict.fromkeys(one for one in values if math.isfinite(one)))


def _spread(values: Sequence[float]) -> tuple[float, ...]:
    """Return values from all over a column."""
    if len(values) <= MOST_VALUES:
        return _different(values)
    step = (len(values) - 1) / (MOST_VALUES - 1)
    return _different([values[round(number * step)] for number in range(MOST_VALUES)])


def _searched(desk: Desk, path: str, wanted: Sequence[Wanted]) -> tuple[Found, ...]:
    if not wanted:
        return ()
    try:
        descriptor = _opened(desk, path)
    except PathRefused:
        return ()
    with closing(descriptor):
        if os.fstat(descriptor).st_size > LARGEST_BYTES:
            return ()
        found = search_container(descriptor, posixpath.basename(path), wanted, artefact_files.limits(desk))
    return found.found if isinstance(found, SearchFacts) else ()


def _opened(desk: Desk, path: str) -> int:
    if path.endswith(ZARR) and desk.workspace.has_folder(path):
        return desk.workspace.open_folder_beneath(path)
    return desk.workspace.open_beneath(path, os.O_RDONLY)
