"""A command as people type it: which program, which script of the workspace, what the model is called."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper.server.acts import launch
from watchkeeper.server.acts.desk import Desk, open_desk
from watchkeeper.server.acts.start import start
from watchkeeper.server.acts.start.command import Command, model_of, understand, unusual
from watchkeeper.server.acts.start.interpreter import sha256
from watchkeeper.server.storage.files.paths import check_model_id
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.vocabulary.errors import InvalidArgument, Refused
from watchkeeper.server.vocabulary.runs import Phase, Role

from ...limits import examples
from ...play import GOOD, Place

pytestmark = pytest.mark.anyio


def desk_in(root: Path, policy: str = 'profile = "research"\n') -> Desk:
    (root / "watchkeeper.toml").write_text(policy, encoding="utf-8")
    for name in ("train.py", "src/fish/fit.py", "fish/__main__.py", "go.sh", "a.ipynb", "data.csv"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("print(1)\n", encoding="utf-8")
    (root / "go.sh").chmod(0o755)
    return open_desk(Workspace(root), Role.TRAINER, "a test")


def understood(root: Path, *words: str, cwd: str = ".") -> Command:
    return understand(desk_in(root), words, root / cwd, {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"})


@pytest.mark.parametrize(
    ("words", "script", "args", "model"),
    [
        (["python", "train.py", "--epochs", "2"], "train.py", ("--epochs", "2"), "train"),
        (["python3", "-u", "-X", "dev", "./train.py"], "train.py", (), "train"),
        (["python", "-m", "fish.fit", "a"], "src/fish/fit.py", ("a",), "fit"),
        (["python", "-m", "fish"], "fish/__main__.py", (), "__main__"),
        (["python", "-um", "fish.fit", "a"], "src/fish/fit.py", ("a",), "fit"),
        (["python", "-mfish.fit", "a"], "src/fish/fit.py", ("a",), "fit"),
        (["python", "-Wignore", "-BW", "error", "train.py"], "train.py", (), "train"),
        (["./go.sh", "1"], "go.sh", ("1",), "go"),
        (["sh", "go.sh"], "go.sh", (), "go"),
        (["env", "A=1", "a.ipynb", "b.ipynb"], "a.ipynb", ("b.ipynb",), "a"),
    ],
)
def test_the_script_of_a_command_is_found(
    tmp_path: Path, words: list[str], script: str, args: tuple[str, ...], model: str
) -> None:
    found = understood(tmp_path, *words)
    assert (found.script, found.args, found.cwd) == (script, args, str(tmp_path))
    assert found.model == model.strip("_")
    assert found.argv[1:] == tuple(words[1:])
    assert Path(found.argv[0]).is_absolute()


@pytest.mark.parametrize(
    "words",
    [
        ["python", "-c", "print(1)"],
        ["python", "-uc", "print(1)", "none.py"],
        ["python", "-", "none.py"],
        ["python", "-mjson.tool", "none.json"],
        ["python", "-m", "pytest", "none.py"],
        ["python", "/etc/hostname"],
        ["python", "-V"],
        ["bash", "-c", "python none.py"],
        ["bash", "-lc", "python none.py"],
        ["bash", "gen", "none.py"],
        ["cp", "/etc/hostname", "none.py"],
        ["echo", "hi"],
    ],
)
def test_a_command_without_a_script_of_the_workspace_is_kept_as_a_file(tmp_path: Path, words: list[str]) -> None:
    found = understood(tmp_path, *words)
    assert found.script.startswith(".watchkeeper/commands/")
    assert words[-1] in (tmp_path / found.script).read_text()
    assert found.args == tuple(words)
    assert found == understood(tmp_path, *words)


def test_bare_python_is_the_projects_own_and_one_by_its_path_is_that(tmp_path: Path) -> None:
    desk = desk_in(tmp_path, 'profile = "research"\n[python]\ninterpreter = "env/bin/python"\n')
    assert understand(desk, ["python3", "train.py"], tmp_path, {}).argv[0] == str(tmp_path / "env/bin/python")
    assert understand(desk, [sys.executable, "train.py"], tmp_path, {}).argv[0] == sys.executable
    assert launch.interpreter(desk) == str(tmp_path / "env/bin/python")  # wherever the script runs


def test_another_name_of_the_python_that_trains_in_its_folder_is_no_other_program(tmp_path: Path) -> None:
    programs = tmp_path / "env" / "bin"
    programs.mkdir(parents=True)
    (programs / "python3.12").symlink_to(sys.executable)
    (programs / "python").symlink_to("python3.12")
    (tmp_path / "python").symlink_to(sys.executable)
    desk = desk_in(tmp_path, 'profile = "research"\n[python]\ninterpreter = "env/bin/python3.12"\n')
    assert understand(desk, [str(programs / "python"), "train.py"], tmp_path, {}).argv[0] == str(
        programs / "python3.12"
    )
    assert understand(desk, ["./python", "train.py"], tmp_path, {}).argv[0] == str(tmp_path / "python")


def test_the_folder_in_which_it_was_typed_is_kept(tmp_path: Path) -> None:
    found = understood(tmp_path, "python", "fit.py", cwd="src/fish")
    assert (found.script, found.cwd) == ("src/fish/fit.py", str(tmp_path / "src/fish"))
    desk = desk_in(tmp_path)
    assert understand(desk, ["echo"], Path("/"), {"PATH": "/bin:/usr/bin"}).cwd == str(tmp_path)


@pytest.mark.parametrize(
    ("words", "cwd", "told"),
    [
        (["python", "train.py", "--epochs", "2"], ".", ()),
        (["python", "./train.py"], ".", ()),
        (["python", "../../train.py"], "src/fish", ("src/fish", "PYTHON", "../../train.py")),
        (["python", "-I", "train.py", "1"], ".", (".", "PYTHON", "-I", "train.py")),
        (["python", "-m", "fish", "1"], ".", (".", "PYTHON", "-m", "fish")),
        (["/bin/sh", "-c", "true", "train.py", "1"], ".", (".", "/bin/sh", "-c", "true", "train.py")),
        (["/bin/echo", "hi"], ".", (".", "/bin/echo")),
    ],
)
def test_whatever_is_not_the_python_that_trains_with_the_script_is_kept_as_it_is(
    tmp_path: Path, words: list[str], cwd: str, told: tuple[str, ...]
) -> None:
    desk = desk_in(tmp_path, f'profile = "research"\n[python]\ninterpreter = "{sys.executable}"\n')
    found = understand(desk, words, tmp_path / cwd, {})
    expected = tuple(sys.executable if one == "PYTHON" else one for one in told)
    assert unusual(desk, "m", Phase.FULL, found) == expected


async def test_another_program_before_the_tested_script_is_no_start_of_it(place: Place) -> None:
    place.script(GOOD)
    words = ["/bin/sh", "-c", "exit 0", "output/implementation/code/model_1.py"]
    desk = place.desk()
    typed = understand(desk, words, place.root, {})

    def asked(phase: Phase) -> start.Start | start.Waiting:
        return start.start(desk, start.of_command(desk, "1", phase, typed))

    async with place.trainer() as trainer:
        await trainer.trained()
        with pytest.raises(Refused, match="1-quick-1 ran it by another command"):
            asked(Phase.FULL)
        place.policy(instead_of="[quick]\n", by="[quick]\nrequired = false\n")
        desk.ledger.close()
        desk = place.desk()
        again = asked(Phase.QUICK)
        assert isinstance(again, start.Start)
        await trainer.watch(again.run.id)
        waits = asked(Phase.FULL)
    desk.ledger.close()
    assert place.recorded("1-quick-2").python_sha256 == sha256("/bin/sh") != place.recorded("1-quick-1").python_sha256
    assert isinstance(waits, start.Waiting)
    assert [
        one for one in waits.report.changes if one.startswith("command the Python that trains -> /bin/sh -c exit 0")
    ]


def test_no_command_and_no_such_program_are_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="There is no command"):
        understood(tmp_path)
    with pytest.raises(InvalidArgument, match="There is nothing that python3 shall run"):
        understood(tmp_path, "python3")
    with pytest.raises(Refused, match="There is no program 'no-such-program-here'"):
        understood(tmp_path, "no-such-program-here")
    with pytest.raises(Refused, match=r"There is no program 'train.py'.*run -- python train.py"):
        understood(tmp_path, "train.py", "--epochs", "2")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["python", "trian.py", "--lr", "1"], r"no script 'trian.py' in .*; nothing was started. There is train.py\."),
        (["python", "-u", "-X", "dev", "code/none.py"], "no script 'code/none.py'"),
        (["bash", "nope.sh"], "no script 'nope.sh'"),
    ],
)
def test_a_script_that_is_not_there_is_refused_in_words(tmp_path: Path, words: list[str], told: str) -> None:
    with pytest.raises(Refused, match=told):
        understood(tmp_path, *words)
    assert not list(tmp_path.glob(".watchkeeper/commands/*"))


@given(st.text())
@settings(max_examples=examples(60))
def test_whatever_a_script_is_called_its_model_has_an_id(name: str) -> None:
    assert check_model_id(model_of(name))
