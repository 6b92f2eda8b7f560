"""A machine that is out of descriptors for a while costs a keeper a look, not its life."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest
from watchkeeper.server.runtime.keeper import main_process, procfs, tree

from .helpers import until


@contextmanager
def no_descriptors() -> Generator[None]:
    """Let every open fail with EMFILE."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            os.open("/proc", os.O_RDONLY)
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def sleeping() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "3600"]) as process:
        yield process
        process.kill()


def ticks(process: subprocess.Popen[bytes]) -> int:
    found = procfs.stat(process.pid)
    assert found is not None
    return found.start_ticks


def test_an_adopted_process_is_looked_at_again_where_no_descriptor_was_left(sleeping: subprocess.Popen[bytes]) -> None:
    main = main_process.adopt(sleeping.pid, ticks(sleeping))
    assert main is not None
    with no_descriptors():
        main.look()
    assert not main.ended
    sleeping.kill()
    until(lambda: (found := procfs.stat(sleeping.pid)) is not None and not found.alive, "it is a zombie")
    with no_descriptors():
        main.look()
    assert not main.ended
    main.look()
    assert (main.ended, main.wait_status) == (True, signal.SIGKILL)
    os.close(main.descriptor)


def test_a_process_that_could_not_be_asked_to_end_is_asked_again(sleeping: subprocess.Popen[bytes]) -> None:
    found = procfs.stat(sleeping.pid)
    assert found is not None
    with no_descriptors():
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)

        def pause(seconds: float) -> None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
            time.sleep(seconds)

        left = tree.end(lambda: [found] if sleeping.poll() is None else [], 60.0, pause)
    assert left == []
    assert sleeping.returncode == -signal.SIGTERM
