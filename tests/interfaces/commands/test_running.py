"""`watchkeeper run -- COMMAND` and `watchkeeper adopt`, as a person has them: real commands, a process of nobody's."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from watchkeeper.server.interfaces.commands.cli import main

from ... import warm
from ...limits import HANG_S
from ...play import Place
from ...warm import COLD

TRAIN = """
import pathlib, sys, time
for epoch in range(1, 4):
    print(f"epoch {epoch}/3 loss {1 / epoch:.3f}", flush=True)
while len(sys.argv) > 2 and not pathlib.Path(sys.argv[2]).exists():
    time.sleep(0.01)
pathlib.Path("metrics.json").write_text('{"loss": 0.3}')
sys.exit(int(sys.argv[1]))
"""
LOUD = """
import pathlib, time
line = 0
while not pathlib.Path("go").exists():
    print("line", line, flush=True)
    line += 1
    time.sleep(0.01)
"""


@pytest.fixture
def stranger(place: Place) -> Place:
    (place.root / "watchkeeper.toml").write_text('profile = "research"\n[keeper]\nsample_s = 0.1\n', encoding="utf-8")
    (place.root / "train.py").write_text(TRAIN, encoding="utf-8")
    return place


def call(place: Place, *words: str) -> subprocess.CompletedProcess[str]:
    return warm.run(*words, folder=str(place.root))


def test_run_prints_what_the_command_prints_and_ends_as_it_does(stranger: Place) -> None:
    words = [*COLD, "run", "--", "python", "train.py", "3"]
    done = subprocess.run(words, cwd=stranger.root, capture_output=True, text=True, timeout=HANG_S, check=False)
    assert done.stdout == "".join(f"epoch {epoch}/3 loss {1 / epoch:.3f}\n" for epoch in (1, 2, 3))
    assert done.returncode == 3
    assert "train-full-1 failed after" in done.stderr
    again = call(stranger, "run", "--detach", "python", "train.py", "0")  # the dashes may be forgotten
    assert again.returncode == 0
    stranger.ends("train-full-2")
    runs = {one.id: one for one in stranger.runs()}
    assert runs["train-full-2"].follows == "train-full-1"
    assert runs["train-full-2"].args == ("0",)


def test_no_half_of_a_secret_is_left_where_a_long_command_is_cut(stranger: Place) -> None:
    token = "ghp_" + "a1B2c3D4e5F6" * 3
    done = call(stranger, "run", "--detach", "--model", "m", "--", "sh", "-c", f"exit 0 {'#' * 70} {token}")
    assert done.returncode == 0
    assert "m-full-1 of sh -c" in done.stderr
    assert token[:4] not in done.stderr
    stranger.ends("m-full-1")


def test_a_command_with_dashes_of_its_own_stands_behind_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--workspace", str(tmp_path), "run", "torchrun", "--", "train.py"]) == 2
    told = capsys.readouterr().err
    assert "watchkeeper run -- torchrun -- train.py" in told
    assert "under watch" not in told


def test_ctrl_c_ends_the_printing_and_not_the_run(stranger: Place) -> None:
    words = [*COLD, "run", "--", "python", "train.py", "0", "go"]
    shown = subprocess.Popen(words, cwd=stranger.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert shown.stdout is not None
    assert shown.stdout.readline() == "epoch 1/3 loss 1.000\n"
    shown.send_signal(signal.SIGINT)
    _, said = shown.communicate(timeout=HANG_S)
    assert shown.returncode == 130
    assert "train-full-1 goes on" in said
    stranger.go()
    stranger.ends("train-full-1")


def nobodys(place: Place, status: str, mode: str) -> int:
    """Start a training as a shell does and leave it to nobody; return its pid."""
    code = (
        "import subprocess, sys; log = open(sys.argv[1], sys.argv[2]);"
        "print(subprocess.Popen(sys.argv[3:], stdout=log, stderr=log).pid)"
    )
    words = [sys.executable, "-c", code, "train.log", mode, sys.executable, "train.py", status, "go"]
    done = subprocess.run(words, cwd=place.root, capture_output=True, text=True, timeout=HANG_S, check=True)
    place.says("train.log", "epoch 3/3")
    return int(done.stdout)


def test_a_reader_that_leaves_ends_the_printing_quietly_and_not_the_run(stranger: Place) -> None:
    (stranger.root / "loud.py").write_text(LOUD, encoding="utf-8")
    words = [*COLD, "run", "--", "python", "loud.py"]
    with subprocess.Popen(words, cwd=stranger.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as shown:
        assert shown.stdout is not None
        assert shown.stderr is not None
        assert shown.stdout.readline() == "line 0\n"
        shown.stdout.close()
        said = shown.stderr.read()
        assert shown.wait(HANG_S) == 1
    assert "Traceback" not in said
    assert "loud-full-1 goes on" in said
    (stranger.root / "go").touch()
    stranger.ends("loud-full-1")
    call(stranger, "poll", "loud-full-1", "--wait", "0")
    assert stranger.ending("loud-full-1").exit_code == 0


def test_a_process_that_runs_already_comes_under_watch_with_its_output_and_its_end(stranger: Place) -> None:
    pid = nobodys(stranger, "0", "w")
    done = call(stranger, "adopt", str(pid), "--model", "m")
    assert f"Process {pid} is under watch as m-full-1." in done.stderr
    assert "from byte 0 of train.log on" in done.stderr
    assert "already under watch as m-full-1" in call(stranger, "adopt", "--log", "train.log").stderr
    stranger.go()
    stranger.ends("m-full-1")
    verdict = call(stranger, "verify", "m-full-1", "--all").stdout
    assert f"process {pid} was running for" in verdict
    assert "not witnessed" in verdict
    assert "metrics.json (by the time of their last change, not witnessed)" in verdict
    end = stranger.ending("m-full-1")
    assert (end.exit_code, str(end.state)) == (0, "completed") or "this kernel does not tell it" in end.reason
    assert [one.id for one in stranger.findings() if str(one.level) == "failure"] == [] or end.exit_code is None


def test_what_stood_in_an_appended_log_before_is_not_the_processs(stranger: Place) -> None:
    (stranger.root / "train.log").write_text("RuntimeError: an earlier run failed\n", encoding="utf-8")
    done = call(stranger, "adopt", str(nobodys(stranger, "0", "a")))
    assert "from byte 0 of train.log on" not in done.stderr
    assert call(stranger, "stop", "train-full-1", "--reason", "enough").returncode == 0
    stranger.ends("train-full-1")
    assert stranger.findings() == []


def test_adopting_what_cannot_be_is_told(
    stranger: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (stranger.root / "old.log").write_text("done\n")
    monkeypatch.chdir(stranger.root)
    for words, told in (
        (["--log", "old.log"], "No process of yours has old.log open"),
        ([], "adopt takes a PID"),
        (["4194305"], "There is no process 4194305"),
    ):
        assert main(["adopt", *words]) != 0
        assert told in capsys.readouterr().err
    assert stranger.runs() == []
