"""Is a network, or a booster of trees, that a design declares linear by its settings? By what was fitted. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.counting_fits import fits_of_results
from ..witness import Fit
from ..witness.seen import Seen, place

_LINEAR = (
    (re.compile("MLP"), "activation", "identity", "layers without an activation are one linear map"),
    (re.compile("XGB|xgboost"), "booster", "gblinear", "it grows no trees"),
)
"""Classes, a setting, its value, and why that makes them linear (the libraries' documentation of these settings)."""
_SAYS_SO = re.compile(r"\blinear\b|identity", re.IGNORECASE)


def linear_inside(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that all of the results' fits of a kind are linear by a setting, where the design says nothing of it."""
    rows = evidence.design.requirements.items()
    if not evidence.design.path or any(_SAYS_SO.search(f"{name} {one.text}") for name, one in rows):
        return
    fits = [one for one in fits_of_results(evidence, seen) if _setting(one) is not None]
    for classes, setting, value, why in _LINEAR:
        of_kind = [one for one in fits if classes.search(one.name)]
        if of_kind and all(one.params.get(setting) == value for one in of_kind):
            one = of_kind[0]
            what = f"{one.name} at {place(one.line)} was fitted with {setting}={value!r}: {why}"
            what = f"{what}; {evidence.design.source('method')} declares {evidence.design.method[:60]!r}"
            action = "Fit what the design declares, or say in it that the model is linear."
            yield Suspicion(what, Word.INVESTIGATE, "linear_by_its_settings", action)
            return


def _setting(one: Fit) -> object:
    """Return the setting that decides for a fit's class; None of other classes, and where it was not told."""
    return next((one.params.get(setting) for classes, setting, *_ in _LINEAR if classes.search(one.name)), None)
