"""What members of a run on several nodes tell each other and their head, by the records alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from watchkeeper.server.runtime.keeper import nodes, records

ENDED: dict[str, object] = {
    "outcome": "exited",
    "exit_code": 0,
    "signal": None,
    "stop": None,
    "settled": True,
    "nonce": "n",
}


@pytest.fixture
def member(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run directory of the member on n1, in which its keeper works."""
    folder = tmp_path / records.NODES / "n1"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def test_a_member_whose_end_no_disk_took_yet_does_not_end_the_others(member: Path) -> None:
    assert not nodes.tell_others("n1", 1, {})
    assert not nodes.tell_others("n1", 1, ENDED)
    assert nodes.halted("../..") is None
    assert nodes.tell_others("n1", 1, {**ENDED, "exit_code": 2})
    stop = nodes.halted("../..")
    assert stop is not None
    assert (stop["reason"], stop["who"]) == ("Rank 1 on n1 ended with status 2.", nodes.FELLOW)


@pytest.mark.parametrize(
    ("end", "least"),
    [(ENDED, False), ({**ENDED, "cpu_is_lower_bound": True}, True), ({**ENDED, "settled": False}, True),
     ({**ENDED, "nonce": "another"}, True)],
    ids=["whole", "its keeper was killed", "its end is not settled", "of another start"],
)  # fmt: skip
def test_the_cpu_time_of_a_run_is_a_lower_bound_where_that_of_a_member_is(
    tmp_path: Path, member: Path, monkeypatch: pytest.MonkeyPatch, end: dict[str, object], least: bool
) -> None:
    records.write(member / records.EXIT, end)
    monkeypatch.chdir(tmp_path)
    assert (nodes.Nodes(1, "n", 5.0).told().get("cpu_is_lower_bound") is True) is least
