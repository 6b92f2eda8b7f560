"""What 0.1.0 would misunderstand in an event that it knows brings the ledger to version 2; all else leaves it at 1."""

from __future__ import annotations

from pathlib import Path

import pytest
from watchkeeper.server.storage.record import Ledger
from watchkeeper.server.storage.record.records import Happening, RunEnded, RunStarted
from watchkeeper.server.vocabulary.runs import Phase, RunState


@pytest.mark.parametrize(
    ("happening", "version"),
    [
        (RunStarted(phase=Phase.QUICK), 1),
        (RunStarted(phase=Phase.QUICK, log='"engine":{'), 1),
        (RunStarted(phase=Phase.QUICK, engine={"kind": "slurm"}), 2),
        (RunEnded(state=RunState.LOST, reason='"state":"interrupted"'), 1),
        (RunEnded(state=RunState.INTERRUPTED), 2),
    ],
)
def test_the_version_follows_from_what_stands_in_the_event(happening: Happening, version: int, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite3")
    with ledger.transaction() as transaction:
        transaction.append(RunStarted(phase=Phase.QUICK), "1-quick-1", run="1-quick-1", model="1")
        transaction.append(happening, "1-quick-1", run="1-quick-1", model="1")
    found = ledger._rows("PRAGMA user_version")  # pyright: ignore[reportPrivateUsage] (what 0.1.0 reads first)
    ledger.close()
    assert found[0][0] == version
