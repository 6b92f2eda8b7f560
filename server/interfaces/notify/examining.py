"""What is wrong with the way to a person, for `watchkeeper doctor` and `watchkeeper notify`."""

from __future__ import annotations

import os

from ...storage.files.workspace import Workspace
from ...storage.policy.notify_table import Notify
from ...storage.policy.policy import read_policy
from ...storage.record import Ledger
from . import outbox, telling, ways

OFF = "nobody is told of anything ([notify] names no command and no URLs)"
MEND = "docs/notify.md shows a set-up; `watchkeeper notify --test` tries it."


def examine(found: Workspace) -> tuple[bool, str, str]:
    """Return whether all is well, what was seen, and how to mend it; nothing is sent."""
    policy = read_policy(found).notify
    if not policy.wanted:
        return True, OFF, ""
    going = ways.open_ways(policy, found.root)
    wrong = [going.trouble] if going.trouble else []
    wrong += [f"{way}: {why}" for way in going.names if (why := going.check(way))]
    box = _box(found)
    if box and box.trouble:
        wrong.append(f"the last message could not be sent: {box.trouble}")
    if wrong:
        return False, "; ".join(wrong), MEND
    return True, seen(policy, going, box), ""


def _box(found: Workspace) -> outbox.Outbox | None:
    if not os.path.lexists(found.ledger_path):
        return None
    ledger = Ledger(found.ledger_path, busy_timeout_s=5.0)
    try:
        return outbox.read(ledger.note(telling.NOTE))
    finally:
        ledger.close()


def seen(policy: Notify, going: ways.Ways, box: outbox.Outbox | None) -> str:
    """Return the set-up in a line; of URLs it says how many."""
    told = f"{', '.join(policy.on)} over {', '.join(going.names)}"
    waiting = len(box.waiting) + (len(box.batch.messages) if box.batch else 0) if box else 0
    return told + (f"; {waiting} things wait to be told" if waiting else "")
