"""Where the command `watchkeeper` starts: straight to the commands that need no workspace, else to the whole of it."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and return its exit status."""
    words = sys.argv[1:]
    from . import offline  # noqa: PLC0415 (light)

    if words and words[0] in offline.COMMANDS:
        return offline.main(words)
    from . import cli  # noqa: PLC0415 (heavy: not for the commands above)

    return cli.main(words)
