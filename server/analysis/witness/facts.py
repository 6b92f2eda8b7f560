"""The kinds of witnessed facts that judgements ask for most, typed. Pure; what is absent has its default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .fingerprints import NOTHING, Fingerprint, fingerprint, fingerprints
from .lines import Line
from .values import number, numbers, part, parts, text, texts, whole, wholes


class Part(NamedTuple):
    """Mean and deviation of one part of a vector over all chains, by its place and by its coordinate."""

    name: str
    called: str
    mean: float
    sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """One call of a sampler."""

    line: Line
    library: str = ""
    call: str = ""
    method: str = ""
    sampler: str = ""
    steps: tuple[str, ...] = ()
    arguments: Mapping[str, object] = field(default_factory=dict[str, object])
    chains: int | None = None
    draws: int | None = None
    tune: int | None = None
    divergences: int | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    free: Mapping[str, str] = field(default_factory=dict[str, str])
    """Free variables and their priors, as far as they can be told."""
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    """Of free variables, without chains and draws."""
    observed: Mapping[str, Fingerprint] = field(default_factory=dict[str, Fingerprint])
    likelihoods: Mapping[str, str] = field(default_factory=dict[str, str])
    """What observed variables are distributed as, as far as that can be told."""
    scales: Mapping[str, float] = field(default_factory=dict[str, float])
    """By how much each observation of a variable, or of a potential, counts, where that is told."""
    pulled: Mapping[str, str] = field(default_factory=dict[str, str])
    """Potentials without data that are a square of one variable less a number, and that variable."""
    weights: Mapping[str, Fingerprint] = field(default_factory=dict[str, Fingerprint])
    """By how much each row of a variable, or of a potential, counts, where that is not the same in all."""
    sites: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    """Shapes of what is observed where a model may be given more than that; not of what a mask leaves a part of."""
    held: Mapping[str, Fingerprint] = field(default_factory=dict[str, Fingerprint])
    """Data that a likelihood written by hand has at its hand, whether it uses all of them or not."""
    bounds: tuple[int, ...] = ()
    """Whole numbers beside these data: where a part is cut off, one of them says where."""
    variables: Mapping[str, tuple[Fingerprint, ...]] = field(default_factory=dict[str, tuple[Fingerprint, ...]])
    """By variable: the draws of each chain, as they were returned."""
    parts: tuple[Part, ...] = ()
    stats: Mapping[str, tuple[Fingerprint, ...]] = field(default_factory=dict[str, tuple[Fingerprint, ...]])
    left_out: int = 0
    raised: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """One fit, or a search over many."""

    line: Line
    id: int | None = None
    owner: int | None = None
    """The number of the estimator object in its process (`object` in the line)."""
    library: str = ""
    name: str = ""
    """The class of the estimator; of a class of the person's whose fit is a library's own, that library's."""
    called: str = ""
    """The class as the script calls it."""
    own: bool = False
    """Whether the class is the person's."""
    call: str = ""
    params: Mapping[str, object] = field(default_factory=dict[str, object])
    x: Fingerprint = NOTHING
    y: Fingerprint = NOTHING
    weights: str = ""
    """What tells the weights of its rows from others; empty where it was given none."""
    done: Mapping[str, object] = field(default_factory=dict[str, object])
    inside: Mapping[str, object] = field(default_factory=dict[str, object])
    """How many fits of which class it made inside itself."""
    wall_s: float = 0.0
    cpu_s: float = 0.0
    raised: str = ""
    is_search: bool = False
    estimator: str = ""
    candidates: int | None = None
    folds: int | None = None
    best: Mapping[str, object] = field(default_factory=dict[str, object])
    best_score: float | None = None
    scores: Fingerprint = NOTHING
    values: Fingerprint = NOTHING
    """What a cross-validation by one call returned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What one call of predict returned."""

    line: Line
    owner: int | None = None
    """The number of the estimator object in its process (`object` in the line)."""
    of: int | None = None
    """The `id` of the fit before it, in the same process; None for a model that was loaded."""
    name: str = ""
    call: str = ""
    x: Fingerprint = NOTHING
    values: Fingerprint = NOTHING
    each: tuple[Fingerprint, ...] = ()
    """Mean, deviation, least and most of each column of probabilities."""
    largest: Fingerprint = NOTHING
    """The same of the largest probability of each row."""
    counts: tuple[int, ...] = ()
    """How often each label was predicted, the rarest first; empty of what are no labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What one optimiser did so far."""

    line: Line
    library: str = ""
    name: str = ""
    steps: int = 0
    lr: tuple[float, ...] = ()
    numbers: int = 0
    """How many numbers it holds."""
    moved: float | None = None
    moved_share: float | None = None
    begun: Fingerprint = NOTHING
    weights: Fingerprint = NOTHING
    traced: bool = False
    """Whether its updates ran inside compiled code, so that there may have been any number of them."""
    epochs: int | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """Something that was saved, with what was in it."""

    line: Line
    library: str = ""
    call: str = ""
    path: str = ""
    numbers: int | None = None
    weights: Fingerprint = NOTHING
    parts: Mapping[str, str] = field(default_factory=dict[str, str])
    owner: int | None = None
    """The number of the estimator object in its process (`object` in the line)."""
    of: int | None = None


