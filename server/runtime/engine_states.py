"""The state of a run that an engine has, from its word where no record tells. Pure.

What the keeper wrote wins, then its samples, then the word: an engine says RUNNING for minutes after a node died,
PENDING of a run that goes on, and 0:0 for one that its node took with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..vocabulary.runs import RunState
from . import remote_silence
from .engines.words import MOST_TRIES, Kind, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where a run stands by its engine, and what is to be done about it; see RunStatus."""

    state: RunState
    reason: str
    needs_launch: bool = False
    needs_closing: bool = False
    stuck: bool = False
    settled: bool = True


def before_start(word: Word, *, now: float, stopped: bool, claimed: bool) -> Stand:
    """Return where a run stands of which no keeper has written anything.

    :param claimed: whether a job has taken the run.
    """
    if stopped and not claimed and word.kind is not Kind.RUNNING:  # a job that comes after all finds the run closed
        return Stand(state=RunState.NEVER_STARTED, reason="It was stopped before it began.", needs_closing=True)
    if word.submitted_at is None and word.kind is not Kind.QUEUED and word.kind is not Kind.RUNNING:
        return _not_handed_over(word, stopped=stopped)
    for_s = max(0.0, now - (word.submitted_at or now))
    waiting = f"{word.said()}, in the queue for {for_s:.0f} s."
    if word.kind is Kind.QUEUED:
        never = " It will not start by itself: somebody has to change the job or the cluster." if word.stuck else ""
        return Stand(state=RunState.QUEUED, reason=waiting + never, stuck=word.stuck)
    if word.kind is Kind.RUNNING:
        return Stand(state=RunState.STARTING, reason=f"{word.said()}; its keeper has not come yet.")
    if word.kind is Kind.UNKNOWN:
        return Stand(state=RunState.QUEUED, reason=f"{word.engine} has not answered: {word.text or 'no reason given'}.")
    return _without_job(word, now=now, claimed=claimed)


def _without_job(word: Word, *, now: float, claimed: bool) -> Stand:
    if word.again and not claimed:
        return Stand(state=RunState.QUEUED, reason=f"{word.said()}; it is handed over again.", needs_launch=True)
    lately = now - (word.since or word.submitted_at or now) < remote_silence.LAG_S
    if lately:  # what the node wrote may not be seen here yet
        return Stand(state=RunState.STARTING, reason=f"{word.said()}; what its node wrote may still come.")
    if word.kind is Kind.GONE and word.tries < MOST_TRIES and not claimed:
        return Stand(state=RunState.QUEUED, reason=f"{word.said()}; it is handed over again.", needs_launch=True)
    return Stand(state=RunState.NEVER_STARTED, reason=f"It never began: {word.said()}.", needs_closing=True)


def _not_handed_over(word: Word, *, stopped: bool) -> Stand:
    if word.kind is Kind.UNKNOWN:
        said = f"{word.engine} has not answered: {word.text or 'no reason given'}. Any later look tries again."
        return Stand(state=RunState.QUEUED, reason=said)
    if stopped:
        return Stand(state=RunState.NEVER_STARTED, reason="It was stopped before it began.", needs_closing=True)
    return Stand(state=RunState.QUEUED, reason=f"It is being handed to {word.engine}.", needs_launch=True)


def after_start(word: Word, host: str, heard_s_ago: float, sample_s: float, asked: float | None, now: float) -> Stand:
    """Return where a run stands that began, has no exit record, and of which nothing lives that could be seen here.

    :param host: the machine that has its processes; empty for this one.
    :param asked: seconds since a stop was asked for, None without one.
    """
    where = host or "this host"
    over = word.kind in (Kind.ENDED, Kind.GONE, Kind.QUEUED)
    silent_s = remote_silence.MISSED_SAMPLES * sample_s + (2 * remote_silence.LAG_S if host else 0.0)
    asked_since = now - word.asked_at < heard_s_ago  # an older answer may be from before it began
    if over and asked_since and heard_s_ago > silent_s:
        put_back = word.kind is Kind.QUEUED
        state = RunState.INTERRUPTED if word.interrupted or put_back else RunState.LOST
        return Stand(state=state, reason=f"Nothing was heard of it for {heard_s_ago:.0f} s, and {word.said()}.")
    if not host:
        return Stand(state=RunState.STARTING, reason=f"How it ended is being written down; {word.said()}.")
    state, reason = remote_silence.stands(where, heard_s_ago, sample_s, asked if word.kind is Kind.UNKNOWN else None)
    contradicted = f" {word.said()}." if over else ""
    return Stand(state=state, reason=f"{reason}{contradicted}")


def after_end(word: Word, state: RunState, reason: str, *, ended_s_ago: float, from_outside: bool) -> Stand:
    """Return how a run ended when the engine's reason for ending it is counted in.

    :param word: what the engine said after that end; of the kind UNKNOWN while it has not.
    :param from_outside: its keeper was told to stop by a signal that is none of ours.
    """
    if not from_outside:
        return Stand(state=state, reason=reason)
    if word.out_of_time:
        return Stand(state=RunState.TIMED_OUT, reason=f"It ran into the time limit of its job: {word.said()}.")
    if word.interrupted:
        return Stand(state=RunState.INTERRUPTED, reason=f"Its job was ended for no fault of its own: {word.said()}.")
    if word.kind is Kind.QUEUED and ended_s_ago > remote_silence.LAG_S:
        return Stand(state=RunState.INTERRUPTED, reason=f"Its job was put back: {word.said()}.")
    told = word.kind in (Kind.ENDED, Kind.GONE)
    said = f" {word.said()}." if told else ""
    # It says RUNNING for minutes after it lost a node; one that is down may itself be why the job ended.
    asked_by_then_s = word.asked_every_s + remote_silence.LAG_S  # after the end at the latest
    settled = told or ended_s_ago > max(remote_silence.UNHEARD_S, asked_by_then_s)
    return Stand(state=state, reason=f"{reason}{said}", settled=settled)
