"""How a diary entry looks, and the evidence that follows it. Pure.

The four headings The Struggle, The Investigation, The Fix, The Why are searched for literally by the agent that makes
a story of them (Ordeal, Tests, Resurrection, Treasure).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ..vocabulary.errors import InvalidArgument
from .diary_rules import Breach, DiaryRule, Entry
from .error_report import Action
from .markdown import fenced, labelled, numbered, prose

MOST_ITEMS = 50
OPEN = "no later attempt has ended well yet."

_HEADING = re.compile(r"^## Dev Diary Entry #(\d{1,9})[ \t\r]*$", re.MULTILINE)
_OF_INSIGHT = (DiaryRule.EMPTY_SECTIONS, DiaryRule.WHY_ABOUT_DOMAIN, DiaryRule.CAUSE_NAMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That a later attempt ended without the failure.

    :ivar said: one sentence that names the attempt.
    :ivar script: what changed in the script, as Markdown.
    :ivar numbers: how both attempts ended, as Markdown.
    """

    said: str
    script: str
    numbers: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the server adds to an entry by itself.

    :ivar error_text: the lines of the failure, verbatim.
    :ivar hypothesis: what the trainer first thought, from its report.
    :ivar facts: lines such as `Run 1-quick-1: failed`, fit to stand in a list.
    :ivar proof: None while no later attempt ended well.
    :ivar action: what the director decided; empty if nothing.
    """

    error_text: str = ""
    hypothesis: str = ""
    facts: tuple[str, ...] = ()
    proof: Proof | None = None
    action: str = ""


def title(model: str) -> str:
    """Return the line that opens a model's diary."""
    return f"# Development Diary: Model {model}\n"


def heading(number: int) -> str:
    """Return the line that opens an entry."""
    return f"## Dev Diary Entry #{number}"


def last_number(text: str) -> int:
    """Return the highest entry number in a diary; 0 when it has none."""
    return max((int(number) for number in _HEADING.findall(text)), default=0)


def cleaned(entry: Entry) -> Entry:
    """Return an entry that may stand in the document: cleaned, without headings of its own.

    :raises InvalidArgument: if it has more tests or next steps than anybody reads.
    """
    return Entry(
        struggle=prose(entry.struggle),
        investigation=_each("investigation", entry.investigation),
        fix=prose(entry.fix),
        why=prose(entry.why),
        next_steps=_each("next_steps", entry.next_steps),
        validation=prose(entry.validation),
        narrative_value=prose(entry.narrative_value),
    )


def _each(name: str, texts: Sequence[str]) -> tuple[str, ...]:
    if len(texts) > MOST_ITEMS:
        raise InvalidArgument(
            f"{name} has {len(texts)} items; {MOST_ITEMS} are the most.", "Put together what belongs together."
        )
    return tuple(text for one in texts if (text := prose(one)))


def has_insight(breaches: Sequence[Breach]) -> bool:
    """Whether an entry tells why, as far as the rules can judge."""
    return not any(one.rule in _OF_INSIGHT for one in breaches)


def status(*, solved: bool, action: str, insight: bool) -> str:
    """Return where an entry stands: by the runs, then by the director's decision, never by what the agent says."""
    if solved:
        return "✅ RESOLVED + INSIGHT EXTRACTED" if insight else "✅ RESOLVED, insight missing"
    decided = {Action.TERMINATE: "TERMINATED by the director", Action.CONTINUE: "ACCEPTED by the director"}
    first = decided.get(Action(action), "OPEN") if action else "OPEN"
    return f"{first}, insight {'extracted' if insight else 'missing'}"


def render(number: int, at: float, phase: str, entry: Entry, evidence: Evidence, *, insight: bool) -> str:
    """Return one entry as Markdown, with the evidence that the server has for it.

    :param at: unix time of the entry.
    :param phase: the policy's label of the phase, such as `5B`.
    :param entry: as `cleaned` returns it.
    """
    stands = status(solved=evidence.proof is not None, action=evidence.action, insight=insight)
    parts = [
        heading(number),
        f"**Date**: {_date(at)}\n**Phase**: Phase {phase} (Model Training)\n**Agent**: @model_trainer",
        "### The Struggle",
        f"**What Happened**:\n{entry.struggle}",
        *([f"**Error Message**:\n{fenced(evidence.error_text)}"] if evidence.error_text else []),
        *([f"**Initial Hypothesis**:\n{prose(evidence.hypothesis)}"] if evidence.hypothesis else []),
        "### The Investigation",
        *(labelled(f"Test {place}", text) for place, text in enumerate(entry.investigation, start=1)),
        "### The Fix",
        entry.fix,
        *(_proof(evidence.proof) if evidence.proof else [f"**Result**: {OPEN}"]),
        "### The Why (Physical Interpretation)",
        entry.why,
        *(["### Validation", entry.validation] if entry.validation else []),
        *(["### Narrative Value", entry.narrative_value] if entry.narrative_value else []),
        *(["### Actionable Next Steps", numbered(entry.next_steps)] if entry.next_steps else []),
        *(["### Evidence (recorded by the server)", _bullets(evidence.facts)] if evidence.facts else []),
        f"**Status**: {stands}",
    ]
    return "\n\n".join(parts) + "\n"


def render_proof(number: int, at: float, proof: Proof, *, insight: bool) -> str:
    """Return the block that follows an entry which was written before its fix was proven."""
    parts = [
        f"## Evidence for Entry #{number} (recorded by the server)",
        f"**Date**: {_date(at)}",
        *_proof(proof),
        f"**Status of Entry #{number}**: {status(solved=True, action='', insight=insight)}",
    ]
    return "\n\n".join(parts) + "\n"


def _proof(proof: Proof) -> list[str]:
    return ["**Before and After** (recorded by the server):", proof.script, f"**Result**: {proof.said}", proof.numbers]


def _date(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}"


def _bullets(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
