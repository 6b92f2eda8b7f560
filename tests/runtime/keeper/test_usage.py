"""What a run used: every byte of its log has a time, and its CPU time counts the workers that came and went."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.runtime.keeper import procfs, records, usage
from watchkeeper.server.runtime.samples import Sample
from watchkeeper.server.runtime.samples import usage as samples_of

from ...limits import LONG_S
from .helpers import WAITS, Run, until

TWENTY_WORKERS = """
import json, os, resource, time
for _ in range(20):
    if not os.fork():
        ends = time.process_time() + 0.04
        while time.process_time() < ends:
            pass
        os._exit(0)
    os.wait()
own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(json.dumps([own.ru_utime + own.ru_stime, children.ru_utime + children.ru_stime]))
"""


def test_cpu_time_of_short_lived_workers_is_counted(workspace: Path) -> None:
    run = Run(workspace, TWENTY_WORKERS).launch()
    status = run.ends()
    own_s, workers_s = json.loads(run.said())
    assert workers_s > 0.75
    assert status.cpu_s is not None
    # What follows the script's own measurement is the end of its interpreter.
    assert own_s + workers_s <= status.cpu_s + 0.001
    assert status.cpu_s <= own_s + 1.5 * workers_s, "nobody is counted twice"
    assert not status.cpu_is_lower_bound


def test_cpu_time_of_a_daemon_that_ended_before_the_run_is_counted(workspace: Path) -> None:
    script = """
import os, time
if not os.fork():
    os.setsid()
    if not os.fork():
        while time.process_time() < 0.4:
            pass
        print("ready")
    os._exit(0)
os.wait()
""" + WAITS.replace("print", "#")
    run = Run(workspace, script).launch_until_ready()
    assert (run.go().ends().cpu_s or 0.0) >= 0.4


def test_cpu_totals_of_a_run_that_changed_its_keeper_never_fall(workspace: Path) -> None:
    run = Run(workspace, "import time\nwhile time.process_time() < 0.5: pass\n" + WAITS).launch_until_ready()
    until(lambda: (run.status().cpu_s or 0.0) >= 0.5)
    run.kill_keeper().attach().go()
    status = run.ends()
    assert status.cpu_is_lower_bound
    assert (status.cpu_s or 0.0) >= 0.5
    totals = [sample.cpu_s for sample in samples_of(run.dir)]
    assert totals == sorted(totals)


def test_the_first_samples_come_at_once_and_after_a_second(workspace: Path) -> None:
    run = Run(workspace, WAITS, sample_s=LONG_S).launch_until_ready()
    first, second = until(lambda: found if len(found := samples_of(run.dir)) == 2 else None)
    assert second.boottime_s - first.boottime_s > 0.9
    assert (second.processes, second.log_bytes) == (1, len("ready\n"))
    assert second.rss_bytes > 1_000_000
    run.go().ends()


def test_the_last_sample_holds_the_final_size_of_the_log(workspace: Path) -> None:
    run = Run(workspace, "print('x' * 999)").launch()
    status = run.ends()
    assert samples_of(run.dir)[-1].log_bytes == 1000 == status.log_end
    assert samples_of(run.dir)[-1].processes == 0


def line(at: float) -> bytes:
    return records.encode(
        {"at": at, "boottime_s": 1.0, "cpu_s": 0.5, "rss_bytes": 3, "processes": 1, "log_bytes": None}
    )


def sample(at: float) -> Sample:
    return Sample(at=at, boottime_s=1.0, cpu_s=0.5, rss_bytes=3, processes=1, log_bytes=None)


@given(
    times=st.lists(st.integers(0, 10**9), max_size=300).map(sorted),
    since=st.integers(0, 10**9),
    torn=st.integers(0, 60),
)
def test_samples_are_read_back_whatever_follows_the_last_line(
    tmp_path_factory: pytest.TempPathFactory, times: list[int], since: int, torn: int
) -> None:
    folder = tmp_path_factory.mktemp("run", numbered=True)
    (folder / records.USAGE).write_bytes(b"".join(line(at) for at in times) + line(1)[:torn])
    assert samples_of(folder) == [sample(at) for at in times]
    assert samples_of(folder, float(since)) == [sample(at) for at in times if at >= since]


@given(st.binary(max_size=300), st.integers(1, 40))
def test_reading_backwards_yields_the_lines_of_the_file_in_reverse(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, block_bytes: int
) -> None:
    path = tmp_path_factory.mktemp("file", numbered=True) / "lines"
    path.write_bytes(content)
    assert list(usage.backwards(path, block_bytes)) == content.split(b"\n")[::-1]


def test_of_workers_that_wait_for_a_cpu_at_once_the_longest_counts_and_none_is_kept_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    delayed = {1: 2.0}

    def delayed_s(pid: int) -> float:
        return delayed.get(pid, 0.5)

    monkeypatch.setattr(procfs, "delayed_s", delayed_s)
    words = Path("/proc/self/stat").read_bytes()
    meter = usage.Meter(LONG_S, None)
    for worker in range(2, 102):
        meter.sample([procfs.Stat(1, words), procfs.Stat(worker, words)], 0.0)
    delayed[1] = 0.0  # it ended while it was looked at
    meter.sample([procfs.Stat(1, words)], 0.0)
    assert [one.delayed_s for one in samples_of(tmp_path)[-2:]] == [2.0 + 99 * 0.5] * 2
    kept: list[dict[object, object]] = [one for one in vars(meter).values() if isinstance(one, dict)]
    assert [len(one) for one in kept] == [1]


def bytes_read() -> int:
    return int(Path("/proc/self/io").read_text().split()[1])


def test_only_the_end_of_a_long_file_is_read(tmp_path: Path) -> None:
    (tmp_path / records.USAGE).write_bytes(line(1.0) * 100_000 + line(7.0) * 3)
    before = bytes_read()
    assert samples_of(tmp_path, 7.0) == [sample(7.0)] * 3
    assert bytes_read() - before < 30_000
