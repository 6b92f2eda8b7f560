"""The workspace opens plain files beneath its root, whatever the path, and writes so that a crash leaves no half."""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.storage.policy.policy import Names
from watchkeeper.server.vocabulary.errors import PathRefused

from ...limits import examples
from .helpers import open_descriptors, opened, refusal


def test_a_file_opens_by_its_relative_path_and_by_its_absolute_one(workspace: Workspace) -> None:
    (workspace.root / "a").mkdir()
    (workspace.root / "a" / "b.txt").write_text("x")
    assert opened(workspace, "a/b.txt") == "x"
    assert opened(workspace, "./a//b.txt") == "x"
    assert opened(workspace, "a/../a/b.txt") == "x"
    assert opened(workspace, str(workspace.root / "a" / "b.txt")) == "x"


def test_a_root_that_was_given_through_a_link_accepts_absolute_paths_in_both_forms(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "f").write_text("x")
    (tmp_path / "link").symlink_to("real")
    workspace = Workspace(tmp_path / "link")
    assert workspace.root == tmp_path / "real"
    assert workspace.relative(str(tmp_path / "link" / "f")) == workspace.relative(str(tmp_path / "real" / "f")) == "f"


def test_links_that_stay_inside_are_followed_relative_and_absolute_ones(workspace: Workspace) -> None:
    (workspace.root / "a").mkdir()
    (workspace.root / "a" / "f").write_text("x")
    (workspace.root / "relative").symlink_to("a/f")
    (workspace.root / "a" / "up").symlink_to("../a/f")
    (workspace.root / "absolute").symlink_to(workspace.root / "a")
    (workspace.root / "chain").symlink_to("absolute")
    for path in ("relative", "a/up", "absolute/f", "chain/up"):
        assert opened(workspace, path) == "x", path
        assert workspace.exists(path), path


@pytest.mark.parametrize(
    "target",
    ["../secret", "{outside}/secret", "/etc/passwd", "a/../../secret", "/proc/self/root/etc/passwd", "/proc/self/fd/0"],
)
def test_a_link_that_leads_out_is_refused(workspace: Workspace, target: str) -> None:
    (workspace.root / "a").mkdir()
    (workspace.root / "f").symlink_to(target.format(outside=workspace.root.parent))
    assert refusal(workspace, "f").startswith("f leads out of the workspace")
    with pytest.raises(PathRefused):
        workspace.exists("f")


def test_a_folder_that_is_a_link_to_outside_is_refused(workspace: Workspace) -> None:
    (workspace.root / "out").symlink_to("..")
    assert "leads out of the workspace" in refusal(workspace, "out/secret")
    assert "leads out of the workspace" in refusal(workspace, "out/new", os.O_WRONLY | os.O_CREAT)
    with pytest.raises(PathRefused):
        workspace.append_durably("out/new", "x")
    with pytest.raises(PathRefused):
        workspace.write_text_atomically("out/deep/new", "x")
    with pytest.raises(PathRefused):
        workspace.list_dir("out")
    assert sorted(os.listdir(workspace.root.parent)) == ["root", "secret"]


def test_a_dangling_link_to_outside_creates_nothing_there(workspace: Workspace) -> None:
    (workspace.root / "log").symlink_to("../planted")
    refusal(workspace, "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    assert not (workspace.root.parent / "planted").exists()


def test_links_in_a_circle_are_refused(workspace: Workspace) -> None:
    (workspace.root / "a").symlink_to("b")
    (workspace.root / "b").symlink_to("a")
    assert "too many links" in refusal(workspace, "a")
    (workspace.root / "c").symlink_to(workspace.root / "c")
    assert "too many links" in refusal(workspace, "c")


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("", "no path"),
        ("a\0b", "no path"),
        ("\ud800", "no path"),
        ("..", "leads out"),
        ("a/../../secret", "leads out"),
        ("/etc/passwd", "leads out"),
        ("//etc/passwd", "leads out"),
        ("/", "leads out"),
        ("x" * 256, "too long"),
        ("x/" * 2500, "too long"),
        (".", "folder"),
        ("folder", "folder"),
        ("folder/", "folder"),
        ("file/below", "no folder"),
    ],
)
def test_a_path_that_names_no_plain_file_beneath_the_root_is_refused_with_its_rule(
    workspace: Workspace, path: str, rule: str
) -> None:
    (workspace.root / "folder").mkdir()
    (workspace.root / "file").touch()
    for flags in (os.O_RDONLY, os.O_WRONLY | os.O_APPEND):
        assert rule in refusal(workspace, path, flags)


