"""How many elements something has that is iterated over, and what one of them is."""

from __future__ import annotations

from .folding import range_length
from .libraries import PROGRESS
from .values import Either, Items, Known, Made, Ref, Table, Unknown, Value, joined, number_of

_SAME_LENGTH = frozenset(
    {
        *("builtins.list", "builtins.tuple", "builtins.enumerate", "builtins.reversed", "builtins.sorted"),
        *("builtins.iter", "builtins.map", "numpy.array", "numpy.asarray", "jax.numpy.array", "random.sample"),
    }
)
_SPACED = {"linspace": 50, "logspace": 50, "geomspace": 50}


def count_of(value: Value) -> int | None:
    """Return the number of elements, None where it cannot be told."""
    if isinstance(value, Items):
        return value.count
    if isinstance(value, Table):
        return len(value.items) if value.whole else None
    if isinstance(value, Known) and isinstance(value.data, str):
        return len(value.data)
    if isinstance(value, Either):
        counts = {count_of(one) for one in value.options}
        return counts.pop() if len(counts) == 1 else None
    return _count_made(value) if isinstance(value, Made) else None


def _count_made(made: Made) -> int | None:  # noqa: PLR0911 (one for each sort)
    name = made.ref
    last = name.rsplit(".", 1)[-1]
    if name == "builtins.range" or last == "trange":
        return range_length(made.args)
    if last in _SPACED:
        number = number_of(made.keywords.get("num", made.args[2] if len(made.args) > 2 else Known(_SPACED[last])))
        return None if number is None else int(number)
    if last == "arange":
        return range_length(made.args)
    if name == "itertools.product":
        return _product([count_of(one) for one in made.args]) if "repeat" not in made.keywords else None
    if name == "builtins.zip":
        counts = [count_of(one) for one in made.args]
        return min((one for one in counts if one is not None), default=None)
    if name == "itertools.repeat" and len(made.args) == 2:
        number = number_of(made.args[1])
        return None if number is None else int(number)
    if name == "itertools.islice" and len(made.args) == 2:
        number = number_of(made.args[1])
        return None if number is None else int(number)
    if (name in _SAME_LENGTH or PROGRESS.match(name)) and made.args:
        return count_of(made.args[-1] if name == "builtins.map" else made.args[0])
    if name.endswith("ParameterGrid") and made.args:
        return grid_size(made.args[0])
    return None


def _product(counts: list[int | None]) -> int | None:
    total = 1
    for one in counts:
        if one is None:
            return None
        total *= one
    return total if total.bit_length() < 64 else None


def grid_size(grid: Value) -> int | None:
    """Return how many settings a literal grid of parameters (a dict of lists, or a list of such) has."""
    if isinstance(grid, Table) and grid.whole:
        return _product([count_of(one) for one in grid.items.values()])
    if isinstance(grid, Items) and grid.count == len(grid.items):
        sizes = [grid_size(one) for one in grid.items]
        known = [one for one in sizes if one is not None]
        return sum(known) if len(known) == len(sizes) else None
    return None


def element_of(value: Value) -> Value:  # noqa: PLR0911 (one for each sort)
    """Return what one element is."""
    if isinstance(value, Items):
        return joined(value.items[:20]) if value.items else Unknown(tags=value.tags)
    if isinstance(value, Table):
        return joined([Known(key) for key in list(value.items)[:20]]) if value.items and value.whole else Unknown()
    if isinstance(value, Either):
        return joined([element_of(one) for one in value.options])
    if isinstance(value, Made) and value.args:
        inner = element_of(value.args[0])
        if value.ref == "builtins.enumerate":
            return Items("tuple", [Unknown("a counter"), inner], 2, tags=inner.tags)
        if value.ref in {"builtins.zip", "itertools.product"}:
            items = [element_of(one) for one in value.args]
            return Items("tuple", items, len(items), tags=value.tags)
        if value.ref == "builtins.range" or value.ref.endswith("trange"):
            return Unknown("a counter", tags=value.tags)
        if value.ref in _SAME_LENGTH or PROGRESS.match(value.ref):
            return inner
    if isinstance(value, Ref):
        return Unknown(tags=value.tags)
    return Unknown("an element", tags=value.tags)
