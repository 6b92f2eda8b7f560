"""Real scripts with the witness on their path, as a keeper would start them, and what it wrote."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from watchkeeper.server.analysis.witness import Line, Witnessed, gathered, read_process
from watchkeeper.server.runtime.witness import witness_environment

from ...libraries import COMPILED
from ...limits import HANG_S

NONCE = "0123456789abcdef"
RUN_DIR = ".watchkeeper/runs/1-quick-1"
HEAD = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(120, 3)); y = X @ [1.0, 2.0, 3.0] + 0.1 * rng.normal(size=120)
"""
"""How a script begins that fits something: a table and what is to be learned from it."""


def run(
    folder: Path, script: str, *arguments: str, env: Mapping[str, str] | None = None, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Run a script in `folder`, which is the workspace, and wait for its end."""
    path = folder / "train.py"
    path.write_text(script, encoding="utf-8")
    lines = folder / RUN_DIR / "witness"
    lines.mkdir(parents=True, exist_ok=True)
    given = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), "PYTENSOR_FLAGS": COMPILED, **(env or {})}
    given |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "WATCHKEEPER_WORKSPACE": str(folder)}
    given |= witness_environment(given, folder=str(lines), nonce=NONCE)
    command = [python, str(path), *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env=given,
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
        start_new_session=True,
    )


def witnessed(folder: Path) -> Witnessed:
    """What all processes of the run wrote, with their chains checked."""
    files = sorted((folder / RUN_DIR / "witness").glob("*.jsonl"))
    return gathered(read_process(path.name, path.read_bytes(), NONCE) for path in files)


def seen(folder: Path, script: str, *arguments: str, env: Mapping[str, str] | None = None) -> Witnessed:
    """Run a script that must succeed, and return what was witnessed without trouble and without a gap."""
    done = run(folder, script, *arguments, env=env)
    assert done.returncode == 0, done.stderr
    found = witnessed(folder)
    assert [line.facts for line in found.of("trouble")] == []
    assert found.broken == ()
    return found


def only(lines: tuple[Line, ...]) -> Line:
    assert len(lines) == 1, [(line.kind, line.where, line.facts) for line in lines]
    return lines[0]
