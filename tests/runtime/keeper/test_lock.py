"""Asking about the lock never answers falsely and never takes it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from watchkeeper.server.runtime.keeper import lock, records

from .helpers import WAITS, Run, until


def test_a_lock_that_a_keeper_holds_is_found_held_however_often_many_ask(workspace: Path) -> None:
    run = Run(workspace, WAITS).launch_until_ready()
    path = run.dir / records.LOCK
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lock.held, [path] * 500))
    assert answers == [True] * 500
    run.go().ends()
    assert until(lambda: not lock.held(path))


def test_asking_does_not_keep_anybody_from_taking_it(tmp_path: Path) -> None:
    path = tmp_path / records.LOCK
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(lock.held, path) for _ in range(300)]
        for _ in range(300):
            held = lock.take(path)
            assert held is not None
            os.close(held)
    assert all(one.exception() is None for one in asked)


def test_a_lock_is_taken_once_and_free_again_when_its_descriptor_is_closed(tmp_path: Path) -> None:
    path = tmp_path / records.LOCK
    assert not lock.held(path)
    held = lock.take(path)
    assert held is not None
    assert (lock.take(path), lock.held(path)) == (None, True)
    os.close(held)
    assert not lock.held(path)


def test_a_copy_of_the_descriptor_keeps_the_lock(tmp_path: Path) -> None:
    path = tmp_path / records.LOCK
    held = lock.take(path)
    assert held is not None
    copy = os.dup(held)
    os.close(held)
    assert lock.held(path)
    os.close(copy)
    assert not lock.held(path)


def test_the_holder_that_is_written_over_another_leaves_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / records.LOCK
    held = lock.take(path)
    assert held is not None
    lock.sign(held, {"boot_id": "x" * 36, "pid": 4194304, "start_ticks": 2**53})
    lock.sign(held, {"pid": 1})
    assert lock.holder(path) == {"version": 1, "pid": 1}
    os.close(held)


def test_a_lock_file_that_is_empty_names_nobody(tmp_path: Path) -> None:
    (tmp_path / records.LOCK).touch()
    assert lock.holder(tmp_path / records.LOCK) is None
