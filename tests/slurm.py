"""A private Slurm on loopback: its own key, ports and folders; what is started is ended by its pid.

Root may bring one up where Slurm is installed (Debian: slurm-wlm, munge); elsewhere such tests are skipped, and say so.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from .limits import HANG_S
from .runtime.keeper.helpers import until

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "srun", "sinfo")


class Slurm:
    """A cluster of one host.

    :param more: further lines of slurm.conf; what they name is as they say. `gres`: what each node has of it.
    :ivar conf: its configuration, for SLURM_CONF.
    """

    def __init__(self, folder: Path, nodes: int = 1, more: str = "", gres: str = "") -> None:
        self.folder = folder
        self.conf = folder / "slurm.conf"
        self.nodes = [f"n{number}" for number in range(1, nodes + 1)]
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("state", "log", "munge"):
            (folder / name).mkdir(mode=0o755)
        folder.chmod(0o755)
        self.conf.write_text(_configuration(folder, self.nodes, free_ports(1 + nodes), gres, more))

    def up(self) -> Slurm:
        """Start it and wait until every node is idle."""
        key = self.folder / "munge/key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))
        socket_ = self.folder / "munge/socket"
        own = {
            "key-file": key, "socket": socket_, "pid-file": self.folder / "munge/pid",
            "log-file": self.folder / "log/munged", "seed-file": self.folder / "munge/seed",
        }  # fmt: skip
        files = [f"--{name}={path}" for name, path in own.items()]
        self.start("munged", "munged", "--force", "--foreground", *files)
        until(socket_.exists, "munged listens")
        self.start_controller()
        for node in self.nodes:
            self.start_node(node)
        until(lambda: self.idle() == len(self.nodes), "every node is idle")
        return self

    def start_controller(self) -> None:
        self.start("slurmctld", "slurmctld", "-D")

    def start_node(self, node: str) -> None:
        self.start(node, "slurmd", "-D", "-N", node)

    def idle(self) -> int:
        said = self.ask("sinfo", "--noheader", "--Node", "--format=%N %T")  # a node once for each of its partitions
        return sum(line.endswith(" idle") for line in set(said.splitlines()))

    def ask(self, *words: str) -> str:
        """Return what one of Slurm's commands prints; empty where it fails."""
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=HANG_S, env=self.environment)
        return done.stdout if done.returncode == 0 else ""

    def states(self) -> list[tuple[str, str, str]]:
        """Return number, name and state of every job."""
        said = self.ask("squeue", "--noheader", "--states=all", "--format=%i|%j|%T")
        return [(number, name, state) for number, name, state in (line.split("|") for line in said.splitlines())]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "SLURM_CONF": str(self.conf)}

    def signal(self, name: str, number: int) -> None:
        self.running[name].send_signal(number)

    def kill(self, name: str) -> None:
        """End a daemon by SIGKILL."""
        process = self.running.pop(name)
        process.kill()
        process.wait(HANG_S)

    def forget_jobs(self) -> None:
        """Take the state of a controller that was killed, as a crash right after sbatch does."""
        for path in (self.folder / "state").glob("job_state*"):
            path.unlink()

    def down(self) -> None:
        """End every daemon; what was stopped goes on first."""
        self.ask("scancel", "--user=root")
        for process in reversed(self.running.values()):
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                process.wait(10)  # a daemon that hangs is killed
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(HANG_S)
        self.running.clear()

    def start(self, name: str, *words: str) -> None:
        """Start a daemon that is ended with the others."""
        with (self.folder / "log" / f"{name}.out").open("ab") as log:
            self.running[name] = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment, start_new_session=True
            )


def why_not() -> str:
    """Return why there can be no Slurm here; empty where there can."""
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    if os.geteuid() != 0:
        return "a Slurm of one's own needs root"
    return f"needs {', '.join(lacking)} (Debian: slurm-wlm, munge)" if lacking else ""


@contextmanager
def slurm(folder: Path, nodes: int = 1, more: str = "", gres: str = "") -> Generator[Slurm]:
    """Bring up a cluster and take it down again."""
    if reason := why_not():
        pytest.skip(reason)
    cluster = Slurm(folder, nodes, more, gres)
    try:
        yield cluster.up()
    finally:
        cluster.down()


def free_ports(count: int) -> list[int]:
    """Return ports on which nobody listens."""
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports


def _configuration(folder: Path, nodes: list[str], ports: list[int], gres: str, more: str) -> str:
    host = socket.gethostname().partition(".")[0]
    settings = {
        "ClusterName": "tests", "SlurmctldHost": f"{host}(127.0.0.1)", "SlurmUser": "root", "SlurmctldPort": ports[0],
        "AuthType": "auth/munge", "AuthInfo": f"socket={folder}/munge/socket", "CredType": "cred/munge",
        "CommunicationParameters": "NoInAddrAny,NoCtldInAddrAny", "StateSaveLocation": f"{folder}/state",
        "SlurmdSpoolDir": f"{folder}/spool-%n", "SlurmctldPidFile": f"{folder}/slurmctld.pid",
        "SlurmdPidFile": f"{folder}/slurmd-%n.pid", "SlurmctldLogFile": f"{folder}/log/slurmctld",
        "SlurmdLogFile": f"{folder}/log/slurmd-%n", "ProctrackType": "proctrack/linuxproc", "TaskPlugin": "task/none",
        "JobAcctGatherType": "jobacct_gather/none", "MpiDefault": "none", "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_Core_Memory", "SchedulerType": "sched/backfill",
        "SchedulerParameters": "sched_interval=1,batch_sched_delay=0,bf_interval=1", "ReturnToService": 2,
        "SlurmdTimeout": 10, "KillWait": 5, "InactiveLimit": 0, "JobRequeue": 1, "EnforcePartLimits": "ALL",
        "AccountingStorageType": "accounting_storage/none", "SlurmdParameters": "config_overrides", "MinJobAge": 300,
    }  # fmt: skip
    named = {line.partition("=")[0] for line in more.splitlines()}
    lines = [f"{name}={value}" for name, value in settings.items() if name not in named]
    lines += [
        f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=4 RealMemory=4000"
        + (f" Gres={gres}" if gres else "")
        for node, port in zip(nodes, ports[1:], strict=True)
    ]
    lines.append(f"PartitionName=main Nodes={','.join(nodes)} Default=YES MaxTime=INFINITE DefMemPerCPU=100 State=UP")
    return "\n".join([*lines, more])
