"""The command line: every tool on the same record, and the commands for people."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from watchkeeper.server.interfaces.commands.cli import main, parser
from watchkeeper.server.interfaces.mcp.instructions import FIRST_STEPS, HELP
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.storage.policy.policy import read_policy
from watchkeeper.server.vocabulary.runs import Role
from watchkeeper.tools import TOOLS

from ...limits import HANG_S
from ...play import FAILS, GOOD, Place
from ...warm import COLD
from .helpers import SAYS_ARGUMENTS, asked, run, started


def examples() -> list[str]:
    """Return every example of the help, without the remark behind it."""
    text = "\n".join([FIRST_STEPS, *(shown for _, shown in HELP.values())]).replace("\\\n", " ")
    return [
        re.split(r" {3,}(?=[a-z])", line.strip())[0] for line in text.split("\n") if line.startswith("  watchkeeper")
    ]


@pytest.mark.parametrize("example", examples())
def test_every_example_in_the_help_is_a_command_that_parses(example: str) -> None:
    words = shlex.split(example)[1:]
    parser().parse_args(words[: words.index("--")] if "--" in words else words)


@pytest.mark.parametrize("command", [*(tool.command for tool in TOOLS), "status", "init", "doctor", "serve"])
def test_every_command_teaches_in_its_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    shown = capsys.readouterr().out
    assert left.value.code == 0
    assert "examples:" in shown
    assert f"watchkeeper {command}" in shown.split("examples:")[1] or f"~/project {command}" in shown
    assert max(map(len, shown.split("\n"))) <= 120


def test_the_help_names_every_command_and_the_first_steps(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    shown = capsys.readouterr().err
    assert all(re.search(rf"^    {command} +\S", shown, re.MULTILINE) for command in HELP)
    assert "first steps:" in shown


def test_every_tool_is_a_command_on_the_same_record(place: Place) -> None:
    run_id = started(place, FAILS)
    ended = asked(place, "poll", run_id, "--until", "end", "--wait", str(HANG_S))
    assert (ended["state"], ended["findings"][0]["exception"]) == ("failed", "ValueError")
    report = asked(place, "report", "The input has NaN.", "--run", run_id)["report"]
    answer = asked(place, "answer", report, "restart", "--instructions", "Drop the rows.")
    assert (answer["run"], answer["action"]) == (run_id, "RESTART")
    place.script(GOOD)
    second = asked(place, "start", "1", "quick", "--follows", run_id)["run"]
    assert asked(place, "poll", second, "--until", "end", "--wait", str(HANG_S))["state"] == "completed"
    assert asked(place, "verify", second)["run"] == second
    entry = asked(
        place, "diary", "1", "--report", report, "--struggle", "NaN in the input.", "--investigation", "Counted: 3.",
        "--investigation", "Without them: none.", "--fix", "Dropped three rows.", "--why", "The sensor was off.",
    )  # fmt: skip
    assert (entry["entry"], entry["closed_report"]) == (1, report)
    assert asked(place, "stop", second, "--reason", "over anyway")["state"] == "completed"


def test_what_stands_behind_two_dashes_is_the_scripts(place: Place) -> None:
    place.script(SAYS_ARGUMENTS)
    done = run(place, "start", "1", "quick", "--json", "--", "--seed", "7", "--json")
    run_id = json.loads(done.stdout)["run"]
    place.ends(run_id)
    assert place.recorded(run_id).args == ("--seed", "7", "--json")
    assert run(place, "poll", "--", "--seed").returncode == 2


def test_the_workspace_may_be_named_behind_the_command_too(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--workspace", str(place.root)]) == 0
    assert main(["--workspace", str(place.root), "status"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == second == "No run yet. Start one: watchkeeper start MODEL quick"


def test_an_act_over_the_command_line_is_recorded_as_such(place: Place) -> None:
    words = ["--workspace", str(place.script(GOOD).root), "start", "1", "quick"]
    subprocess.run([*COLD, *words], stdout=subprocess.DEVNULL, timeout=HANG_S, check=True)
    place.ends(run_id := "1-quick-1")
    who = str(place.recorded(run_id).by)
    assert re.fullmatch(rf"trainer over the command line, uid {os.getuid()}, parent {os.getpid()} \(.+\)", who)


def test_next_is_a_command_that_works_as_it_stands(place: Place) -> None:
    run_id = started(place, GOOD)
    place.ends(run_id)
    following = asked(place, "poll", run_id, "--wait", "0")["next"]
    assert following.split(": ")[-1].startswith(f"watchkeeper --workspace {place.root} start 1 full")
    brief = asked(place, "poll", "--role", "director", "--wait", "0")["next"]
    assert brief.endswith("--role director")
    words = shlex.split(brief)
    assert run(place, *words[3:], "--wait", "0").returncode == 0


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["poll", "nope"], 1, "There is no run 'nope'."),
        (["verify", "1-full-9"], 1, "There is no run '1-full-9'."),
        (["start", "1", "fulll"], 2, "phase takes quick (5A), full (5B), not 'fulll'."),
        (["start", "../x", "quick"], 2, "is no model id"),
        (["start", "1", "quick"], 1, "model_1.py"),
        (["poll", "--wait", "soon"], 2, "wait_s takes a number, not 'soon'."),
        (["poll", "--until", "end"], 2, "--until end needs a run."),
        (["report", " ", "--model", "1"], 2, "A report needs what_happened."),
    ],
)
def test_an_error_goes_to_standard_error_with_its_exit_status(
    place: Place, capsys: pytest.CaptureFixture[str], words: list[str], status: int, said: str
) -> None:
    assert main(["--workspace", str(place.root), *words]) == status
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("watchkeeper: ")
    assert said in shown.err
    assert main(["--workspace", str(place.root), *words, "--json"]) == status
    shown = capsys.readouterr()
    assert shown.out == ""
    assert set(json.loads(shown.err)) == {"error", "do_next"}
    assert said in json.loads(shown.err)["error"] + json.loads(shown.err)["do_next"]


def test_an_error_names_commands_where_a_tool_would_name_calls(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.script(GOOD)
    assert main(["--workspace", str(place.root), "start", "1", "full"]) == 1
    assert f"watchkeeper --workspace {place.root} start 1 quick" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["nope"], ["start"], ["poll", "--nope"], ["poll", "--until", "never"]])
def test_a_command_that_cannot_be_understood_ends_with_status_2(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_words_that_are_no_text_are_refused(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--workspace", str(place.root), "poll", os.fsdecode(b"1-quick-\xff")]) == 2
    assert "UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["status"], ["poll"], ["--help"], ["poll", "--help"], ["doctor"]])
def test_a_reader_that_leaves_is_no_reason_to_complain(place: Place, words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [*COLD, "--workspace", str(place.root), *words]
    with subprocess.Popen(command, stdout=writing, stderr=subprocess.PIPE, text=True) as process:
        os.close(writing)
        _, complaint = process.communicate(timeout=HANG_S)
    assert complaint == ""


def test_commands_for_people_do_without_the_slow_imports(place: Place) -> None:
    check = (
        "import sys\nfrom watchkeeper.server.interfaces.commands.entry import main\nassert main() == 0\n"
        "print(sorted({'mcp', 'numpy', 'pymc', 'starlette'} & set(sys.modules)), file=sys.stderr)"
    )
    for words in (["status"], ["poll", "--wait", "0"], ["init", "--force"]):
        done = subprocess.run(
            [sys.executable, "-P", "-c", check, "--workspace", str(place.root), *words],
            capture_output=True,
            text=True,
            timeout=HANG_S,
            check=False,
        )
        assert done.stderr.strip() == "[]"


def test_status_is_a_table_of_the_runs(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    run_id = started(place, FAILS)
    place.ends(run_id)
    assert main(["--workspace", str(place.root), "status"]) == 0
    heading, row = capsys.readouterr().out.splitlines()
    assert heading.split() == ["run", "state", "elapsed", "cpu", "failures", "report", "verdict", "note"]
    assert row.split()[:2] == [run_id, "failed"]
    assert heading.index("state") == row.index("failed")
    (facts,) = json.loads(run(place, "status", "--json").stdout)
    assert (facts["run"], facts["state"], facts["failures"]) == (run_id, "failed", 1)


def test_init_writes_a_policy_that_parses_and_refuses_to_overwrite_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--workspace", str(tmp_path), "init"]) == 0
    policy = tmp_path / "watchkeeper.toml"
    tomllib.loads(policy.read_text())
    assert read_policy(Workspace(tmp_path)).quick.max_minutes == 30
    assert stat_mode(tmp_path / ".watchkeeper") == 0o700
    policy.write_text("[quick]\nmax_minutes = 5\n")
    assert main(["--workspace", str(tmp_path), "init"]) == 1
    assert policy.read_text() == "[quick]\nmax_minutes = 5\n"
    assert "init --force" in capsys.readouterr().err
    assert main(["--workspace", str(tmp_path), "init", "--force"]) == 0
    assert "max_minutes = 5\n" not in policy.read_text().replace("# ", "")


def stat_mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def objects_in(shown: str) -> list[dict[str, Any]]:
    """Return the JSON that stands on lines of its own."""
    return [json.loads(line) for line in shown.splitlines() if line.startswith("  {")]


def test_the_hooks_that_init_prints_work_where_no_path_holds_watchkeeper(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "my project"
    folder.mkdir()
    main(["--workspace", str(folder), "init"])
    settings = objects_in(capsys.readouterr().out)[0]
    for (group,) in settings["hooks"].values():
        (hook,) = group["hooks"]
        done = subprocess.run(
            ["/bin/sh", "-c", hook["command"]],
            input=json.dumps({"session_id": "s", "cwd": "/"}),
            capture_output=True,
            text=True,
            cwd="/",
            env={"PATH": "/usr/bin:/bin"},
            timeout=HANG_S,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_a_start_imports_nothing_that_only_one_command_needs() -> None:
    ours = "watchkeeper.server."
    only = {f"{ours}interfaces.commands.{one}" for one in ("doctor", "init", "moving", "policy_text", "rebuild")}
    only |= {f"{ours}acts.start.start", f"{ours}acts.start.adopt", f"{ours}acts.verify", f"{ours}analysis.scripts"}
    code = f"import sys, watchkeeper.server.interfaces.commands.cli; print(sorted({only} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_hook_that_names_its_folder_starts_as_quickly_as_one_that_does_not(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['watchkeeper', '--workspace', sys.argv[1], 'hook', 'stop'];"
        "from watchkeeper.server.interfaces.commands.entry import main; main();"
        "print(sorted({'pydantic', 'mcp', 'anyio', 'argparse'} & set(sys.modules)))"
    )
    command = [sys.executable, "-P", "-c", code, str(tmp_path)]
    done = subprocess.run(command, input="{}", capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["{}", "[]"]


def test_init_shows_wiring_that_each_client_can_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "my project"
    folder.mkdir()
    main(["--workspace", str(folder), "init"])
    shown = capsys.readouterr().out
    wanted = [
        sys.executable,
        "-P",
        "-m",
        "watchkeeper.server",
        "--workspace",
        str(folder),
        "serve",
        "--role",
        "trainer",
    ]
    claude = next(line for line in shown.splitlines() if "claude mcp add" in line)
    assert shlex.split(claude)[shlex.split(claude).index("--") + 1 :] == wanted
    settings, desktop, gemini, code, codex_hooks = objects_in(shown)
    entries = [one["mcpServers"]["watchkeeper"] for one in (desktop, gemini)]
    for entry in (*entries, code["servers"]["watchkeeper"]):
        assert [entry["command"], *entry["args"]] == wanted
    codex = tomllib.loads("\n".join(line.strip() for line in shown.split("config.toml")[1].splitlines()[1:5]))
    server = codex["mcp_servers"]["watchkeeper"]
    assert [server["command"], *server["args"]] == wanted
    # An unattended agent must be allowed to call the tools, and must have them in its first turn.
    assert settings["permissions"]["allow"] == ["mcp__watchkeeper__*"]
    assert gemini["mcpServers"]["watchkeeper"]["trust"] is True
    assert server["required"] is True
    assert set(settings["hooks"]) == set(codex_hooks["hooks"]) == {"Stop", "SessionStart"}
    assert set(gemini["hooks"]) == {"AfterAgent", "SessionStart"}
    for client in ("Claude Code", "Claude Desktop", "Codex CLI", "Gemini CLI", "VS Code"):
        assert client in shown
    words = shlex.split(shown.strip().splitlines()[-1].split("set-up: ")[1])
    assert parser().parse_args(words[1:]).workspace == str(folder)


def test_a_workspace_that_is_not_there_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--workspace", str(tmp_path / "nowhere"), "status"]) == 1
    assert "nowhere" in capsys.readouterr().err


def test_every_role_can_poll_and_only_its_own_may_act(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    for role in (one for one in Role if one.agent):  # a person has the page
        assert main(["--workspace", str(place.root), "poll", "--wait", "0", "--role", role.value]) == 0
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["--workspace", str(place.root), "start", "1", "quick", "--role", "director"])
    assert place.runs() == []
