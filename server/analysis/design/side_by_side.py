"""Networks that a design counts: side by side (`jax.vmap`) they have one optimiser, of one seed they are one. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from ..witness import Steps
from ..witness.seen import Seen, place
from ..witness.values import whole
from .answer import Answer
from .quantities import plain


def side_by_side(floor: float, seen: Seen) -> Answer | None:
    """Return that compiled code which trains returned the weights of so many networks or more; None elsewhere.

    An optimiser inside of `vmap` sees the numbers of one network. What the compiled code returned has those of all, as
    many times as much, leaf by leaf: the sizes of as many arrays as a network has, one after another.
    """
    for one in (each for each in seen.steps if each.library == "optax" and each.numbers > 0):
        tensors = whole(one.line.facts, "tensors") or 0
        for line in seen.witnessed.of("compiled"):
            sizes = [*_sizes(line.facts.get("arrays"))]
            runs = (sum(sizes[at : at + tensors]) for at in range(len(sizes) - tensors + 1))
            counts = [total // one.numbers for total in runs if total % one.numbers == 0] if tensors else []
            if (most := max(counts, default=0)) >= max(2.0, floor):
                told = f"{plain(most)} networks of {one.numbers} numbers were trained side by side at {place(line)}"
                return Answer(seen=f"{told} (witnessed)")
    return None


def one_network_again(floor: float, seen: Seen) -> Answer | None:
    """Answer with a doubt where networks that were trained at one place of a process ended with the same weights.

    Ranks that train one network together have the same weights too, each in a process of its own.
    """
    groups: dict[tuple[str, str, str], list[Steps]] = {}
    for one in (each for each in seen.steps if each.steps > 0):
        groups.setdefault((one.line.file, one.name, one.line.where), []).append(one)
    large = [one for one in groups.values() if len(one) >= floor]
    if not large or any(
        not each.weights.sha or len({s.weights.sha for s in one}) >= floor for one in large for each in one
    ):
        return None
    first, kinds = large[0][0], len({one.weights.sha for one in large[0]})
    what = f"the {len(large[0])} networks that {first.name} trained at {place(first.line)} ended with {kinds} different"
    return Answer(doubt=f"{what} sets of weights (witnessed)", too_few=True)


def _sizes(arrays: object) -> Iterator[int]:
    for one in cast("list[object]", arrays) if isinstance(arrays, list) else ():
        size = cast("list[object]", one)[0] if isinstance(one, list) and one else None
        yield size if isinstance(size, int) else 0
