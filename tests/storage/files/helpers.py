"""Opening by a path, and what a refusal says."""

from __future__ import annotations

import gc
import os

import pytest
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.vocabulary.errors import PathRefused


def opened(workspace: Workspace, path: str, flags: int = os.O_RDONLY) -> str:
    with open(workspace.open_beneath(path, flags), "rb") as file:
        return file.read().decode()


def refusal(workspace: Workspace, path: str, flags: int = os.O_RDONLY) -> str:
    with pytest.raises(PathRefused) as caught:
        os.close(workspace.open_beneath(path, flags))
    assert caught.value.do_next, "a refusal says what to do"
    return str(caught.value)


def open_descriptors() -> int:
    gc.collect()  # workspaces that earlier tests forgot close when they are collected, which must not happen in between
    return len(os.listdir("/proc/self/fd"))


# Opening
