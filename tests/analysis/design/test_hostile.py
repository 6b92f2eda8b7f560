"""A design of many thousands of one sign is read in one go: no pattern walks back over what it has seen."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.design.design import read_design
from watchkeeper.server.analysis.design.markdown import lines

LONG = 4_000
MOST = 60_000
"""Of each kind; a line of the first kind took eight seconds, one word again more than anybody waited."""
SECTION = "## Computational Requirements\n"


@pytest.mark.parametrize(
    "text",
    [
        "a" * LONG,
        "### a" + " " * (LONG - 6) + "x",
        "### a" + "#" * (LONG - 6) + "x",
        "-" + " " * (LONG - 2) + "x",
        "__" + "_" * 70 + "__" + " " * LONG + "x",
        "|a|\n" + " " * (LONG - 3) + "|x",
        "|a|\n|-" + " " * (LONG - 4) + "|x",
        "|a|Min|\n|-|-|\n|a" + "," * 60 + " " * (LONG - 90) + "x|1|",
        "random" + "!" * (25 * LONG),
        "load" * 10 * LONG,
        "of " * 10 * LONG,
        "|x(1)" * (LONG // 5),
    ],
    ids=["letters", "blanks of a heading", "marks of a heading", "blanks of a list", "bold", "before a bar",
         "behind a bar", "commas of a name", "dashes", "one word again", "short words", "brackets"],
)  # fmt: skip
def test_a_long_line_of_one_sign_is_read_and_requires_nothing_but_its_row(text: str) -> None:
    often = "\n".join([text] * max(1, MOST // len(text)))
    found = read_design(f"{SECTION}{often}\n- Draws: 2000\n", "d.md")
    assert found.requirements["draws"].value == 2000.0


@pytest.mark.parametrize(
    ("line", "title"), [("# One ##", "One"), ("## Two", "Two"), ("#### C#  ", "C"), ("**Three**:", "Three")]
)
def test_headings_are_what_they_were(line: str, title: str) -> None:
    assert lines(f"{line}\ntext\n")[1].headings == (title,)


def test_what_stands_in_a_comment_speaks_of_no_weights() -> None:
    assert read_design("We fine-tune a backbone.", "d.md").speaks_of_weights
    assert not read_design("<!-- we fine-tune a backbone -->\n", "d.md").speaks_of_weights
