"""What a start does not need stands unexecuted until the client has the tools, and is whole before a tool runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from watchkeeper.server.interfaces.mcp import late, stdio

from ...limits import HANG_S
from ...wire import Wire

SCRIPT = """
import anyio, json, sys
from importlib.util import _LazyModule, find_spec
from watchkeeper.server.interfaces.mcp import late

def unexecuted():
    return sorted(name for name, one in sys.modules.items() if type(one) is _LazyModule)

late.begin()
late.begin()  # a second time changes nothing
find_spec("watchkeeper.server.acts.prune.prune")  # looked for, not imported
from watchkeeper.server.interfaces.commands import cli, serving
from watchkeeper.server.interfaces.mcp import app, stdio
from watchkeeper.prompts import load
finders, handle = len(sys.meta_path), app._Handlers(None, {one.name: one for one in cli.TOOLS}, load(), serving.brief)
async def lists():
    for one in (handle.list_tools, handle.list_resources, handle.list_templates):
        assert await one(None, None)
    for one in load():
        app._offered(one)
anyio.run(lists)
told = {"late": unexecuted()}
late.finish()
late.finish()
told |= {"after": unexecuted(), "finders": finders - len(sys.meta_path)}
from watchkeeper.server.acts.watch import look
from watchkeeper.server.acts.verify import verify  # nobody had asked for it before
print(json.dumps({**told, "look": look.find_run.__module__, "verify": type(verify).__name__,
                  "numpy": "numpy" in sys.modules}))
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
    assert not told["numpy"], "whoever has none gets verdicts too, and its threads would be in every server"


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
        for method in ("initialize", "prompts/list", "tools/list", "tools/call", "tools/call"):
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


BROKEN = """
import sys
sys.modules["statistics"] = None  # whoever imports it now is told that it cannot be had
from watchkeeper.server.interfaces.commands.entry import main
sys.exit(main())
"""


@pytest.mark.training
def test_a_server_of_which_a_part_cannot_be_imported_ends_and_says_so_before_any_tool_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-c", BROKEN, "--workspace", str(tmp_path), "serve"]
    with Wire(command) as wire:
        wire.hello()
        assert wire.ask("tools/list")["result"]["tools"]
        wire.request("tools/call", {"name": "poll_training", "arguments": {"wait_s": 0}})
        assert wire.process.wait(HANG_S) == 1
    assert "import of statistics halted" in wire.errors
    assert "this is a defect of watchkeeper; runs go on" in wire.errors
    assert not [line for line in wire.lines if "poll_training" in line and json.loads(line).get("id") not in (1, 2)]
