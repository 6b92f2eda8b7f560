"""Was a part of a network trained by nobody? What was evaluated, against the tensors that steps moved. Pure.

By the sizes of the tensors alone: the best state, a mean of the weights, a target network are copies, which have the
sizes of what was trained, under names of their own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Line, Steps
from ..witness.seen import Seen, place
from ..witness.values import number, numbers, text, whole

LEAST_LEFT = 0.1
"""Share of a module's numbers: a head that is not used, or a pooler, has less."""
_LEAST_NUMBERS = 32
_MOST_TOLD = 200
"""Of so many tensors an optimiser tells the sizes."""
_FIXED_BY_NATURE = re.compile(
    r"pos(?:ition\w*)?(?:_?emb\w*|_?enc\w*)?(?:$|[._])|sinus|fourier|freq|\brff|mask|scale|(?:^|[._])(?:mean|std|mu|sd"
    r"|min|max|variance|count|seed\w*|iterations?|temperature|codebook|centroids?|prototypes?|grid|nodes|window|kernel_size)(?:$|[._])",
    re.IGNORECASE,
)
"""Parameters that are no weights: encodings of a place, scalers, tables that are moved without a gradient."""
_OUTSIDE = re.compile(r"^(?:module|_orig_mod|model|net|network)\.")
"""Names that a wrapper, or a module for its only part, puts in front."""


def left_untrained(evidence: Evidence, seen: Seen, stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """Yield that a part of a network which was evaluated was moved by no optimiser, and the design has no such part.

    Nothing follows where the design speaks of weights from before or of fixed ones, where another library than torch
    stepped, and where not all that stepped is told.
    """
    design = evidence.design
    if not design.networks.fixed and seen.whole and not any(one.continued for one in evidence.attempts):
        yield from _of_keras(stepped)
    known = [one for one in stepped if one.steps > 0]
    if design.networks.fixed or not seen.whole or not known or not tells_all(known):
        return
    if any(one.continued for one in evidence.attempts):
        return
    moved = _moved(known)
    for line in seen.witnessed.of("module"):
        left = left_by(parameters(line), moved)
        every = whole(line.facts, "numbers") or 0
        count = sum(size for _, size in left)
        if count < max(_LEAST_NUMBERS, LEAST_LEFT * every) or _are_stacked(parameters(line), moved):
            continue
        what = f"{count} of the {every} numbers of {text(line.facts, 'class')}, which was evaluated at {place(line)},"
        what = f"{what} were moved by no optimiser: {named(left)} ({len(known)} optimiser{'s' * (len(known) > 1)}, the"
        what = f"{what} first at {place(known[0].line)})"
        action = "Give these parameters to the optimiser and let gradients reach them, or say in the design that this"
        yield Suspicion(what, Word.INVESTIGATE, "part_untrained", f"{action} part is fixed, and where it is from.")
        return


def _of_keras(stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """The same of models of Keras, whose weights are told before and after each fit; of several fits one has to do."""
    models: dict[str, list[Steps]] = {}
    for one in (each for each in stepped if each.library == "keras" and each.steps > 0):
        if len(one.begun.parts) == len(one.weights.parts) == len(_told(one.line)) > 0:
            models.setdefault(str(one.line.facts["parameters"]), []).append(one)
    for fits in models.values():
        layers = _told(fits[0].line)
        still = [all(one.begun.parts[at] == one.weights.parts[at] for one in fits) for at in range(len(layers))]
        left = [pair for pair, stays in zip(layers, still, strict=True) if stays and _is_weight(pair[0])]
        every, count = sum(size for _, size in layers), sum(size for _, size in left)
        if count >= max(_LEAST_NUMBERS, LEAST_LEFT * every):
            what = f"{count} of the {every} numbers of the model that {fits[0].name} trained at {place(fits[0].line)}"
            what = f"{what} are the same after {sum(one.steps for one in fits)} steps: {named(left)}"
            action = "Train these layers too, or say in the design that this part is fixed, and where it is from."
            yield Suspicion(what, Word.INVESTIGATE, "part_untrained", action)
            return


def tells_all(stepped: Sequence[Steps]) -> bool:
    """Whether of each optimiser it is told which tensors it moved."""
    told = (one.library == "torch" and "moved_sizes" in one.line.facts for one in stepped)
    return all(told) and all((number(one.line.facts, "tensors") or 0.0) <= _MOST_TOLD for one in stepped)


def _moved(stepped: Sequence[Steps]) -> Counter[int]:
    """Return of how many numbers the tensors are that any optimiser moved, and how many such tensors there are."""
    found: Counter[int] = Counter()
    for one in stepped:
        for size, count in pairs(one.line, "moved_sizes"):
            found[size] += count
    return found


def pairs(line: Line, key: str) -> Iterator[tuple[int, int]]:
    """Yield of how many numbers tensors are, and how many such tensors there are."""
    value = line.facts.get(key)
    listed: list[object] = value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType] # JSON
    for each in (numbers({"": one}, "") for one in listed):
        if len(each) == 2:
            yield int(each[0]), int(each[1])


def parameters(line: Line) -> list[tuple[str, int]]:
    """Return names and sizes of the parameters of a module that are weights."""
    return [(name, size) for name, size in _told(line) if name and size and _is_weight(name)]


def _is_weight(name: str) -> bool:
    return _FIXED_BY_NATURE.search(name.replace("/", ".")) is None


def _told(line: Line) -> list[tuple[str, int]]:
    value = line.facts.get("parameters")
    listed: list[object] = value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType] # JSON
    return [_pair(one) for one in listed]


def _pair(one: object) -> tuple[str, int]:
    match one:
        case [str(name), int(size)]:
            return name, size
        case _:
            return "", 0


def left_by(every: Sequence[tuple[str, int]], moved: Mapping[int, int]) -> list[tuple[str, int]]:
    """Return the parameters for which there is no moved tensor of their size, each of which stands for one."""
    free, found = Counter(moved), list[tuple[str, int]]()
    for name, size in every:
        if free[size]:
            free[size] -= 1
        else:
            found.append((name, size))
    return found


def _are_stacked(every: Sequence[tuple[str, int]], moved: Mapping[int, int]) -> bool:
    """Whether the members of an ensemble were trained as one: each moved tensor holds that of several members."""
    asked = Counter(size for _, size in every)
    largest = max(asked, default=0)
    times = [size // largest for size in moved if largest and size > largest and size % largest == 0]
    return any(all(moved.get(size * by, 0) >= count for size, count in asked.items()) for by in times)


def named(left: Sequence[tuple[str, int]]) -> str:
    """Return the parts that parameters are of, by what their names begin with, the largest first."""
    sums: Counter[str] = Counter()
    for name, size in left:
        sums[_OUTSIDE.sub("", name.replace("/", ".")).rpartition(".")[0] or name] += size
    told = [f"{name} ({size})" for name, size in sums.most_common(3)]
    return ", ".join([*told, "…"] if len(sums) > len(told) else told)
