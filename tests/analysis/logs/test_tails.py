"""Last words of failed programs in many languages, each behind three epochs: their type, and the line they begin at.

`tails.jsonl` was written from what libraries, runtimes, schedulers and shells print, and labelled before the recogniser
read it; `line` counts from the first line of the text, `missed` why one is judged wrong. What the first
run brought stands in `docs/detection.md`.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from watchkeeper.server.analysis.logs.scan import scan

TAILS = Path(__file__).with_name("tails.jsonl")
EPOCHS = "".join(f"epoch {i} loss {2 - i / 10:.2f}\n" for i in range(3))


def wrong(tail: dict[str, Any]) -> str:
    """Return what is said wrong of a failure; empty if nothing is."""
    result = scan(io.BytesIO((EPOCHS + tail["text"]).encode()), exit_code=tail["exit_code"])
    if not result.findings:
        return f"{result.outcome}, nothing found: {tail}"
    first = result.findings[0]
    line = EPOCHS.count("\n") + 1 + tail["line"]
    right = result.outcome == "failed" and first.type in tail["types"] and first.line == line
    return "" if right else f"{result.outcome} {first.type} in line {first.line}: {tail}"


def test_the_last_words_of_programs_in_many_languages_have_their_type_and_line() -> None:
    tails = [json.loads(line) for line in TAILS.read_text(encoding="utf-8").splitlines()]
    assert len(tails) > 400
    assert [said for tail in tails if "missed" not in tail and (said := wrong(tail))] == []
    assert [tail for tail in tails if "missed" in tail and not wrong(tail)] == [], "no longer missed"
