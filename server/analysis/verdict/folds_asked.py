"""Are the folds of the kind that the design names: by groups, by time? Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..witness import Line, fingerprint
from ..witness.values import part, text
from .evidence import Evidence
from .seen import Seen, names
from .suspicion import Suspicion
from .words import Word

_NAMED = re.compile(
    r"\b(?:Stratified)?Group(?:KFold|ShuffleSplit)\b|\bLeave(?:One|P)Groups?Out\b|\bTimeSeriesSplit\b|\bPredefinedSplit\b"
)
"""Those that keep apart what belongs together; any other division is one of these made easier."""
_GROUPS = "Group"


def folds_asked(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """Yield that the design names folds by groups or by time, and all that were seen are of another kind.

    Nothing follows where the kind of some is not told (a list of pairs of rows), or where all stand inside a loop by
    hand: folds at one place of other data each time are those within an outer fold.
    """
    row = evidence.design.requirements.get("cv")
    asked = set(_NAMED.findall(row.text)) if row is not None else set[str]()
    lines = [*seen.witnessed.of("split"), *seen.witnessed.of("search")]
    told = [(line, kind) for line in lines if (kind := _kind(line)) is not None]
    if not asked or not told or not all(kind for _, kind in told) or any(_is_kept(kind, asked) for _, kind in told):
        return
    if all(_is_inside(line, told) for line, _ in told):
        return
    kinds = ", ".join(sorted({kind for _, kind in told}))
    what = f"{evidence.design.source('cv')} asks for {', '.join(sorted(asked))}; the folds were made by {kinds}"
    what = f"{what} at {names(line for line, _ in told)}"
    action = "Divide the rows as the design says: what belongs together may not stand on both sides."
    yield Suspicion(what, Word.INVESTIGATE, "folds_of_another_kind", action)


def _is_inside(line: Line, told: list[tuple[Line, str]]) -> bool:
    """Whether folds were made at the same place of other data too."""
    data = {one.sha or str(one.shape) for each, _ in told if each.where == line.where
            and (one := fingerprint(part(each.facts, "x"))).shape}  # fmt: skip
    return len(data) > 1


def _kind(line: Line) -> str | None:
    """Return the class that made folds, empty where it is not told; None for what makes none."""
    call = text(line.facts, "call")
    if line.kind == "split":
        return call.partition(".")[0] if call.endswith(".split") else None
    if text(line.facts, "library") != "sklearn":
        return None
    given = text(line.facts, "cv") or text(part(line.facts, "params"), "cv").strip("<>")
    return given if given[:1].isupper() else ""


def _is_kept(kind: str, asked: set[str]) -> bool:
    return any(one in kind for one in asked) or (_GROUPS in kind and any(_GROUPS in one for one in asked))
