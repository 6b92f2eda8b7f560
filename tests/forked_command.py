"""What a process forked by tests/warm.py runs: a command of watchkeeper, with its words, files, folder and environment.

By path, never imported: `GIVEN` is put in from outside.
"""

import os
import sys
from typing import Any

from watchkeeper.server.interfaces.commands.entry import main

given: dict[str, Any] = globals()["GIVEN"]
os.chdir(given["folder"])
os.environ.clear()
os.environ.update(given["environment"])
for number, path in enumerate(given["files"]):
    os.dup2(os.open(path, os.O_RDWR), number)
sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)  # multiprocessing has put /dev/null there
sys.argv = ["watchkeeper", *given["words"]]
sys.exit(main())
