"""What pyright need not check again, and what it must."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from . import typed

CONFIG = '[tool.pyright]\ninclude = ["server", "tests"]\nexclude = ["tests/strangers", "tests/*_client.py"]\n'
FILES = {
    "server/__init__.py": "",
    "server/low.py": "import json\n",
    "server/middle.py": "from .low import (\n    one,\n    two,  # with a reason\n)\n",
    "server/room/__init__.py": "",
    "server/room/high.py": "from .. import middle\n",
    "tests/helpers.py": "",
    "tests/test_high.py": "if TYPE_CHECKING:\n    from watchkeeper.server.room import high\n",
    "tests/room/test_beside.py": "def test() -> None:\n    import helpers\n",
    "tests/strangers/theirs.py": "",
    "tests/their_client.py": "",
}
CHECKED = sorted(set(FILES) - {"tests/strangers/theirs.py", "tests/their_client.py"})


class Pyright:
    """Keeps what it was asked for, and ends as it is told."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.status = 0
        self.says = ""
        self.asked: list[Sequence[str]] = []

    def __call__(self, command: Sequence[str]) -> tuple[int, str]:
        self.asked.append(command)
        return self.status, self.says

    def checked(self, changed: bool = True) -> list[str] | None:
        """Return the files of one check, all of them where none is named, None where pyright was not asked."""
        self.asked.clear()
        assert typed.check(self.root, ["pyright"], changed, self) == (self.status if self.asked else 0)
        return (list(self.asked[0][1:]) or CHECKED) if self.asked else None


@pytest.fixture
def pyright(tmp_path: Path) -> Pyright:
    for name, text in {"pyproject.toml": CONFIG, "uv.lock": "", ".venv/lib/python3/site-packages/a.py": ""}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return Pyright(tmp_path)


def test_a_fresh_clone_is_checked_whole_and_nothing_twice_while_nothing_changes(pyright: Pyright) -> None:
    assert [pyright.checked(), pyright.checked()] == [CHECKED, None]


def test_without_the_word_all_files_are_checked_and_the_quick_loop_knows_it(pyright: Pyright) -> None:
    assert [pyright.checked(changed=False), pyright.checked(changed=False)] == [CHECKED, CHECKED]
    assert pyright.checked() is None


@pytest.mark.parametrize(
    ("changed", "checked"),
    [
        ("server/low.py", ["server/low.py", "server/middle.py", "server/room/high.py", "tests/test_high.py"]),
        ("server/room/high.py", ["server/room/high.py", "tests/test_high.py"]),
        ("server/room/__init__.py", ["server/room/__init__.py", "tests/test_high.py"]),
        ("tests/test_high.py", ["tests/test_high.py"]),
        ("tests/helpers.py", ["tests/helpers.py", "tests/room/test_beside.py"]),
        ("tests/strangers/theirs.py", None),
        ("pyproject.toml", CHECKED),
        ("uv.lock", CHECKED),
        (".venv/lib/python3/site-packages/b.py", CHECKED),
        (".venv/lib/python3/site-packages/watchkeeper.py", None),
    ],
)
def test_what_changed_is_checked_with_all_that_imports_it(
    pyright: Pyright, changed: str, checked: list[str] | None
) -> None:
    pyright.checked()
    with (pyright.root / changed).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert [pyright.checked(), pyright.checked()] == [checked, None]


def test_a_file_that_is_gone_or_new_is_looked_for_again_by_those_that_import_it(pyright: Pyright) -> None:
    pyright.checked()
    (pyright.root / "server/low.py").unlink()
    users = ["server/middle.py", "server/room/high.py", "tests/test_high.py"]
    assert pyright.checked() == users
    (pyright.root / "server/low").mkdir()
    (pyright.root / "server/low/__init__.py").touch()
    assert pyright.checked() == ["server/low/__init__.py", *users]


def test_a_file_with_a_complaint_is_checked_until_it_has_none(pyright: Pyright) -> None:
    pyright.checked()
    (pyright.root / "tests/test_high.py").write_text("1 + ''\n", encoding="utf-8")
    pyright.status = 1
    assert [pyright.checked(), pyright.checked()] == [["tests/test_high.py"]] * 2
    pyright.status = 0
    assert [pyright.checked(), pyright.checked()] == [["tests/test_high.py"], None]


def test_of_many_files_those_are_checked_again_that_it_complained_of(pyright: Pyright) -> None:
    complaint = f"{pyright.root}/server/low.py\n  {pyright.root}/server/low.py:1:8 - error: no such module\n"
    pyright.status, pyright.says = 1, complaint
    assert [pyright.checked(), pyright.checked()] == [CHECKED, ["server/low.py"]]


def test_where_it_breaks_down_no_file_is_spared(pyright: Pyright) -> None:
    pyright.checked()
    pyright.status, pyright.says = 3, "the settings cannot be read\n"
    assert [pyright.checked(changed=False), pyright.checked()] == [CHECKED, CHECKED]


def test_what_was_kept_and_cannot_be_read_spares_nothing(pyright: Pyright) -> None:
    pyright.checked()
    (pyright.root / typed.KEPT).write_text('{"torn', encoding="utf-8")
    assert pyright.checked() == CHECKED


def test_where_the_environment_stands_elsewhere_nothing_is_kept_and_all_is_checked(pyright: Pyright) -> None:
    shutil.rmtree(pyright.root / ".venv")
    assert [pyright.checked(), pyright.checked()] == [CHECKED, CHECKED]
    assert not (pyright.root / ".venv").exists()
