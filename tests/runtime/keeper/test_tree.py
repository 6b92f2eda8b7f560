"""Whose processes belong to a run, and what happens to those that cannot be ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.runtime.keeper import procfs, tree

from .helpers import until

MARK = f"WATCHKEEPER_RUN=/some/where/{os.getpid()}/1-full-1".encode()
"""Of this process alone: other tests look at the same processes at the same time."""


def stat(pid: int, ppid: int) -> procfs.Stat:
    return procfs.Stat(pid, f"{pid} (x) S {ppid} ".encode() + b"0 " * 48)


@st.composite
def forests(draw: st.DrawFn) -> dict[int, procfs.Stat]:
    """Processes whose parents have a smaller pid, are gone, or are the kernel."""
    count = draw(st.integers(1, 30))
    return {pid: stat(pid, draw(st.integers(0, pid - 1))) for pid in range(1, count + 1) if draw(st.booleans())}


@given(forests(), st.integers(1, 30), st.integers(1, 30))
def test_descent_finds_exactly_what_leads_back_to_a_member_or_an_ancestor(
    seen: dict[int, procfs.Stat], ancestor: int, member: int
) -> None:
    def belongs(pid: int) -> bool:
        if pid not in seen:
            return False
        return pid == member or seen[pid].ppid == ancestor or belongs(seen[pid].ppid)

    assert set(tree.descendants(seen, [ancestor], [(member, 0)])) == {pid for pid in seen if belongs(pid)}
    assert tree.descendants(seen, [], [(member, 1)]) == {}


@pytest.fixture
def marked() -> Iterator[subprocess.Popen[bytes]]:
    name, _, value = MARK.decode().partition("=")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, env={name: value}) as process:
        until(lambda: procfs.carries(process.pid, MARK))
        yield process
        process.kill()


def test_a_process_is_found_by_its_mark_as_a_whole_only(marked: subprocess.Popen[bytes]) -> None:
    assert [one.pid for one in tree.Tree(MARK).living()] == [marked.pid]
    assert tree.Tree(MARK[:-1]).living() == []
    assert tree.Tree(MARK + b"1").living() == []
    assert tree.Tree(b"").living() == []


def test_a_hasty_look_still_finds_what_is_new(marked: subprocess.Popen[bytes]) -> None:
    family = tree.Tree(b"", ancestors=[os.getpid()])
    before = {one.pid for one in family.scan(thorough=False)}
    assert marked.pid in before
    with subprocess.Popen(["sleep", "3600"]) as later:
        assert {one.pid for one in family.scan(thorough=False)} == before | {later.pid}
        later.kill()


def test_what_cannot_be_ended_is_returned(marked: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(pid: int, start_ticks: int, signum: int) -> bool:
        raise PermissionError(f"{pid}, {start_ticks}, {signum}")

    monkeypatch.setattr(tree, "KILL_PATIENCE_S", 0.1)
    monkeypatch.setattr(procfs, "send", refused)
    left = tree.end(tree.Tree(MARK).living, 0.1, time.sleep)
    assert [one.pid for one in left] == [marked.pid]
    assert marked.poll() is None


def test_every_process_of_this_machine_can_be_read() -> None:
    found = [one for pid in procfs.pids() if (one := procfs.stat(pid))]
    assert {os.getpid(), os.getppid()} <= {one.pid for one in found}
    assert all(one.rss_bytes >= 0 and one.user_s >= 0.0 for one in found)
    assert procfs.described(next(one for one in found if one.pid == os.getpid())).command != ""


def test_the_mount_of_a_run_is_told_as_proc_writes_it_and_only_of_a_guarded_one() -> None:
    spec = {"run": "1-full-1", "writable": ["/a/checkpoints/1-full", "/a b\\\n/runs/1-full-1/witness", 7]}
    assert tree.wall_of(spec, {"guard": "on"}) == b"/a\\040b\\134\\012/runs/1-full-1/witness"
    assert tree.wall_of(spec, {"guard": "unavailable: x"}) == b""
    assert tree.wall_of({**spec, "run": "1-full-2"}, {"guard": "on"}) == b""
    assert tree.wall_of({"run": "1-full-1"}, {"guard": "on"}) == tree.wall_of(None, None) == b""
    assert not procfs.sees(os.getpid(), b"/proc"), "a mount that we have ourselves"
