"""Real scripts with the probe on their path, as a keeper would start them."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest
from watchkeeper.server.runtime.probe import PATH_FOLDER, probe_environment
from watchkeeper.server.runtime.probe.reading import ProbeData, read_probe
from watchkeeper.server.runtime.witness import witness_environment

from ...libraries import COMPILED
from ...limits import HANG_S

FILE = "metrics.jsonl"


def run(
    folder: Path, script: str, *arguments: str, pymc: bool = False, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a script in `folder`, which is its run directory too, and wait for its end."""
    path = folder / "train.py"
    path.write_text(script, encoding="utf-8")
    # The fonts that Matplotlib found are shared by the tests of one session.
    given = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), "PYTENSOR_FLAGS": COMPILED, **(env or {})}
    given |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    given |= probe_environment(given, pymc=pymc) | {"WATCHKEEPER_RUN_DIR": str(folder)}
    given |= witness_environment(given, folder=None, nonce="", hooked=pymc)
    command = [sys.executable, str(path), *arguments]
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, timeout=HANG_S, check=False)


def told(folder: Path, name: str = FILE) -> ProbeData:
    path = folder / name
    return read_probe(path.read_bytes() if path.exists() else b"")


def loaded(folder: Path, patch: pytest.MonkeyPatch) -> ModuleType:
    """Return the probe, new, as a script of that run directory has it."""
    patch.setenv("WATCHKEEPER_RUN_DIR", str(folder))
    spec = importlib.util.spec_from_file_location("watchkeeper_probe", Path(PATH_FOLDER, "watchkeeper_probe.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
