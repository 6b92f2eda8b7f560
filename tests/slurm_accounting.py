"""A Slurm with accounting: a MariaDB and a slurmdbd of its own besides. Debian: slurmdbd, mariadb-server."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .limits import HANG_S
from .runtime.keeper.helpers import until
from .slurm import Slurm, free_ports, why_not

PROGRAMS = ("slurmdbd", "mariadbd", "mariadb-install-db", "mariadb")


class Accounting(Slurm):
    """A cluster of one host whose jobs are in a database."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self._port = free_ports(1)[0]
        settings = {
            "AccountingStorageType": "accounting_storage/slurmdbd", "AccountingStorageHost": "127.0.0.1",
            "AccountingStoragePort": self._port, "AccountingStoragePass": f"{folder}/munge/socket",
        }  # fmt: skip
        super().__init__(folder, 1, more + "".join(f"{name}={value}\n" for name, value in settings.items()))

    def start_controller(self) -> None:
        """Start the database and its daemon first, once."""
        if "mariadbd" not in self.running:
            self._start_database()
        super().start_controller()

    def _start_database(self) -> None:
        data, listens = self.folder / "db", self.folder / "db-socket"
        done = subprocess.run(
            ["mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={data}",
             "--auth-root-authentication-method=socket", "--skip-test-db"],
            capture_output=True, check=False, timeout=HANG_S,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-500:]
        small = ["--innodb-buffer-pool-size=64M", "--skip-networking"]
        self.start(
            "mariadbd", "mariadbd", "--no-defaults", "--user=root", f"--datadir={data}", f"--socket={listens}",
            f"--pid-file={self.folder}/db.pid", *small,
        )  # fmt: skip
        until(lambda: self._sql(listens, "select 1"), "the database answers")
        assert self._sql(listens, "create database slurm_acct; select 1")
        conf = self.folder / "slurmdbd.conf"
        conf.touch(mode=0o600)
        host = socket.gethostname().partition(".")[0]
        lines = {
            "AuthType": "auth/munge", "AuthInfo": f"socket={self.folder}/munge/socket", "DbdHost": host,
            "DbdAddr": "127.0.0.1", "DbdPort": self._port, "SlurmUser": "root",
            "StorageType": "accounting_storage/mysql", "StorageHost": "localhost", "StorageUser": "root",
            "StorageLoc": "slurm_acct", "LogFile": f"{self.folder}/log/slurmdbd", "PidFile": f"{self.folder}/dbd.pid",
        }  # fmt: skip
        conf.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        self.start("slurmdbd", "env", f"MYSQL_UNIX_PORT={listens}", "slurmdbd", "-D")
        until(lambda: self.ask("sacctmgr", "--noheader", "list", "cluster") or self._registers(), "slurmdbd answers")

    def manage(self, *words: str) -> None:
        """Change the accounts, and wait until the controller knows of it as well as the database."""
        done = subprocess.run(
            ["sacctmgr", "--immediate", *words], capture_output=True, check=False, timeout=HANG_S, env=self.environment
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _registers(self) -> bool:
        return bool(self.ask("sacctmgr", "--immediate", "add", "cluster", "tests"))

    def _sql(self, listens: Path, command: str) -> bool:
        words = ["mariadb", "--no-defaults", "--user=root", f"--socket={listens}", "--execute", command]
        return subprocess.run(words, capture_output=True, check=False, timeout=HANG_S).returncode == 0


@contextmanager
def accounting(folder: Path, more: str = "") -> Generator[Accounting]:
    """Bring up a cluster with accounting and take it down again."""
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    if reason := why_not() or (f"needs {', '.join(lacking)} (Debian: slurmdbd, mariadb-server)" if lacking else ""):
        pytest.skip(reason)
    cluster = Accounting(folder, more)
    try:
        cluster.up()
        yield cluster
    finally:
        cluster.down()
