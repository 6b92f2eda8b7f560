"""How a run is, in one word, one colour and a sign beside it: what stands on record of it, put shortly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...analysis.evidence.words import Outcome, Word
from ...storage.record import Finding, Verdict
from ...vocabulary.runs import Level, RunState


@dataclass(frozen=True, slots=True)
class Health:
    """A word, and the class that gives it its colour: good, warn, bad, ask or idle.

    :ivar goes_on: whether the run does; its sign is another one.
    """

    word: str
    tone: str
    goes_on: bool = False

    @property
    def sign(self) -> str:
        """What stands beside the word for those who do not tell the colours apart."""
        return "▸" if self.goes_on and self.tone == "good" else SIGNS[self.tone]


_ENDS = {
    RunState.COMPLETED: Health("done", "good"),
    RunState.STOPPED: Health("stopped", "idle"),
    RunState.OUT_OF_MEMORY: Health("out of memory", "bad"),
    RunState.TIMED_OUT: Health("timed out", "bad"),
    RunState.NEVER_STARTED: Health("never started", "bad"),
    RunState.AWAITING_APPROVAL: Health("waits for approval", "ask"),
    RunState.STARTING: Health("starting", "idle"),
}
SIGNS = {"good": "✓", "warn": "!", "bad": "✕", "ask": "?", "idle": "·"}
TONES = {Outcome.PASSED: "good", Outcome.FAILED: "bad", Outcome.NOT_INSPECTED: "idle"}


def of_run(state: str, findings: Iterable[Finding], verdict: Verdict | None) -> Health:
    """Return how a run is.

    :param state: a word of RunState, or another where it could not be looked at.
    :param findings: all of the run.
    """
    if state not in set(RunState):
        return Health(state, "warn")
    known = RunState(state)
    standing = {one.level for one in findings if one.status != "accepted"}
    if known.running:
        return _going_on(standing)
    if known is RunState.COMPLETED and verdict is not None:
        return of_verdict(verdict)
    if known is RunState.COMPLETED and Level.FAILURE in standing:
        return Health("done, with failures", "bad")
    return _ENDS.get(known, Health(known.value.replace("_", " "), "bad"))


def _going_on(standing: set[Level]) -> Health:
    if Level.FAILURE in standing:
        return Health("in trouble", "bad", goes_on=True)
    flagged = Level.FLAG in standing
    return Health("look at it", "warn", goes_on=True) if flagged else Health("healthy", "good", goes_on=True)


def of_verdict(verdict: Verdict) -> Health:
    """Return a verdict's word, with the director's override beside it."""
    word = verdict.word.removeprefix("REJECT_").replace("_", " ").lower()
    if verdict.override is not None and verdict.override.reason:
        return Health(f"{word}, overridden", "warn")
    if verdict.word not in set(Word):
        return Health(word, "warn")
    known = Word(verdict.word)
    if known.met:
        return Health("approved" if known is Word.APPROVE else "approved, slow", "good")
    return Health(f"rejected: {word}" if known.rejects else word, "bad" if known.rejects else "warn")
