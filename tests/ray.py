"""A private Ray on this host: its own folder and ports; what is started is ended by its pid, never by `ray stop`.

Ray itself comes from PyPI into an environment outside of the checkout, once (300 MB); where it cannot be had such tests
are skipped, and say so.
"""

from __future__ import annotations

import fcntl
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

import psutil
import pytest

from .limits import HANG_S

VERSION = "2.60.0"
INSTALL_WITHIN_S = HANG_S * 2
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "watchkeeper-tests"
ENVIRONMENT = CACHE / f"ray-{VERSION}-{sys.version_info.major}.{sys.version_info.minor}"
_READY = ENVIRONMENT / "ready"
ASKED_EVERY_S = 0.2
TRIES = 3
_STORE_BYTES = 80_000_000


_LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
"""Off, each part of a Ray listens on the loopback alone; that address named is replaced by the machine's."""
_COMMAND = """
from ray._private import ray_constants, services
from ray.scripts.scripts import main
ray_constants.ENABLE_RAY_CLUSTER = True
services.get_node_ip_address = lambda *_: "127.0.0.1"
main()
"""
"""The command `ray`, which lets further nodes join all the same."""


class HeadEnded(AssertionError):
    """A part of a Ray has ended by itself; with the end of what it wrote."""


class Ray:
    """A head, and nodes that are added to it.

    :ivar address: of its dashboard, with the Jobs API.
    """

    def __init__(self, cpus: int = 4, **variables: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wk-ray-", dir="/tmp"))  # sockets have names of 107 bytes at most
        self._cpus, self._variables = cpus, variables
        self._port, self._dashboard, *self._others = _free_ports(4)
        self.address = f"http://127.0.0.1:{self._dashboard}"
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def up(self) -> Ray:
        """Start the head and wait until it has taken a job: the first one takes its time.

        On a busy machine parts of it wait for others in vain, and all of it ends; then it is started once more.
        """
        for _ in range(TRIES - 1):
            with suppress(HeadEnded):
                self.start_head()
                self._warm_up()
                return self
            self.kill("head")
        self.start_head()
        self._warm_up()
        return self

    def _warm_up(self) -> None:
        """Have a job run. A head that answers may have no agent yet that takes one."""
        names = [f"warm-{os.urandom(4).hex()}"]

        def ran() -> bool:
            self._must_live("head")
            status = self.job(names[-1]).get("status")
            if status == "FAILED":
                names.append(f"warm-{os.urandom(4).hex()}")
            if status in (None, "FAILED"):
                self.submit(names[-1], "exec true")
            return status == "SUCCEEDED"

        eventually(ran, "the first job of Ray has run")

    def start_head(self) -> None:
        agent, client = self._others
        self._start(
            "head", "--head", f"--port={self._port}", "--dashboard-host=127.0.0.1",
            f"--dashboard-port={self._dashboard}", f"--dashboard-agent-listen-port={agent}",
            f"--ray-client-server-port={client}", f"--num-cpus={self._cpus}", f"--temp-dir={self.folder}/t",
        )  # fmt: skip
        eventually(lambda: self._must_live("head") and self._listens(), "the head of Ray answers")

    def add_node(self, name: str, **resources: float) -> None:
        """Start another node, which alone has these resources, and wait for it."""
        (agent,) = _free_ports(1)
        self._start(
            name, f"--address=127.0.0.1:{self._port}", "--num-cpus=2", f"--resources={json.dumps(resources)}",
            f"--dashboard-agent-listen-port={agent}",
        )  # fmt: skip
        eventually(lambda: self.nodes() == 1 + len(self._running) - 1, f"the node {name} is there")

    def nodes(self) -> int:
        found = self.ask("GET", "cluster_status?format=0")
        return len(found["data"]["clusterStatus"]["loadMetricsReport"]["usageByNode"]) if found else 0

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Return what the head says; {} where it does not."""
        content = None if body is None else json.dumps(body).encode()
        token = self._variables.get("RAY_AUTH_TOKEN")
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        request = urllib.request.Request(f"{self.address}/api/{path}", content, headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=HANG_S) as answer:
                return json.load(answer)
        except (OSError, ValueError, HTTPException):  # it went down in the middle of its answer
            return {}

    def submit(self, name: str, entrypoint: str, **request: object) -> None:
        self.ask("POST", "jobs/", {"submission_id": name, "entrypoint": entrypoint, **request})

    def job(self, name: str) -> dict[str, Any]:
        return self.ask("GET", f"jobs/{name}")

    def stop(self, name: str) -> None:
        self.ask("POST", f"jobs/{name}/stop", {})

    def names(self) -> list[str]:
        """Return the name of every job, the oldest too."""
        found: list[dict[str, Any]] = self.ask("GET", "jobs/") or []
        return [str(one["submission_id"]) for one in found]

    def kill(self, name: str) -> None:
        """End a node with all that belongs to it by SIGKILL, as a power cut does; jobs of it lose their supervisor."""
        process = self._running.pop(name)
        for one in _session(process.pid):
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        process.wait(HANG_S)

    def kill_raylet(self, name: str) -> None:
        """End the daemon of a node alone."""
        (raylet,) = [one for one in _session(self._process(name).pid) if _program(one) == "raylet"]
        os.kill(raylet, signal.SIGKILL)

    def supervisor(self, pid: int) -> int:
        """Return the process of Ray that runs the job whose process this is."""
        return psutil.Process(pid).ppid()

    def down(self) -> None:
        """End every node, the head last, and take its folder away."""
        for name in reversed(list(self._running)):
            self.kill(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def addresses(self) -> set[str]:
        """Return every address on which a part of it listens."""
        pids = {pid for process in self._running.values() for pid in _session(process.pid)}
        found = [one.laddr for one in psutil.net_connections("tcp") if one.status == "LISTEN" and one.pid in pids]
        return {one[0].removeprefix("::ffff:") for one in found if one}

    def _process(self, name: str) -> subprocess.Popen[bytes]:
        return self._running[name]

    def _must_live(self, name: str) -> bool:
        if self._process(name).poll() is not None:
            raise HeadEnded((self.folder / f"{name}.log").read_text()[-2000:])
        return True

    def _listens(self) -> bool:
        return isinstance(self.ask("GET", "jobs/"), list)

    def _start(self, name: str, *words: str) -> None:
        common = ("--block", f"--object-store-memory={_STORE_BYTES}")
        few = ("--disable-usage-stats", "--include-log-monitor=false")
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [ENVIRONMENT / "bin/python", "-c", _COMMAND, "start", *common, *few, *words],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment, start_new_session=True,
            )  # fmt: skip

    @property
    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SECRET") if name in os.environ}
        own = {"RAY_USAGE_STATS_ENABLED": "0", _LOOPBACK: "0", "RAY_TMPDIR": str(self.folder)}
        return {**kept, **own, **self._variables}


@functools.cache
def why_not() -> str:
    """Return why there can be no Ray here; empty where there can. Brings it where it is not there yet."""
    if _READY.exists():
        return ""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "ray.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        return "" if _READY.exists() else _installed()


def _installed() -> str:
    uv = Path(sys.executable).with_name("uv")
    made = [uv, "venv", "--quiet", "--clear", "--python", sys.executable, ENVIRONMENT]
    brought = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", ENVIRONMENT / "bin/python"]
    for words in (made, [*brought, f"ray[default]=={VERSION}"]):
        try:
            subprocess.run(words, check=True, capture_output=True, timeout=INSTALL_WITHIN_S)
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", None) or b""
            return f"ray[default] {VERSION} cannot be had here: {said.decode(errors='replace')[-300:] or error}"
    _READY.touch()
    return ""


def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait until something holds that Ray is asked for: each question costs it milliseconds."""
    deadline_s = time.monotonic() + HANG_S
    while not condition():
        assert time.monotonic() < deadline_s, f"waited {HANG_S:g} s in vain: {what}"
        time.sleep(ASKED_EVERY_S)


@contextmanager
def ray(cpus: int = 4, **variables: str) -> Generator[Ray]:
    """Bring up a Ray and take it down again.

    :param variables: of the environment of its processes.
    """
    if reason := why_not():
        pytest.skip(reason)
    cluster = Ray(cpus, **variables)
    try:
        yield cluster.up()
    finally:
        cluster.down()


def _session(leader: int) -> list[int]:
    """Return every process of the session that a node was started as."""
    found: list[int] = []
    for pid in psutil.pids():
        with suppress(OSError):
            if os.getsid(pid) == leader:
                found.append(pid)
    return found


def _program(pid: int) -> str:
    try:
        return psutil.Process(pid).name()
    except psutil.Error:
        return ""


def _free_ports(count: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports
