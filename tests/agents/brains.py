"""Agents without a model behind them: they read the last answer, and make the call that stands in `next`.

Nothing of the story is scripted in time: what is called, and how often, follows from what the server says.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

_CALL = re.compile(r"\b([a-z]+_[a-z_]+)\((.*?)\)(?=\W*$|[ ,;])", re.DOTALL)
MEND = "mend_script"
"""The tool of the trainer's own with which it changes its script."""
SAID = {
    "what_happened": "The sampler reports divergent transitions.",
    "struggle": "The centred model diverged: the sampler could not follow the funnel near a small tau.",
    "investigation": ["Looked at the divergences: they sit where tau is small.", "Non-centred form: none was left."],
    "fix": "theta ~ Normal(mu, tau) became theta = mu + tau * eta with eta ~ Normal(0, 1).",
    "why": "Because eight schools say little about how much coaching effects differ between schools, tau may be near"
    " zero; there the schools' effects collapse to one, and the root cause is that geometry, not the sampler.",
    "instructions": "Use the non-centred parameterisation; draws, chains and target_accept stay as they are.",
}
"""What an agent says where `next` leaves the words to it."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call; without a tool the agent has finished and `said` is its last word."""

    tool: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    said: str = ""


Brain = Callable[[str], Call]
"""Returns the next call for the text of the last tool answer; empty at the beginning."""


def facts_of(text: str) -> dict[str, Any]:
    """Return an answer's facts, whether a client hands the model its JSON or its text."""
    try:
        found = json.loads(text)
    except ValueError:
        return {name: value for name, _, value in (line.partition(": ") for line in text.split("\n"))}
    if isinstance(found, list):  # a client that hands over the content blocks
        return facts_of(str(cast(list[dict[str, Any]], found)[0].get("text", "")))
    inner: dict[str, Any] = cast(dict[str, Any], found)
    return facts_of(str(inner["text"])) if inner.get("type") == "text" else inner


def next_in(facts: Mapping[str, Any]) -> str:
    """Return what an answer says to do next: every answer says it."""
    assert "next" in facts, f"no next in {facts}"
    return str(facts["next"])


def call_in(words: str) -> Call | None:
    """Return the call that stands in a `next`; what it leaves open is filled in from SAID."""
    found = _CALL.search(words)
    if found is None:
        return None
    source = re.sub(r"=(\[?)…(\]?)", r"=\1'…'\2", f"{found[1]}({found[2]})")
    parsed = ast.parse(source, mode="eval").body
    assert isinstance(parsed, ast.Call)
    given = {one.arg: ast.literal_eval(one.value) for one in parsed.keywords if one.arg}
    return Call(found[1], {name: _filled(name, value) for name, value in given.items()})


def _filled(name: str, value: object) -> object:
    if value in ("…", ["…"]):
        return SAID[name]
    return "RESTART" if name == "action" and "RESTART" in str(value) else value


class Trainer:
    """Brings model 1 from its first quick run to the verdict."""

    def __init__(self) -> None:
        self._mended = False
        self._start: Call = Call("start_training", {"model": "1", "phase": "quick"})
        self.calls: list[Call] = []

    def __call__(self, answer: str) -> Call:
        """Return the next call."""
        call = self._next(answer)
        if call.tool == "start_training":
            self._start = call
        self.calls.append(call)
        return call

    def _next(self, answer: str) -> Call:
        if not answer:
            return Call("poll_training")
        if answer.startswith(MEND):
            return self._start
        words = next_in(facts_of(answer))
        if words.startswith(("nothing was started", "the same start_training call again")):
            return self._start
        if words.startswith("the watch is over"):
            return Call(said=words)
        call = call_in(words)
        assert call is not None, f"no call in {words!r}"
        if "with the fix" in words and not self._mended:
            self._mended, self._start = True, call
            return Call(MEND)
        return call


class Director:
    """Answers what the trainer reports until a verdict of the full phase is on record."""

    def __init__(self) -> None:
        self.answers: list[Call] = []

    def __call__(self, answer: str) -> Call:
        """Return the next call."""
        if not answer:
            return Call("poll_training")
        facts = facts_of(answer)
        if re.search(r"1-full-1\b.*?verdict\W+APPROVE", json.dumps(facts), re.DOTALL):
            return Call(said="the full phase of model 1 is approved")
        call = call_in(next_in(facts)) or Call("poll_training")
        if call.tool == "answer_report":
            call = self._decided(call, facts)
            self.answers.append(call)
        return call

    def _decided(self, call: Call, facts: Mapping[str, Any]) -> Call:
        shown = facts.get("reports")
        reports = cast(list[dict[str, Any]], shown) if isinstance(shown, list) else []
        (report,) = [one for one in reports if one["report"] == call.arguments["report"]] or [{}]
        if "approve" not in call.arguments:
            return call
        return Call(call.tool, {**call.arguments, "action": "CONTINUE", "approve": report.get("changes", [])})
