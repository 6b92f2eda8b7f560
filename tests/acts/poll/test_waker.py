"""The waker wakes for what changed, at once, and for nothing else; with inotify and without it."""

from __future__ import annotations

import os
import resource
import sqlite3
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from watchkeeper.server.acts.poll.waker import GIVING_BACK, HOLD_OFF_S, Waker

from ...limits import HANG_S, LONG_S
from ...runtime.keeper.helpers import until
from ...storage.files.helpers import open_descriptors

pytestmark = pytest.mark.anyio

QUIET_S = 0.2  # long enough for a wrong waking to show

MakeWaker = Callable[[Sequence[Path]], Waker]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["inotify", "looking"])
def make(request: pytest.FixtureRequest) -> MakeWaker:
    """Make a waker that has inotify, or one that only looks (often, for the test's sake)."""
    if request.param == "inotify":
        return lambda paths: Waker(paths, look_s=LONG_S)  # so that nothing but inotify can wake it in time
    return lambda paths: Waker(paths, inotify=False, look_s=0.02)


def append(path: Path, text: str = "line\n") -> None:
    with path.open("a") as file:
        file.write(text)


async def woken(waker: Waker) -> bool:
    """Wait for a waking; one that comes only because the time of the wait is over is none."""
    with anyio.fail_after(HANG_S):
        return await waker.wait(LONG_S)


async def settled(waker: Waker) -> None:
    """Let late echoes of what is already known pass."""
    while await waker.wait(QUIET_S):
        pass


