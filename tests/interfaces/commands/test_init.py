"""`watchkeeper init` looks at a project and writes a short file; `watchkeeper policy` prints all of it with reasons."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper.server.acts.start import project
from watchkeeper.server.acts.start.project import Project, Python
from watchkeeper.server.interfaces.commands.cli import main
from watchkeeper.server.interfaces.commands.init import greeting, short_policy
from watchkeeper.server.interfaces.commands.policy_text import whole
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.storage.policy.policy import Policy, load_policy, of_profile, read_policy
from watchkeeper.server.storage.policy.profiles import Profile
from watchkeeper.server.storage.policy.toml_text import Described

from ...limits import examples

EVERY: list[Profile] = ["contest", "research", "plain"]
TRAINS = "import argparse\nimport torch\nfor epoch in range(3):\n    print(epoch)\n"


def write(root: Path, path: str, text: str = "", *, runs: bool = False) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    if runs:
        file.chmod(0o755)


def looked(root: Path, **environ: str) -> Project:
    return project.look(Workspace(root), {"HOME": str(root / "home"), **environ})


def test_the_file_of_init_is_short_and_loads(tmp_path: Path) -> None:
    write(tmp_path, "train.py", TRAINS)
    assert main(["--workspace", str(tmp_path), "init"]) == 0
    written = (tmp_path / "watchkeeper.toml").read_text(encoding="utf-8")
    assert len(written.splitlines()) < 16
    assert read_policy(Workspace(tmp_path)).names.script == "train.py"
    assert tomllib.loads(written)["profile"] == "research"


@pytest.mark.parametrize("profile", EVERY)
def test_init_takes_the_profile_that_is_asked_for(tmp_path: Path, profile: str) -> None:
    assert main(["--workspace", str(tmp_path), "init", "--profile", profile]) == 0
    assert read_policy(Workspace(tmp_path)).profile == profile


def test_a_project_with_the_documents_folders_is_a_contest(tmp_path: Path) -> None:
    write(tmp_path, "output/implementation/code/model_1.py", TRAINS)
    assert main(["--workspace", str(tmp_path), "init"]) == 0
    assert read_policy(Workspace(tmp_path)).names == Policy().names


@pytest.mark.parametrize(
    ("files", "environ", "path", "source"),
    [
        ([".venv/bin/python"], {}, ".venv/bin/python", "the environment in .venv"),
        (["env/bin/python"], {}, "env/bin/python", "the environment in env"),
        (
            ["home/miniconda3/envs/fish/bin/python"],
            {"file environment.yml": "channels: [x]\nname: fish\n", "file home/.conda/environments.txt": "conda"},
            "home/miniconda3/envs/fish/bin/python",
            "conda's environment fish (environment.yml)",
        ),
        (
            ["home/.cache/pypoetry/virtualenvs/fish-AbC1-py3.12/bin/python"],
            {"file poetry.lock": "", "file pyproject.toml": '[tool.poetry]\nname = "fish"\n'},
            "home/.cache/pypoetry/virtualenvs/fish-AbC1-py3.12/bin/python",
            "Poetry's environment of this project",
        ),
        (["elsewhere/bin/python"], {"CONDA_PREFIX": "elsewhere"}, "elsewhere/bin/python", "(CONDA_PREFIX)"),
        (["bin/python3"], {"PATH": "bin"}, "bin/python3", "python3 on your PATH"),
    ],
)
def test_the_projects_own_python_is_found(
    tmp_path: Path, files: list[str], environ: dict[str, str], path: str, source: str
) -> None:
    for file in files:
        write(tmp_path, file, "#!/bin/sh\n", runs=True)
    for name, text in environ.items():
        if name.startswith("file "):
            shown = str(tmp_path / "home/miniconda3/envs/fish") if text == "conda" else text
            write(tmp_path, name.removeprefix("file "), shown)
    real = {name: str(tmp_path / value) for name, value in environ.items() if not name.startswith("file ")}
    found = looked(tmp_path, **real).python
    assert found is not None
    assert found.path in (path, str(tmp_path / path))
    assert found.source.endswith(source)


@pytest.mark.parametrize(
    ("file", "how"), [("uv.lock", "uv sync"), ("poetry.lock", "poetry install"), ("requirements.txt", "pip install")]
)
def test_an_environment_that_is_missing_is_said_with_the_way_to_make_it(tmp_path: Path, file: str, how: str) -> None:
    write(tmp_path, file)
    found = looked(tmp_path)
    assert found.python is None
    assert f"{file} is there and no environment: " in found.missing
    assert how in found.missing


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ('[tool.poetry]\nname = "fish"\n', "poetry install"),
        ('[build-system]\nbuild-backend = "poetry.core.masonry.api"\n', "poetry install"),
        ("[tool.uv.sources]\n", "uv sync"),
        ('[project]\nname = "fish"\n', "pip install -e ."),
    ],
)
def test_a_project_without_a_lock_is_installed_by_the_tool_that_it_speaks_of(
    tmp_path: Path, text: str, how: str
) -> None:
    write(tmp_path, "pyproject.toml", text)
    assert looked(tmp_path).missing.endswith(how)


def test_scripts_that_train_come_first_and_others_not_at_all(tmp_path: Path) -> None:
    write(tmp_path, "train.py", TRAINS)
    write(tmp_path, "src/fit_model.py", "import sklearn\nif __name__ == '__main__':\n    print(1)\n")
    write(tmp_path, "setup.py", "import argparse\n")
    write(tmp_path, "test_train_loop.py", "import os\n")
    write(tmp_path, "utils.py", "import torch\n")
    write(tmp_path, "analysis.ipynb", "{}")
    (tmp_path / "wandb").mkdir()
    (tmp_path / "outputs").mkdir()
    found = looked(tmp_path)
    assert found.scripts[:2] == ("train.py", "src/fit_model.py")
    assert not {"setup.py", "utils.py"} & set(found.scripts)
    assert found.notebooks == ("analysis.ipynb",)
    assert found.trackers == (("wandb", "Weights & Biases"), ("outputs", "Hydra"))
    said = greeting(Workspace(tmp_path), "research", found)
    assert "watchkeeper run -- python train.py" in said
    assert "wandb/ (Weights & Biases)" in said


def test_a_notebook_alone_is_run_by_papermill(tmp_path: Path) -> None:
    write(tmp_path, "work/fit it.ipynb", "{}")
    found = looked(tmp_path)
    assert found.notebooks == ()  # it lies where nobody looks
    write(tmp_path, "fit it.ipynb", "{}")
    said = greeting(Workspace(tmp_path), "research", looked(tmp_path))
    assert "watchkeeper run -- papermill 'fit it.ipynb' 'run-fit it.ipynb'" in said


def test_a_contest_begins_with_the_quick_phase_of_the_script_that_is_there(tmp_path: Path) -> None:
    write(tmp_path, "train.py", TRAINS)
    said = greeting(Workspace(tmp_path), "contest", looked(tmp_path))
    assert "watchkeeper run --phase quick -- python train.py" in said
    write(tmp_path, "output/implementation/code/model_1.py", TRAINS)
    said = greeting(Workspace(tmp_path), "contest", looked(tmp_path))
    assert "watchkeeper start 1 quick" in said


@given(path=st.text(min_size=1).filter(lambda one: "\0" not in one), source=st.text())
@settings(max_examples=examples(40))
def test_whatever_a_python_is_called_the_file_loads(path: str, source: str) -> None:
    found = Project(Python(path, " ".join(source.split())), "", (), (), ())
    text = short_policy("research", found)
    assert load_policy(text).python.interpreter == path


@pytest.mark.parametrize("profile", EVERY)
def test_the_whole_policy_loads_to_the_same_and_gives_a_reason_for_each_difference(
    tmp_path: Path, profile: Profile
) -> None:
    text = whole(Workspace(tmp_path), profile)
    assert load_policy(text) == of_profile(profile)
    tables = {name for name, value in Policy() if isinstance(value, Described)}
    assert {*tomllib.loads(text)} == {*tables, "profile", "environment", "clients"}
    assert text.count(f"# -> {profile}: ") == (0 if profile == "contest" else text.count("# -> "))
    assert ("# -> " in text) == (profile != "contest")


def test_the_whole_policy_names_the_line_of_the_file_that_set_a_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = '\n[quick]\nmax_minutes = 5\n[[logs.rules]]\nname = "mine"\nwords = ["oh no"]\n[environment]\nA = "1"\n'
    said += "[engine.full]\nresources = {a100 = 1, tpu_v4 = 0.5}\n"
    write(tmp_path, "watchkeeper.toml", said)
    assert main(["--workspace", str(tmp_path), "policy"]) == 0
    text = capsys.readouterr().out
    assert "# -> watchkeeper.toml:3\nmax_minutes = 5.0\n" in text
    assert load_policy(text) == load_policy(said)
    assert os.listdir(tmp_path) == ["watchkeeper.toml"]
