"""Where the command `watchkeeper` starts: straight to the commands that need no workspace, else to the whole of it."""

from __future__ import annotations

import gc
import sys

_WITH_A_FOLDER = 4
"""Words of `--workspace DIR hook stop`."""
_CALLED_WRONGLY = 2
"""What argparse ends with."""


def main() -> int:
    """Run the command line and return its exit status."""
    words = sys.argv[1:]
    if words[-2:] == ["hook", "stop"] and (len(words) == 2 or _names_a_folder(words)):
        from . import hooks  # noqa: PLC0415 (light)

        return hooks.stop(words[1] if _names_a_folder(words) else None)
    from . import offline  # noqa: PLC0415 (light)

    if words and words[0] in offline.COMMANDS:
        return offline.main(words)
    from . import limits  # noqa: PLC0415 (light)

    if refusal := limits.refusal():
        sys.stderr.write(f"watchkeeper: {refusal}\n")
        return 1
    if _command(words) == "serve":
        from ..mcp import late  # noqa: PLC0415 (light)

        late.begin()
    gc.disable()  # nothing that an import makes is garbage: a start without looking for any takes less CPU time
    from . import cli  # noqa: PLC0415 (heavy: not for the commands above)

    gc.freeze()
    gc.enable()
    try:
        return cli.main(words)
    except SystemExit as end:
        if "hook" in words[:3] and end.code == _CALLED_WRONGLY:
            return 1  # a client takes 2 from a hook for "block"
        raise


def _command(words: list[str]) -> str:
    """Return the command that is called, as far as it can be told; a server that is not recognised starts slower."""
    return next(iter(words[2:] if words[:1] == ["--workspace"] else words), "")


def _names_a_folder(words: list[str]) -> bool:
    return len(words) == _WITH_A_FOLDER and words[0] == "--workspace"
