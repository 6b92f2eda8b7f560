"""Do the results come from all trees, rounds or members that were fitted, where the design counts them? Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..design.quantities import plain
from ..design.rows import counts_trees, near_rounds, rounds_taken, trees_asked
from ..evidence.evidence import Evidence
from ..evidence.match import Match
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Fit, Prediction
from ..witness.seen import Seen, place
from ..witness.values import part, whole

_LEAST_USED = 0.95
_LEAST_GROWN = 0.01
"""Share of the rounds asked for from which early stopping found something: it stopped at once, where it kept fewer."""
_NONE = r"(?<!no )(?<!not )(?<!without )(?<!never )"
_CHOSEN = re.compile(
    rf"{_NONE}\b(?:best|chosen|selected|tuned|optimal|picked)\b[^.;|]{{0,40}}\b(?:iteration|tree|round|number|member)"
    rf"|\b(?:iteration|tree|round|member)s?\b[^.;|]{{0,40}}{_NONE}\b(?:chosen|selected|tuned|picked|kept)\b"
    rf"|{_NONE}\b(?:truncat|prun|shr[iu]n?k|cut (?:off|at|back))",
    re.IGNORECASE,
)
"""A design that lets the run take some of the trees."""


def rounds_cut_off(evidence: Evidence, seen: Seen, found: Sequence[Match]) -> Iterator[Suspicion]:
    """Yield that a prediction behind the results took fewer rounds than its model was fitted with.

    Asked where the design has a number that the prediction falls short of, and says of no way to take fewer.
    """
    design = evidence.design
    rows = {name: one.floor for name, one in design.requirements.items() if _counts(name) and one.floor}
    if not rows or design.length.stops or _CHOSEN.search(design.prose):
        return
    for match in (one for one in found if one.exact or one.parts):
        for one in match.of:
            fit, (used, made) = seen.fit_of(one), _rounds(seen, one)
            name = next((name for name, asked in rows.items() if made and used < _least(asked, made)), "")
            stopped = fit is not None and any(near_rounds(used, taken) for taken in rounds_taken(fit))
            if fit is not None and name and not (stopped and used >= _LEAST_GROWN * (rows[name] or 0)):
                what = f"{match} at {place(one.line)} by {plain(used)} of the {plain(made)} trees or rounds that were"
                what = f"{what} fitted at {place(fit.line)}; {design.source(name)} asks for {plain(rows[name])}"
                action = "Predict with all that was fitted, or say in the design how many are taken, and by what."
                yield Suspicion(what, Word.INVESTIGATE, "rounds_cut_off", action)
                return


def _least(asked: float, made: float) -> float:
    return max(_LEAST_USED * min(asked, made), _LEAST_GROWN * asked)


def _counts(name: str) -> bool:
    """Whether a row counts trees; CatBoost and LightGBM call them iterations."""
    return counts_trees(name) or name == "iterations"


def _rounds(seen: Seen, one: Prediction) -> tuple[float, float]:
    """Return how many rounds a prediction took, and how many its model was fitted with; 0 of the latter if unknown."""
    told, fit = part(one.line.facts, "rounds") or {}, seen.fit_of(one)
    taken = [each for key in ("has", "used") if (each := whole(told, key)) is not None]
    if fit is None or not taken:
        return 0.0, 0.0
    return float(min(taken)), _made(fit, seen)


def _made(fit: Fit, seen: Seen) -> float:
    looked = part(fit.line.facts, "idle_rounds") or {}
    made = [whole(fit.done, key) for key in ("trees", "rounds", "estimators")]
    known = [float(one) for one in (*made, whole(looked, "rounds")) if one]
    return known[0] if known else max(trees_asked(seen, (fit,)), default=0.0)
