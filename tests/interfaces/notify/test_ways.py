"""The ways to a person: a command without a shell, a service through Apprise; URLs are shown nowhere."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from watchkeeper.server.interfaces.commands import cli
from watchkeeper.server.interfaces.notify.ways import open_ways
from watchkeeper.server.storage.policy.notify_table import Notify

from . import helpers

MESSAGE = {"title": "p: 1-quick-1 failed", "body": "1-quick-1 failed", "told": [{"kind": "failed"}]}
SECRET = "hunter2hunter2"


@contextmanager
def service(status: int = 200) -> Generator[tuple[str, list[dict[str, Any]]]]:
    """Serve what Apprise's json:// posts to; give its URL and what came."""
    came: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"json://me:{SECRET}@127.0.0.1:{server.server_port}/x", came
        server.shutdown()
        thread.join()


def workspace(folder: Path, text: str) -> Path:
    (folder / "p").mkdir()
    (folder / "p/watchkeeper.toml").write_text(text)
    return folder / "p"


def private(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "urls"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_command_gets_the_message_as_json_and_its_words_as_they_are(tmp_path: Path) -> None:
    words = (*helpers.command(tmp_path, body='[ "$2" = "; touch {folder}/\\$(x)" ] || exit 7'), "; touch {folder}/$(x)")
    ways = open_ways(Notify(command=words), tmp_path)
    assert (ways.names, ways.check("command"), ways.send("command", MESSAGE)) == (("command",), "", "")
    assert helpers.told(tmp_path) == [MESSAGE]
    assert ways.send("url 1", MESSAGE) == "there is no such URL any more"


def test_a_command_that_fails_hangs_or_is_not_there_says_so_in_our_words(tmp_path: Path) -> None:
    failing = helpers.command(tmp_path, body=f"echo {SECRET} >&2; exit 7")
    assert open_ways(Notify(command=failing), tmp_path).send("command", MESSAGE) == "it ended with status 7"
    hanging = Notify(command=helpers.command(tmp_path, body="sleep 3600 & wait"), timeout_s=1.0)
    assert open_ways(hanging, tmp_path).send("command", MESSAGE) == "it took longer than 1 s and was ended"
    absent = open_ways(Notify(command=("/nowhere/tell",)), tmp_path)
    assert absent.send("command", MESSAGE) == "/nowhere/tell cannot be run"


def test_a_trial_goes_to_services_whose_urls_are_shown_nowhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with service() as (url, came), service(500) as (broken, _):
        path = private(tmp_path, f"# mine\n\n{url}\n")
        monkeypatch.setenv("MY_URLS", broken)
        root = workspace(tmp_path, f'[notify]\nurls_file = "{path}"\nurls_env = "MY_URLS"\n')
        assert cli.main(["--workspace", str(root), "notify", "--test"]) == 1
    said = "".join(capsys.readouterr())
    assert [(one["title"], one["message"]) for one in came] == [
        ("p: a trial of watchkeeper", "This is a trial: word of your trainings arrives here.")
    ]
    assert said == "url 1: sent\nurl 2: the service did not take it\n"
    assert not (root / ".watchkeeper").exists()


@pytest.mark.parametrize(
    ("table", "mode", "said"),
    [
        ('urls_file = "{folder}/urls"', 0o644, "must be yours and readable by you alone"),
        ('urls_file = "{folder}/p/watchkeeper.toml"', 0o600, "lies in the workspace"),
        ('urls_file = "{folder}/none"', 0o600, "cannot be read"),
        ('urls_file = "{folder}/urls"', 0o600, "url 1: Apprise does not know such a URL"),
        ('urls_env = "NOT_SET_ANYWHERE"', 0o600, "NOT_SET_ANYWHERE of [notify] urls_env is not set here"),
        ('command = ["/nowhere/tell"]', 0o600, "/nowhere/tell cannot be run"),
    ],
)
def test_doctor_says_what_is_wrong_with_a_set_up_and_never_what_a_file_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], table: str, mode: int, said: str
) -> None:
    private(tmp_path, f"nothing://me:{SECRET}@127.0.0.1/", mode)
    root = workspace(tmp_path, "[notify]\n" + table.format(folder=tmp_path))
    assert cli.main(["--workspace", str(root), "doctor"]) == 1
    out = capsys.readouterr().out
    assert "WRONG notify: " in out
    assert said in out
    assert SECRET not in out


def test_a_broken_file_of_urls_leaves_the_command_its_way(tmp_path: Path) -> None:
    policy = Notify(command=helpers.command(tmp_path), urls_file=str(tmp_path / "none"))
    ways = open_ways(policy, tmp_path / "p")
    assert ways.names == ("command",)
    assert "cannot be read" in ways.trouble


@pytest.mark.parametrize("words", [["watch"], ["notify", "--test"]])
def test_without_anybody_to_tell_nothing_is_watched_and_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert cli.main(["--workspace", str(tmp_path), *words]) == 1
    assert "docs/notify.md" in capsys.readouterr().err
    assert cli.main(["--workspace", str(tmp_path), "notify"]) == 0
    assert "nobody is told of anything" in capsys.readouterr().out
