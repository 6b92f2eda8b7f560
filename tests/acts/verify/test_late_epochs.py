"""Epochs that a log tells after the last step of an optimiser, by how long it was at which time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from watchkeeper.server.acts.verify import late_epochs
from watchkeeper.server.analysis.evidence.evidence import LateEpochs
from watchkeeper.server.analysis.witness.seen import Seen
from watchkeeper.server.runtime.keeper.records import VERSION

from ...analysis.evidence.witnessed import BEGUN, Kind, seen, steps
from ...play import Place
from ..prune.helpers import ended, state

RUN, LAST_AT = "1-full-1", BEGUN + 100
END: Kind = {"kind": "end", "facts": {"by": "exit"}}
STEPS: Kind = {**steps(last_at=LAST_AT), "at": LAST_AT}
STEPPED = seen(STEPS, END)


def epochs(first: int, last: int) -> bytes:
    return b"".join(b"epoch %03d loss 0.5\n" % one for one in range(first, last + 1))


def told(place: Place, *pieces: bytes, of: Seen = STEPPED) -> LateEpochs | None:
    """Grow the log piece by piece: the first one was there with the last step, a sample was taken after each."""
    ended(place, RUN)
    desk = place.desk()
    run = desk.ledger.run(RUN)
    assert run is not None
    samples = list[dict[str, Any]]()
    with (place.root / run.log).open("ab") as log:
        begin = log.tell()
        for number, piece in enumerate(pieces):
            log.write(piece)
            line = {"at": LAST_AT + 2 + 5 * number, "boottime_s": 1.0, "cpu_s": 1.0, "rss_bytes": 1, "processes": 1}
            samples.append({**line, "log_bytes": log.tell()})
    text = "".join(json.dumps(one) + "\n" for one in samples)
    state(place, "runs", RUN, "usage.jsonl").write_text(text, encoding="utf-8")
    start = json.dumps({"version": VERSION, "log_begin": begin})
    state(place, "runs", RUN, "start.json").write_text(start, encoding="utf-8")
    found = late_epochs.told(desk, run, of)
    desk.ledger.close()
    return found


def test_epochs_that_come_one_after_the_other_when_no_step_is_made_any_more_are_counted(place: Place) -> None:
    found = told(place, epochs(1, 20), epochs(21, 30), epochs(31, 40), epochs(41, 50), b"epoch 7: tested\n")
    assert found == LateEpochs(before=20, after=30, last_at=LAST_AT)


LATER = [b"replicate 1\n", b"replicate 2\n", b"replicate 3\n", b"replicate 4\n"]


@pytest.mark.parametrize(
    ("pieces", "of"),
    [
        ([epochs(1, 20), epochs(21, 50), *LATER], STEPPED),
        ([epochs(1, 20), *LATER, epochs(1, 50)], STEPPED),
        ([epochs(1, 20), epochs(21, 30), epochs(31, 40), epochs(41, 50)], seen(STEPS)),
        ([epochs(1, 20), epochs(21, 30), epochs(31, 40), epochs(41, 50)], seen(END)),
        ([epochs(1, 20), epochs(21, 30), epochs(31, 40), epochs(41, 50)], seen(steps(), END)),
    ],
    ids=[
        "a buffer that was emptied at the end of the training",
        "a table of all epochs at the end",
        "a process that was killed before it told its last steps",
        "no optimiser",
        "one that does not tell when it stepped last",
    ],
)
def test_nothing_is_told_of_epochs_that_may_be_trained(place: Place, pieces: list[bytes], of: Seen) -> None:
    assert told(place, *pieces, of=of) is None
