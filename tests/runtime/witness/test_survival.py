"""The witness goes with every process of a run, and nothing that happens to it happens to the run."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from watchkeeper.server.analysis.witness import read_process
from watchkeeper.server.runtime.witness import HOOK_FOLDER

from ...libraries import needs
from .helpers import NONCE, RUN_DIR, run, seen, witnessed

ROLES = {
    "fork": (
        "import os\npid = os.fork()\nif pid == 0:\n    open('c.txt', 'w').write('x')\n    os._exit(0)\n"
        "os.waitpid(pid, 0)\n"
    ),
    "fork pool": (
        "import multiprocessing as mp\ndef f(i):\n    open(f'c.txt', 'w').write('x')\n"
        "if __name__ == '__main__':\n    with mp.get_context('fork').Pool(2) as pool:\n        pool.map(f, range(4))\n"
    ),
    "spawn": (
        "import multiprocessing as mp\ndef f(i):\n    open(f'c.txt', 'w').write('x')\n"
        "if __name__ == '__main__':\n    with mp.get_context('spawn').Pool(1) as pool:\n        pool.map(f, range(2))\n"
    ),
    "program": (
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', \"open('c.txt', 'w').write('x')\"], check=True)\n"
    ),
    "exec": "import os, sys\nos.execv(sys.executable, [sys.executable, '-c', \"open('c.txt', 'w').write('x')\"])\n",
}  # fmt: skip


@pytest.mark.parametrize("how", ROLES)
def test_what_a_child_writes_is_told_by_the_child(tmp_path: Path, how: str) -> None:
    found = seen(tmp_path, ROLES[how])
    writers = {line.file for line in found.of("write") if line.facts["path"] == "c.txt"}
    roles = {process.role for process in found.processes if process.file in writers}
    assert roles == {{"fork pool": "fork", "exec": "main"}.get(how, how)}
    assert [process.role for process in found.processes].count("main") == (2 if how == "exec" else 1)


def test_a_fork_names_its_parent_and_counts_its_own_cost(tmp_path: Path) -> None:
    found = seen(tmp_path, ROLES["fork"])
    parent, child = sorted(found.processes, key=lambda process: process.role == "fork")
    assert child.begin["parent"] == parent.file
    assert [(process.end or {})["by"] for process in (parent, child)] == ["exit", "_exit"]


def test_a_process_that_is_killed_leaves_a_chain_that_holds(tmp_path: Path) -> None:
    script = "import os, signal\nopen('a.txt', 'w').write('x')\nos.kill(os.getpid(), signal.SIGKILL)\n"
    done = run(tmp_path, script)
    assert done.returncode == -signal.SIGKILL
    found = witnessed(tmp_path)
    assert found.broken == ()
    assert found.processes[0].end is None
    assert "a.txt" in {line.facts["path"] for line in found.of("write")}


COUNTS = """
import numpy as np, sys, os, signal, time
more = sys.modules["watchkeeper_witness.more"]
more.EVERY_S = more._due[0] = 0.0
for _ in range(50):
    np.linalg.solve(np.eye(2), np.ones(2))
