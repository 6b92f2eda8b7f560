"""The helper that samples GPUs: real processes, NVML's interface played from a trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from watchkeeper.server.analysis.evidence.gpu_use import GpuState
from watchkeeper.server.runtime.gpu import reading, sampler
from watchkeeper.server.runtime.keeper import procfs

from ...limits import HANG_S
from ..keeper.helpers import WAITS, Run, processes_of, until
from .conftest import Played

pytestmark = pytest.mark.usefixtures("nothing_left")
BUSY = "60 4000 {energy} 300000 55 1 0"
HOLDS = WAITS.replace('print("ready")', 'pathlib.Path(os.environ["PIDS"]).write_text(str(os.getpid()))\nprint("ready")')


def run(workspace: Path, played: Played, script: str = HOLDS) -> Run:
    env = {**os.environ, "PIDS": str(played.pid)}
    env.pop("LD_LIBRARY_PATH")
    return Run(workspace, script, gpu="sampled", nonce="n", env=env)


def helpers(one: Run) -> list[int]:
    """Return the pids of the helpers that live for a run."""
    found: list[int] = []
    for pid, _ in processes_of(one.dir):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        found += [pid] if b"gpu.sampler" in words else []
    return found


def lines(one: Run) -> list[dict[str, Any]]:
    return [dict(line) for line in reading.lines(one.dir)]


def asks(played: Played, code: str) -> Any:
    """Ask the library by pynvml, in a process of its own."""
    begin = "import json, pynvml as n; n.nvmlInit(); b = n.nvmlDeviceGetHandleByIndex(0)"
    words = [sys.executable, "-c", f"{begin}\n{code}"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=HANG_S, check=True)
    return json.loads(done.stdout)


def test_the_played_library_says_what_its_trace_says(played: Played) -> None:
    played.plays("60 4000 5000 300000 55 1 79")
    played.pid.write_text("4711")
    told = asks(
        played,
        "p = n.nvmlDeviceGetComputeRunningProcesses\n"
        "r = n.nvmlDeviceGetUtilizationRates(b).gpu; m = n.nvmlDeviceGetMemoryInfo(b)\n"
        "e = n.nvmlEventSetWait_v2(n.nvmlEventSetCreate(), 1)\n"
        "u = n.nvmlDeviceGetProcessUtilization(b, 0)[0]; q = p(b)[0]\n"
        "print(json.dumps([r, m.used, m.total, n.nvmlDeviceGetTotalEnergyConsumption(b), u.pid, u.smUtil, q.pid,"
        " q.usedGpuMemory, e.eventType == n.nvmlEventTypeXidCriticalError, e.eventData]))",
    )
    assert told == [60, 4_000_000_000, 10_000_000_000, 5000, 4711, 55, 4711, 4_000_000_000, True, 79]


def test_a_run_on_a_gpu_is_sampled_and_the_helper_belongs_to_nobody(workspace: Path, played: Played) -> None:
    played.plays("0 100 0 50000 0 0 0", *(BUSY.format(energy=1000 * n) for n in range(1, 200)), "0 0 0 0 0 0 79")
    one = run(workspace, played).launch_until_ready()
    until(lambda: sum(bool(line.get("run")) for line in lines(one)) >= 4, "it was seen on the GPU")
    (helper,) = helpers(one)
    found = procfs.stat(helper)
    assert found is not None
    assert found.ppid not in (one.keeper[0], one.pid), "it is no child of the keeper"
    held = {os.readlink(each) for each in Path(f"/proc/{helper}/fd").iterdir()}
    assert not [each for each in held if each.endswith((".log", "keeper.lock", "keeper.err"))], held
    usage = (one.dir / "usage.jsonl").read_text().splitlines()
    assert {json.loads(line)["processes"] for line in usage} == {1}, "it is no part of the run"
    one.go().ends()
    until(lambda: not helpers(one), "it ends with its keeper")
    use = reading.use(one.dir, "n", "sampled")
    assert use is not None
    assert (use.state, use.names, use.xids) == (GpuState.SAMPLED, ("Played GPU",), ())
    assert (use.percent, use.peak_bytes) == (55.0, 4_000_000_000)
    assert 0 < use.busy_share <= use.on_share < 1
    assert use.energy_j is not None
    assert use.energy_j > 0
    other = reading.use(one.dir, "another nonce", "sampled")
    assert other is not None
    assert other.state is GpuState.FAILED, "lines of another start are not believed"


def test_the_helper_dies_with_a_killed_keeper_also_in_a_call_that_hangs_and_the_next_keeper_has_its_own(
    workspace: Path, played: Played
) -> None:
    played.plays("-1 0 0 0 0 0 0")
    one = run(workspace, played).launch_until_ready()
    (first,) = until(lambda: helpers(one), "a helper has come")
    until(lambda: len(lines(one)) == 1, "it hangs in its first look")
    one.kill_keeper()
    until(lambda: not helpers(one), "the helper is gone")
    played.plays("0 0 0 0 0 0 31")
    one.attach()
    (second,) = until(lambda: helpers(one), "the next helper has come")
    assert first != second
    until(lambda: any("xid" in line for line in lines(one)), "an error of the GPU is told")
    one.go()
    assert one.ends().exit_code is not None or one.status().state.final
    assert [(each.code, each.index) for each in reading.errors(one.dir)][:1] == [(31, 0)]
    until(lambda: not helpers(one), "it ends with its keeper")


def test_a_helper_that_is_stopped_holds_nobody_up(workspace: Path, played: Played) -> None:
    played.plays("0 0 0 0 0 0 0")
    one = run(workspace, played).launch_until_ready()
    (helper,) = until(lambda: helpers(one), "a helper has come")
    os.kill(helper, signal.SIGSTOP)
    assert one.go().ends().exit_code == 0
    os.kill(helper, signal.SIGCONT)
    until(lambda: not helpers(one), "it ends once it may")


@pytest.mark.parametrize("gpu", ["", "none", "off", "amd"])
def test_without_a_gpu_there_is_no_helper_and_no_file(workspace: Path, played: Played, gpu: str) -> None:
    one = Run(workspace, WAITS, gpu=gpu).launch_until_ready()
    assert helpers(one) == []
    one.go().ends()
    assert not (one.dir / reading.FILE).exists()


@pytest.mark.parametrize(
    ("flags", "path", "why"),
    [(["-S"], "", "pip install 'watchkeeper[gpu]'"), ([], "/nowhere", "NVML cannot be used")],
)
def test_without_library_or_driver_it_says_so_and_leaves(tmp_path: Path, flags: list[str], path: str, why: str) -> None:
    (tmp_path / "spec.json").write_text('{"nonce": "n", "sample_s": 0.1}')
    code = "import sys; sys.path.append(sys.argv[1]); from gpu.sampler import main; main(sys.argv[2])"
    folder = Path(sampler.__file__).parent.parent
    words = [sys.executable, "-I", *flags, "-c", code, str(folder), str(tmp_path)]
    env = {"LD_LIBRARY_PATH": path}
    with subprocess.Popen(words, stdin=subprocess.PIPE, env=env) as helper:  # its keeper stays until it has left
        assert helper.wait(HANG_S) == 0
    use = reading.use(tmp_path, "n", "sampled")
    assert use is not None
    assert use.state is GpuState.FAILED
    assert why in use.why
