"""A server over HTTP as a process: many clients of the SDK at once, its end, and what it refuses to begin with."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import anyio
import pytest
from watchkeeper.server.interfaces.commands import cli, hooks
from watchkeeper.server.interfaces.network import tokens
from watchkeeper.server.vocabulary.runs import Role

from ...limits import LONG_S
from ...play import FAILS, WAITS, WAITS_LONG, Facts, Mode, Place
from ...runtime.keeper.helpers import until
from .helpers import served

WATCHERS = 12


@pytest.fixture
def tokens_file(tmp_path_factory: pytest.TempPathFactory, place: Place) -> Path:
    path = tmp_path_factory.mktemp("owner") / "http.tokens"
    tokens.make(path, place.root)
    return path


def waiting(server: int) -> int:
    """Return how many polls wait in a server: each holds an inotify descriptor."""
    found = 0
    for one in Path(f"/proc/{server}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found += "inotify" in os.readlink(one)
    return found


@pytest.mark.anyio
async def test_a_team_works_through_one_server_and_every_waiting_poll_is_answered_at_its_end(
    place: Place, tokens_file: Path
) -> None:
    place.policy(WAITS_LONG).script(FAILS).script(WAITS, model="2")
    told: list[Facts] = []
    with served(place.root, tokens_file) as server:
        async with server.agent("trainer") as trainer, server.agent("director", "legacy") as director:
            run = await trainer.trained()
            report = (await trainer.ask("report_error", run=run, what_happened="a ValueError"))["report"]
            assert "no tool 'report_error' for the role director" in await director.refused("report_error")
            await director.ask("answer_report", report=report, action="RESTART", instructions="drop the NaN")
            assert (await trainer.poll(run))["answer"]["action"] == "RESTART"
            second = (await trainer.ask("start_training", model="2", phase="quick"))["run"]

            async def watch(mode: Mode, role: str) -> None:
                async with server.agent(role, mode) as agent:
                    told.append(await agent.poll(second, wait_s=LONG_S, cursor=(await agent.poll(second))["cursor"]))

            async with anyio.create_task_group() as team:
                for number in range(WATCHERS):
                    team.start_soon(watch, ("auto", "legacy")[number % 2], ("trainer", "observer")[number % 3 > 0])
                await anyio.to_thread.run_sync(
                    lambda: until(lambda: waiting(server.process.pid) == WATCHERS, "all wait")
                )
                ledger = place.root / ".watchkeeper/ledger.sqlite3"
                assert hooks.somebody_waits(ledger, over_http=True)
                assert not hooks.somebody_waits(ledger)  # whose polls they are is not to be seen from outside
                server.process.send(signal.SIGTERM)
        assert server.process.ends() == 0
        errors = server.process.err
    assert [one["state"] for one in told] == ["running"] * WATCHERS
    assert all("cursor" in one and "poll_training" in one["next"] for one in told)
    assert len(errors.splitlines()) == 1, errors
    assert not [one for one in server.tokens.values() if one in errors]
    assert place.recorded(second).end is None
    place.go()
    place.ends(second)


def test_who_reads_the_address_may_end_the_server_at_once(place: Place, tokens_file: Path) -> None:
    for ending in (signal.SIGTERM, signal.SIGHUP):
        with served(place.root, tokens_file) as server:
            server.process.send(ending)
            assert server.process.ends() == 0


@pytest.mark.anyio
async def test_a_server_under_nohup_stays_when_its_terminal_is_closed(place: Place, tokens_file: Path) -> None:
    with served(place.root, tokens_file, ignored=[signal.SIGHUP]) as server:  # what nohup does
        for _ in range(2):
            async with server.agent("trainer") as agent:
                assert "next" in await agent.poll()
            server.process.send(signal.SIGHUP)
        server.process.send(signal.SIGTERM)
        assert server.process.ends() == 0


@pytest.mark.anyio
async def test_a_client_of_the_older_era_is_known_by_what_it_says_over_http(place: Place, tokens_file: Path) -> None:
    place.policy(WAITS_LONG).script(WAITS)
    with served(place.root, tokens_file) as server:
        async with server.agent("trainer", "legacy", client=None) as agent:
            run = (await agent.ask("start_training", model="1", phase="quick"))["run"]
            quiet = await agent.poll(run, wait_s=LONG_S)  # the Python SDK is taken for one that gives up after 5 s
            place.go()
            await agent.watch(run)
        server.process.send(signal.SIGINT)
        assert server.process.ends() == 0
    assert quiet["state"] in ("starting", "running")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--http"], "--make-tokens FILE"),
        (["--http", "0.0.0.0:0", "--tokens", "TOKENS"], "--allow-host"),
        (["--http", "example.org:80", "--tokens", "TOKENS"], "no address"),
        (["--http", "--tokens", "TOKENS", "--role", "trainer"], "the token of each request says the role"),
        (["--http", "--tokens", "/nowhere"], "cannot be read"),
        (["--tokens", "TOKENS"], "belong to --http"),
        (["--make-tokens", "TOKENS"], "exists"),
        (["--make-tokens", "WORKSPACE/tokens"], "lies in the workspace"),
    ],
)
def test_what_would_not_be_safe_is_not_begun(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str],
    arguments: list[str], complaint: str,
) -> None:  # fmt: skip
    known = tmp_path_factory.mktemp("owner") / "tokens"
    tokens.make(known, tmp_path)
    named = {"TOKENS": str(known), "WORKSPACE/tokens": str(tmp_path / "tokens")}
    words = ["serve", *(named.get(one, one) for one in arguments)]
    assert cli.main(["--workspace", str(tmp_path), *words]) in (1, 2)
    said = capsys.readouterr().err
    assert complaint in said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_the_roles_of_a_file_are_those_that_are_served(place: Place, tokens_file: Path) -> None:
    tokens_file.write_text(f'director = "{"d" * 40}"')
    with served(place.root, tokens_file) as server:
        assert f"for {Role.DIRECTOR};" in server.process.err
