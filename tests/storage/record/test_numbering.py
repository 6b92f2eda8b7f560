"""Numbers of a record that lost events."""

from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.storage.record import next_id


@given(st.sets(st.integers(1, 10**6), max_size=8))
def test_the_next_id_is_one_that_was_never_taken_whatever_was_lost_below_it(numbers: set[int]) -> None:
    taken = {f"1-r{one}" for one in numbers}
    assert next_id("1-r", taken) not in taken
    assert next_id("1-r", taken) == f"1-r{1 + max(numbers, default=0)}"


def test_ids_of_others_count_for_nothing() -> None:
    assert next_id("1-r", ["2-r7", "1-r2", "1-rx", "1-r"]) == "1-r3"
