"""What a process does to the outside: files, modules, hidden code, programs, the network."""

from __future__ import annotations

import hashlib
from pathlib import Path

from watchkeeper.server.analysis.witness import files

from .helpers import only, seen


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def paths(folder: Path, script: str, kind: str) -> dict[str, dict[str, object]]:
    return {str(line.facts["path"]): dict(line.facts) for line in seen(folder, script).of(kind)}


def test_a_file_is_told_with_its_digest_at_the_moment_it_was_read_and_again_when_it_changed(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a\n1\n")
    read = "open('data.csv').read()\n"
    script = f"{read}{read}open('data.csv', 'a').write('2\\n')\n{read}"
    found = seen(tmp_path, script)
    told = [line for line in found.of("read") if line.facts["path"] == "data.csv"]
    assert [line.facts["sha256"] for line in told] == [sha256(b"a\n1\n"), sha256(b"a\n1\n2\n")]
    assert [line.where for line in told] == ["train.py:1", "train.py:4"]
    assert [line.facts["path"] for line in found.of("write")] == ["data.csv"]


def test_files_that_are_renamed_linked_or_removed_are_told(tmp_path: Path) -> None:
    script = (
        "import os\nopen('a.tmp', 'w').write('1')\nos.replace('a.tmp', 'a.csv')\nos.symlink('a.csv', 'b.csv')\n"
        "os.utime('a.csv', (1, 1))\nos.remove('b.csv')\n"
    )
    found = seen(tmp_path, script)
    told = [(line.facts["path"], line.facts["by"], line.facts.get("from")) for line in found.of("write")]
    assert told == [
        ("a.tmp", "open", None), ("a.csv", "rename", "a.tmp"), ("a.csv", "utime", None), ("b.csv", "remove", None),
    ]  # fmt: skip
    assert only(found.of("link")).facts == {"path": "b.csv", "target": "a.csv", "by": "symlink"}


def test_modules_of_the_workspace_are_told_and_those_of_libraries_are_not(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("import json, statistics\nX = 1\n")
    found = paths(tmp_path, "import helper\n", "import")
    assert set(found) == {"train.py", "helper.py"}
    assert found["helper.py"]["sha256"] == sha256(b"import json, statistics\nX = 1\n")


def test_a_sitecustomize_of_the_users_runs_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "sitecustomize.py").write_text("import builtins\nbuiltins.FOUND = 1\n")
    found = seen(tmp_path, "print(FOUND)\n", env={"PYTHONPATH": str(tmp_path / "lib")})
    assert "lib/sitecustomize.py" in {line.facts["path"] for line in found.of("import")}


def test_code_that_stands_in_no_file_is_kept_and_that_of_libraries_is_not(tmp_path: Path) -> None:
    script = "import base64, collections\ncollections.namedtuple('P', 'x y')\nexec(base64.b64decode('eCA9IDM='))\n"
    facts = only(seen(tmp_path, script).of("code")).facts
    assert (facts["by"], facts["text"], facts["sha256"]) == ("exec", "x = 3", sha256(b"x = 3"))


def test_code_under_the_name_of_a_file_that_does_not_hold_it_is_kept(
    tmp_path: Path,
) -> None:
    (tmp_path / "settings.py").write_text("RATE = 3\nROWS = 4\n")
    script = (
        "exec(compile(b'x = 3', 'features', 'exec'))\nexec(compile('x = 4', 'settings.py', 'exec'))\n"
        "exec(compile(open('settings.py').read(), 'settings.py', 'exec'))\n"
    )
    assert [line.facts["text"] for line in seen(tmp_path, script).of("code")] == ["x = 3", "x = 4"]


def test_a_pickle_that_would_run_something_is_told(tmp_path: Path) -> None:
    script = "import pickle\npickle.loads(b'cos\\nsystem\\n.')\npickle.loads(pickle.dumps({'a': 1}))\n"
    assert only(seen(tmp_path, script).of("code")).facts["text"] in {"os.system", "posix.system"}


def test_a_program_is_told_with_the_files_of_the_workspace_that_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "go.sh").write_text("true\n")
    script = "import subprocess\nsubprocess.run(['sh', 'go.sh', '--draws', '100'], check=True)\n"
    line = only(seen(tmp_path, script).of("program"))
    assert line.facts["argv"] == ["sh", "go.sh", "--draws", "100"]
    assert files(line) == ({"path": "go.sh", "bytes": 5, "sha256": sha256(b"true\n")},)


def test_an_address_elsewhere_is_told_and_the_machines_own_is_not(tmp_path: Path) -> None:
    script = (
        "import socket\nfor host in ('192.0.2.1', '127.0.0.1'):\n    s = socket.socket()\n    s.settimeout(0.001)\n"
        "    try:\n        s.connect((host, 9))\n    except OSError:\n        pass\n"
    )
    assert only(seen(tmp_path, script).of("network")).facts == {"address": "192.0.2.1", "port": 9}


def test_a_file_is_opened_under_a_lock_of_the_standard_library_without_a_deadlock(tmp_path: Path) -> None:
    script = (
        "import tempfile\nprint(tempfile.gettempdir())\nwith tempfile.NamedTemporaryFile() as f:\n    f.write(b'x')\n"
    )
    seen(tmp_path, script)
