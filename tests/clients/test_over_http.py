"""One server for many: the command lines, wired by the lines of the page, call the tools that their token opens."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from watchkeeper.server.interfaces.network import tokens

from ..interfaces.network.helpers import served
from .command_lines import CLAUDE_CODE, CODEX, GEMINI, CommandLine
from .pages import PAGE, paste, told
from .players import Patient, Player
from .stories import TRAIN, at_home, waiting
from .tried import Tried

pytestmark = [pytest.mark.usefixtures("nothing_left"), pytest.mark.clients]
ADDRESS = "http://127.0.0.1:8765/mcp"
"""As the page has it."""


def test_the_page_names_the_address_at_which_a_server_listens_that_is_told_none() -> None:
    assert f"The second serves MCP at `{ADDRESS}`" in PAGE.read_text("utf-8")


@pytest.mark.parametrize(
    "client",
    [
        pytest.param(one, marks=pytest.mark.xdist_group(one.name), id=one.package.command)
        for one in (CLAUDE_CODE, CODEX, GEMINI)
    ],
)
def test_a_command_line_calls_a_server_over_http_as_the_page_says(
    client: CommandLine, tmp_path: Path, tried: Tried
) -> None:
    place = waiting(tmp_path / "project")
    file = tmp_path / "tokens"
    tokens.make(file, place.root)
    player = Player(Patient(2.0))
    with served(place.root, file) as server:
        token = server.tokens["trainer"]
        settings = client.settings

        def with_token(url: str) -> dict[str, str]:
            return {**settings(url), "WATCHKEEPER_TOKEN": token}

        client = replace(client, settings=with_token)
        with at_home(client, tmp_path / "home", place.root, player) as (home, _):
            paste(
                told("One server for many, over HTTP", client.name),
                home,
                **{ADDRESS: server.url, " TOKEN": f" {token}"},
            )
            home.run(client.command(TRAIN))
        place.go()
        place.ends("1-quick-1")
    assert re.search(r"\bstate\W+running\b", "\n".join(player.results)), player.results
    tried(client.name, client.package.version, over_HTTP="yes")
