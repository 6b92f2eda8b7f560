"""A client on a laptop, the server on the login node: `ssh login watchkeeper serve` as the client's command."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import pytest
from mcp import StdioServerParameters
from mcp.client import Client

from ...limits import HANG_S
from ...play import ME, WAITS, Agent, Place
from ...runtime.keeper.helpers import until
from ...slurm import Slurm, free_ports
from .helpers import LOG, RUN

pytestmark = [pytest.mark.xdist_group("slurm"), pytest.mark.anyio]
SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
QUIET = ["-F/dev/null", "-oBatchMode=yes", "-oStrictHostKeyChecking=yes", "-oLogLevel=ERROR", "-oIdentitiesOnly=yes"]


@pytest.fixture
def login(tmp_path_factory: pytest.TempPathFactory) -> Generator[list[str]]:
    """Give the words of ssh that reach a daemon of our own on loopback, with keys of its own."""
    if SSHD is None or shutil.which("ssh") is None:
        pytest.skip("needs sshd and ssh (Debian: openssh-server, openssh-client)")
    folder = tmp_path_factory.mktemp("sshd")
    for name in ("host", "mine"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where a daemon of root goes before it knows who comes
    (port,) = free_ports(1)
    known = folder / "known"
    known.write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/mine.pub\n"
        f"PidFile {folder}/pid\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nLogLevel ERROR\n"
    )
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", str(folder / "config")], stdin=subprocess.DEVNULL, stderr=log
        )
    words = [*QUIET, f"-oUserKnownHostsFile={known}", f"-i{folder}/mine", f"-p{port}", f"{getpass.getuser()}@127.0.0.1"]
    try:
        until(lambda: _listens(port), "sshd listens")
        yield words
    finally:
        daemon.terminate()
        daemon.wait(HANG_S)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


async def test_a_client_whose_command_is_ssh_trains_on_the_cluster_and_may_lose_its_line(
    on_slurm: Place, cluster: Slurm, login: list[str]
) -> None:
    on_slurm.script(WAITS)
    serve = f"watchkeeper.server --workspace {on_slurm.root} serve --role trainer"
    words = [*login, f"SLURM_CONF={cluster.conf} {sys.executable} -P -m {serve}"]
    command = StdioServerParameters(command="ssh", args=words)
    async with Client(command, client_info=ME) as client:
        trainer = Agent(client)
        assert (await trainer.ask("start_training", model="1", phase="quick"))["run"] == RUN
        on_slurm.says(LOG, "ready")
    on_slurm.go()  # nobody is connected
    async with Client(command, client_info=ME) as client:
        seen = await Agent(client).watch(RUN)
    assert seen["state"] == "completed"
    assert on_slurm.recorded(RUN).engine is not None
