"""Rows of a design that the witness can answer: priors, rows of data, members, sizes of a network, parameters. Pure.

What it cannot answer stays "not inspected"; only what it saw plainly otherwise is called so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..witness import Fit, fingerprint
from ..witness.values import number, numbers, part, parts, whole, wholes
from .design import Requirement
from .quantities import plain
from .seen import Seen, place

_ROWS = re.compile(r"(?:(?:training|data|total|input|sample) ?)*(?:rows?|observations?|records|data ?points|instances)")
_MEMBERS = re.compile(r"(?:ensemble |number of |model )*(?:members?|networks?|ensemble size|models)")
_WIDTH = re.compile(r"(?:hidden|layer)(?: layer)? (?:units?|size|width|dim(?:ension)?s?|neurons)|d model|width|neurons")
_DEPTH = re.compile(r"(?:number of |n |num )?(?:hidden |transformer |encoder )?layers|depth of the network")
_PRIOR = re.compile(r"prior (?:of|for|on) (.+)|(.+) prior")
_DISTRIBUTION = re.compile(r"(?:.*[~=:]\s*)?([A-Za-z]+)\s*\((.*)\)\s*$")
_ARGUMENT = re.compile(r"(?:\w+\s*=\s*)?([-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?)", re.IGNORECASE)
_FAMILIES = {"n": "normal", "gaussian": "normal", "halfgaussian": "halfnormal", "u": "uniform"}
_ALIASES = {
    "n_estimators": ("n_estimators", "iterations", "num_boost_round", "max_iter", "num_iterations"),
    "learning_rate": ("learning_rate", "lr", "eta", "learning_rate_init"),
    "max_depth": ("max_depth", "depth"),
    "batch_size": ("batch_size",),
    "weight_decay": ("weight_decay",),
}
_CALLED = {
    **dict.fromkeys(("trees", "number_of_trees", "n_trees", "boosting_rounds", "rounds"), "n_estimators"),
    **dict.fromkeys(("lr", "step_size", "eta", "initial_learning_rate"), "learning_rate"),
    **dict.fromkeys(("depth", "tree_depth", "maximum_depth"), "max_depth"),
    **dict.fromkeys(("batch", "minibatch", "minibatch_size", "mini_batch_size"), "batch_size"),
}
_OF = {"max_iter": "HistGradientBoosting", "iterations": "CatBoost"}
"""Whose parameter of this name says how many trees there are; elsewhere it says how often an optimiser may try."""
_AS_MANY = frozenset({"n_estimators"})
"""Parameters of which more is no less than what was asked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the witness says of one row: how it was kept, against it, or in doubt; all empty where it cannot say."""

    seen: str = ""
    problem: str = ""
    doubt: str = ""


def answered(name: str, one: Requirement, seen: Seen) -> Answer:
    """Return what was witnessed of a row of the design.

    :param name: its identifier (`name_of`).
    """
    words = name.replace("_", " ")
    if found := _PRIOR.fullmatch(words):
        return _prior(found[1] or found[2], one, seen)
    for pattern, answer in ((_ROWS, _rows), (_MEMBERS, _members), (_WIDTH, _width), (_DEPTH, _depth)):
        if pattern.fullmatch(words):
            return Answer() if one.floor is None else answer(one.floor, seen)
    return _parameter(name, one, seen)


def _rows(floor: float, seen: Seen) -> Answer:
    """The most rows that were fitted to, split, loaded or observed; with those that were predicted they are all.

    A loop without a loader may have seen others.
    """
    split = [sum(one.shape[0] for one in map(fingerprint, parts(line.facts, "parts")[:2]) if one.shape)
             for line in seen.witnessed.of("split")]  # fmt: skip
    folded = [one.shape[0] for line in seen.witnessed.of("split") if (one := fingerprint(part(line.facts, "x"))).shape]
    observed = [one.size for sampling in seen.samplings for one in sampling.observed.values()]
    most = max([seen.rows, *split, *folded, *observed], default=0)
    told = f"{most} rows (witnessed)"
    if most >= floor:
        return Answer(seen=told)
    unseen = seen.steps and not seen.witnessed.of("batches")
    short = most and not unseen and seen.whole and most + seen.predicted_rows < floor
    return Answer(problem=f"at most {told}") if short else Answer()


def _members(floor: float, seen: Seen) -> Answer:
    """Networks that were trained at one place, or fits of one class at one place."""
    networks = Counter((one.name, one.line.where) for one in seen.steps if one.steps > 0)
    fits = [count for count, _ in seen.repeated_fits().values()]
    inside = [value for one in seen.fits for value in one.inside.values() if isinstance(value, int)]
    most = max([*networks.values(), *fits, *inside], default=0)
    if most >= floor:
        return Answer(seen=f"{most} were trained (witnessed)")
    alone = networks and not fits and not any(one.traced for one in seen.steps)
    what = f"{most} optimiser(s) stepped at {place(seen.steps[0].line)} (witnessed)" if alone else ""
    return Answer(doubt=what)


def _width(floor: float, seen: Seen) -> Answer:
    """The largest dimension of any weight, or the widest layer that an estimator was asked for."""
    sizes = [*(max(wholes(one.line.facts, "dims"), default=0) for one in seen.steps), *map(max, _layers(seen.fits))]
    if not max(sizes, default=0):
        return Answer()
    told = f"{max(sizes)} in the widest layer (witnessed)"
    return Answer(seen=told) if max(sizes) >= floor else Answer(problem=f"at most {told}")


def _depth(floor: float, seen: Seen) -> Answer:
    """How many tables of weights the deepest network has; each layer has one at least, unless they share."""
    tables = [whole(one.line.facts, "matrices") or 0 for one in seen.steps]
    tables += [len(one) + 1 for one in _layers(seen.fits)]
    if not max(tables, default=0):
        return Answer()
    told = f"{max(tables)} tables of weights (witnessed)"
    return Answer(seen=told) if max(tables) > floor else Answer(doubt=f"at most {told}, one of which gives the output")


def _layers(fits: Iterable[Fit]) -> Iterator[list[int]]:
    for one in fits:
        for key in one.params:
            told = [int(each) for each in re.findall(r"\d+", str(one.params[key]))]
            if key.rpartition("__")[2] == "hidden_layer_sizes" and told:
                yield told


def _parameter(name: str, one: Requirement, seen: Seen) -> Answer:
    usual = _CALLED.get(name, name)
    found = [*_values(_ALIASES.get(usual, (usual,)), seen)]
    if one.value is None or not found:
        return Answer()
    kept = next(((value, at) for value, at in found if _is_kept(value, one, many=usual in _AS_MANY)), None)
    return Answer() if kept is None else Answer(seen=f"{name} {plain(kept[0])} at {kept[1]} (witnessed)")


def _is_kept(value: float, one: Requirement, *, many: bool) -> bool:
    """Whether a value is what was specified, or lies in what is acceptable."""
    if one.value is not None and abs(value - one.value) <= 1e-9 * max(abs(value), abs(one.value)):
        return True
    above = one.floor is not None and value >= one.floor
    if many:
        return above
    return above and one.maximum is not None and value <= one.maximum


def _values(keys: tuple[str, ...], seen: Seen) -> Iterator[tuple[float, str]]:
    """Yield the values of a parameter: of estimators, optimisers, loaders, samplers, with their places."""
    for fit in seen.fits:
        for key in fit.params:
            last = key.rpartition("__")[2].lower()
            if last in keys and _OF.get(last, "") in fit.name and (value := number(fit.params, key)) is not None:
                yield value, place(fit.line)
    for steps in seen.steps:
        params = part(steps.line.facts, "params") or {}
        for key in keys:
            rates = (*numbers(steps.line.facts, "lr_seen"), *steps.lr) if key == "lr" else ()
            yield from ((value, place(steps.line)) for value in (*rates, number(params, key)) if value is not None)
    for line in seen.witnessed.of("batches"):
        if "batch_size" in keys and (value := number(line.facts, "batch_size")) is not None:
            yield value, place(line)
    for sampling in seen.samplings:
        yield from ((value, place(sampling.line)) for key in keys
                    if (value := number(sampling.arguments, key)) is not None)  # fmt: skip


def _prior(variable: str, one: Requirement, seen: Seen) -> Answer:
    """Hold the prior that the sampler had against the design's, where both are one distribution of plain numbers."""
    flat = re.sub(r"\W+", "_", variable)
    told = [
        (prior, place(sampling.line))
        for sampling in seen.samplings
        for name, prior in sampling.free.items()
        if name.lower() == flat
    ]
    asked = _distribution(one.text)
    if asked is None or not told:
        return Answer()
    every = [(_distribution(prior), prior, at) for prior, at in told]
    if kept := next((each for each in every if each[0] == asked), None):
        return Answer(seen=f"{kept[1]} at {kept[2]} (witnessed)")
    other = next((each for each in every if each[0] is not None), None)
    return Answer() if other is None else Answer(problem=f"the prior was {other[1]} at {other[2]} (witnessed)")


def _distribution(words: str) -> tuple[str, tuple[float, ...]] | None:
    """Return family and numbers of `Normal(0, 1)`; of a half one without its location, which is 0."""
    found = _DISTRIBUTION.match(words.strip(" `$"))
    if found is None:
        return None
    arguments = [_ARGUMENT.fullmatch(one.strip()) for one in found[2].split(",")]
    if not all(arguments):
        return None
    family = re.sub(r"[^a-z]", "", found[1].lower())
    family = _FAMILIES.get(family, family)
    figures = tuple(float(one[1]) for one in arguments if one is not None)
    return family, figures[1:] if family.startswith("half") and len(figures) == 2 and figures[0] == 0 else figures
