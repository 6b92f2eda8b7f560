"""The development diary: what an entry must say, and how it looks (FORMATS.md). Pure.

The four headings The Struggle, The Investigation, The Fix, The Why are searched for literally by the agent that makes
a story of them (Ordeal, Tests, Resurrection, Treasure).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from .errors import InvalidArgument
from .reports import fenced

_HEADING = re.compile(r"^## Dev Diary Entry #(\d{1,9})[ \t]*$", re.MULTILINE)
_NO_LETTER = re.compile(r"\W+")
_PLACEHOLDERS = frozenset({"", "todo", "tbd", "pending", "na", "none"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the server adds to an entry by itself.

    :ivar error_text: the lines of the failure, verbatim.
    :ivar hypothesis: what the trainer first thought, from its report.
    :ivar facts: lines such as `Run: 1-quick-1, failed with exit code 1`.
    :ivar solved_by: the later attempt that ended without the failure; empty while there is none.
    """

    error_text: str = ""
    hypothesis: str = ""
    facts: tuple[str, ...] = ()
    solved_by: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as the agent tells it."""

    struggle: str
    investigation: tuple[str, ...]
    fix: str
    why: str
    next_steps: tuple[str, ...] = ()


def title(model: str) -> str:
    """Return the line that opens a model's diary."""
    return f"# Development Diary: Model {model}\n"


def last_number(text: str) -> int:
    """Return the highest entry number in a diary; 0 when it has none."""
    return max((int(number) for number in _HEADING.findall(text)), default=0)


def check(entry: Entry) -> tuple[str, ...]:
    """Return advice on an entry that may be written but could say more.

    :raises InvalidArgument: if a section is empty or a placeholder; nothing is written then.
    """
    sections = {
        "struggle": entry.struggle,
        "investigation": " ".join(entry.investigation),
        "fix": entry.fix,
        "why": entry.why,
    }
    empty = [name for name, text in sections.items() if _NO_LETTER.sub("", text).lower() in _PLACEHOLDERS]
    if empty:
        raise InvalidArgument(
            f"The diary entry has nothing under {', '.join(empty)}.",
            "Tell what broke, each test with its result, what mended it, and why that is so in the domain; "
            "then call write_diary_entry again.",
        )
    return tuple(_advice(entry))


def _advice(entry: Entry) -> list[str]:
    advice: list[str] = []
    if len(entry.why.split()) < 12:
        advice.append(
            "The Why is short: name the cause in the domain, not the symptom, for example 'schools share little data, "
            "so tau is near 0 and the geometry becomes a funnel'."
        )
    numbers = set(re.findall(r"\d+(?:\.\d+)?", entry.fix))
    if numbers and not numbers & set(re.findall(r"\d+(?:\.\d+)?", entry.why)):
        advice.append("A number in The Fix is not explained in The Why: say why this value and not another.")
    return advice


def render(number: int, at: float, phase: str, entry: Entry, evidence: Evidence) -> str:
    """Return one entry as Markdown, with the evidence that the server has for it.

    :param at: unix time of the entry.
    :param phase: the policy's label of the phase, such as `5B`.
    """
    resolved = bool(evidence.solved_by)
    parts = [
        f"## Dev Diary Entry #{number}",
        f"**Date**: {datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}\n**Phase**: Phase {phase} (Model Training)\n"
        "**Agent**: @model_trainer",
        "### The Struggle",
        f"**What Happened**:\n{entry.struggle}",
        *([f"**Error Message**:\n{fenced(evidence.error_text)}"] if evidence.error_text else []),
        *([f"**Initial Hypothesis**:\n{evidence.hypothesis}"] if evidence.hypothesis else []),
        "### The Investigation",
        *_tests(entry.investigation),
        "### The Fix",
        entry.fix,
        f"**Result**: {evidence.solved_by}" if resolved else "**Result**: no later attempt has ended well yet.",
        "### The Why (Physical Interpretation)",
        entry.why,
        *(["### Actionable Next Steps", _numbered(entry.next_steps)] if entry.next_steps else []),
        *(["### Evidence (recorded by the server)", _bullets(evidence.facts)] if evidence.facts else []),
        "**Status**: ✅ RESOLVED + INSIGHT EXTRACTED" if resolved else "**Status**: OPEN, insight extracted",
    ]
    return "\n\n".join(parts) + "\n"


def _tests(tests: Sequence[str]) -> list[str]:
    return [f"**Test {number}**: {text}" for number, text in enumerate(tests, start=1)]


def _numbered(items: Sequence[str]) -> str:
    return "\n".join(f"{number}. {item}" for number, item in enumerate(items, start=1))


def _bullets(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
