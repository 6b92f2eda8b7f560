"""The process that hands one message to one service through Apprise; what it prints goes nowhere, a URL may be in it.

Standard input is JSON: url, title, body, and `check` to look at the URL only. The exit status is all that it says.
"""

from __future__ import annotations

import json
import sys
from typing import Any

SENT, NOT_TAKEN, NOT_INSTALLED, NO_URL = 0, 1, 3, 4


def main() -> int:
    """Send, and return the exit status."""
    asked = json.load(sys.stdin)
    try:
        import apprise  # noqa: PLC0415 (an extra, heavy, and in this process only)
    except ImportError:
        return NOT_INSTALLED
    asset = apprise.AppriseAsset(async_mode=False, storage_mode="memory", app_id="watchkeeper")
    services: Any = apprise.Apprise(asset=asset)  # its types are partly unknown
    if not services.add(asked["url"]):
        return NO_URL
    if asked.get("check"):
        return SENT
    sent = services.notify(title=asked["title"], body=asked["body"], body_format=apprise.NotifyFormat.TEXT)
    return SENT if sent else NOT_TAKEN


if __name__ == "__main__":
    sys.exit(main())
