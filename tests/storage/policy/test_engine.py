"""What a project says of its engine: taken as Slurm understands it, and what watchkeeper sets itself is refused."""

from __future__ import annotations

import pytest
from watchkeeper.server.storage.policy.engine_tables import time_limit_s
from watchkeeper.server.storage.policy.policy import load_policy
from watchkeeper.server.vocabulary.errors import PolicyInvalid
from watchkeeper.server.vocabulary.runs import Phase


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90", 5400), ("1:30", 90), ("00:40:00", 2400), ("1-12", 129_600), ("1-12:30", 131_400), ("2-00:00:30", 172_830)],
)
def test_a_time_limit_is_read_as_slurm_reads_it(written: str, seconds: float) -> None:
    assert time_limit_s(written) == seconds


def test_a_phase_asks_for_what_it_names_and_may_run_elsewhere_than_the_other() -> None:
    policy = load_policy("""
        [engine]
        kind = "slurm"
        [engine.quick]
        kind = "local"
        [engine.full]
        partition = "gpu"
        time = "12:00:00"
        cpus = 16
        nodes = 2
        gres = "gpu:a100:4"
        extra = ["--constraint=a100"]
    """).engine
    assert policy.kind_of(Phase.QUICK) == "local"
    assert policy.limit_s(Phase.QUICK) is None
    assert policy.limit_s(Phase.FULL) == 43_200
    assert [policy.job(phase).asks_for_gpus for phase in Phase] == [False, True]
    options = policy.job(Phase.FULL).options()
    assert options == (
        "--partition=gpu", "--time=12:00:00", "--cpus-per-task=16", "--gres=gpu:a100:4", "--nodes=2",
        "--ntasks-per-node=1", "--constraint=a100",
    )  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        'extra = ["--export=ALL"]', 'extra = ["--job-name=x"]', 'extra = ["-Jx"]', 'extra = ["--array=1-9"]',
        'extra = ["--wrap=id"]', 'extra = ["--requeue"]', 'extra = ["--dep=afterok:1"]', 'extra = ["script.sh"]',
        'extra = ["-o/dev/null"]', 'extra = ["--nodes=2"]', 'time = "soon"', 'partition = "a b"', 'mem = "$(id)"',
        'partitoin = "gpu"', 'kind = "kubernetes"',
    ],
)  # fmt: skip
def test_what_is_ours_or_means_nothing_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(PolicyInvalid, match=r"watchkeeper.toml:2: \[engine.full\]"):
        load_policy(f"[engine.full]\n{line}\n")


def test_several_nodes_are_for_slurm() -> None:
    with pytest.raises(PolicyInvalid, match=r"\[engine.full\] nodes = 2 is for jobs of Slurm"):
        load_policy("[engine.full]\nnodes = 2\n")


def test_a_key_that_was_probably_meant_is_named() -> None:
    with pytest.raises(PolicyInvalid, match="did you mean partition"):
        load_policy('[engine.full]\npartitoin = "gpu"\n')


def test_a_wrapper_is_a_program_by_its_absolute_path() -> None:
    with pytest.raises(PolicyInvalid, match="absolute path"):
        load_policy('[engine]\nwrapper = ["with-cuda"]\n')
