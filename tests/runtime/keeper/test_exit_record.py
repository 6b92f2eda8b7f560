"""The exit record fits into the space that was reserved for it, whatever happened."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.runtime.keeper import exit_record, records
from watchkeeper.server.runtime.keeper.procfs import Process

from .helpers import Run

processes = st.lists(
    st.builds(Process, st.integers(1, 2**22), st.integers(0, 2**53), st.text(max_size=120)), max_size=400
)


@given(processes, st.text(max_size=3000), st.text(max_size=3000), st.integers(0, 255))
def test_the_record_always_fits_and_still_tells_the_status(
    left: list[Process], reason: str, cause: str, code: int
) -> None:
    strays = exit_record.strays(left)
    said = {"reason": reason, "who": reason, "act": None}
    record = exit_record.ended(
        "1-full-1", code << 8, stop=said, strays=strays, strays_total=len(left), oom={"before": {"file": cause}}
    )
    content = exit_record.fitted(record)
    assert len(content) <= records.EXIT_BYTES
    read = json.loads(content)
    assert (read["outcome"], read["exit_code"], read["strays_total"]) == ("exited", code, len(left))
    assert exit_record.listed_strays(read) == left[: len(read["strays"])]


def test_what_fits_is_not_cut() -> None:
    record = exit_record.never_started("1-full-1", "x" * 1000, 1.0)
    assert json.loads(exit_record.fitted(record)) == {"version": 1, **record}


def test_hundreds_of_strays_are_counted_and_all_of_them_are_ended(workspace: Path) -> None:
    script = "import os, signal\nfor _ in range(300):\n    if not os.fork():\n        signal.pause()"
    run = Run(workspace, script).launch()
    status = run.ends()
    assert status.strays_total == 300
    assert 8 <= len(status.strays) < 300
    assert (run.dir / records.EXIT).stat().st_size == records.EXIT_BYTES
    assert len(run.engine.living(run.dir)) == 300
    assert run.engine.end_strays(run.dir, 2.0) == []
    assert run.engine.living(run.dir) == []
