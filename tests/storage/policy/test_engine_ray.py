"""What a project says of its Ray: an address without secrets, what a job asks for, nothing that Slurm alone knows."""

from __future__ import annotations

import pytest
from watchkeeper.server.storage.policy.policy import load_policy
from watchkeeper.server.storage.policy.ray_tables import memory_bytes
from watchkeeper.server.vocabulary.errors import PolicyInvalid
from watchkeeper.server.vocabulary.runs import Phase

HEAD = '[engine]\nkind = "ray"\naddress = "http://head:8265"\n'


def test_a_phase_asks_a_ray_for_what_it_names_and_for_one_cpu_at_least() -> None:
    policy = load_policy(f"""{HEAD}
        token_file = "/home/me/ray.token"
        [engine.full]
        cpus = 16
        gpus = 0.5
        mem = "64G"
        resources = {{ a100 = 1 }}
    """).engine
    assert policy.asked(Phase.QUICK)["request"] == {"entrypoint_num_cpus": 1}
    full = policy.asked(Phase.FULL)
    assert full == {
        "address": "http://head:8265", "token_file": "/home/me/ray.token",
        "request": {
            "entrypoint_num_cpus": 16, "entrypoint_num_gpus": 0.5, "entrypoint_memory": 64 << 30,
            "entrypoint_resources": {"a100": 1},
        },
    }  # fmt: skip
    assert policy.limit_s(Phase.FULL) is None


def test_one_phase_may_run_on_a_ray_and_the_other_here() -> None:
    policy = load_policy(f'{HEAD}[engine.quick]\nkind = "local"\n').engine
    assert (policy.kind_of(Phase.QUICK), policy.kind_of(Phase.FULL)) == ("local", "ray")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('[engine]\nkind = "ray"\n', "expected address"),
        (f'{HEAD}[engine.full]\ntime = "01:00:00"\n', "time means nothing to Ray"),
        (f'{HEAD}[engine.full]\npartition = "gpu"\n', "partition means nothing to Ray"),
        ('[engine]\nkind = "slurm"\n[engine.full]\ngpus = 1\n', "gpus means nothing to Slurm"),
        (f'{HEAD}[engine.quick]\nmem = "lots"\n', "such as"),
        (f"{HEAD}[engine.quick]\nresources = {{ GPU = 1 }}\n", "keys beside it"),
        (f"{HEAD}[engine.quick]\nresources = {{ a100 = 0 }}\n", "above 0"),
        (f'{HEAD}token_file = "a"\n', "absolute path"),
        (f'{HEAD}token_file = "/a"\ntoken_env = "B"\n', "not both"),
        (f'{HEAD}token_env = "$B"\n', "name of an environment variable"),
    ],
)
def test_what_means_nothing_or_lacks_its_half_is_refused_in_words(written: str, said: str) -> None:
    with pytest.raises(PolicyInvalid, match=said):
        load_policy(written)


@pytest.mark.parametrize(
    "address",
    [
        "head:8265", "ray://head:10001", "http://", "http://me:secret@head:8265", "http://head:8265/?token=a",
        "http://head:99999", "http://head:8265\\nX: y", "http://he ad",
    ],
)  # fmt: skip
def test_an_address_is_one_of_a_dashboard_and_holds_no_secret(address: str) -> None:
    with pytest.raises(PolicyInvalid, match="expected"):
        load_policy(f'[engine]\nkind = "ray"\naddress = "{address}"\n')


@pytest.mark.parametrize(
    ("written", "found"), [("64G", 64 << 30), ("512", 512 << 20), ("1T", 1 << 40), ("8mb", 8 << 20)]
)
def test_an_amount_of_memory_is_read_as_slurm_reads_it(written: str, found: int) -> None:
    assert memory_bytes(written) == found
