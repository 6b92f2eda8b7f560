from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.storage.record.cursor import issue, seq_of

seqs = st.integers(0, 10**9)
texts = st.text(max_size=20)


@given(texts, texts, seqs)
def test_a_cursor_gives_back_its_number_in_its_own_ledger_and_scope(ledger: str, scope: str, seq: int) -> None:
    cursor = issue(ledger, scope, seq)
    assert len(cursor) <= 12
    assert seq_of(cursor, ledger, scope, newest=seq) == seq


@given(seqs, st.integers(1, 1000))
def test_a_cursor_from_a_future_that_never_was_is_unknown(seq: int, ahead: int) -> None:
    assert seq_of(issue("l", "s", seq + ahead), "l", "s", newest=seq) is None


@given(texts)
def test_any_text_is_taken_as_a_cursor_without_an_error(text: str) -> None:
    assert seq_of(text, "ledger", "scope", newest=0) in (None, 0)


@given(seqs, st.integers(0, 2**40))
def test_the_next_cursor_differs_though_nothing_happened(seq: int, salt: int) -> None:
    first = issue("l", "s", seq, salt=salt)
    second = issue("l", "s", seq, after=first)
    assert first != second
    assert seq_of(second, "l", "s", newest=seq) == seq


def test_a_cursor_of_another_scope_is_unknown() -> None:
    cursor = issue("ledger", "1-quick-1", 7)
    assert seq_of(cursor, "ledger", "2-quick-1", newest=9) is None
    assert seq_of(cursor, "another", "1-quick-1", newest=9) is None
