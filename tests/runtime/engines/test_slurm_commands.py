"""What Slurm prints is read with suspicion: banners, unknown states, silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.runtime.engines import slurm_check, slurm_commands
from watchkeeper.server.runtime.engines.slurm_commands import Job, Refusal, Unavailable
from watchkeeper.server.runtime.engines.words import Kind


def program(folder: Path, name: str, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program in the place of one of Slurm's."""
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.parametrize("said", ["77", "77;cluster", "Welcome to the cluster\\n\\n77", " 77 "])
def test_the_number_is_found_behind_banners_and_before_the_clusters_name(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "sbatch", f"printf '{said}\\n'", monkeypatch)
    assert slurm_commands.submitted(b"", []) == "77"


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("sbatch: error: Batch job submission failed: Socket timed out on send/recv operation", Unavailable),
        (
            "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)",
            Unavailable,
        ),
        ("sbatch: error: invalid partition specified: nope", Refusal),
        ("", Refusal),
    ],
)
def test_no_answer_is_told_from_a_no(
    said: str, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "sbatch", f"echo '{said}' >&2; exit 1", monkeypatch)
    with pytest.raises(error):
        slurm_commands.submitted(b"", [])


def test_doctor_names_the_commands_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sbatch", "squeue", "sinfo"):
        program(tmp_path, name, "echo", monkeypatch)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert slurm_check.check({}) == (False, "scancel, srun: not on the PATH of this server")


def test_a_question_that_fails_refuses_no_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "squeue", "echo 'squeue: fatal: unknown option' >&2; exit 1", monkeypatch)
    with pytest.raises(Unavailable, match="unknown option"):
        slurm_commands.jobs()


def test_a_word_that_is_no_number_is_no_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "sbatch", "echo submitted", monkeypatch)
    with pytest.raises(Unavailable):
        slurm_commands.submitted(b"", [])


def test_a_shells_own_wishes_for_sbatch_and_its_secrets_stay_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "squeue", f"env > {tmp_path}/seen", monkeypatch)
    monkeypatch.setenv("SBATCH_PARTITION", "wrong")
    monkeypatch.setenv("SECRET", "token")
    slurm_commands.jobs()
    seen = (tmp_path / "seen").read_text()
    assert "SBATCH_PARTITION" not in seen
    assert "SECRET" not in seen


def test_an_absent_slurm_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="squeue"):
        slurm_commands.jobs()


@pytest.mark.parametrize(
    ("state", "kind"),
    [("PENDING", Kind.QUEUED), ("COMPLETING", Kind.RUNNING), ("NODE_FAIL", Kind.ENDED), ("OF_TOMORROW", Kind.RUNNING)],
)
def test_a_state_that_is_not_known_is_no_end(state: str, kind: Kind) -> None:
    assert Job("1", state, "", "wk").kind is kind


@pytest.mark.parametrize(
    ("reason", "stuck"),
    [("JobHeldUser", True), ("DependencyNeverSatisfied", True), ("Priority", False), ("Resources", False),
     ("launch failed requeued held", True), ("None", False)],
)  # fmt: skip
def test_a_job_that_waits_for_what_never_comes_is_told_from_one_that_waits(reason: str, stuck: bool) -> None:
    assert Job("1", "PENDING", reason, "wk").stuck is stuck


ACCOUNTS = {
    "seven": ("2|FAILED|None|seven", "FAILED"),
    "cancel": ("3|CANCELLED by 0|None|cancel", "CANCELLED"),
    "limit": ("4|REQUEUED|None|limit", None),
    "twice": ("4|NODE_FAIL|None|twice\n7|COMPLETED|None|twice", "COMPLETED"),
    "other": ("2|FAILED|None|seven", None),
    "none": ("", None),
}
"""What sacct 22.05.8 printed, but for the last three, which are put together from it."""


@pytest.mark.parametrize("name", ACCOUNTS)
def test_an_end_is_taken_from_accounting_and_what_is_none_is_not(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, state = ACCOUNTS[name]
    program(tmp_path, "sacct", f"echo '{said}'", monkeypatch)
    found = slurm_commands.accounted(name, 5.0, 20.0)
    assert (found.state if found else None) == state


def test_a_site_without_accounting_says_nothing_of_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "sacct", "echo 'Slurm accounting storage is disabled' >&2; exit 1", monkeypatch)
    assert slurm_commands.accounted("seven", 5.0, 20.0) is None


@given(st.text())
def test_whatever_stands_in_a_line_of_squeue_nothing_is_raised(line: str) -> None:
    found = slurm_commands._job(line)  # pyright: ignore[reportPrivateUsage]
    assert found is None or found.kind in Kind
