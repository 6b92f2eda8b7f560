"""Planted bugs count only where the tests that find them are green without them."""

from __future__ import annotations

from pathlib import Path

import pytest

from .mutants import require_green


def test_tests_that_are_red_without_a_bug_end_it(tmp_path: Path) -> None:
    (tmp_path / "test_green.py").write_text("def test_it() -> None:\n    assert True\n")
    (tmp_path / "test_red.py").write_text("def test_it() -> None:\n    assert False\n")
    require_green(tmp_path, "test_green.py")
    with pytest.raises(SystemExit, match=r"not green without a bug: test_green.py test_red.py"):
        require_green(tmp_path, "test_green.py test_red.py")
