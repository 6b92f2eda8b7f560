"""Was a network trained by the loss, the optimiser and the rate that the design names? Pure.

A loss of several terms, one by hand that is no plain square or distance, a rate that falls where nothing improves:
of these nothing is known, and nothing is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..design.design import Design
from ..design.model import Said
from ..design.training_said import OPTIMISERS
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Line, Steps
from ..witness.seen import Seen, place
from ..witness.values import number, numbers, part, text, texts

_SCALES = frozenset(
    {"Mean", "Sum", "Div", "Mul", "Sqrt", "View", "Squeeze", "Unsqueeze", "Reshape", "ToCopy", "Nanmean"}
)
"""What a loss by row becomes one number by."""
_BY_LIBRARY = {
    "MseLoss": "mse",
    "HuberLoss": "huber",
    "SmoothL1Loss": "huber",
    "NllLoss": "cross-entropy",
    "NllLoss2D": "cross-entropy",
    "BinaryCrossEntropy": "cross-entropy",
    "BinaryCrossEntropyWithLogits": "cross-entropy",
}
_BY_NAME = {
    **dict.fromkeys(("mse", "meansquarederror"), "mse"),
    **dict.fromkeys(("mae", "meanabsoluteerror"), "mae"),
    **dict.fromkeys(("huber", "huberloss"), "huber"),
    **dict.fromkeys(
        ("binarycrossentropy", "categoricalcrossentropy", "sparsecategoricalcrossentropy", "bce"), "cross-entropy"
    ),
}
"""Losses of Keras, as they are called without what is no letter."""
_BY_HAND: dict[tuple[str, ...], str] = {("Pow2", "Sub"): "mse", ("Abs", "Sub"): "mae"}
_WORDS = {
    "mse": "the squared error",
    "mae": "the absolute error",
    "huber": "Huber's loss",
    "cross-entropy": "cross-entropy",
}
_ALIKE = {("mae", "quantile"), ("mse", "expectile"), ("mae", "student")}
"""At the middle quantile the one is half of the other."""
_PARTS = r"|abs|where|maximum|minimum|select|clip|relu|sign|<|fmax|max\b"
_INGREDIENTS = {
    kind: re.compile(words, re.IGNORECASE)
    for kind, words in {
        "quantile": f"quantile|pinball{_PARTS}",
        "huber": f"huber|smooth{_PARTS}",
        "mae": f"l1|norm{_PARTS}",
        "hinge": f"hinge{_PARTS}",
        "expectile": f"expectile|asymm{_PARTS}",
        "focal": r"focal|power|\*\*|exp|log|sigmoid|square",
        "poisson": r"poisson|exp|log|softplus",
        "negative binomial": r"binom|log|gamma",
        "cross-entropy": r"entropy|log|softplus|bce",
        "gaussian": r"log|exp|softplus|norm|gauss",
        "student": r"log|student|gamma",
        "tweedie": r"tweedie|power|\*\*|exp|log",
        "log-cosh": r"log|cosh|softplus",
    }.items()
}
"""By the kind of a loss: names of which each way to write it has one."""
_LEAST_STEPS = 20
_LIBRARIES = ("torch", "keras", "optax")


def as_said(evidence: Evidence, seen: Seen, stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """Yield what of the training is plainly another than the design says."""
    if seen.whole and not any(one.continued for one in evidence.attempts):
        yield from _losses(evidence.design, seen)
        yield from _of_jax(evidence.design, stepped)
        yield from _optimiser(evidence.design, stepped)
        yield from _schedule(evidence.design, stepped)
        yield from _decay(evidence.design, seen, stepped)


def _losses(design: Design, seen: Seen) -> Iterator[Suspicion]:
    told = [one for one in seen.witnessed.of("losses") if (number(one.facts, "count") or 0) > 0]
    kinds = [kind_of(one) for one in told]
    if not told or not all(kinds):
        return
    line, words, said = told[0], _WORDS[kinds[0]], design.training
    weighted = any(one.facts.get("weighted") is True for one in told)
    named = dict(said.losses)
    if named and not weighted and not any(_is_named(kind, named) for kind in kinds):
        yield _other(design, line, words, next(iter(named.values())), "loss_of_another_kind")
    elif said.weighted and not weighted and not _draws_by_weight(seen):
        yield _other(
            design, line, f"{words} in which all rows and classes count alike", said.weighted, "loss_not_weighted"
        )
    elif said.smoothed and "cross-entropy" in kinds and not weighted:
        yield _other(design, line, f"{words} of labels as they are", said.smoothed, "labels_not_smoothed")
    elif said.terms and len(told) == 1 and not weighted:
        yield _other(design, line, f"{words} alone, without any other term", said.terms, "term_left_out")


def _other(design: Design, line: Line, what: str, said: Said, code: str) -> Suspicion:
    told = f"what went backward at {place(line)} was {what}; {design.path}:{said.line} says {said.words[:80]!r}"
    action = "Train by the loss that the design names, or name in the design the one that is trained by."
    return Suspicion(told, Word.INVESTIGATE, code, action)


def kind_of(line: Line) -> str:
    """Return which kind of loss went backward; empty where it is no plain one of those that are known."""
    if name := text(line.facts, "name"):
        return "" if number(line.facts, "terms") else _BY_NAME.get(re.sub(r"[^a-z0-9]", "", name.lower()), "")
    made = [one for one in texts(line.facts, "made_of") if one not in _SCALES]
    return next((_BY_LIBRARY[one] for one in made[:1] if one in _BY_LIBRARY), "") or _BY_HAND.get(tuple(made[:2]), "")


def _of_jax(design: Design, stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """What was derived calls nothing by which any loss could be made that the design names, as its code is read."""
    told = [one for one in stepped if one.library == "jax"]
    named = dict(design.training.losses)
    if not told or not named or any("calls" not in one.line.facts or one.line.facts.get("open") for one in told):
        return
    calls = " ".join(name for one in told for name in texts(one.line.facts, "calls"))
    if all(kind in _INGREDIENTS and not _INGREDIENTS[kind].search(calls) for kind in named):
        first, words = told[0], next(iter(named.values()))
        what = f"what {first.name} derived at {place(first.line)} is made of {', '.join(calls.split())[:120]};"
        what = f"{what} {design.path}:{words.line} says {words.words!r}"
        action = "Train by the loss that the design names, or name in the design the one that is trained by."
        yield Suspicion(what, Word.INVESTIGATE, "loss_of_another_kind", action)


def _is_named(kind: str, named: dict[str, Said]) -> bool:
    return kind in named or any((kind, other) in _ALIKE for other in named)


def _draws_by_weight(seen: Seen) -> bool:
    return any("Weighted" in text(one.facts, "sampler") for one in seen.witnessed.of("batches"))


def _optimiser(design: Design, stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """None of the optimisers that stepped has a name of the design, by its class or the class that it inherits from."""
    said, known = dict(design.training.optimisers), [one for one in stepped if one.library in _LIBRARIES]
    names = [f"{one.name} {text(one.line.facts, 'base')}".lower().replace("optax.", "") for one in known]
    unnamed = any(not any(each in one for each in OPTIMISERS) for one in names)  # a chain, one that wraps another
    if said and names and not unnamed and not any(each in one for each in said for one in names):
        first, words = known[0], next(iter(said.values()))
        what = f"{first.name} made the steps at {place(first.line)}; {design.path}:{words.line} names {words.words}"
        action = "Train by the optimiser that the design names, or name in the design the one that is used."
        yield Suspicion(what, Word.INVESTIGATE, "other_optimiser", action)


def _schedule(design: Design, stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """A learning rate that the design lets change in any case, and that was one number from first to last."""
    said, known = (
        design.training.schedule,
        [one for one in stepped if one.library == "torch" and one.steps >= _LEAST_STEPS],
    )
    rates = [{*numbers(one.line.facts, "lr_seen"), *_last_rates(one)} for one in known]
    if said and known and len(known) == len(stepped) and all(len(one) == 1 for one in rates):
        first = known[0]
        what = f"the learning rate of {first.name} at {place(first.line)} was {next(iter(rates[0])):g} in all"
        what = f"{what} {first.steps} steps; {design.path}:{said.line} says {said.words!r}"
        action = "Let the rate change as the design says (the scheduler's step has to be called), or call it constant."
        yield Suspicion(what, Word.INVESTIGATE, "rate_never_changed", action)


def _last_rates(one: Steps) -> tuple[float, ...]:
    """Return the rates of all groups at the end: `lr_seen` is that of the first."""
    return numbers(part(one.line.facts, "params"), "lr")


def _decay(design: Design, seen: Seen, stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """A decay of the weights that the design has a number for, that no optimiser had in any group, nor the loss."""
    plain = all(map(kind_of, seen.witnessed.of("losses")))
    said, known = design.training.decay, [one for one in stepped if one.library == "torch"]
    params = [part(one.line.facts, "params") or {} for one in known]
    rates = [(number(one, "weight_decay"), *numbers(one, "decays")) for one in params]
    none = all(one and set(one) == {0.0} for one in rates)
    if said and plain and known and len(known) == len(stepped) and none:
        what = f"{known[0].name} at {place(known[0].line)} had a weight decay of 0 throughout;"
        what = f"{what} {design.path}:{said.line} says {said.words!r}"
        action = "Give the optimiser the weight decay that the design names, or take it out of the design."
        yield Suspicion(what, Word.INVESTIGATE, "weight_decay_left_out", action)
