"""What was found inside an artefact: plain facts, no judgement. Written as JSON by the confined child.

Every name, path and text in here comes from a file of the project: capped by whoever wrote the fact, not sanitised.
No figure is NaN or infinite; what could not be computed is None, and `notes` says why in words. What was looked at
only in part says so (`complete`, `parameters_left_out`, `notes`); a sample is the same each time.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from .chain_facts import ChainFacts
from .parameter_facts import ParameterFigures
from .search_facts import SearchFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class NotInspected:
    """The inside of an artefact is unknown: never a pass.

    :ivar reason: one sentence in words, with what to do where something can be done.
    """

    reason: str
    cause: Literal["damaged", "library missing", "memory", "time", "too large", "crashed", "unsupported"]
    kind: Literal["not_inspected"] = "not_inspected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainPrint:
    """The draws of one variable in one chain, described as the witness describes what a sampler returned.

    :ivar name: of the variable or the statistic. :ivar chain: counted from 0. :ivar size: how many numbers.
    :ivar sha: first 32 digits of the sha256 of the numbers as little-endian float64 in C order.
    :ivar bag: sum of their 64-bit patterns: equal for the same numbers in any order.
    :ivar at: the values at up to 32 evenly spread places; empty where one of them is not finite.
    """

    name: str
    chain: int
    size: int
    sha: str
    bag: str
    at: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceFacts:
    """Posterior draws with their statistics: ArviZ' InferenceData or DataTree, as NetCDF4 or Zarr.

    A parameter is one scalar of the posterior: a variable of shape (3, 4) has twelve.

    :ivar format: "netcdf4", "zarr v2" or "zarr v3".
    :ivar size_bytes: of the file; of all files of a Zarr folder.
    :ivar groups: names of the groups at the top.
    :ivar chains: number of chains.
    :ivar draws: per chain, after tuning.
    :ivar stats_draws: per chain in the sampler's statistics, None if there are none; equals `draws` when genuine.
    :ivar tuning_steps: per chain, as the sampler recorded them.
    :ivar warmup_draws: tuning draws per chain that were kept in the file; 0 is the usual case.
    :ivar sampling_time_s: wall time as the sampler recorded it.
    :ivar created_at: as written in the file, ISO 8601.
    :ivar writer: library and version that wrote the container, for example "arviz 0.23.4".
    :ivar divergences: after tuning, all chains.
    :ivar max_tree_depth_share: largest share of one chain's draws that reached the maximum depth (0 to 1).
    :ivar tree_depth_max: deepest tree in any chain.
    :ivar bfmi_min: smallest Bayesian fraction of missing information of a chain.
    :ivar rhat_max: largest rank-normalised split R-hat (Vehtari et al. 2021) of the parameters looked at.
    :ivar worst_parameter: the one with the largest R-hat, for example "theta[3]"; empty if none could be judged.
    :ivar parameters: in the posterior.
    :ivar parameters_looked_at: read and judged; the others are left out by a fixed, evenly spread choice.
    :ivar n_steps_total: gradient evaluations after tuning, all chains.
    :ivar process_time_s: CPU seconds of all draws kept (sum of process_time_diff), all chains.
    :ivar perf_counter_first_s: earliest perf_counter_start; on Linux CLOCK_MONOTONIC of the machine that sampled.
    :ivar perf_counter_last_s: latest perf_counter_start + perf_counter_diff.
    :ivar identical_chains: pairs of chains, counted from 0, that agree in every value looked at: a copy.
    :ivar constant_parameters: how many of those looked at have one value in all draws of all chains.
    :ivar constant_chains: chains, counted from 0, in which no parameter looked at ever moves.
    :ivar distinct_draws: number of different draws in the chain with the fewest; far below `draws` when a block of
        draws was repeated. NUTS stays where it is now and then, a Metropolis sampler often.
    :ivar recurring: which share of the moves from a draw to a different one were made before, in any chain.
    :ivar non_finite: values looked at that are NaN or infinite.
    :ivar fingerprint: sha256 of the raw draws of the first variables in the order of their names, independent of the
        container, its metadata and its compression; empty if not computed. Equal in a copied trace.
    :ivar prints: each chain of each variable, as far as they are small enough to be read whole.
    :ivar statistic_prints: the same of `diverging` and `energy`.
    :ivar statistics: names of the sampler's statistics.
    :ivar figures: of the parameters looked at, the first 2000.
    :ivar notes: what was left out or could not be computed, in words.
    """

    format: str
    size_bytes: int
    groups: tuple[str, ...] = ()
    chains: int
    draws: int
    stats_draws: int | None = None
    tuning_steps: int | None = None
    warmup_draws: int = 0
    sampling_time_s: float | None = None
    library: str = ""
    library_version: str = ""
    created_at: str = ""
    writer: str = ""
    divergences: int | None = None
    max_tree_depth_share: float | None = None
    tree_depth_max: int | None = None
    bfmi_min: float | None = None
    rhat_max: float | None = None
    ess_bulk_min: float | None = None
    ess_tail_min: float | None = None
    worst_parameter: str = ""
    variables: tuple[str, ...] = ()
    parameters: int = 0
    parameters_looked_at: int = 0
    n_steps_total: int | None = None
    process_time_s: float | None = None
    perf_counter_first_s: float | None = None
    perf_counter_last_s: float | None = None
    identical_chains: tuple[tuple[int, int], ...] = ()
    constant_parameters: int = 0
    constant_chains: tuple[int, ...] = ()
    distinct_draws: int | None = None
    recurring: float | None = None
    non_finite: int = 0
    fingerprint: str = ""
    prints: tuple[ChainPrint, ...] = ()
    statistic_prints: tuple[ChainPrint, ...] = ()
    figures: tuple[ParameterFigures, ...] = ()
    statistics: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    kind: Literal["trace"] = "trace"

    @property
    def parameters_left_out(self) -> int:
        """How many parameters nobody looked at."""
        return self.parameters - self.parameters_looked_at

    @property
    def perf_counter_span_s(self) -> float | None:
        """Seconds from the first draw's start to the last draw's end; None where the sampler does not record it."""
        if self.perf_counter_first_s is None or self.perf_counter_last_s is None:
            return None
        return self.perf_counter_last_s - self.perf_counter_first_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholder:
    """A text that stands where a result should stand ("TODO", "pending").

    :ivar where: path of keys in JSON ("metrics.rmse", "folds[2]"), name of the column in a table, empty in a text.
    :ivar row: row of a table counted from 1 below the header, line of a text counted from 1; None in JSON.
    """

    text: str
    where: str = ""
    row: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFacts:
    """One column of a table.

    :ivar missing: empty cells and "NA", "NaN", "null", "None".
    :ivar infinite: cells that are an infinite number.
    :ivar numbers: cells that are a finite number; `minimum` and `maximum` are of these.
    :ivar distinct: different values that are not missing; at least so many if `distinct_is_lower_bound`.
    :ivar values: of a column of finite numbers: all up to 2000, else those at 32 evenly spread places; else empty.
    :ivar mean: of a column of finite numbers, as is its deviation `sd` (population).
    :ivar counts: how often each value occurs, the rarest first, of a column of at most 32 different ones in all rows.
    :ivar words: missing cells that are a word which may be a category of its own: "none", "n/a", "NA", "null".
    """

    name: str
    missing: int = 0
    infinite: int = 0
    numbers: int = 0
    texts: int = 0
    minimum: float | None = None
    maximum: float | None = None
    distinct: int = 0
    distinct_is_lower_bound: bool = False
    values: tuple[float, ...] = ()
    mean: float | None = None
    sd: float | None = None
    counts: tuple[int, ...] = ()
    words: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """A table in CSV, TSV (both also compressed), XLSX, Parquet or Arrow. The first row is the header.

    :ivar format: "csv", "tsv", "xlsx", "parquet" or "arrow".
    :ivar rows: without the header, all of them.
    :ivar rows_looked_at: how many of them were looked at cell by cell; the rest was counted and searched for odd ones.
    :ivar columns: at most 500, and of those behind them the first 100 that hold cells which are missing or infinite;
        `column_count` is the true number.
    :ivar duplicate_headers: names that occur more than once.
    :ivar ragged_rows: first rows, counted from 1, whose number of cells is not the header's; `ragged_count` is all.
    :ivar repeated_rows: rows equal to an earlier one, in all cells.
    :ivar labels: the texts of the first column of texts, of at most 2000 rows.
    :ivar complete: whether all rows were looked at.
    """

    format: str
    size_bytes: int
    rows: int
    rows_looked_at: int = 0
    columns: tuple[ColumnFacts, ...] = ()
    column_count: int = 0
    duplicate_headers: tuple[str, ...] = ()
    ragged_rows: tuple[int, ...] = ()
    ragged_count: int = 0
    repeated_rows: int = 0
    placeholders: tuple[Placeholder, ...] = ()
    placeholder_count: int = 0
    labels: tuple[str, ...] = ()
    complete: bool = True
    notes: tuple[str, ...] = ()
    kind: Literal["table"] = "table"

    @property
    def nan_columns(self) -> tuple[str, ...]:
        """Names of the columns in which a value is missing."""
        return tuple(one.name for one in self.columns if one.missing)

    @property
    def constant_columns(self) -> tuple[str, ...]:
        """Names of the columns with the same value in every row, of at least two rows."""
        if self.rows < 2:
            return ()
        return tuple(one.name for one in self.columns if one.distinct == 1 and not one.missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonFacts:
    """A JSON document, or one document a line.

    :ivar format: "json" or "jsonl".
    :ivar documents: 1, or the number of lines that hold one.
    :ivar keys: of the object at the top (of the first line), at most 500.
    :ivar nodes: values of every kind, nested ones too.
    :ivar non_finite: paths of NaN and infinite numbers, at most 100; `non_finite_count` is all.
    :ivar nulls: paths of nulls, at most 100; `null_count` is all.
    :ivar numbers: (path, value) of finite numbers, the first 1000, for checks of ranges.
    :ivar duplicate_keys: keys that stand twice in one object.
    """

    format: str
    size_bytes: int
    documents: int = 1
    keys: tuple[str, ...] = ()
    nodes: int = 0
    non_finite: tuple[str, ...] = ()
    non_finite_count: int = 0
    nulls: tuple[str, ...] = ()
    null_count: int = 0
    numbers: tuple[tuple[str, float], ...] = ()
    duplicate_keys: tuple[str, ...] = ()
    placeholders: tuple[Placeholder, ...] = ()
    placeholder_count: int = 0
    complete: bool = True
    notes: tuple[str, ...] = ()
    kind: Literal["json"] = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayFacts:
    """One array or tensor.

    :ivar sampled: values that were read, for `non_finite` and `constant`; 0 where they are no numbers or were not read.
    :ivar constant: whether all values read are equal; None if fewer than two were read.
    :ivar recurring: of one that is called draws, of NumPy's files: which share of its moves were made before.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    size_bytes: int = 0
    sampled: int = 0
    non_finite: int = 0
    constant: bool | None = None
    recurring: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PickleFacts:
    """A pickle, known by its opcodes only: nothing was unpickled, nothing named in it was imported.

    :ivar size_bytes: of the file, or of the member of an archive.
    :ivar compression: "gzip", "zlib", "bz2", "xz", "lzma" or empty.
    :ivar writer: "joblib", "torch" or empty.
    :ivar globals: "module.name" of everything that unpickling would import, at most 500, sorted.
    :ivar calls: how many calls unpickling would make.
    :ivar root: "module.name" of the object's class, or the kind of a plain value ("dict", "list" …).
    :ivar truncated: it ends before its STOP opcode.
    :ivar malformed: its opcodes do not add up: it is no pickle, or a damaged one.
    :ivar numbers: (path, value) of numbers and booleans in dictionaries and attributes, the first 500: "epoch",
        "n_estimators", "optimizer.state.0.step" …
    """

    size_bytes: int
    protocol: int | None = None
    compression: str = ""
    writer: str = ""
    globals: tuple[str, ...] = ()
    calls: int = 0
    root: str = ""
    truncated: bool = False
    malformed: bool = False
    arrays: tuple[ArrayFacts, ...] = ()
    array_count: int = 0
    numbers: tuple[tuple[str, float], ...] = ()
    complete: bool = True
    notes: tuple[str, ...] = ()
    kind: Literal["pickle"] = "pickle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file in a zip archive. `size_bytes` as the directory says, not as inflated."""

    name: str
    size_bytes: int
    compressed_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArraysFacts:
    """Arrays or weights: safetensors, NumPy, torch, Keras, HDF5 without draws, or another zip archive.

    :ivar format: "safetensors", "npy", "npz", "torch", "keras", "hdf5" or "zip".
    :ivar arrays: the first 500; `array_count` and `values` (numbers in all of them) are of all.
    :ivar members: of a zip archive, the first 500; `member_count` is all.
    :ivar pickle: what the archive's pickle names (torch: data.pkl).
    :ivar consistent: shapes, types and offsets agree with the size of the file.
    """

    format: str
    size_bytes: int
    arrays: tuple[ArrayFacts, ...] = ()
    array_count: int = 0
    values: int = 0
    members: tuple[Member, ...] = ()
    member_count: int = 0
    pickle: PickleFacts | None = None
    metadata: tuple[tuple[str, str], ...] = ()
    consistent: bool = True
    complete: bool = True
    notes: tuple[str, ...] = ()
    kind: Literal["arrays"] = "arrays"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownFacts:
    """Another format, or plain text.

    :ivar magic: first 16 bytes in hexadecimal.
    :ivar text: whether the part read is UTF-8 text; `lines` and `placeholders` are None and empty if not.
    :ivar model: what a library's own form of a model is called, empty for anything else.
    """

    size_bytes: int
    magic: str
    model: str = ""
    text: bool = False
    lines: int | None = None
    placeholders: tuple[Placeholder, ...] = ()
    placeholder_count: int = 0
    complete: bool = True
    kind: Literal["unknown"] = "unknown"


Container = (
    TraceFacts
    | TableFacts
    | JsonFacts
    | PickleFacts
    | ArraysFacts
    | UnknownFacts
    | NotInspected
    | SearchFacts
    | ChainFacts
)


def as_json(container: Container) -> dict[str, Any]:
    """Return the facts as what json.dumps takes; `decode.from_json` is the way back."""
    return dataclasses.asdict(container)
