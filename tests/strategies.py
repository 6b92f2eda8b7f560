"""Hypothesis strategies that several tests share."""

from __future__ import annotations

from hypothesis import strategies as st
from watchkeeper.server.documents.error_report import Action
from watchkeeper.server.storage.record import records
from watchkeeper.server.vocabulary.runs import ErrorType, Level, Phase, RunState

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
times = st.floats(0, 4e9)
pairs = st.tuples(words, words)
_findings = {
    "kind": words,
    "level": st.sampled_from(Level),
    "type": st.none() | st.sampled_from(ErrorType),
    "message": words,
    "line": st.none() | st.integers(1, 10**9),
    "before": st.lists(words, max_size=2).map(tuple),
    "count": st.integers(1, 10**6),
    "emergency": st.booleans(),
    "updated_at": times,
}
happenings: st.SearchStrategy[records.Happening] = st.one_of(
    st.builds(
        records.RunStarted,
        phase=st.sampled_from(Phase),
        follows=st.none() | words,
        sources=st.lists(pairs, max_size=2).map(tuple),
        design=st.none() | pairs,
        env=st.dictionaries(words, words, max_size=2),
        limit_s=st.none() | times,
    ),
    st.builds(records.RunStopped, reason=words, who=words, at=times),
    st.builds(records.RunEnded, state=st.sampled_from(RunState), exit_code=st.none() | st.integers(0, 255)),
    st.builds(records.FindingSeen, **_findings),
    st.builds(records.FindingSettled, **_findings),
    st.builds(records.FindingRepeated, **_findings),
    st.builds(records.FindingOver, level=st.just(Level.NOTICED), message=words, updated_at=times),
    st.builds(records.FindingReported, report=words),
    st.builds(records.FindingAccepted, accepted_because=words, accepted_in=words),
    st.builds(records.ReportOpened, phase=st.sampled_from(Phase), error_type=st.sampled_from(ErrorType), kind=words),
    st.builds(records.ReportAgain, what_happened=words, compared=words),
    st.builds(records.ReportAnswered, action=st.sampled_from(Action), instructions=words),
    st.builds(records.ReportApplied, by=words, run=words),
    st.builds(records.ReportClosed, entry=st.none() | st.integers(1, 99), path=words),
    st.builds(records.VerdictKept, word=words, checks=st.lists(st.tuples(words, words, words), max_size=2).map(tuple)),
    st.builds(records.VerdictOverridden, reason=words, report=words, who=words),
    st.builds(records.EntryWritten, number=st.integers(1, 99), path=words, text=words),
    st.builds(records.EntryProven, proof=words),
    st.builds(records.LedgerRebuilt, aside=words, kept=st.integers(0, 99)),
    st.builds(records.SearchLogged, number=st.integers(1, 99), path=words, text=words),
)
"""Every kind of event that can be recorded."""
