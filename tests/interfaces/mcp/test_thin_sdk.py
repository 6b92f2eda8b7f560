"""A server starts without the parts of the SDK that it never needs; who asks for them later gets the real ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ...limits import HANG_S

SCRIPT = """
import json, sys
from watchkeeper.server.interfaces.mcp import thin_sdk
thin_sdk.thin()
from watchkeeper.server.interfaces.mcp import app, stdio
import mcp, mcp.server
told = {"early": sorted({"mcp.client", "mcp.server.mcpserver", "httpx2"} & set(sys.modules))}
thin_sdk.thin()  # a second time changes nothing
told["server"] = mcp.server.Server is app.Server
told["client"] = mcp.Client.__module__
told["framework"] = mcp.server.MCPServer.__module__
try:
    mcp.nothing_of_that_name
except AttributeError as error:
    told["unknown"] = str(error)
print(json.dumps(told))
"""


def test_the_sdk_s_client_and_framework_are_imported_only_for_who_asks() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", SCRIPT], capture_output=True, text=True, timeout=HANG_S, check=True
    )
    assert json.loads(done.stdout) == {
        "early": [],
        "server": True,
        "client": "mcp.client.client",
        "framework": "mcp.server.mcpserver.server",
        "unknown": "module 'mcp' has no attribute 'nothing_of_that_name'",
    }


MANY = """
import sys, threading
from watchkeeper.server.interfaces.mcp import thin_sdk
thin_sdk.PACKAGES = ("slow",)
thin_sdk.thin()
import slow
assert "value" not in vars(slow)
try:
    slow.value
except ValueError as error:
    print(error)
assert "early" not in vars(slow)
started, found = threading.Barrier(4), []
def ask():
    started.wait()
    found.append(slow.value)
threads = [threading.Thread(target=ask) for _ in range(4)]
for one in threads: one.start()
for one in threads: one.join()
print(found, slow.inner.name, "__getattr__" in vars(slow))
"""
SLOW = """
import os, time
from . import inner
early = 1
if not os.path.exists(__file__ + ".tried"):
    open(__file__ + ".tried", "w").close()
    raise ValueError("not yet")
time.sleep(0.2)  # longer than the others take to ask
value = 7
"""


def test_threads_that_ask_at_once_wait_for_a_whole_package_and_one_that_failed_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "slow").mkdir()
    (tmp_path / "slow" / "__init__.py").write_text(SLOW, "utf-8")
    (tmp_path / "slow" / "inner.py").write_text("name = __name__", "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", MANY], cwd=tmp_path, capture_output=True, text=True, timeout=HANG_S, check=False
    )
    assert (done.stderr, done.stdout) == ("", "not yet\n[7, 7, 7, 7] slow.inner False\n")