os.kill(os.getpid(), signal.SIGKILL)
"""


@needs("numpy")
def test_counts_are_told_on_the_way_so_that_a_kill_loses_little(tmp_path: Path) -> None:
    run(tmp_path, COUNTS)
    counts = [line.facts["count"] for line in witnessed(tmp_path).of("solve")]
    assert len(counts) == 1
    assert int(str(counts[0])) >= 49


def test_a_line_that_was_taken_out_or_changed_is_seen(tmp_path: Path) -> None:
    seen(tmp_path, "open('a.txt', 'w').write('x')\nopen('b.txt', 'w').write('x')\n")
    path = next((tmp_path / RUN_DIR / "witness").glob("*.jsonl"))
    lines = path.read_bytes().splitlines(keepends=True)
    cut = b"".join([*lines[:2], *lines[3:]])
    changed = path.read_bytes().replace(b"b.txt", b"c.txt")
    assert read_process(path.name, path.read_bytes(), NONCE).broken == ""
    assert "line 3" in read_process(path.name, cut, NONCE).broken
    assert read_process(path.name, changed, NONCE).broken
    assert read_process(path.name, path.read_bytes(), "another start").broken
    assert read_process("another-file.jsonl", path.read_bytes(), NONCE).broken


def test_a_torn_last_line_is_no_break(tmp_path: Path) -> None:
    seen(tmp_path, "open('a.txt', 'w').write('x')\n")
    path = next((tmp_path / RUN_DIR / "witness").glob("*.jsonl"))
    torn = read_process(path.name, path.read_bytes()[:-20], NONCE)
    assert (torn.broken, torn.torn) == ("", True)


BREAKS = {
    "its folder is removed": "import shutil, os\nshutil.rmtree(os.environ['WATCHKEEPER_WITNESS'])\n",
    "its modules are emptied": (
        "import sys\nfor name, module in list(sys.modules.items()):\n    if name.startswith('watchkeeper_witness'):\n"
        "        vars(module).clear()\n"
    ),
    "its writer raises": (
        "import sys\ndef broken(*a, **k):\n    raise RuntimeError('on purpose')\n"
        "sys.modules['watchkeeper_witness.state'].state.writer.tell = broken\n"
    ),
    "its numbers raise": (
        "import sys\ndef broken(*a, **k):\n    raise RuntimeError('on purpose')\n"
        "sys.modules['watchkeeper_witness.places'].where = broken\n"
        "sys.modules['watchkeeper_witness.calls'].cpu_s = broken\n"
    ),
    "all descriptors are closed": "import os\nos.closerange(3, 1000)\n",
    "the disk refuses": (
        "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
    ),
}  # fmt: skip
WORK = """
import numpy as np
from sklearn.linear_model import Ridge
X = np.arange(12.0).reshape(6, 2); y = X.sum(1)
print(Ridge().fit(X, y).predict(X).round(3).tolist(), np.linalg.solve(np.eye(2), np.ones(2)).tolist())
import subprocess
print(subprocess.run(["echo", "done"], capture_output=True, text=True).stdout.strip())
exec("print(open(__file__).read(5))")
"""


@needs("sklearn")
@pytest.mark.parametrize("breaks", BREAKS.values(), ids=BREAKS)
def test_a_witness_that_breaks_leaves_the_run_as_it_was(tmp_path: Path, breaks: str) -> None:
    script = breaks + WORK
    (tmp_path / "plain").mkdir()
    path = tmp_path / "plain" / "train.py"
    path.write_text(script.replace("sys.modules['watchkeeper_witness", "sys.modules.get('watchkeeper_witness"))
    plain = subprocess.run(
        [sys.executable, "-c", WORK.replace("__file__", repr(str(path)))], capture_output=True, text=True, check=True
    )
    done = run(tmp_path, script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == plain.stdout.splitlines()[:2]
    assert done.stderr == ""


@needs("sklearn", "cloudpickle")
def test_without_the_hook_on_the_path_a_pickled_class_of_the_scripts_still_works(tmp_path: Path) -> None:
    script = (
        "import pickle, subprocess, sys, os\nimport cloudpickle\nfrom sklearn.base import BaseEstimator\n"
        "class Mine(BaseEstimator):\n    def fit(self, X, y=None):\n        self.n_ = len(X)\n        return self\n"
        "data = cloudpickle.dumps(Mine())\nopen('m.pkl', 'wb').write(data)\n"
        "code = \"import pickle; print(pickle.load(open('m.pkl', 'rb')).fit([1, 2, 3]).n_)\"\n"
        "env = {k: v for k, v in os.environ.items() if k not in ('PYTHONPATH', 'WATCHKEEPER_WITNESS')}\n"
        "print(subprocess.run([sys.executable, '-c', code], env=env, capture_output=True, text=True))\n"
    )
    done = run(tmp_path, script)
    assert "stdout='3\\n'" in done.stdout, done.stdout + done.stderr


@needs("scipy", "joblib")
def test_functions_that_are_listened_to_are_pickled_by_the_name_that_a_script_calls(tmp_path: Path) -> None:
    names = "pickle.dumps joblib.dump numpy.save scipy.linalg.solve scipy.optimize.minimize scipy.optimize.curve_fit"
    script = (
        "import pickle, joblib, numpy, scipy.linalg, scipy.optimize\n"
        f"for one in ({names.replace(' ', ', ')}):\n"
        "    assert hasattr(one, '__watchkeeper_witness__') and pickle.loads(pickle.dumps(one)) is one, one\n"
    )
    done = run(tmp_path, script)
    assert done.returncode == 0, done.stderr


def test_the_folder_and_the_lines_are_bounded(tmp_path: Path) -> None:
    script = "for i in range(6000):\n    exec(f'x_{i} = {i}')\n    open(f'f{i}.txt', 'w').close()\n"
    found = seen(tmp_path, script)
    assert len(found.of("code")) == 200
    assert (tmp_path / RUN_DIR / "witness").stat().st_size < 1 << 20
    assert sum(path.stat().st_size for path in (tmp_path / RUN_DIR / "witness").iterdir()) < 1 << 20


OTHERS = ("3.8", "3.9", "3.10", "3.12", "3.13")
PYTHONS = sorted(str(path) for one in OTHERS for path in Path.home().glob(f".pyenv/versions/{one}.*/bin/python"))


@pytest.mark.skipif(not PYTHONS, reason="no other Python is installed")
@pytest.mark.parametrize("python", PYTHONS, ids=lambda path: Path(path).parents[1].name)
def test_it_works_in_other_pythons(tmp_path: Path, python: str) -> None:
    script = (
        "import os, helper\nopen('a.txt', 'w').write('x')\nexec('y = 1')\n"
        "if os.fork() == 0:\n    os._exit(0)\nos.wait()\n"
    )
    (tmp_path / "helper.py").write_text("X = 1\n")
    done = run(tmp_path, script, python=python)
    assert (done.returncode, done.stderr) == (0, "")
    found = witnessed(tmp_path)
    assert found.broken == ()
    assert [line.facts for line in found.of("trouble")] == []
    assert {line.kind for line in found.lines} >= {"begin", "import", "write", "code", "end"}


HELD = """
import sys
from watchkeeper_witness import captured, places, starting, state
class Array:
    shape, dtype = (5,), "f8"