def test_a_sibling_whose_name_begins_with_the_roots_is_outside(workspace: Workspace) -> None:
    (workspace.root.parent / "root2").mkdir()
    assert "leads out" in refusal(workspace, str(workspace.root.parent / "root2" / "f"))


@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_APPEND | os.O_CREAT])
def test_a_fifo_or_socket_neither_blocks_nor_opens(workspace: Workspace, flags: int) -> None:
    os.mkfifo(workspace.root / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(workspace.root / "socket"))
        for path in ("fifo", "socket"):
            assert "not a plain file" in refusal(workspace, path, flags)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make devices")
def test_a_device_is_refused(workspace: Workspace) -> None:
    try:
        os.mknod(workspace.root / "zero", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("devices may not be made here")
    refusal(workspace, "zero")


def test_a_missing_file_is_answered_with_the_folder_and_the_nearest_names(workspace: Workspace) -> None:
    code = workspace.root / "output" / "code"
    code.mkdir(parents=True)
    (code / "model_1.py").touch()
    (code / "notes.txt").touch()
    assert refusal(workspace, "output/code/model_2.py") == (
        "output/code/model_2.py does not exist: there is no model_2.py in output/code. There is: model_1.py."
    )
    assert refusal(workspace, "outputs/code/model_1.py") == (
        "outputs/code/model_1.py does not exist: there is no outputs in the workspace's top folder. There is: output."
    )


def test_names_in_a_refusal_are_sanitised(workspace: Workspace) -> None:
    (workspace.root / "mod\x1b[31mel\n1.py").touch()
    message = refusal(workspace, "model\x1b[0m 1.py")
    assert "\x1b" not in message
    assert "\n" not in message


def test_a_descriptor_is_blocking_and_closed_on_exec(workspace: Workspace) -> None:
    descriptor = workspace.open_beneath("logs/a.log", os.O_RDWR | os.O_APPEND | os.O_CREAT, make_parents=True)
    try:
        assert os.get_blocking(descriptor)
        assert not os.get_inheritable(descriptor)
        assert stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o777 == 0o644 & ~_umask()
    finally:
        os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def test_refusals_and_acts_leak_no_descriptor(workspace: Workspace) -> None:
    (workspace.root / "folder").mkdir()
    (workspace.root / "absolute").symlink_to(workspace.root / "folder")
    os.mkfifo(workspace.root / "fifo")
    before = open_descriptors()
    for path in ("missing", "folder", "fifo", "../secret", "absolute/x", "deep/er/missing"):
        refusal(workspace, path)
    workspace.append_durably("absolute/a", "x")
    workspace.write_text_atomically("w/x", "y")
    workspace.create_exclusive("w/x", "y")
    workspace.read_bytes("w/x", 10)
    workspace.ensure_state()
    assert workspace.named(Names()).list_dir("w") == ["x"]
    assert open_descriptors() == before


def test_a_root_that_is_no_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for root in (tmp_path / "file", tmp_path / "missing", Path("a\0b")):
        with pytest.raises(PathRefused, match="no folder that can be opened"):
            Workspace(root)


def test_a_closed_workspace_gives_its_descriptor_back_once(tmp_path: Path) -> None:
    before = open_descriptors()
    workspace = Workspace(tmp_path)
    assert open_descriptors() == before + 1
    workspace.close()
    workspace.close()
    assert open_descriptors() == before


_PARTS = st.sampled_from(["..", ".", "", "a", "f", "in", "out", "abs", "up", "secret", "root", "\0", "é", "~", "-"])


@settings(max_examples=examples(300), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(parts=st.lists(_PARTS, min_size=1, max_size=8), absolute=st.booleans())
def test_no_path_ever_reaches_a_file_outside(workspace: Workspace, parts: list[str], absolute: bool) -> None:
    root = workspace.root
    if not (root / "a").exists():
        (root / "a").mkdir()
        (root / "a" / "f").write_text("inside")
        (root / "f").write_text("inside")
        (root / "in").symlink_to("a")
        (root / "out").symlink_to("..")
        (root / "abs").symlink_to(root.parent)
        (root / "a" / "up").symlink_to("../..")
    path = "/".join(parts)
    try:
        text = opened(workspace, f"{root}/{path}" if absolute else path)
    except PathRefused:
        return
    assert text == "inside"


@settings(deadline=None)
@given(st.lists(_PARTS | st.text(st.characters(codec="utf-8"), max_size=5), max_size=8).map("/".join))
def test_the_stored_form_of_a_path_is_stable_and_stays_inside(path: str) -> None:
    workspace = Workspace(Path("/usr"))
    for given_path in (path, f"/usr/{path}", f"/{path}"):
        try:
            plain = workspace.relative(given_path)
        except PathRefused:
            continue
        _check_stored_form(workspace, plain)


def _check_stored_form(workspace: Workspace, plain: str) -> None:
    assert workspace.relative(plain) == workspace.relative(f"/usr/{plain}") == plain
    assert not plain.startswith("/")
    assert ".." not in plain.split("/")


# Reading and writing


def test_a_file_longer_than_the_limit_is_refused_not_cut(workspace: Workspace) -> None:
    (workspace.root / "f").write_bytes(b"12345")
    assert workspace.read_bytes("f", 5) == b"12345"
    with pytest.raises(PathRefused, match="longer than the 4 bytes"):
        workspace.read_bytes("f", 4)


def test_the_sha256_of_a_file_is_that_of_its_bytes(workspace: Workspace) -> None:
    data = os.urandom(3_000_000)
    (workspace.root / "f").write_bytes(data)
    assert workspace.sha256("f") == hashlib.sha256(data).hexdigest()


def test_about_tells_size_and_time_and_none_when_nothing_is_there(workspace: Workspace) -> None:
    (workspace.root / "f").write_bytes(b"123")
    os.utime(workspace.root / "f", (1.5, 1.5))
    about = workspace.about("f")
    assert about
    assert (about.size_bytes, about.modified_at) == (3, 1.5)
    assert workspace.about("missing") is workspace.about("f/below") is workspace.about("no/folder") is None


def test_the_interpreter_is_that_of_the_first_environment_that_has_one(workspace: Workspace) -> None:
    assert workspace.interpreter() is None
    for environment in (".venv", "output/implementation/.venv"):
        python = workspace.root / environment / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)
        assert workspace.interpreter() == str(python)
    broken = workspace.root / "output" / "venv" / "bin" / "python"
    broken.parent.mkdir(parents=True)
    broken.symlink_to("/nonexistent/python")
    assert workspace.interpreter() == str(python)


# State


def test_the_state_is_private_and_out_of_gits_sight(workspace: Workspace) -> None:
    workspace.state_dir.mkdir(0o755)
    workspace.ensure_state()
    workspace.ensure_state()
    folders = (workspace.runs_dir, workspace.snapshots_dir, workspace.reports_dir, workspace.verdicts_dir)
    for folder in (workspace.state_dir, *folders):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (workspace.state_dir / ".gitignore").read_text() == "*\n"
    workspace.write_text_atomically(".watchkeeper/reports/r1.md", "x")
    assert stat.S_IMODE((workspace.reports_dir / "r1.md").stat().st_mode) == 0o600
    assert workspace.relative(str(workspace.reports_dir)) == ".watchkeeper/reports"


def test_a_state_folder_that_is_a_link_is_refused(workspace: Workspace) -> None:
    (workspace.root / "elsewhere").mkdir()
    for target in ("elsewhere", "..", "missing"):
        workspace.state_dir.symlink_to(target)
        with pytest.raises(PathRefused):
            workspace.ensure_state()
        workspace.state_dir.unlink()
    workspace.state_dir.touch()
    with pytest.raises(PathRefused):
        workspace.ensure_state()


def test_a_snapshot_lies_under_its_own_sha256_and_twice_is_once(workspace: Workspace) -> None:
    data = b"print(1)\n"
    digest = hashlib.sha256(data).hexdigest()
    assert workspace.store_snapshot(data) == workspace.store_snapshot(data) == digest
    assert os.listdir(workspace.snapshots_dir) == [digest]
    assert (workspace.snapshots_dir / digest).read_bytes() == data
    assert stat.S_IMODE((workspace.snapshots_dir / digest).stat().st_mode) == 0o600


def test_a_read_only_folder_is_refused_in_words(workspace: Workspace) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (workspace.root / "locked").mkdir(0o500)
    with pytest.raises(PathRefused, match="permission denied"):
        workspace.write_text_atomically("locked/f", "x")


def test_the_files_of_the_workspace_are_listed_without_what_nobody_wrote_by_hand(workspace: Workspace) -> None:
    for path in ("data/a.csv", ".env", ".git/config", "env/pyvenv.cfg", "env/lib/x.py", "node_modules/y.js"):
        target = workspace.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("1\n")
    (workspace.root / "data/out").symlink_to(workspace.root.parent)
    os.mkfifo(workspace.root / "data/fifo")
    assert sorted((path, size) for path, size, _ in workspace.files()) == [(".env", 2), ("data/a.csv", 2)]
    assert len(workspace.files(most=1)) == 1
