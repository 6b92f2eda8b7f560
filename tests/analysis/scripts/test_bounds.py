"""A source may be as nasty as it likes: what reading it costs is bounded, and what was not read is said."""

from __future__ import annotations

import ast

import pytest
from watchkeeper.server.analysis.scripts import read_program
from watchkeeper.server.analysis.scripts.sources import MAX_MARKS, MAX_STATEMENTS, parsed


def read(source: str) -> tuple[str, ...]:
    program = read_program("m.py", lambda path: source.encode() if path == "m.py" else None)
    return tuple(str(one) for one in program.unresolved)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("x=1\n" * (MAX_STATEMENTS + 1), "statements, not parsed"),
        ("x=1;" * (MAX_STATEMENTS + 1), "statements, not parsed"),
        ("x=[" + "1," * MAX_MARKS + "]\n", "operators, commas and brackets, not parsed"),
        ("x=" + "+".join("1" * (MAX_MARKS + 1)) + "\n", "operators, commas and brackets, not parsed"),
        ("#" * 1_000_001, "larger than 1000000 bytes, not parsed"),
    ],
    ids=["lines", "semicolons", "a list", "a sum", "a comment"],
)
def test_a_source_whose_tree_would_fill_the_memory_is_named_and_not_parsed(source: str, why: str) -> None:
    assert any(why in one for one in read(source))


def test_a_long_program_and_long_data_are_parsed() -> None:
    for source in ("fit(data, 10)\n" * 25_000, "data = [" + "1.5, " * 100_000 + "]\n"):
        tree, why = parsed(source.encode())
        assert tree is not None, why


def test_docstrings_change_no_form_and_stay_in_the_tree() -> None:
    with_one = b'"""Says."""\ndef f():\n    """Says too."""\n    return 1\nclass C:\n    "only"\n'
    without = b"def f():\n    return 1\nclass C:\n    pass\n"

    def form(source: bytes) -> tuple[str, ast.Module]:
        program = read_program("m.py", lambda path: source if path == "m.py" else None)
        tree = program.units[0].tree
        assert tree is not None
        return program.form_sha256, tree

    digest, tree = form(with_one)
    again, _ = parsed(with_one)
    assert again is not None
    assert ast.dump(tree) == ast.dump(again), "the program keeps its tree as it was written"
    assert digest == form(with_one.replace(b"Says", b"Tells"))[0]
    assert digest != form(without.replace(b"return 1", b"return 2"))[0]