def density(x, data=Array()):
    return x + SIZE
SIZE = 3
def outer(last):
    return lambda x: density(x) + last
assert captured.of_call(outer(4)) == {}
names = [name for name, _ in captured._held(outer(4))]
assert "last" in names and "density" in names, names
assert [name for name, _ in captured._held(density)] == ["constant", "SIZE", "data"] or sys.version_info >= (3, 14)
"""


@pytest.mark.skipif(not PYTHONS, reason="no other Python is installed")
@pytest.mark.parametrize(
    "python", [one for one in PYTHONS if "/3.8." in one or "/3.9." in one], ids=lambda path: Path(path).parents[1].name
)
def test_what_a_function_holds_is_found_in_old_pythons(tmp_path: Path, python: str) -> None:
    done = run(tmp_path, HELD, python=python)
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_in_it_needs_a_newer_python_than_it_says() -> None:
    """`a | b` of dictionaries came with 3.9, `zip(strict=)` with 3.10: what runs only in a library shows neither."""
    for path in sorted(Path(HOOK_FOLDER).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = [each.arg for each in node.keywords] if isinstance(node, ast.Call) else []
            assert "strict" not in named, f"{path.name}: {ast.unparse(node)}"
            if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.BitOr):
                assert isinstance(node.value, (ast.SetComp, ast.Set)), f"{path.name}:{node.lineno}"


def test_it_starts_within_its_time(tmp_path: Path) -> None:
    script = tmp_path / "nothing.py"
    script.write_text("")
    folder = tmp_path / "witness"
    folder.mkdir()
    env = {"PATH": os.environ["PATH"]}
    with_it = env | {
        "PYTHONPATH": HOOK_FOLDER,
        "WATCHKEEPER_WITNESS": str(folder),
        "WATCHKEEPER_WORKSPACE": str(tmp_path),
    }

    def cpu_s(environment: dict[str, str]) -> float:
        before = os.times()
        subprocess.run([sys.executable, str(script)], env=environment, check=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    cpu_s(with_it)  # what is compiled is compiled now
    best = min(cpu_s(with_it) for _ in range(5)) - min(cpu_s(env) for _ in range(5))
    assert best < 0.3
