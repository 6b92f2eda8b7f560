"""A section gets into its document once: whatever was torn, edited or saved with other line ends in between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.acts.sections import missing_part
from watchkeeper.server.documents.markdown import prose

OPENING = "# Diary\n"
SECTION = "## Entry #2\n\n**Date**: 2026-01-25 14:30\n\n```\n## a comment in code\n```\n\n**Status**: ✅ RESOLVED\n"


def whole(text: str, end: str = "\n") -> bytes:
    return text.replace("\n", end).encode()


@pytest.mark.parametrize("present", [b"", b"\n \n"])
def test_a_new_document_opens_with_its_title(present: bytes) -> None:
    assert missing_part(present, OPENING, SECTION) == whole(f"{OPENING}\n{SECTION}")


@pytest.mark.parametrize(
    ("by_hand", "gap"),
    [("# Mine\n\ntext", "\n\n"), ("# Mine\n\ntext\n", "\n"), ("# Mine\n\ntext\n\n", ""), ("x" * 9, "\n\n")],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_section_follows_what_stands_there_with_its_line_ends(by_hand: str, gap: str, end: str) -> None:
    if "\n" not in by_hand:
        end = "\n"
    assert missing_part(whole(by_hand, end), OPENING, SECTION) == whole(gap + SECTION, end)


@given(
    st.integers(0, 200),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["# Mine\n\n", "# Mine\n\n## Entry #1\n\nx\n\n"]),
)
def test_what_was_torn_anywhere_is_continued_and_never_repeated(cut: int, end: str, before: str) -> None:
    block = whole(SECTION, end)
    torn = whole(before, end) + block[: 3 + cut % (len(block) - 2)]
    assert torn + missing_part(torn, OPENING, SECTION) == whole(before, end) + block


@given(st.text(st.sampled_from("ab#\n `"), max_size=60), st.text(st.sampled_from("ab\n"), max_size=20))
def test_a_section_that_is_whole_is_not_written_again(said: str, behind: str) -> None:
    text = f"## Entry #2\n\n**Date**: 2026-01-25 14:30\n\n{prose(said)}\n"
    for end in ("\n", "\r\n"):
        present = whole(f"# Mine\n\n{text}\n{behind}\n", end)
        assert missing_part(present, OPENING, text) == b""
    assert missing_part(whole(text), OPENING, text) == b""


def test_another_section_of_the_same_number_does_not_pass_for_ours() -> None:
    theirs = b"# Mine\n\n## Entry #2\n\nwritten by hand\n"
    assert missing_part(theirs, OPENING, SECTION) == whole(f"\n{SECTION}")


@given(st.binary(max_size=80))
def test_any_bytes_can_be_appended_to(present: bytes) -> None:
    missing = missing_part(present, OPENING, SECTION)
    assert (present + missing).replace(b"\r\n", b"\n").endswith(whole(SECTION))
