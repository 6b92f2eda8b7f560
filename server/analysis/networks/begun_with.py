"""Did a training begin with weights that somebody else had trained? By the files that they were read from. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..witness import Line, Steps
from ..witness.seen import Seen, clock, place
from ..witness.values import number, parts, text, whole

_MOSTLY = 0.5
"""Share of the numbers that an optimiser holds which were read from a file before its first step."""


def begun_with(evidence: Evidence, seen: Seen, stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """Yield that most weights were read from a file before the first step, where the design says nothing of that.

    Not of a file that the run wrote itself before (folds that begin alike, a best state that is trained on), and not
    where it went on from a checkpoint.
    """
    design = evidence.design
    if not design.path or design.speaks_of_weights or any(one.continued for one in evidence.attempts):
        return
    for one in stepped:
        for file in parts(one.line.facts, "from_files"):
            path, count, at = text(file, "path"), whole(file, "numbers") or 0, number(file, "at") or 0.0
            if count < _MOSTLY * max(one.numbers, 1) or any(_wrote(line, path, at) for line in seen.witnessed.lines):
                continue
            what = f"{count} of the {one.numbers} numbers that {one.name} at {place(one.line)} began with are those"
            what = f"{what} of {path}, or near them, read at {clock(at)}, which this run had not written;"
            what = f"{what} {design.path} does not"
            action = "Say in the design which weights the training begins with and who trained them, or begin anew."
            yield Suspicion(f"{what} speak of weights from before", Word.INVESTIGATE, "started_from_weights", action)
            return


def _wrote(line: Line, path: str, before: float) -> bool:
    return line.kind in ("write", "save") and text(line.facts, "path") == path and line.at <= before
