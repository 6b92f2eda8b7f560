"""A Slurm that takes its time makes no poll late, and what is in its grace still is not taken from it."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import IO, Any

import pytest
from watchkeeper.server.runtime.engines import shared_look, slurm, submissions
from watchkeeper.server.runtime.engines.slurm import SlurmEngine
from watchkeeper.server.runtime.engines.words import Kind, Word
from watchkeeper.server.runtime.keeper import lock, records

from ...limits import HANG_S
from ..keeper.helpers import until
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


def test_an_answer_is_parsed_once_for_each_version_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "squeue", "echo", monkeypatch)
    one, other = run_dir(tmp_path), run_dir(tmp_path, "2-full-1")
    word(one)
    parsed: list[str] = []
    load = json.load

    def counted(file: IO[bytes]) -> Any:
        parsed.append(str(file.name))
        return load(file)

    monkeypatch.setattr(json, "load", counted)
    for _ in range(3):
        word(one)
        word(other)
    assert len(parsed) <= 1
    program(tmp_path, "squeue", f"echo '7|RUNNING|None|{slurm.job_name(other)}'", monkeypatch)
    shared_look.forget(tmp_path / slurm.LOOK_FILE)
    assert word(other).kind is Kind.RUNNING


def test_what_was_asked_before_something_was_done_is_asked_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = tmp_path / "answer"
    os.mkfifo(answer)
    program(tmp_path, "squeue", f"cat {answer}", monkeypatch)  # until the test says something
    monkeypatch.setattr(slurm, "ANSWER_WITHIN_S", 0.0)
    one = run_dir(tmp_path)
    word(one)
    shared_look.forget(tmp_path / slurm.LOOK_FILE)  # while it is being asked for the first time
    answer.write_text("")
    program(tmp_path, "squeue", f"echo '7|RUNNING|None|{slurm.job_name(one)}'", monkeypatch)
    until(lambda: word(one).kind is Kind.RUNNING, "it is asked anew")


def handed_over(folder: Path) -> tuple[Path, int]:
    """Return a run directory of a start that Slurm has not got yet, and the descriptor of its log."""
    found = folder / "runs/1-full-1"
    found.mkdir(parents=True)
    records.create(found / records.SPEC, {"nonce": "a", "workspace": str(folder), "engine": {"look_s": 3600.0}})
    return found, os.open(folder / "log", os.O_RDWR | os.O_CREAT)


def test_a_start_does_not_wait_for_a_slow_slurm_which_is_handed_it_once_and_asked_about_it_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = tmp_path / "answer"
    os.mkfifo(answer)
    program(tmp_path, "squeue", f"cat {answer}", monkeypatch)  # until the test says something
    program(tmp_path, "sbatch", f"cat > {tmp_path}/script; echo 8 | tee -a {tmp_path}/taken", monkeypatch)
    monkeypatch.setattr(submissions, "PATIENCE_S", 0.0)
    one, descriptor = handed_over(tmp_path)
    for _ in range(2):
        SlurmEngine(Path()).launch(one, descriptor)
    os.close(descriptor)  # it is the caller's
    assert submissions.submission(one) is None, "nobody knows yet whether it was taken"
    now = time.time()
    kept: dict[str, object] = {"rows": {}, "asked_at": now, "failed": "", "answered_at": now}
    (tmp_path / slurm.LOOK_FILE).write_text(json.dumps(kept))  # another look had an answer meanwhile
    answer.write_text("")
    until(lambda: records.text(submissions.submission(one), "job") == "8", "it is handed over")
    assert (tmp_path / "taken").read_text() == "8\n"
    assert b" log\n" in (tmp_path / "script").read_bytes()
    program(tmp_path, "squeue", f"echo '8|PENDING|Priority|{slurm.job_name(one)}'", monkeypatch)
    until(lambda: word(one).kind is Kind.QUEUED, "what was said before it was handed over counts no more")


def test_what_was_said_before_a_start_was_handed_over_is_not_told_as_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "squeue", "echo", monkeypatch)
    one = run_dir(tmp_path)
    word(one)
    records.write(one / records.JOB, {"job": "7", "submitted_at": time.time() + 60.0, "tries": 1})
    assert (word(one).kind, word(one).text) == (Kind.UNKNOWN, submissions.NOT_ASKED)


@pytest.mark.parametrize("began", [False, True])
def test_a_start_that_was_stopped_while_it_was_handed_over_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, began: bool
) -> None:
    one, descriptor = handed_over(tmp_path)
    written = [one / records.EXIT, *([one / records.START] if began else [])]
    program(tmp_path, "squeue", "echo", monkeypatch)
    program(tmp_path, "sbatch", f"touch {' '.join(map(str, written))}; echo 8", monkeypatch)
    program(tmp_path, "scancel", f'echo "$2" >> {tmp_path}/taken', monkeypatch)
    (tmp_path / "taken").touch()
    monkeypatch.setattr(submissions, "PATIENCE_S", HANG_S)
    SlurmEngine(Path()).launch(one, descriptor)
    os.close(descriptor)
    assert (tmp_path / "taken").read_text() == ("" if began else "8\n")


def test_a_start_for_which_no_thread_is_to_be_had_can_be_handed_over_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    one, descriptor = handed_over(tmp_path)
    monkeypatch.setattr(threading.Thread, "start", none)
    with pytest.raises(RuntimeError):
        SlurmEngine(Path()).launch(one, descriptor)
    os.close(descriptor)
    assert not lock.held(one / f"{records.JOB}.lock")


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
