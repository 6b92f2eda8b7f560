"""`watchkeeper scan --policy`: a log is read with the project's own rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from watchkeeper.server.interfaces.commands.offline import main

RULE = '[[logs.rules]]\nname = "shard"\nwords = ["is short by"]\nweight = "fatal"\n'


def test_a_rule_of_a_policy_is_tried_on_a_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, policy = tmp_path / "old.log", tmp_path / "watchkeeper.toml"
    log.write_text("WARN shard 17 is short by 12 rows\n", encoding="utf-8")
    policy.write_text(RULE, encoding="utf-8")
    assert main(["scan", str(log)]) == 0
    assert capsys.readouterr().out == "healthy\n"
    assert main(["scan", str(log), "--policy", str(policy)]) == 0
    assert capsys.readouterr().out.startswith("failed\nfailure line 1")


@pytest.mark.parametrize(
    ("text", "told"), [(None, "cannot be read"), ("x = [", "own.toml:1"), ("logs = 1", "own.toml:1")]
)
def test_a_policy_that_is_none_is_refused_in_words(
    text: str | None, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "own.toml"
    if text is not None:
        policy.write_text(text, encoding="utf-8")
    log = tmp_path / "old.log"
    log.write_text("fine\n", encoding="utf-8")
    assert main(["scan", str(log), "--policy", str(policy)]) == 2
    assert told in capsys.readouterr().err