async def test_a_line_that_is_written_while_it_waits_wakes_it(make: MakeWaker, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    answers: list[bool] = []
    async with make([log]) as waker, anyio.create_task_group() as group:

        async def wait() -> None:
            answers.append(await woken(waker))

        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        append(log)
    assert answers == [True]


async def test_when_nothing_happens_the_time_runs_out(make: MakeWaker, tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    async with make([tmp_path / "log", tmp_path / "missing", tmp_path]) as waker:
        begin = anyio.current_time()
        assert not await waker.wait(0.1)
        assert anyio.current_time() - begin >= 0.1
        assert not await waker.wait(0)
        assert not await waker.wait(-1)


async def test_what_happens_while_nobody_waits_is_not_missed(make: MakeWaker, tmp_path: Path) -> None:
    log = tmp_path / "log"
    waker = make([log])
    append(log)
    async with waker:
        assert await woken(waker)
        await settled(waker)
        append(log)
        assert await waker.wait(0), "a wait without time still tells what there was"
        await settled(waker)


async def test_a_cancelled_wait_loses_nothing(make: MakeWaker, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    async with make([log]) as waker:
        for _ in range(20):
            append(log)
            with anyio.move_on_after(0.001):
                if await waker.wait(LONG_S):
                    continue
            assert await woken(waker)


@pytest.mark.parametrize("below", ["log", "a/log", "a/b/c/log"])
async def test_a_file_that_comes_later_wakes_it_and_so_do_its_lines(
    make: MakeWaker, tmp_path: Path, below: str
) -> None:
    log = tmp_path / below
    async with make([log]) as waker:
        for folder in reversed(log.relative_to(tmp_path).parents):
            (tmp_path / folder).mkdir(exist_ok=True)
            assert not await waker.wait(QUIET_S), "folders on the way are no news"
        append(log, "")
        assert await woken(waker)
        await settled(waker)
        append(log)
        assert await woken(waker)


async def test_a_whole_path_that_appears_at_once_is_noticed(make: MakeWaker, tmp_path: Path) -> None:
    (tmp_path / "staged" / "b").mkdir(parents=True)
    append(tmp_path / "staged" / "b" / "log")
    async with make([tmp_path / "a" / "b" / "log"]) as waker:
        assert not await waker.wait(0)
        (tmp_path / "staged").rename(tmp_path / "a")
        assert await woken(waker)


async def test_a_file_that_is_replaced_is_watched_on(make: MakeWaker, tmp_path: Path) -> None:
    record = tmp_path / "exit.json"
    async with make([record]) as waker:
        for text in ("{}", "{}", "{} "):
            (tmp_path / "new").write_text(text)
            (tmp_path / "new").rename(record)
            assert await woken(waker)
            await settled(waker)
        append(record)
        assert await woken(waker)
        await settled(waker)
        record.unlink()
        assert await woken(waker)


async def test_a_name_that_appears_in_a_folder_wakes_it_and_a_line_in_a_file_there_does_not(
    make: MakeWaker, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    async with make([run]) as waker:
        run.mkdir()
        assert await woken(waker)
        await settled(waker)
        append(run / "usage.jsonl")
        assert await woken(waker)
        await settled(waker)
        append(run / "usage.jsonl")
        assert not await waker.wait(QUIET_S)
        (tmp_path / "exit.tmp").touch()
        (tmp_path / "exit.tmp").rename(run / "exit.json")
        assert await woken(waker)


async def test_other_files_beside_and_other_permissions_do_not_wake_it(make: MakeWaker, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    async with make([log]) as waker:
        append(tmp_path / "other")
        append(tmp_path / "other")
        (tmp_path / "folder").mkdir()
        log.chmod(0o600)
        with log.open("a"):
            pass
        assert not await waker.wait(QUIET_S)


async def test_a_commit_to_an_sqlite_file_wakes_it(make: MakeWaker, tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as ledger:
        ledger.execute("CREATE TABLE acts (what TEXT)")
        async with make([path]) as waker:
            ledger.execute("SELECT * FROM acts").fetchall()
            assert not await waker.wait(QUIET_S), "reading is no change"
            ledger.execute("BEGIN IMMEDIATE")
            ledger.execute("INSERT INTO acts VALUES ('start')")
            ledger.execute("COMMIT")
            assert await woken(waker)


async def test_a_link_is_followed_to_the_file_that_grows(make: MakeWaker, tmp_path: Path) -> None:
    (tmp_path / "real").touch()
    (tmp_path / "log").symlink_to("real")
    async with make([tmp_path / "log"]) as waker:
        append(tmp_path / "real")
        assert await woken(waker)


async def test_a_burst_of_lines_wakes_seldom_and_the_last_line_is_not_lost(make: MakeWaker, tmp_path: Path) -> None:
    log, begun, wakings = tmp_path / "log", anyio.current_time(), 0
    async with make([log]) as waker, await anyio.open_process([sys.executable, "-c", BURST, str(log)]) as writer:
        while not (log.exists() and log.read_bytes().endswith(b"last\n")):
            assert await woken(waker)
            wakings += 1
            if wakings == 5:
                (tmp_path / "log.enough").touch()
        assert await writer.wait() == 0
    assert wakings >= 5
    assert (wakings - 1) * HOLD_OFF_S <= anyio.current_time() - begun


BURST = """
import os, sys
with open(sys.argv[1], "a", buffering=1) as file:
    while not os.path.exists(sys.argv[1] + ".enough"):
        file.write("a line\\n")
    file.write("last\\n")
"""


async def test_a_lone_line_is_held_off_by_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchkeeper.server.acts.poll.waker.HOLD_OFF_S", LONG_S)
    log = tmp_path / "log"
    log.touch()
    async with Waker([log], look_s=LONG_S) as waker:
        assert not await waker.wait(QUIET_S)

        async def write_soon() -> None:
            await anyio.wait_all_tasks_blocked()
            append(log)

        async with anyio.create_task_group() as group:
            group.start_soon(write_soon)
            assert await woken(waker)


async def test_a_write_that_changes_neither_size_nor_time_is_seen_by_inotify(tmp_path: Path) -> None:
    page = tmp_path / "page"
    page.write_text("before")
    times = page.stat()
    async with Waker([page], look_s=LONG_S) as waker:
        with page.open("r+") as file:
            file.write("after!")
        os.utime(page, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert await woken(waker)


async def test_where_the_system_has_no_inotify_to_give_it_looks(tmp_path: Path) -> None:
    log = tmp_path / "log"
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    waker = Waker([log], look_s=0.02)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        await waker.__aenter__()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    append(log)
    assert await woken(waker)
    await waker.__aexit__(None, None, None)


async def test_what_inotify_does_not_see_is_found_by_looking(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    async with Waker([log], look_s=0.02) as waker:
        os.utime(log, (1, 1))  # an attribute, which no event of ours reports as a change
        assert await woken(waker)


async def test_it_leaves_no_thread_and_no_descriptor(make: MakeWaker, tmp_path: Path) -> None:
    async def use() -> None:
        async with make([tmp_path / "log", tmp_path]) as waker:
            append(tmp_path / "log")
            assert await woken(waker)
            with anyio.move_on_after(0.01):
                await waker.wait(LONG_S)
        waker = make([tmp_path])
        with pytest.raises(RuntimeError, match="on purpose"):
            async with waker:
                raise RuntimeError("on purpose")

    def held() -> tuple[int, int]:
        until(lambda: GIVING_BACK not in {one.name for one in threading.enumerate()}, "what was watched is given back")
        return open_descriptors(), threading.active_count()

    await use()
    before = held()
    for _ in range(5):
        await use()
    assert all(now <= then for now, then in zip(held(), before, strict=True))  # others may have ended meanwhile


async def test_where_no_thread_can_be_begun_what_was_watched_is_given_back_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    before = open_descriptors()
    waker = Waker([tmp_path])
    await waker.__aenter__()
    assert open_descriptors() == before + 1
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refused)
        await waker.__aexit__(None, None, None)
    assert open_descriptors() == before


async def test_a_file_that_is_replaced_often_leaves_no_watches_behind(tmp_path: Path) -> None:
    record, before = tmp_path / "record", _watches()
    async with Waker([record], look_s=LONG_S) as waker:
        keep = [tmp_path / f"old-{n}" for n in range(10)]
        for old in keep:
            record.touch()
            assert await woken(waker)
            record.rename(old)  # lives on, so that its watch would too
            assert await woken(waker)
        await settled(waker)
        assert _watches() - before == 1, "that of the folder"


def _watches() -> int:
    """Count this process's inotify watches (proc(5), /proc/PID/fdinfo)."""
    infos = Path("/proc/self/fdinfo").iterdir()
    return sum(info.read_text().count("inotify wd:") for info in infos if info.exists())
