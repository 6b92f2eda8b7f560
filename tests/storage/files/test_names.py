"""Which file is called what, and what may be a name."""

from __future__ import annotations

import pytest
from watchkeeper.server.storage.files.workspace import Workspace, check_model_id
from watchkeeper.server.storage.policy.policy import Names
from watchkeeper.server.vocabulary.errors import InvalidArgument
from watchkeeper.server.vocabulary.runs import Phase


def test_the_default_names_are_those_of_the_formats(workspace: Workspace) -> None:
    workspace.write_text_atomically("output/implementation/models/model_sir_full.nc", "")
    workspace.write_text_atomically("model_design.md", "")
    names = [
        workspace.script("1"),
        workspace.design("1"),
        workspace.features("1"),
        *(workspace.results("1", phase) for phase in Phase),
        *(workspace.log("1", phase) for phase in Phase),
        workspace.history("1"),
        workspace.final_model("1"),
        workspace.final_model("sir"),
        workspace.diary("1"),
        workspace.search_log("1"),
        workspace.summary("1"),
    ]
    assert names == [
        "output/implementation/code/model_1.py",
        "model_design.md",
        "output/implementation/data/features_1.pkl",
        "output/implementation/data/results_quick_1.csv",
        "output/implementation/data/results_1.csv",
        "output/implementation/logs/training_quick_1.log",
        "output/implementation/logs/training_1_full.log",
        "output/implementation/logs/training_history_1.csv",
        "output/implementation/models/model_1_full.pkl",
        "output/implementation/models/model_sir_full.nc",
        "output/docs/insights/dev_diary_1.md",
        "output/docs/insights/hyperparameter_search_1.md",
        "output/implementation/logs/summary_1.json",
    ]


def test_other_names_come_from_the_policy(workspace: Workspace) -> None:
    named = workspace.named(Names(log_full="logs/{i}/training.log", design=("a_{i}.md", "b.md")))
    assert named.log("x", Phase.FULL) == "logs/x/training.log"
    assert named.design("x") == "a_x.md"
    named.write_text_atomically("b.md", "")
    assert named.design("x") == "b.md"


@pytest.mark.parametrize("model", ["1", "sir_network", "A.b-c_d", "x" * 32])
def test_a_model_id_is_a_plain_part_of_a_file_name(model: str) -> None:
    assert check_model_id(model) == model


@pytest.mark.parametrize("model", ["", ".", "..", "a..b", "-a", "_a", "a/b", "a b", "a\n", "é", "x" * 33, "a\0", "١"])
def test_any_other_model_id_is_refused_with_the_rule(workspace: Workspace, model: str) -> None:
    for name in (check_model_id, workspace.script, workspace.diary, workspace.design):
        with pytest.raises(InvalidArgument, match="1 to 32 letters"):
            name(model)


def test_a_run_directory_is_named_by_a_run_id_only(workspace: Workspace) -> None:
    assert workspace.run_dir("sir-full-12") == workspace.root / ".watchkeeper" / "runs" / "sir-full-12"
    for run_id in ("", "..", "1", "1-quick-0", "1-slow-1", "../x-quick-1", "a/b-quick-1", "1-quick-1\n", "1-quick-١"):
        with pytest.raises(InvalidArgument):
            workspace.run_dir(run_id)


def test_a_link_says_where_it_leads_and_a_name_is_taken_by_whatever_stands_there(workspace: Workspace) -> None:
    (workspace.root / "loop").symlink_to("loop")
    (workspace.root / "plain").write_text("1")
    assert (workspace.link_target("loop"), workspace.link_target("plain")) == ("loop", "")
    assert [workspace.is_taken(one) for one in ("loop", "plain", "none", "no/where")] == [True, True, False, False]
