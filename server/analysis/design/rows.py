"""Rows of a design that the witness can answer: priors, rows of data, members, sizes of a network, parameters. Pure.

What it cannot answer stays "not inspected"; only what it saw plainly otherwise is called so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ..witness import Fingerprint, Fit, fingerprint
from ..witness.seen import Seen, place
from ..witness.values import number, numbers, part, parts, text, whole, wholes
from . import data as design_data
from . import repeats as design_repeats
from .answer import Answer
from .design import Requirement
from .distributions import can_differ, distribution, is_notation
from .quantities import plain
from .side_by_side import one_network_again, side_by_side

_ROWS = re.compile(r"(?:(?:training|data|total|input|sample) ?)*(?:rows?|observations?|records|data ?points|instances)")
_MEMBERS = re.compile(r"(?:ensemble |number of |model )*(?:members?|networks?|ensemble size|models)")
_TRAININGS = re.compile(
    r"(?:(?:number of|total|all) )*(?:seeds|repeats|repetitions|replications|(?:model )?(?:re ?)?fits|re ?fittings"
    r"|(?:re ?)?estimations|(?:model )?trainings|training runs|models (?:re ?)?(?:trained|fitted|estimated)"
    r"|fitted models"
    r"|(?:(?:forecast|rolling) )?origins|back ?test(?:ing)? (?:windows|origins|folds|splits)|cut ?offs|bag size|bags)"
)
"""One `seed` is a number that somebody chose."""
_WIDTH = re.compile(r"(?:hidden|layer)(?: layer)? (?:units?|size|width|dim(?:ension)?s?|neurons)|d model|width|neurons")
_DEPTH = re.compile(r"(?:number of |n |num )?(?:hidden |transformer |encoder )?layers|depth of the network")
_LAYERS = re.compile(r"architecture|topology|mlp|network|hidden layer sizes|layer sizes|layers?(?: widths| sizes)?")
_WIDTHS = re.compile(r"\d{1,5}(?:\s*(?:[-–—/×x,]|->|→)\s*\d{1,5})+")
_NEARLY_ALL = 0.95
"""Of the rows of a file the first ones have no lag, and some have blanks: they are neither fitted nor predicted."""
_NARROWEST = 8
"""Two numbers below it may be a range of layers (`2-3`), not the widths of two."""
_TREES = re.compile(
    r"(?:(?:number of|n|num|max(?:imum)?|base) )*"
    r"(?:(?:decision )?trees|estimators|(?:boost(?:ing)? )?rounds?|boost(?:ing)? (?:iterations|stages))"
    r"(?: (?:of|in|per) .+)?"
)
_OF_A_STACK = re.compile(
    r"(?:cv |cross validation )?folds (?:inside|within|of|in) (?:the )?(?:stack(?:ing)?|calibration)"
    r"|(?:stacking|calibration) folds"
)
_PRIOR = re.compile(r"prior (?:of|for|on) (.+)|(.+) prior")
_ALIASES = {
    "n_estimators": ("n_estimators", "iterations", "num_boost_round", "max_iter", "num_iterations"),
    "learning_rate": ("learning_rate", "lr", "eta", "learning_rate_init"),
    "max_depth": ("max_depth", "depth"),
    "batch_size": ("batch_size",),
    "n_init": ("n_init", "n_restarts_optimizer"),
    "weight_decay": ("weight_decay",),
}
_CALLED = {
    **dict.fromkeys(("lr", "step_size", "eta", "initial_learning_rate"), "learning_rate"),
    **dict.fromkeys(("depth", "tree_depth", "maximum_depth"), "max_depth"),
    **dict.fromkeys(("batch", "minibatch", "minibatch_size", "mini_batch_size"), "batch_size"),
    **dict.fromkeys(("initialisations", "initializations", "inits", "restarts", "random_restarts", "starts"), "n_init"),
}
_OF = {"max_iter": "HistGradientBoosting", "iterations": "CatBoost"}
"""Whose parameter of this name says how many trees there are; elsewhere it says how often an optimiser may try."""
_STOPPED = ("best_iteration_", "best_iteration", "n_iter_", "n_estimators_")
_MORE = 0.25
"""All rows may be fitted with some more rounds than the part needed."""
_AS_MANY = frozenset({"n_estimators", "n_init"})
"""Parameters of which more is no less than what was asked for."""


def is_rows(name: str) -> bool:
    """Whether a row of a design, by its name, says on how many rows of data is trained."""
    return _ROWS.fullmatch(name.replace("_", " ")) is not None


def answered(
    name: str, one: Requirement, seen: Seen, of_results: Sequence[Fit] = (), result_rows: int | None = None
) -> Answer:
    """Return what was witnessed of a row of the design.

    :param name: its identifier (`name_of`).
    :param of_results: the fits that the results come from; where one of them has a parameter, others' say nothing.
    :param result_rows: of the table of results; None where there is none, or not all of it was counted.
    """
    words = name.replace("_", " ")
    if found := _PRIOR.fullmatch(words):
        return _prior(found[1] or found[2], one, seen)
    if any(each.fullmatch(words) for each in (_WIDTH, _DEPTH, _LAYERS)) and (widths := layer_widths(one.text)):
        return _layered(widths, seen)
    if found := _of_data(words, one, seen, of_results, result_rows) or _repeated(words, one, seen, of_results):
        return found
    for pattern, answer in (
        (_ROWS, _rows),
        (_MEMBERS, _members),
        (_TRAININGS, _members),
        (_WIDTH, _width),
        (_DEPTH, _depth),
        (_OF_A_STACK, _stack),
        (design_repeats.LEFT_OUT, _members),
    ):
        if pattern.fullmatch(words):
            return Answer() if one.floor is None else answer(one.floor, seen)
    return _parameter(name, one, seen, of_results)


def _repeated(words: str, one: Requirement, seen: Seen, of_results: Sequence[Fit]) -> Answer | None:
    """Return what is known of imputations, of permutations and of an optimiser's starts; None for any other row.

    A permutation of the outcomes against one model's predictions fits nothing, unless the design says that it does.
    """
    if one.floor is not None and design_repeats.STARTS.fullmatch(words) and design_repeats.only_solved(seen):
        return design_repeats.starts(one.floor, seen)
    if one.floor is not None and design_repeats.IMPUTED.fullmatch(words):
        return design_repeats.differ(one.floor, seen, of_results) or _members(one.floor, seen)
    if design_repeats.PERMUTED.fullmatch(words):
        return _members(one.floor, seen) if one.anew and one.floor is not None else Answer()
    return None


def _of_data(
    words: str, one: Requirement, seen: Seen, of_results: Sequence[Fit], result_rows: int | None
) -> Answer | None:
    """Return what is known of a row about columns, rows held out or rows trained on; None for any other."""
    if words == "features":
        return design_data.columns(one, seen, of_results)
    if design_data.HELD_OUT_ROWS.fullmatch(words):
        return design_data.held_out_rows(words, one, seen, result_rows)
    return design_data.training_rows(one, seen) if design_data.TRAINING_ROWS.fullmatch(words) else None


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
    apart, together = _in_pieces(seen)
    if apart >= floor:
        return Answer(seen=f"{apart} rows in parts that share none (witnessed)")
    apart_from = seen.predicted_rows + seen.evaluated_rows
    short = most and not unseen and seen.whole and max(most, together) + apart_from < _NEARLY_ALL * floor
    return Answer(problem=f"at most {told}") if short and not seen.more_fits else Answer()


def _in_pieces(seen: Seen) -> tuple[int, int]:
    """Return the most rows that were fitted to at one place: in tables that share none, and in all that differ.

    A model of each region, or one that is given batch after batch, sees no table of all rows.
    """
    places: dict[str, dict[str, Fingerprint]] = {}
    for one in (each for each in seen.fits if each.x.shape):
        places.setdefault(f"{one.name} {one.line.where}", {})[one.x.sha or str(one.line.n)] = one.x
    apart = together = 0
    for tables in places.values():
        rows = sum(one.shape[0] for one in tables.values())
        keys = [key for one in tables.values() for key in one.row_keys]
        alone = len(keys) == len(set(keys)) and all(one.row_keys for one in tables.values())
        apart, together = max(apart, rows if alone else 0), max(together, rows)
    return apart, together


def _members(floor: float, seen: Seen) -> Answer:
    """Networks that were trained at one place, or fits of one class at one place."""
    networks = Counter((one.name, one.line.where) for one in seen.steps if one.steps > 0)
    fits = [count for count, _ in seen.repeated_fits().values()]
    inside = [value for one in seen.fits for value in one.inside.values() if isinstance(value, int)]
    most = max([*networks.values(), *fits, *inside], default=0)
    if (beside := side_by_side(floor, seen)) is not None:
        return beside
    if most >= floor:
        nets = max(networks.values(), default=0)
        again = design_repeats.one_again(floor, seen) if most > max([nets, *inside]) else None
        again = one_network_again(floor, seen) if nets == most and not fits else again
        return again or Answer(seen=f"{most} were trained (witnessed)")
    alone = networks and not fits and not any(one.traced for one in seen.steps)
    if alone:
        return Answer(doubt=f"{most} optimiser(s) stepped at {place(seen.steps[0].line)} (witnessed)")
    return _too_few(floor, seen)


def _too_few(floor: float, seen: Seen) -> Answer:
    """Fits of every kind and place together are fewer: nothing else is known to have trained either."""
    other = seen.steps or seen.samplings or seen.variational or seen.more_fits or seen.witnessed.of("solve", "program")
    folds = sum((one.folds or 1) * (one.candidates or 1) for one in seen.fits if one.is_search)
    inside = sum(value for one in seen.fits for value in one.inside.values() if isinstance(value, int))
    made = sum(not one.is_search for one in seen.fits)
    if other or not made or not seen.whole or max(made + folds, inside) >= floor:
        return Answer()
    first = next(one for one in seen.fits if not one.is_search)
    return Answer(doubt=f"{made + folds} fits were made in all, the first at {place(first.line)}", too_few=True)


def _stack(floor: float, seen: Seen) -> Answer:
    """Folds by which the last estimator of a stack, or a calibration, was fitted, where asked for by their number."""
    stacks = [(number(one.params, "cv"), one) for one in seen.fits if one.name.startswith(("Stacking", "Calibrated"))]
    told = [(folds, place(one.line)) for folds, one in stacks if folds is not None]
    if not told or len(told) < len(stacks):
        return Answer()
    folds, at = min(told)
    what = f"{plain(folds)} folds of the stack at {at} (witnessed)"
    return Answer(seen=what) if folds >= floor else Answer(doubt=what)


def _width(floor: float, seen: Seen) -> Answer:
    """The largest dimension of any weight, or the widest layer that an estimator was asked for."""
    sizes = [*(max(wholes(one.line.facts, "dims"), default=0) for one in seen.steps), *map(max, _layers(seen.fits))]
    if not max(sizes, default=0):
        return Answer()
    told = f"{max(sizes)} in the widest layer (witnessed)"
    if max(sizes) >= floor:
        return Answer(seen=told)
    untold = any(not wholes(one.line.facts, "dims") for one in seen.steps) or any(map(_tries_layers, seen.fits))
    return Answer() if untold else Answer(problem=f"at most {told}")


def _depth(floor: float, seen: Seen) -> Answer:
    """How many tables of weights the deepest network has; each layer has one at least, unless they share."""
    tables = [whole(one.line.facts, "matrices") or 0 for one in seen.steps]
    tables += [len(one) + 1 for one in _layers(seen.fits)]
    if not max(tables, default=0):
        return Answer()
    told = f"{max(tables)} tables of weights (witnessed)"
    return Answer(seen=told) if max(tables) > floor else Answer(doubt=f"at most {told}, one of which gives the output")


def layer_widths(written: str) -> list[int]:
    """Return the widths of the layers in a text such as `64-64-32`, `128/64` or `256 → 128`; none where it has none."""
    found = _WIDTHS.search(written)
    widths = [int(each) for each in re.findall(r"\d+", found[0])] if found else []
    return widths if len(widths) > 2 or min(widths, default=0) >= _NARROWEST else []


def _layered(widths: Sequence[int], seen: Seen) -> Answer:
    """As wide as the widest of these layers, and as many tables of weights as there are layers, at least."""
    wide, deep = _width(max(widths), seen), _depth(len(widths) - 0.5, seen)
    if not (wide.seen and deep.seen):
        return Answer(problem=wide.problem, doubt=wide.doubt or deep.doubt)
    return Answer(seen=f"{wide.seen}, {deep.seen}")


def _tries_layers(one: Fit) -> bool:
    return one.is_search and "hidden_layer_sizes" in str(one.line.facts.get("space"))


def _layers(fits: Iterable[Fit]) -> Iterator[list[int]]:
    for one in fits:
        for key, value in (*one.params.items(), *one.best.items()):
            told = [int(each) for each in re.findall(r"\d+", str(value))]
            if key.rpartition("__")[2] == "hidden_layer_sizes" and told:
                yield told


def _parameter(name: str, one: Requirement, seen: Seen, of_results: Sequence[Fit]) -> Answer:
    usual = _usual(name)
    keys = _ALIASES.get(usual, (usual,))
    found = [*_of_fits(keys, of_results)] or [*_values(keys, seen)]
    if one.value is None or not found:
        return Answer()
    kept = next(((value, at) for value, at in found if _is_kept(value, one, many=usual in _AS_MANY)), None)
    if kept is not None:
        return Answer(seen=f"{name} {plain(kept[0])} at {kept[1]} (witnessed)")
    of_method = [*_of_fits(keys, of_results)] or ([] if [*_of_fits(keys, seen.fits)] else [*_trained_with(keys, seen)])
    values = sorted({value for value, _ in of_method})
    if not values or values[0] * 0.95 <= one.value <= values[-1] * 1.05:  # a schedule, or settings that were tried
        return Answer()
    return Answer(doubt=f"{name} was {', '.join(map(plain, values[:3]))} at {of_method[0][1]} (witnessed)")


def _usual(name: str) -> str:
    return "n_estimators" if counts_trees(name) else _CALLED.get(name, name)


def counts_trees(name: str) -> bool:
    """Whether a row says how many trees or rounds an ensemble has."""
    return name == "n_estimators" or _TREES.fullmatch(name.replace("_", " ")) is not None


def trees_asked(seen: Seen, of_results: Sequence[Fit] = ()) -> list[float]:
    """Return how many trees or rounds each ensemble was asked for, or was found best by a search.

    :param of_results: the fits that the results come from; where one of them has trees, others' are none of these.
    """
    keys = _ALIASES["n_estimators"]
    return [value for value, _ in [*_of_fits(keys, of_results)] or _of_fits(keys, seen.fits)]


def trees_kept(rows: Iterable[Requirement], seen: Seen, of_results: Sequence[Fit] = ()) -> bool:
    """Whether each row about trees was kept by something, and all that has trees kept one of the rows.

    A forest of the designed size beside the one that counts shows nothing of that.

    :param of_results: the fits that the results come from; where one of them has trees, others' are none of these.
    """
    rows, found = list(rows), trees_asked(seen, of_results)
    if not rows:
        return True
    kept = [[_is_kept(value, one, many=True) for value in found] for one in rows]
    stopped = [value for one in seen.fits for value in rounds_taken(one)]
    refits = [any(near_rounds(value, each) for each in stopped) for value in found]
    found_kept = [any(each) or refit for *each, refit in zip(*kept, refits, strict=True)]
    return all(any(each) for each in kept) and all(found_kept)


def rounds_taken(one: Fit) -> list[float]:
    """Return after how many rounds a booster stopped, as libraries call it."""
    return [value for key in _STOPPED if (value := number(one.done, key)) is not None]


def near_rounds(asked: float, taken: float) -> bool:
    """Whether a fit was asked for about as many rounds as another one took: all rows may need some more."""
    return abs(asked - taken) <= max(2.0, _MORE * taken)


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
    yield from _of_fits(keys, seen.fits)
    yield from _trained_with(keys, seen, evaluated=True)


def _trained_with(keys: tuple[str, ...], seen: Seen, *, evaluated: bool = False) -> Iterator[tuple[float, str]]:
    """Yield the values of optimisers, samplers and loaders that train; with `evaluated` of all loaders."""
    for steps in seen.steps:
        params = part(steps.line.facts, "params") or {}
        for key in keys:
            rates = (*numbers(steps.line.facts, "lr_seen"), *steps.lr) if key == "lr" else ()
            yield from ((value, place(steps.line)) for value in (*rates, number(params, key)) if value is not None)
    for line in seen.witnessed.of("batches"):
        trains = evaluated or line.facts.get("trains") is True
        if "batch_size" in keys and trains and (value := number(line.facts, "batch_size")) is not None:
            yield value, place(line)
    for sampling in seen.samplings:
        yield from ((value, place(sampling.line)) for key in keys
                    if (value := number(sampling.arguments, key)) is not None)  # fmt: skip


def _of_fits(keys: tuple[str, ...], fits: Iterable[Fit]) -> Iterator[tuple[float, str]]:
    """Yield the values that a parameter had in these fits; in a search the best one."""
    for fit in fits:
        whose = f"{fit.name} {fit.estimator} {text(fit.done, 'of')}"
        params = {**fit.params, **{f"estimator__{key}": value for key, value in fit.best.items()}}
        for key in params:
            above, _, last = key.lower().rpartition("__")
            owner = f"{params.get(key.rpartition('__')[0])} {whose}" if above else whose
            if last in keys and _OF.get(last, "") in owner and (value := number(params, key)) is not None:
                yield value, place(fit.line)


def _prior(variable: str, one: Requirement, seen: Seen) -> Answer:
    """Hold the prior that the sampler had against the design's, where both are one distribution of plain numbers."""
    flat = re.sub(r"\W+", "_", variable)
    told = [
        (prior, place(sampling.line))
        for sampling in seen.samplings
        for name, prior in sampling.free.items()
        if name.lower() == flat
    ]
    asked = distribution(one.text)
    if asked is None or not told:
        return Answer()
    every = [(distribution(prior), prior, at) for prior, at in told]
    if kept := next((each for each in every if each[0] == asked), None):
        return Answer(seen=f"{kept[1]} at {kept[2]} (witnessed)")
    other = next((each for each in every if each[0] is not None), None)
    if other is None or other[0] is None or not can_differ(asked, other[0]):
        return Answer()
    what = f"the prior was {other[1]} at {other[2]} (witnessed)"
    if is_notation(asked, other[0]):
        return Answer(doubt=f"{what}: does the design tell a variance, a precision or a rate?")
    return Answer(problem=what)