def sampling(line: Line) -> Sampling:
    """Return a line of kind `sampling`."""
    facts = line.facts
    free, observed = _objects(facts, "free"), _objects(facts, "observed")
    drawn = _by_name(facts, "variables")
    outcomes = {**observed, **_objects(facts, "likelihoods")}
    factors, pulled = part(facts, "factors") or {}, part(facts, "pulled") or {}
    return Sampling(
        line=line,
        library=text(facts, "library"),
        call=text(facts, "call"),
        method=text(facts, "method"),
        sampler=text(facts, "sampler"),
        steps=texts(facts, "steps"),
        arguments=part(facts, "arguments") or {},
        chains=whole(facts, "chains"),
        draws=whole(facts, "draws"),
        tune=whole(facts, "tune"),
        divergences=whole(facts, "divergences"),
        wall_s=number(facts, "wall_s") or 0.0,
        cpu_s=number(facts, "cpu_s") or 0.0,
        free={name: text(about, "prior") for name, about in free.items()},
        shapes={name: wholes(about, "shape") or _drawn_shape(drawn.get(name, ())) for name, about in free.items()},
        observed={name: fingerprint(part(about, "data")) for name, about in observed.items()},
        likelihoods={name: prior for name, about in outcomes.items() if (prior := text(about, "prior"))},
        sites={
            name: wholes(about, "shape")
            for name, about in _objects(facts, "likelihoods").items()
            if about.get("masked") is not True
        },
        scales={
            **{name: scale for name, about in outcomes.items() if (scale := number(about, "scale")) is not None},
            **{name: scale for name in factors if (scale := number(factors, name)) is not None},
        },
        pulled={name: text(pulled, name) for name in pulled},
        weights={
            **{name: fingerprint(part(about, "weights")) for name, about in outcomes.items() if "weights" in about},
            **{name: fingerprint(about) for name, about in _objects(facts, "weights").items()},
        },
        held={name: fingerprint(part(about, "data")) for name, about in _objects(facts, "held").items()},
        bounds=wholes(facts, "bounds"),
        variables=drawn,
        parts=_parts(facts),
        stats=_by_name(facts, "stats"),
        left_out=whole(facts, "left_out") or 0,
        raised=text(facts, "raised"),
    )


def fit(line: Line) -> Fit:
    """Return a line of kind `fit` or `search`."""
    facts = line.facts
    return Fit(
        line=line,
        id=whole(facts, "id"),
        owner=whole(facts, "object"),
        library=text(facts, "library"),
        name=text(facts, "base") or text(facts, "class"),
        called=text(facts, "class"),
        own=facts.get("own") is True,
        call=text(facts, "call"),
        params=part(facts, "params") or {},
        x=fingerprint(part(facts, "x")),
        y=fingerprint(part(facts, "y")),
        weights=text(facts, "weights"),
        done=part(facts, "done") or {},
        inside=part(facts, "inside") or {},
        wall_s=number(facts, "wall_s") or 0.0,
        cpu_s=number(facts, "cpu_s") or 0.0,
        raised=text(facts, "raised"),
        is_search=line.kind == "search",
        estimator=text(facts, "estimator"),
        candidates=whole(facts, "candidates"),
        folds=whole(facts, "folds"),
        best=part(facts, "best") or {},
        best_score=number(facts, "best_score"),
        scores=fingerprint(part(facts, "scores")),
        values=fingerprint(part(facts, "values")),
    )


