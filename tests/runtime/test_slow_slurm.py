"""A Slurm that takes its time makes no poll late, and what is in its grace still is not taken from it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from watchkeeper.server.runtime.engines import slurm, submissions
from watchkeeper.server.runtime.engines.slurm import SlurmEngine
from watchkeeper.server.runtime.engines.words import Kind, Word
from watchkeeper.server.runtime.keeper import records

from .keeper.helpers import until
from .test_slurm_commands import program


def run_dir(folder: Path, run: str = "1-full-1", look_s: float = 3600.0) -> Path:
    found = folder / "runs" / run
    found.mkdir(parents=True)
    records.create(found / records.SPEC, {"nonce": run, "grace_s": 600.0, "engine": {"look_s": look_s}})
    records.create(found / records.JOB, {"job": "7", "submitted_at": time.time() - 5000.0, "tries": 1})
    return found


def word(of: Path) -> Word:
    found = SlurmEngine(Path()).word(of)
    assert found is not None
    return found


def test_a_look_does_not_wait_for_a_slow_slurm_whose_answer_the_next_look_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = tmp_path / "answer"
    os.mkfifo(answer)
    program(tmp_path, "squeue", f"cat {answer}", monkeypatch)  # until the test says something
    monkeypatch.setattr(slurm, "ANSWER_WITHIN_S", 0.0)
    one = run_dir(tmp_path)
    first, second = word(one), word(one)
    assert (first.kind, second.kind) == (Kind.UNKNOWN, Kind.UNKNOWN), "that it is gone nobody said"
    assert first.text == "it takes longer than 0 s"
    assert second.text == "another look is asking it"
    answer.write_text(f"7|PENDING|Priority|{slurm.job_name(one)}\n")
    until(lambda: word(one).kind is Kind.QUEUED, "what it said is kept")


def test_a_start_does_not_wait_for_a_slow_slurm_which_is_handed_it_once_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, log = tmp_path / "answer", tmp_path / "log"
    os.mkfifo(answer)
    program(tmp_path, "squeue", f"cat {answer}", monkeypatch)  # until the test says something
    program(tmp_path, "sbatch", f"cat > {tmp_path}/script; echo 8 | tee -a {tmp_path}/taken", monkeypatch)
    monkeypatch.setattr(submissions, "PATIENCE_S", 0.0)
    one = tmp_path / "runs/1-full-1"
    one.mkdir(parents=True)
    records.create(one / records.SPEC, {"nonce": "a", "workspace": str(tmp_path)})
    descriptor = os.open(log, os.O_RDWR | os.O_CREAT)
    for _ in range(2):
        SlurmEngine(Path()).launch(one, descriptor)
    os.close(descriptor)  # it is the caller's
    assert submissions.submission(one) is None, "nobody knows yet whether it was taken"
    answer.write_text("")
    until(lambda: records.text(submissions.submission(one), "job") == "8", "it is handed over")
    assert (tmp_path / "taken").read_text() == "8\n"
    assert b" log\n" in (tmp_path / "script").read_bytes()


@pytest.mark.parametrize(
    ("settled", "ended_s_ago", "taken"), [(False, 500.0, False), (False, 700.0, True), (True, 100.0, True)]
)
def test_a_job_is_left_over_when_the_grace_is_over_too_and_one_is_taken_a_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settled: bool, ended_s_ago: float, taken: bool
) -> None:
    both = [run_dir(tmp_path, f"1-full-{number}", 1e-6) for number in (1, 2)]
    rows = "\\n".join(f"{number}|RUNNING|None|{slurm.job_name(one)}" for number, one in enumerate(both, start=7))
    program(tmp_path, "squeue", f"printf '{rows}\\n'", monkeypatch)
    program(tmp_path, "scancel", f'echo "$2" >> {tmp_path}/taken', monkeypatch)
    for one in both:
        records.create(one / records.EXIT, {"settled": settled})
        ended_at = time.time() - ended_s_ago
        os.utime(one / records.EXIT, (ended_at, ended_at))
    assert word(both[0]).kind is Kind.RUNNING
    (tmp_path / "taken").touch()
    assert (tmp_path / "taken").read_text().split() in ([["7"], ["8"]] if taken else [[]])
