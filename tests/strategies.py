"""Hypothesis strategies that several tests share."""

from __future__ import annotations

from hypothesis import strategies as st
from watchkeeper.server.storage.record import Kind

kinds = st.sampled_from(list(Kind))
names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
scalars = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | names
)
bodies = st.dictionaries(names, scalars | st.lists(scalars, max_size=3), max_size=5)
