"""The figures of a witnessed line that must come out the same when a script is played again. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .fingerprints import Fingerprint, fingerprint, fingerprints
from .lines import Line
from .values import number, numbers, part, parts, text

TOLERANCE = 1e-3
"""Share of a figure by which it may differ and be near: sums in another order differ by less, another seed by more."""
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_ARRAYS = ("x", "y", "values", "scores", "first", "begun", "drawn")
_SCALARS = ("draws", "chains", "divergences", "candidates", "folds", "best_score", "numbers", "epochs_asked", "loss")
_TEXTS = ("arguments", "params", "best", "sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One of them: an array's fingerprint, a number or a text."""

    name: str
    array: Fingerprint | None = None
    number: float | None = None
    text: str = ""

    @property
    def shown(self) -> str:
        """Return it in a few words."""
        if self.array is not None:
            mean = "" if self.array.mean is None else f", mean {self.array.mean:.6g}"
            return f"{'x'.join(map(str, self.array.shape)) or 'one number'}{mean}"
        return self.text[:60] if self.number is None else f"{self.number:.8g}"


def figures(line: Line, other: Line) -> Iterator[Figure]:
    """Yield the figures of a line that can be compared with those of the other one.

    What is counted since the beginning is compared only as far as both counted.
    """
    facts = line.facts
    for key in _ARRAYS:
        if (found := part(facts, key)) is not None:
            yield from _array(key, fingerprint(found))
    for key in _SCALARS:
        if (value := number(facts, key)) is not None:
            yield Figure(name=key, number=value)
    for key in _TEXTS if line.kind != "steps" else ():  # a learning rate follows its schedule
        if value := facts.get(key):
            yield Figure(name=key, text=_ADDRESS.sub("", json.dumps(value, sort_keys=True)))
    yield from _nested(facts)
    if line.kind == "losses":
        yield from _losses(facts)
    if line.kind in ("steps", "save") and facts.get("steps") == other.facts.get("steps"):
        yield from _array("weights", fingerprint(part(facts, "weights")))


def _array(name: str, found: Fingerprint) -> Iterator[Figure]:
    if found.sha or found.at:
        yield Figure(name=name, array=found)


def _nested(facts: Mapping[str, object]) -> Iterator[Figure]:
    """Yield data, draws and columns, which stand below a name of their own."""
    observed = part(facts, "observed") or {}
    for name in observed:
        yield from _array(f"data of {name}", fingerprint(part(part(observed, name), "data")))
    variables = part(facts, "variables") or {}
    for name in variables:
        for number_of_chain, chain in enumerate(fingerprints(variables, name)):
            yield from _array(f"{name}, chain {number_of_chain}", chain)
    for place, one in enumerate(parts(facts, "parts")):
        yield from _array(f"part {place}", fingerprint(one))
    columns = part(facts, "columns") or {}
    for name in columns:
        yield from _array(f"column {name}", fingerprint(part(columns, name)))


def _losses(facts: Mapping[str, object]) -> Iterator[Figure]:
    listed = facts.get("at")
    pairs: list[object] = listed if isinstance(listed, list) else []  # pyright: ignore[reportUnknownVariableType] # JSON
    for pair in pairs:
        values = numbers({"": pair}, "")
        if len(values) == 2:
            yield Figure(name=f"loss {values[0]:g}", number=values[1])
    if text(facts, "library") == "torch" and (first := number(facts, "first")) is not None:
        yield Figure(name="first loss", number=first)


def same(one: Figure, other: Figure) -> bool:
    """Whether two figures are the same, digit by digit."""
    if one.array is not None and other.array is not None:
        known = one.array.sha and other.array.sha
        return one.array.sha == other.array.sha if known else one.array.at == other.array.at
    return one.number == other.number and one.text == other.text


def near(one: Figure, other: Figure) -> bool:
    """Whether two figures differ by what rounding and the order of sums make of them."""
    if one.array is not None and other.array is not None:
        return one.array.shape == other.array.shape and _arrays_near(one.array, other.array)
    if one.number is not None and other.number is not None:
        return math.isclose(one.number, other.number, rel_tol=TOLERANCE, abs_tol=1e-12)
    return False


def _arrays_near(one: Fingerprint, other: Fingerprint) -> bool:
    if not one.at or len(one.at) != len(other.at):
        return False
    scale = max(one.sd or 0.0, *(abs(each) for each in one.at if math.isfinite(each)), 1e-12)
    return all(
        (math.isnan(a) and math.isnan(b))
        or math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE * TOLERANCE * scale)
        for a, b in zip(one.at, other.at, strict=True)
    )
