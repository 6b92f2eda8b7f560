"""Commands of watchkeeper in processes of their own, forked from one that has imported it already.

A command does the same, cold or warm; but an interpreter that starts and imports takes ten times as long as most
commands do. What a test says of the start itself, of signals, pipes or parents it says of a command launched cold.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .limits import HANG_S

CODE = Path(__file__).with_name("forked_command.py")
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["watchkeeper.server.interfaces.commands.cli"])


def run(
    *words: str, given: str = "", folder: str = "/", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end.

    :param given: what it reads from its standard input. :param folder: where it is called.
    :param environment: the whole of it; None for that of this process.
    """
    with tempfile.TemporaryDirectory() as place:
        files = [Path(place, name) for name in ("in", "out", "err")]
        for one in files:
            one.write_text(given if one.name == "in" else "", encoding="utf-8")
        facts: dict[str, object] = {"words": words, "folder": folder, "files": [str(one) for one in files]}
        facts["environment"] = dict(os.environ if environment is None else environment)
        process = CONTEXT.Process(target=runpy.run_path, args=(str(CODE), {"GIVEN": facts}, "__main__"))
        process.start()
        process.join(HANG_S)
        if process.exitcode is None:
            process.kill()
            raise AssertionError(f"watchkeeper {words} did not end: {files[2].read_text(encoding='utf-8')[-500:]}")
        done = subprocess.CompletedProcess(
            ["watchkeeper", *words], process.exitcode, *(one.read_text(encoding="utf-8") for one in files[1:])
        )
        process.close()
        return done
