"""A server starts without the parts of the SDK that it never needs; who asks for them later gets the real ones."""

from __future__ import annotations

import json
import subprocess
import sys

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
