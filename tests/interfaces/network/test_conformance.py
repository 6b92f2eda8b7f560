"""The protocol's own conformance suite against our server over HTTP: every version that it knows, and tasks.

It comes from the npm registry; where that cannot be reached in time the test is skipped, and says so. What fails must
be exactly what the table below says we do not offer: a check that begins to pass is taken out of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ...clients.programs import Package, installed, node
from ...limits import HANG_S
from ...runtime.keeper.helpers import until

pytestmark = pytest.mark.training
SUITE = Package("@modelcontextprotocol/conformance", "0.2.0-alpha.12", "conformance", scripts=False)
VERSIONS = ("2025-06-18", "2025-11-25", "2026-07-28")
TASKS = (
    "lifecycle", "capability-negotiation", "wire-fields", "request-state-removal", "request-headers",
    "dispatch-and-envelope", "required-task-error",
)  # fmt: skip
NOT_OFFERED = {
    "we keep no log level and send no log": {"logging-set-level", "tools-call-with-logging"},
    "our tools answer in text and structured content": {
        "tools-call-image", "tools-call-audio", "tools-call-embedded-resource", "tools-call-mixed-content",
        "tasks-headers-tolerate-mcp-method-on-tools-call",  # wants the text `Hello, World!`, ours is `text: Hello, …`
    },
    "our prompts are text": {"prompts-get-embedded-resource", "prompts-get-with-image"},
    "our resources are those of watchkeeper://, none is subscribed to": {
        "resources-read-text", "resources-read-binary", "resources-templates-read", "resources-subscribe",
        "resources-unsubscribe",
    },
    "we ask clients for nothing: no elicitation, sampling or roots": {
        "tools-call-sampling", "tools-call-elicitation", "elicitation-sep1034-general", "elicitation-sep1330-general",
        "sep-2322-elicitation-incomplete", "sep-2322-list-roots-incomplete", "sep-2322-sampling-incomplete",
        "sep-2322-respect-client-capabilities", "sep-2322-multi-round-r1", "sep-2322-multiple-inputs-incomplete",
        "sep-2322-non-tool-incomplete", "sep-2322-request-state-incomplete", "sep-2322-result-type-included",
        "sep-2322-reject-tampered-state", "sep-2575-server-rejects-undeclared-capability",
        "sep-2575-missing-capability-http-400",
    },
    "a tool's schema follows from its signature": {
        "json-schema-2020-12-tool-found", "sep-2243-server-no-xmcp-tool", "sep-2243-server-decode-base64",
        "sep-2243-server-validate-param-match", "sep-2243-server-reject-invalid-param-chars",
        "sep-2243-server-reject-param-mismatch",
    },
    "without sessions no stream is taken up again": {"incoming-sse-event"},
    "an error of a tool is its result, never the protocol's; and no tool needs tasks": {
        "sep-2663-tasks-get-status-failed", "sep-2663-server-returns-missing-capability-when-required",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def suite() -> list[str]:
    """Return the command of the suite, which is installed once below the environment, as clients are."""
    return [str(node() / "bin/node"), str(installed(SUITE) / SUITE.command), "server"]


@pytest.fixture
def address(tmp_path: Path, suite: list[str]) -> Iterator[str]:
    """Give the address of a server with what the suite asks for."""
    workspace, said = tmp_path / "workspace", tmp_path / "said"
    workspace.mkdir()
    program = [sys.executable, "-P", "-m", "conformance_server", str(workspace)]
    with said.open("wb") as out:
        path = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
        server = subprocess.Popen(program, stdout=out, env=path)
    try:
        until(lambda: server.poll() is not None or said.read_text().endswith("\n"), "the server listens")
        assert server.poll() is None
        yield said.read_text().strip()
    finally:
        server.kill()
        server.wait(HANG_S)


def played(suite: list[str], address: str, out: Path, *words: str) -> tuple[set[str], set[str]]:
    """Run scenarios; return the checks that passed and those that failed."""
    command = [*suite, "--url", address, "--output-dir", str(out), *words]
    compiled = {**os.environ, "NODE_COMPILE_CACHE": str(out.parent / "compiled")}  # by the first, for the others
    subprocess.run(command, capture_output=True, timeout=HANG_S, check=False, env=compiled)
    checks = [one for path in out.glob("*/checks.json") for one in json.loads(path.read_text("utf-8"))]
    named = {status: {one["id"] for one in checks if one["status"] == status} for status in ("SUCCESS", "FAILURE")}
    return named["SUCCESS"], named["FAILURE"]


def test_every_check_of_the_conformance_suite_passes_but_those_of_what_we_do_not_offer(
    suite: list[str], address: str, tmp_path: Path
) -> None:
    known = set[str]().union(*NOT_OFFERED.values())
    every = [(one, ("--suite", "all", "--spec-version", one)) for one in VERSIONS]
    every += [(f"tasks-{one}", ("--scenario", f"tasks-{one}")) for one in TASKS]
    failed = set[str]()
    for name, words in every:
        good, bad = played(suite, address, tmp_path / name, *words)
        assert bad <= known, f"{name}: {bad - known}"
        assert good - bad, f"{name}: nothing passed"
        failed |= bad
    assert failed == known, f"not failing any more: {known - failed}"