def prediction(line: Line) -> Prediction:
    """Return a line of kind `predict`."""
    facts = line.facts
    return Prediction(
        line=line,
        owner=whole(facts, "object"),
        of=whole(facts, "of"),
        name=text(facts, "base") or text(facts, "class"),
        call=text(facts, "call"),
        x=fingerprint(part(facts, "x")),
        values=fingerprint(part(facts, "values")),
        each=fingerprints(facts, "each"),
        largest=fingerprint(part(facts, "largest")),
        counts=wholes(facts, "counts"),
    )


def steps(line: Line) -> Steps:
    """Return a line of kind `steps`."""
    facts = line.facts
    return Steps(
        line=line,
        library=text(facts, "library"),
        name=text(facts, "class"),
        steps=whole(facts, "steps") or 0,
        lr=numbers(part(facts, "params"), "lr"),
        numbers=whole(facts, "numbers") or 0,
        moved=number(facts, "moved"),
        moved_share=number(facts, "moved_share"),
        begun=fingerprint(part(facts, "begun")),
        weights=fingerprint(part(facts, "weights")),
        traced=facts.get("traced") is True,
        epochs=whole(facts, "epochs"),
        wall_s=number(facts, "wall_s") or 0.0,
        cpu_s=number(facts, "cpu_s") or 0.0,
    )


def saved(line: Line) -> Saved:
    """Return a line of kind `save`."""
    facts = line.facts
    listed = part(facts, "parts") or {}
    return Saved(
        line=line,
        library=text(facts, "library"),
        call=text(facts, "call"),
        path=text(facts, "path"),
        numbers=whole(facts, "numbers"),
        weights=fingerprint(part(facts, "weights")),
        parts={name: text(listed, name) for name in listed},
        owner=whole(facts, "object"),
        of=whole(facts, "of"),
    )


def losses(line: Line) -> tuple[tuple[int, float], ...]:
    """Return (number of the call, value) of a line of kind `losses`."""
    value = line.facts.get("at")
    listed: list[object] = value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType] # JSON
    pairs = (numbers({"": each}, "") for each in listed)
    return tuple((int(pair[0]), pair[1]) for pair in pairs if len(pair) == 2)


def epochs(line: Line) -> tuple[tuple[int, int, float, float], ...]:
    """Return (number of the epoch, calls, their mean, the last) of a line of kind `losses`; where no loader, none."""
    value = line.facts.get("epochs")
    listed: list[object] = value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType] # JSON
    rows = (numbers({"": each}, "") for each in listed)
    return tuple((int(row[0]), int(row[1]), row[2], row[3]) for row in rows if len(row) == 4)


def files(line: Line) -> tuple[dict[str, object], ...]:
    """Return the files of the workspace that a command of kind `program` names."""
    return parts(line.facts, "files")


def _objects(facts: Mapping[str, object], key: str) -> dict[str, dict[str, object]]:
    found = part(facts, key) or {}
    return {name: about for name in found if (about := part(found, name)) is not None}


def _drawn_shape(chains: tuple[Fingerprint, ...]) -> tuple[int, ...]:
    """Return the shape of one draw, where a model knows its own only when it is sampled."""
    return chains[0].shape[1:] if chains else ()


def _parts(facts: Mapping[str, object]) -> tuple[Part, ...]:
    value = facts.get("parts")
    listed: list[object] = value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType] # JSON
    found: list[Part] = []
    for one in listed:
        match one:
            case [str() as name, str() as called, int() | float() as mean, int() | float() as sd]:
                found.append(Part(name, called, float(mean), float(sd)))
            case _:
                continue
    return tuple(found)


def _by_name(facts: Mapping[str, object], key: str) -> dict[str, tuple[Fingerprint, ...]]:
    found = part(facts, key) or {}
    return {name: fingerprints(found, name) for name in found}
