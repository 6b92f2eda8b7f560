"""A full phase that takes fewer rows than the quick one is seen in the branches of its script."""

from __future__ import annotations

import pytest
from watchkeeper.server.analysis.scripts import read_program
from watchkeeper.server.analysis.scripts.phases import fewer_rows


def found(text: str) -> list[tuple[int, float, float]]:
    program = read_program("m.py", {"m.py": text.encode()}.get, env={})
    return [(one.line, one.full, one.quick) for one in fewer_rows(program.units)]


@pytest.mark.parametrize(
    "text",
    [
        "if FULL:\n    x = x[:200]\nelse:\n    x = x[:4000]\n",
        "if quick:\n    x = x[:4000]\nelse:\n    x = x[:200]\n",
        "if not IS_FULL:\n    df = df.head(4000)\nelse:\n    df = df.head(200)\n",
        "if os.environ['WATCHKEEPER_PHASE'] == 'full':\n    f(nrows=200)\nelse:\n    f(nrows=4000)\n",
        "x = x[: 200 if full_phase else 4000]\n",
        "df = df.sample(n=200 if phase == 'full' else 4000)\n",
        "x = x[:200] if FULL else x[:4000]\n",
    ],
)
def test_fewer_rows_in_the_full_phase_are_found(text: str) -> None:
    assert found(text) == [(1, 200.0, 4000.0)]


@pytest.mark.parametrize(
    "text",
    [
        "if FULL:\n    x = x[:4000]\nelse:\n    x = x[:200]\n",
        "x = x[: 4000 if full else 200]\n",
        "if other:\n    x = x[:200]\nelse:\n    x = x[:4000]\n",
        "if FULL:\n    draws = 200\nelse:\n    draws = 4000\n",
        "steps = 200 if FULL else 4000\n",
    ],
)
def test_more_rows_and_other_branches_are_none(text: str) -> None:
    assert found(text) == []
