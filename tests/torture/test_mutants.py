"""Planted bugs count only where the tests that find them are green without them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .mutants import MUTANTS, PROMISES, ROOT, require_green


def test_tests_that_are_red_without_a_bug_end_it(tmp_path: Path) -> None:
    (tmp_path / "test_green.py").write_text("def test_it() -> None:\n    assert True\n")
    (tmp_path / "test_red.py").write_text("def test_it() -> None:\n    assert False\n")
    require_green(tmp_path, "test_green.py")
    with pytest.raises(SystemExit, match=r"not green without a bug: test_green.py test_red.py"):
        require_green(tmp_path, "test_green.py test_red.py")


def test_each_promise_has_a_bug_that_breaks_it() -> None:
    told = re.findall(r"^\| (P\d+) \|", (ROOT / "docs/reliability.md").read_text("utf-8"), re.MULTILINE)
    assert list(PROMISES) == told
    assert set(PROMISES.values()) <= {one.name for one in MUTANTS}
