"""What was witnessed of one run, as events that can be held against those of another run.

Left out is what differs between two runs of the same work: times, processes, addresses in memory, folders of one run,
and what only says how work is spread or shown (jobs, cores, bars). Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter

from . import facts
from .fingerprints import Fingerprint, fingerprint, fingerprints
from .lines import Line, Witnessed
from .step_names import named_by_class
from .values import number, part, text, texts, whole

_QUIET = frozenset(
    [
        "progressbar",
        "progress_bar",
        "show_progress",
        "verbose",
        "verbosity",
        "silent",
        "quiet",
        "disp",
        "n_jobs",
        "cores",
        "nthread",
        "num_threads",
        "thread_count",
        "parallel_chains",
        "num_workers",
        "return_inferencedata",
        "idata_kwargs",
        "progressbar_theme",
        "output_dir",
        "cache",
        "memory",
        "copy_X",
        "logging_level",
        "train_dir",
        "refresh",
        "return_train_score",
        "pin_memory",
        "pre_dispatch",
        "compute_convergence_checks",
    ]
)
"""Arguments that say how work is spread, shown or kept, and change no number."""
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_FOLDER = re.compile(r"(?:/[\w.\- ]+)+/(?=[\w.\-]+)")
_PROBE = "pymc_callback"
"""The callback of our own probe, which only tells."""
_CLOCK_S = 0.5
"""A line stands in its file a little after what it tells of."""
_CACHE = re.compile(r"(?:^|/)[\w.-]*(?:cache|compile)[\w.-]*/|\.(?:so|o|pyc|nbc|nbi|lock|ttf|otf|afm)$", re.IGNORECASE)
"""What libraries compile and keep for themselves: a second run reads what the first one had to make."""
_SPACE = "space"
_TEMPORARY = re.compile(r"^/(?:.*/)?tmp[a-z0-9_]{8}(?=[./]|$)")
"""What Python's `tempfile` makes: another name each time, as of the file by which a notebook's kernel is reached."""
_ANY_TEMPORARY = "a temporary file"
_DONE = ("n_estimators", "trees", "rounds", "best_iteration")
TRAINS = frozenset({"sampling", "fit", "search", "steps"})
"""Kinds of lines that say what was trained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that was done.

    :ivar subject: what, in the words of its library: `pymc.sample`, `Ridge.fit`.
    :ivar figures: arguments, priors and counts by name.
    :ivar arrays: what went in, by name.
    """

    subject: str
    kind: str
    where: str = ""
    count: int = 1
    figures: Mapping[str, str] = field(default_factory=dict[str, str])
    arrays: Mapping[str, Fingerprint] = field(default_factory=dict[str, Fingerprint])


def events(witnessed: Witnessed) -> tuple[Event, ...]:
    """Return what a run did, in the order of time where one process did it, else in an order of its own."""
    workers = {one.file for one in witnessed.processes if one.role in {"joblib", "fork", "spawn"}}
    searches = witnessed.of("search")
    mains, others = list[Event](), list[Event]()
    for line in witnessed.lines:
        if line.file in workers and any(_is_fold(line, one) for one in searches):
            continue  # told of the search itself
        (others if line.file in workers else mains).extend(_of(line))
    return (*mains, *sorted(others, key=_order))


def _is_fold(line: Line, search: Line) -> bool:
    """Whether a fit or prediction in another process belongs to a search: its estimator, while it went on."""
    begun = search.at - (number(search.facts, "wall_s") or 0.0)
    return text(line.facts, "class") == text(search.facts, "estimator") and begun - _CLOCK_S <= line.at <= search.at


def _order(event: Event) -> tuple[str, str, str]:
    arrays = json.dumps({name: one.sha for name, one in event.arrays.items()})
    return event.subject, json.dumps(dict(event.figures), sort_keys=True), arrays


def _of(line: Line) -> Iterator[Event]:
    read = _READ.get(line.kind)
    if read is not None and not text(line.facts, "raised"):
        event = read(line)
        if event is not None:
            yield event


def _sampling(line: Line) -> Event:
    one = facts.sampling(line)
    figures = {name: words(value) for name, value in one.arguments.items() if name not in _QUIET}
    if _PROBE in figures.get("callback", ""):
        del figures["callback"]
    figures |= {name: words(getattr(one, name)) for name in ("draws", "tune", "chains", "sampler")}
    figures |= {"method": one.method, "steps": ", ".join(sorted(one.steps)), "variables": ", ".join(sorted(one.free))}
    figures |= {f"prior of {name}": _plain(prior) for name, prior in one.free.items() if prior}
    figures["potentials"] = words(line.facts.get("potentials"))
    arrays = {f"observed {name}": data for name, data in one.observed.items()}
    figures = {name: value for name, value in figures.items() if value}
    return Event(subject=one.call, kind="sampling", where=line.where, figures=figures, arrays=arrays)


def _fit(line: Line) -> Event:
    one = facts.fit(line)
    params = named_by_class({**one.params, _SPACE: line.facts.get(_SPACE)})
    figures = {name: words(value) for name, value in params.items() if name.rpartition("__")[2] not in _QUIET}
    figures |= {name: words(one.done.get(name)) for name in _DONE if name in one.done and name not in one.params}
    figures |= {name: words(line.facts.get(name)) for name in ("candidates", "folds", "estimator")}
    figures = {name: value for name, value in figures.items() if value}
    subject = f"{one.name or one.call}.{one.call}" if one.name and not one.is_search else one.name or one.call
    return Event(subject=subject, kind=line.kind, where=line.where, figures=figures, arrays={"X": one.x, "y": one.y})


def _more(line: Line) -> Event | None:
    if text(line.facts, "of") != "fit":
        return None
    subject = f"{text(line.facts, 'class')}.fit"
    return Event(subject=subject, kind="more", where=line.where, count=whole(line.facts, "count") or 0)


def _prediction(line: Line) -> Event:
    one = facts.prediction(line)
    return Event(subject=f"{one.name}.{one.call}", kind="predict", where=line.where, arrays={"rows": one.x})


def _split(line: Line) -> Event:
    arguments = part(line.facts, "arguments") or {}
    figures = {name: words(value) for name, value in arguments.items() if name not in _QUIET}
    if line.facts.get("n_splits") is not None:
        figures["n_splits"] = words(line.facts["n_splits"])
    arrays = {f"part {n}": one for n, one in enumerate(fingerprints(line.facts, "parts"), start=1)}
    if part(line.facts, "x") is not None:
        arrays["X"] = fingerprint(part(line.facts, "x"))
    return Event(subject=text(line.facts, "call"), kind="split", where=line.where, figures=figures, arrays=arrays)


def _steps(line: Line) -> Event:
    one = facts.steps(line)
    params = part(line.facts, "params") or {}
    figures = {name: words(value) for name, value in params.items() if name not in _QUIET}
    figures |= {"steps": words(one.steps), "numbers": words(one.numbers), "epochs": words(one.epochs)}
    figures |= {"lr from/to": words(line.facts.get("lr_seen"))}
    figures = {name: value for name, value in figures.items() if value}
    return Event(
        subject=one.name, kind="steps", where=line.where, figures=figures, arrays={"weights at the start": one.begun}
    )


def _batches(line: Line) -> Event:
    figures = {name: words(line.facts.get(name)) for name in ("dataset", "batch_size", "shuffle", "batches")}
    return Event(subject="batches", kind="batches", where=line.where, figures=figures)


def _losses(line: Line) -> Event:
    first = number(line.facts, "first")
    figures = {"first value": f"{first:.4g}"} if first is not None else {}
    return Event(subject="loss", kind="losses", where=line.where, figures=figures)


def _solve(line: Line) -> Event:
    figures = {"shapes": words(line.facts.get("shapes"))}
    count = whole(line.facts, "count") or 1
    return Event(subject=text(line.facts, "call"), kind="solve", where=line.where, figures=figures, count=count)


def _replaced(line: Line) -> Event:
    return Event(subject=f"{text(line.facts, 'what')} replaced", kind="replaced", where=line.where)


def _code(line: Line) -> Event:
    first = text(line.facts, "text").strip().partition("\n")[0]
    return Event(subject=f"code run by {text(line.facts, 'by')}: {first}", kind="code", where=line.where)


def _program(line: Line) -> Event | None:
    if not facts.files(line):
        return None
    argv = texts(line.facts, "argv")
    figures = {f"file {text(one, 'path')}": text(one, "sha256")[:12] for one in facts.files(line)}
    figures["command"] = _FOLDER.sub("", " ".join(argv))
    name = argv[0].rpartition("/")[2] if argv else ""
    return Event(subject=f"program {name}", kind="program", where=line.where, figures=figures)


_READ: dict[str, Callable[[Line], Event | None]] = {
    "sampling": _sampling,
    "fit": _fit,
    "search": _fit,
    "more": _more,
    "predict": _prediction,
    "split": _split,
    "steps": _steps,
    "batches": _batches,
    "losses": _losses,
    "solve": _solve,
    "replaced": _replaced,
    "code": _code,
    "program": _program,
}


def words(value: object) -> str:
    """Return a value as it is compared and shown; empty for what says nothing."""
    if value is None:
        return ""
    if isinstance(value, bool | str):
        return _plain(str(value))
    if isinstance(value, int | float):
        return f"{value:.10g}"
    return _plain(json.dumps(value, sort_keys=True, default=str))


def _plain(said: str) -> str:
    return _FOLDER.sub("", _ADDRESS.sub("", said))


def files_read(witnessed: Witnessed) -> dict[str, tuple[str, str]]:
    """Return by path the digest and the place of what a run read and did not write before."""
    written = {text(one.facts, "path") for one in witnessed.of("write", "save")}
    found: dict[str, tuple[str, str]] = {}
    for line in sorted(witnessed.of("read", "import"), key=attrgetter("at")):
        path = text(line.facts, "path")
        if path and path not in written and not _CACHE.search(path):
            sha256 = "" if _TEMPORARY.match(path) else text(line.facts, "sha256")
            found.setdefault(_TEMPORARY.sub(_ANY_TEMPORARY, path), (sha256, line.where))
    return found


def files_written(witnessed: Witnessed) -> frozenset[str]:
    """Return the paths that a run wrote, saved or linked."""
    return frozenset(text(one.facts, "path") for one in witnessed.of("write", "save", "link"))
