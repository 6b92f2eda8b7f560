"""A workspace that opens files in either way."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from watchkeeper.server.storage.files.workspace import Workspace


@pytest.fixture(params=["openat2", "walk"])
def workspace(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace on a kernel with openat2 and on one without; beside its root lies `secret`."""
    if request.param == "walk":

        def unknown(*_: object) -> int:
            raise OSError(errno.ENOSYS, "Function not implemented")

        monkeypatch.setattr("watchkeeper.server.storage.files.rooted.open_by_kernel", unknown)
    (tmp_path / "secret").write_text("outside")
    (tmp_path / "root").mkdir()
    return Workspace(tmp_path / "root")
