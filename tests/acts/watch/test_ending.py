"""The failure of an end is a part of the crash that the log tells, of the log as it is counted now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from watchkeeper.server.acts.watch import ending
from watchkeeper.server.storage.record import Ledger
from watchkeeper.server.storage.record.records import FindingSeen
from watchkeeper.server.vocabulary.runs import ErrorType, Finding, Level

RUN = "1-quick-1"
LIMIT = Finding(kind="limit", level=Level.FAILURE, type=ErrorType.INFRASTRUCTURE)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.sqlite3")) as opened:
        yield opened


def seen(ledger: Ledger, key: str, line: int) -> None:
    what = FindingSeen(
        kind="traceback", level=Level.FAILURE, type=ErrorType.INFRASTRUCTURE, message="", line=line, updated_at=0.0
    )
    with ledger.transaction() as record:
        record.append(what, f"{RUN}:{key}", run=RUN, model="1")


@pytest.mark.parametrize(
    ("keys", "cuts", "belongs_to"),
    [
        (("L3",), 0, "L3"),
        (("L3",), 1, ""),  # at line 3 stands something else by now
        (("L3", "c1-L7"), 1, "L7"),
        (("L3", "c1-L7"), 2, ""),
    ],
)
def test_an_end_belongs_to_no_line_of_a_log_that_was_cut_since(
    ledger: Ledger, keys: tuple[str, ...], cuts: int, belongs_to: str
) -> None:
    for key in keys:
        seen(ledger, key, int(key.rpartition("L")[2]))
    assert ending.as_part(LIMIT, RUN, ledger.findings(run=RUN), cuts).belongs_to == belongs_to
