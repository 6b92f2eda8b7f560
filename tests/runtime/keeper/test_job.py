"""A job takes its run once: another one leaves as if nothing were to do, the same one that comes twice says so."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from watchkeeper.server.runtime.engines import keeper_command
from watchkeeper.server.runtime.keeper import records
from watchkeeper.server.runtime.keeper.job import AGAIN

from ...limits import HANG_S


@pytest.mark.parametrize(
    ("environment", "status"),
    [
        ({"SLURM_JOB_ID": "7"}, AGAIN),
        ({"SLURM_JOB_ID": "8"}, 0),
        ({"SLURM_JOB_ID": "8", "WATCHKEEPER_JOB": "7"}, AGAIN),  # a Ray that itself runs in a job of Slurm
        ({"SLURM_JOB_ID": "7", "WATCHKEEPER_JOB": "8"}, 0),
        ({}, 0),
    ],
)
def test_a_job_that_finds_its_run_taken_says_so_where_it_took_it_itself(
    tmp_path: Path, environment: dict[str, str], status: int
) -> None:
    records.create(tmp_path / records.CLAIM, {"job": "7"})
    command = [*keeper_command.words(keeper_command.SERVER_FOLDER), "job", str(tmp_path), "log"]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, timeout=HANG_S)
    assert done.returncode == status
    assert b"taken by job 7 before" in done.stderr
