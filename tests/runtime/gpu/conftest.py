"""A GPU that plays a trace: a small library, compiled by the test, behind NVIDIA's own interface."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ...limits import HANG_S

HERE = Path(__file__).parent


class Played:
    """The folder of the library; what is written here is what NVML says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pid = folder / "pid"

    def plays(self, *lines: str) -> Played:
        (self.folder / "trace").write_text("".join(f"{line}\n" for line in lines))
        return self


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler: NVML's interface cannot be played")
    path = tmp_path_factory.mktemp("nvml") / "libnvidia-ml.so.1"
    command = [compiler, "-shared", "-fPIC", "-Wall", "-Werror", "-o", str(path), str(HERE / "fake_nvml.c"), "-ldl"]
    subprocess.run(command, check=True, timeout=HANG_S)
    return path


@pytest.fixture
def played(library: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Played:
    folder = tmp_path_factory.mktemp("played")
    shutil.copy(library, folder)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(folder))
    return Played(folder)
