"""What goes on until it is ended, begun as a person begins it: other tests fork it from where all is imported."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import suppress
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from watchkeeper.server.interfaces.network import tokens

from ..limits import HANG_S
from ..play import Place
from ..runtime.keeper.helpers import until
from ..warm import COLD


def answers(where: str) -> None:
    with suppress(HTTPError):  # a refusal is an answer
        urlopen(where, timeout=HANG_S).close()


@pytest.mark.parametrize(
    ("words", "says", "ended_by", "status"),
    [
        (["serve", "--http", "127.0.0.1:0", "--tokens", "TOKENS"], r"http://[^\s/]+", signal.SIGTERM, 0),
        (["ui", "127.0.0.1:0"], r"http://[^\s/]+", signal.SIGTERM, 0),
        (["status", "--follow", "--json"], r"\[\]", signal.SIGINT, 130),
    ],
)
def test_it_begins_and_ends(
    place: Place, tmp_path_factory: pytest.TempPathFactory,
    words: list[str], says: str, ended_by: signal.Signals, status: int,
) -> None:  # fmt: skip
    owner, said = tmp_path_factory.mktemp("owner"), place.root / "said"
    tokens.make(owner / "tokens", place.root)
    words = [str(owner / "tokens") if one == "TOKENS" else one for one in words]
    environment = {**os.environ, "XDG_STATE_HOME": str(owner)}
    command = [*COLD, "--workspace", str(place.root), *words]
    with said.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env=environment, cwd=place.root)
    try:
        found = until(lambda: re.search(says, said.read_text("utf-8")) or process.poll() is not None, f"it says {says}")
        if isinstance(found, re.Match) and found[0].startswith("http"):
            answers(found[0])  # it says where it is before it minds a signal
        process.send_signal(ended_by)
        assert process.wait(HANG_S) == status, said.read_text("utf-8")
    finally:
        process.kill()
        process.wait(HANG_S)
    assert "Traceback" not in said.read_text("utf-8")
