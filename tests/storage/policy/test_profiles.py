"""The profiles: what a policy starts from, and that files without one mean what they always meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.storage.policy import profiles
from watchkeeper.server.storage.policy.policy import Policy, load_policy, of_profile, policy_text, read_policy
from watchkeeper.server.storage.policy.profiles import Profile

EVERY: list[Profile] = ["contest", "research", "plain"]


def test_a_file_that_names_no_profile_means_the_requirement_document() -> None:
    assert load_policy("[quick]\nmax_minutes = 30").profile == "contest"
    assert load_policy("") == of_profile("contest") == Policy()


@pytest.mark.parametrize("profile", EVERY)
def test_the_policy_of_each_profile_comes_back_from_its_text(profile: Profile) -> None:
    policy = of_profile(profile)
    assert load_policy(policy_text(policy)) == policy
    assert policy.profile == profile


@pytest.mark.parametrize("profile", EVERY)
def test_every_value_of_a_profile_differs_from_the_documents_and_says_why(profile: Profile) -> None:
    document, policy = Policy().model_dump(mode="json"), of_profile(profile).model_dump(mode="json")
    for (table, key), setting in profiles.SETTINGS[profile].items():
        assert setting.why
        assert policy[table][key] == setting.value != document[table][key], (table, key)


def test_a_file_changes_its_profile_where_it_says_so_and_nowhere_else() -> None:
    policy = load_policy('profile = "research"\n[full]\nmin_hours = 3\n[names]\nscript = "fit.py"\n')
    assert (policy.full.min_hours, policy.names.script) == (3.0, "fit.py")
    expected = of_profile("research").model_dump()
    expected["full"]["min_hours"], expected["names"]["script"] = 3.0, "fit.py"
    assert policy.model_dump() == expected


def test_research_asks_for_no_hours_and_takes_what_was_written_and_plain_judges_nothing() -> None:
    research, plain = of_profile("research"), of_profile("plain")
    assert (research.full.min_hours, research.quick.required, research.judge.results) == (0.0, False, "written")
    assert research.witness.enabled
    assert research.judge.verdicts
    assert not plain.witness.enabled
    assert not plain.judge.verdicts


@pytest.mark.parametrize(
    ("files", "profile"),
    [
        ([], "research"),
        (["train.py", "output/log.txt", "output/model/weights.pt"], "research"),
        (["output/implementation/code/model_1.py"], "contest"),
        (["output/model/model_design_2.md"], "contest"),
        (["output/model_design.md"], "contest"),
        (["model_design.md"], "contest"),
    ],
)
def test_without_a_file_the_documents_folders_decide(tmp_path: Path, files: list[str], profile: str) -> None:
    for name in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert read_policy(Workspace(tmp_path)) == of_profile("contest" if profile == "contest" else "research")
