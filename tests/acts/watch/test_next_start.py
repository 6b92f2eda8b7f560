"""The call that starts the next attempt names what the policy would not find by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from watchkeeper.server.acts.desk import Desk, open_desk
from watchkeeper.server.acts.watch.next_start import call
from watchkeeper.server.interfaces.commands.translate import as_command
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.vocabulary.runs import Phase, Role
from watchkeeper.tools import TOOLS

USUAL = "output/implementation/code/model_m.py"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    (tmp_path / "watchkeeper.toml").write_text('profile = "contest"\n', encoding="utf-8")
    opened = open_desk(Workspace(tmp_path), Role.TRAINER, "test")
    yield opened
    opened.ledger.close()


@pytest.mark.parametrize(
    ("script", "more", "said", "typed"),
    [
        (USUAL, {}, "start_training(model='m', phase='quick')", "watchkeeper start m quick"),
        (
            "train.py",
            {"follows": "m-quick-1"},
            "start_training(model='m', phase='quick', script='train.py', follows='m-quick-1')",
            "watchkeeper start m quick --script train.py --follows m-quick-1",
        ),
        (
            USUAL,
            {"args": ("--epochs", "3")},
            "start_training(model='m', phase='quick', args=[…])",
            "watchkeeper start m quick --args …",
        ),
        (
            ".watchkeeper/commands/0a1b",
            {"command": (".", "/usr/bin/papermill"), "args": ("in.ipynb",)},
            "watchkeeper run --phase quick --model m -- …, by the same command",
            "watchkeeper run --phase quick --model m -- …, by the same command",
        ),
        (
            ".watchkeeper/commands/0a1b",  # as an adopted process has it
            {"args": ("papermill", "in.ipynb")},
            "watchkeeper run --phase quick --model m -- …, by the same command",
            "watchkeeper run --phase quick --model m -- …, by the same command",
        ),
        (
            'Bob\'s "new" train (2).py',
            {},
            "start_training(model='m', phase='quick', script='Bob\\'s \"new\" train (2).py')",
            "watchkeeper start m quick --script 'Bob'\"'\"'s \"new\" train (2).py'",
        ),
    ],
)
def test_the_next_start_is_named_as_a_call_and_as_a_command(
    desk: Desk, script: str, more: dict[str, Any], said: str, typed: str
) -> None:
    told = call(desk, "m", Phase.QUICK, script, **more)
    assert told == said
    assert as_command(told, TOOLS) == typed
