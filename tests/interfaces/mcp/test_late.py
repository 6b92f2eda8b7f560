"""What a start does not need stands unexecuted until the client has the tools, and is whole before a tool runs."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import anyio
import pytest
from watchkeeper.server.interfaces.mcp import late, stdio

from ...limits import HANG_S

SCRIPT = """
import json, sys
from importlib.util import _LazyModule
from watchkeeper.server.interfaces.mcp import late

def unexecuted():
    return sorted(name for name, one in sys.modules.items() if type(one) is _LazyModule)

late.begin()
late.begin()  # a second time changes nothing
from watchkeeper.server.interfaces.commands import cli, serving
from watchkeeper.server.interfaces.mcp import app, stdio
finders, lists = len(sys.meta_path), [app.described(tool).name for tool in cli.TOOLS]
told = {"late": unexecuted()}
late.finish()
late.finish()
told |= {"after": unexecuted(), "finders": finders - len(sys.meta_path)}
from watchkeeper.server.acts.watch import look
from watchkeeper.server.acts.verify import verify  # nobody had asked for it before
print(json.dumps({**told, "look": look.find_run.__module__, "verify": type(verify).__name__}))
"""


def test_the_acts_behind_the_tools_are_executed_after_the_list_and_all_of_them_in_one_go() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", SCRIPT], capture_output=True, text=True, timeout=HANG_S, check=True
    )
    told = json.loads(done.stdout)
    for name in ("acts.poll.poll", "acts.report.reports", "acts.start.stop", "acts.watch.look", "vocabulary.masking"):
        assert f"watchkeeper.server.{name}" in told["late"], told["late"]
    assert not [one for one in told["late"] if not one.startswith(late.ROOMS)]
    assert told["after"] == []
    assert told["finders"] == 1
    assert told["look"] == "watchkeeper.server.acts.watch.look"
    assert told["verify"] == "module"


class _Asked:
    """A request as far as the rest of a start looks at it."""

    def __init__(self, method: str) -> None:
        self.method = method


def test_the_rest_of_a_start_is_done_once_by_the_first_request_that_is_none_of_a_start() -> None:
    done, seen = list[str](), list[tuple[str, int]]()
    rest = stdio.Rest(lambda: done.append("done"))

    async def handled(ctx: Any) -> None:
        seen.append((ctx.method, len(done)))

    async def played() -> None:
        for method in ("initialize", "notifications/initialized", "tools/list", "tools/call", "tools/call"):
            await rest(_Asked(method), handled)
        await rest.later()

    anyio.run(played)
    assert [count for _, count in seen] == [0, 0, 0, 1, 1]
    assert done == ["done"]


def test_the_rest_of_a_start_is_done_for_a_client_that_asks_for_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stdio, "REST_S", 0.0)
    done = list[str]()
    anyio.run(stdio.Rest(lambda: done.append("done")).later)
    assert done == ["done"]
