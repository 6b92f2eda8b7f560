"""The Inspector's command line: one call of a tool an invocation."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from ...limits import HANG_S
from ...play import Place
from ..programs import Package, installed, node
from ..tried import Tried
from .test_frameworks import SERVER, check, going_on, lines, project

__all__ = ["project"]
pytestmark = [
    *(pytest.mark.usefixtures("nothing_left"), pytest.mark.clients),
    pytest.mark.xdist_group("Inspector CLI"),
]
INSPECTOR = Package("@modelcontextprotocol/inspector", "2.12.0", "mcp-inspector")


def asked(place: Place, *words: str) -> dict[str, Any]:
    """Return what the Inspector prints for a method of the protocol."""
    entry = installed(INSPECTOR) / INSPECTOR.command
    server = [SERVER, "--workspace", str(place.root), "serve", "--role", "trainer"]
    patient = ["--connect-timeout", str(int(HANG_S * 1000))]  # its own limit is 15 s
    return json.loads(lines([str(node() / "bin/node"), str(entry), "--cli", *server, *patient, *words], place.root))


def called(place: Place, tool: str, **arguments: str) -> dict[str, Any]:
    """Call a tool and return its structured content."""
    given = [word for name, value in arguments.items() for word in ("--tool-arg", f"{name}={value}")]
    return asked(place, "--method", "tools/call", "--tool-name", tool, *given)["structuredContent"]


def test_the_inspector_calls_one_tool_an_invocation(project: Place, tried: Tried) -> None:
    listed: list[object] = asked(project, "--method", "tools/list")["tools"]
    called(project, "start_training", model="1", phase="quick")
    project.ends("1-quick-1")
    state = called(project, "poll_training", run="1-quick-1", wait_s="5")["state"]
    verdict = called(project, "verify_compute", run="1-quick-1")["verdict"]
    check(project, {"tools": len(listed), "state": state, "verdict": verdict})
    tried("Inspector CLI", version=INSPECTOR.version, connects="yes", lists="yes", calls="yes")


def test_a_call_of_the_inspector_waits_45_seconds(tmp_path: Path, tried: Tried) -> None:
    with going_on(tmp_path) as place:
        called(place, "start_training", model="1", phase="quick")
        waited_s, polls = 0.0, 0
        while waited_s < 45.0 and polls < 4:
            begun = time.monotonic()
            called(place, "poll_training", run="1-quick-1", wait_s="45")
            waited_s, polls = time.monotonic() - begun, polls + 1
        assert waited_s >= 45.0
    tried("Inspector CLI", INSPECTOR.version, waits_45_s="yes")
