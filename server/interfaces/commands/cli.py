"""The composition root and the command line: every tool as a command on the same state, and the commands for people."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import anyio

from ....tools import TOOLS
from ...acts.desk import Desk, open_desk
from ...acts.toolbox import Parameter, Shape, Tool, Value, rendered
from ...storage.files.workspace import Workspace
from ...storage.policy import profiles
from ...vocabulary.errors import InvalidArgument, WatchkeeperError
from ...vocabulary.runs import Role
from ...vocabulary.sanitize import mask_secrets, masked
from ..mcp import escaped, instructions, resources
from ..replay import command as replay
from . import (
    attest,
    attest_words,
    comparing,
    hooks,
    json_files,
    notify,
    offline,
    prune,
    running,
    serving,
    status,
    story,
    top,
    ui,
    verdict_words,
    waiting,
)
from .project_folder import of_record, workspace
from .translate import as_command, in_place, option, usual_role

Arguments = dict[str, Value]

_IN_VAIN = 3
"""Exit status of `poll --until` when the time was over before anything happened."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 refused or failed, 2 called wrongly, 3 waited in vain."""
    try:
        try:
            return _run(sys.argv[1:] if arguments is None else arguments)
        finally:  # also after argparse's help, which ends by SystemExit
            sys.stdout.flush()
    except KeyboardInterrupt:
        print("watchkeeper: interrupted; runs go on, nothing that was acknowledged is lost.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output left; say nothing more, not even when Python flushes at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except Exception as error:  # the one seam of the command line: whatever else escapes is a defect of ours
        escaped.tell(error)
        return 1


def _run(arguments: Sequence[str]) -> int:
    top = parser()
    if not arguments:
        top.print_help(sys.stderr)
        return 2
    own, of_script = _divided(arguments)
    options = top.parse_args(own)
    if of_script:
        if not hasattr(options, "args"):
            top.error("only start and run take words behind two dashes")
        options.args = [*(options.args or []), *of_script]
    try:
        return int(options.command(options))
    except WatchkeeperError as error:
        return _complain(error, options)


def _divided(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Divide at two dashes: what stands behind them is the training script's (argparse would lose it)."""
    place = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:place], arguments[place + 1 :]


def version() -> str:
    """Return the installed version."""
    return metadata.version("watchkeeper")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="watchkeeper",
        description="Train models for hours under watch.\n\nRuns live in processes of their own: closing the terminal, "
        "Ctrl-C or a killed server ends none of them.",
        epilog=instructions.FIRST_STEPS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"watchkeeper {version()}")
    top.add_argument("--workspace", metavar="DIR", help=instructions.WORKSPACE)
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for tool in TOOLS:
        _add_tool(commands, tool)
    _add_people(commands)
    _add_hook(commands)
    _add_attest(commands)
    _add_running(commands)
    _add_prune(commands)
    _add_ui(commands)
    _add_notify(commands)
    offline.add_commands(commands)
    replay.add_commands(commands, TOOLS)
    return top


def _command(commands: Any, name: str, short: str, about: str, epilog: str) -> argparse.ArgumentParser:  # noqa: ANN401 (argparse's type is private)
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=short, description=about, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    # Also behind the command, where one looks for it first; absent, it must not hide the one in front.
    command.add_argument("--workspace", metavar="DIR", default=argparse.SUPPRESS, help=instructions.WORKSPACE)
    return command


def _add_tool(commands: Any, tool: Tool) -> None:  # noqa: ANN401 (argparse's type is private)
    about = f"{as_command(tool.description, TOOLS)}\n\nThe same for an agent over MCP:\n  {tool.usage()}"
    short, examples = instructions.HELP[tool.command]
    command = _command(commands, tool.command, short, about, f"examples:\n{examples}")
    for one in tool.parameters:
        _add_parameter(command, one, tool)
    if tool.command == "poll":
        command.add_argument("--until", choices=["event", "end"], help=instructions.UNTIL)
        command.add_argument("--follow", action="store_true", help=instructions.FOLLOW)
    if tool.command == "report":
        story.add_option(command)
    if tool.command == verdict_words.COMMAND:
        verdict_words.add_option(command)
    roles = [role.value for role in Role if role.agent and role in tool.roles]
    usual = usual_role(tool).value
    command.add_argument("--role", choices=roles, default=usual, help=f"who acts, for the record (default {usual})")
    command.add_argument("--json", action="store_true", help="print the result, or the error, as JSON")
    command.set_defaults(command=partial(_run_tool, tool))


def _add_parameter(command: argparse.ArgumentParser, one: Parameter, tool: Tool) -> None:
    about = one.about or None
    if in_place(tool, one):
        command.add_argument(one.name, metavar=one.name.upper(), nargs=None if one.required else "?", help=about)
    elif one.name == "args":
        about = f"{about}; simpler behind two dashes at the end: -- --seed 7"
        command.add_argument("--args", metavar="ARG", action="append", help=about)
    elif one.shape is Shape.TRUTH:
        command.add_argument(option(one), dest=one.name, action=argparse.BooleanOptionalAction, help=about)
    else:
        several = one.shape is Shape.TEXTS
        repeated = "; ".join(filter(None, [one.about, "may be given several times"])) if several else about
        metavar = "SECONDS" if one.name.endswith("_s") else one.name.upper()
        action = "append" if several else "store"
        command.add_argument(
            option(one), dest=one.name, metavar=metavar, required=one.required, action=action, help=repeated
        )


def _run_tool(tool: Tool, options: argparse.Namespace) -> int:
    given = {one.name: getattr(options, one.name) for one in tool.parameters}
    arguments = tool.take(json_files.opened(tool, given, partial(workspace, options)))
    role, until = Role(options.role), getattr(options, "until", None)
    if until == "end" and "run" not in arguments:
        raise InvalidArgument("--until end needs a run.", "`watchkeeper status` names the runs there are.")
    if getattr(options, "follow", False):
        return _follow(options, role, arguments)
    if getattr(options, "output", None):
        with _desk(options, Role.OBSERVER) as desk:
            return story.write(desk, options.what_happened, Path(options.output), version())
    with _desk(options, role) as desk:
        if until is None:
            content, came = anyio.run(waiting.called, tool, desk, arguments), True
        else:
            content, came = anyio.run(waiting.waited, tool, desk, arguments, until)
    content["next"] = as_command(content["next"], TOOLS, role, options.workspace or "")
    if until:
        content["next"] = waiting.go_on(content["next"], until, options.wait_s)
    shown = verdict_words.asked(content, options)
    print(json.dumps(content, ensure_ascii=False) if options.json else rendered(shown))
    return 0 if came else _IN_VAIN


def _follow(options: argparse.Namespace, role: Role, arguments: Arguments) -> int:
    if options.until or set(arguments) - {"run"}:
        raise InvalidArgument("--follow takes a run and nothing else.", "Leave --until, --wait and --cursor out.")
    from . import following  # noqa: PLC0415 (for this way of polling only)

    def tell(line: following.Line) -> None:
        print(line.json() if options.json else line.text(), flush=True)

    run = arguments.get("run")
    with _desk(options, role, os.environ.get("CLAUDE_PROJECT_DIR")) as desk:  # as a plugin's monitor is told of it
        return anyio.run(following.follow, desk, run if isinstance(run, str) else None, tell)


def _add_people(commands: Any) -> None:  # noqa: ANN401 (argparse's type is private)
    for name, work, about in (
        ("status", _status, "Look at every run and print a table: state, time, CPU time, failures, report, verdict."),
        (
            "init",
            _init,
            "Look at the project, write a short watchkeeper.toml, show how to wire up each client.",
        ),
        ("policy", _policy, "Print every rule in force with its value, what it means, and why it is so; as TOML."),
        ("doctor", _doctor, "Look for what is wrong with this workspace and say how to mend it; changes nothing."),
        (
            "serve",
            _serve,
            "Serve MCP to the client that launches it, over standard input and output, or to many over HTTP.",
        ),
    ):
        short, examples = instructions.HELP[name]
        command = _command(commands, name, short, about, f"examples:\n{examples}")
        command.set_defaults(command=work)
        if name in ("status", "doctor"):
            command.add_argument("--json", action="store_true", help="print the result, or the error, as JSON")
        if name == "status":
            status.add_option(command)
        if name == "init":
            command.add_argument("--force", action="store_true", help="overwrite an existing watchkeeper.toml")
        if name in ("init", "policy"):
            command.add_argument("--profile", choices=list(profiles.ABOUT), help=instructions.PROFILE)
        if name == "doctor":
            command.add_argument("--rebuild-ledger", action="store_true", help=instructions.REBUILD)
            command.add_argument("--move-ledger", action="store_true", help=instructions.MOVE)
        if name == "serve":
            serving.add_options(command)


def _add_hook(commands: Any) -> None:  # noqa: ANN401 (argparse's type is private)
    about = (
        "Answer a client's hook: its JSON comes on standard input, the answer goes to standard output. Never fails: "
        "a broken hook lets the agent stop."
    )
    short, examples = instructions.HELP[hooks.COMMAND]
    command = _command(commands, hooks.COMMAND, short, about, f"examples:\n{examples}")
    # Not `choices`: argparse would end with 2, and that status means "block" to a client.
    command.add_argument("event", metavar="EVENT", nargs="?", default="", help=" or ".join(hooks.EVENTS))
    command.set_defaults(command=_hook)


def _add_attest(commands: Any) -> None:  # noqa: ANN401 (argparse's type is private)
    words = attest_words
    command = _command(commands, attest.COMMAND, words.SHORT, words.ABOUT, f"examples:\n{words.EXAMPLES}")
    attest.add_arguments(command, _desk)


def _add_running(commands: Any) -> None:  # noqa: ANN401 (argparse's type is private)
    made = [
        _command(commands, name, short, about, f"examples:\n{examples}")
        for name, (short, about, examples) in instructions.RUNNING.items()
    ]
    running.add_arguments(made[0], made[1], _desk)
    one = comparing
    command = _command(commands, one.COMMAND, one.SHORT, one.ABOUT, f"examples:\n{one.EXAMPLES}")
    one.add_arguments(command, _desk)


def _add_prune(commands: Any) -> None:  # noqa: ANN401 (argparse's type is private)
    command = _command(commands, prune.COMMAND, prune.SHORT, prune.ABOUT, f"examples:\n{prune.EXAMPLES}")
    prune.add_arguments(command, _desk)


def _add_ui(commands: Any) -> None:  # noqa: ANN401 (argparse's type is private)
    command = _command(commands, ui.COMMAND, ui.SHORT, ui.ABOUT, f"examples:\n{ui.EXAMPLES}")
    ui.add_options(command)
    command.set_defaults(command=_ui)
    command = _command(commands, top.COMMAND, top.SHORT, top.ABOUT, f"examples:\n{top.EXAMPLES}")
    command.set_defaults(command=_top)


def _add_notify(commands: Any) -> None:  # noqa: ANN401 (argparse's type is private)
    for name, (short, about, examples) in notify.COMMANDS.items():
        command = _command(commands, name, short, about, f"examples:\n{examples}")
        notify.add_arguments(name, command)
        command.set_defaults(command=partial(_notify, name))


def _notify(name: str, options: argparse.Namespace) -> int:
    return notify.run(name, options, of_record(options))


@contextmanager
def _desk(options: argparse.Namespace, role: Role, otherwise: str | None = None) -> Generator[Desk]:
    desk = open_desk(of_record(options, otherwise), role, who=_who(role))
    with closing(desk.ledger):
        yield desk


def _who(role: Role) -> str:
    """Name who acts through the command line, so that the record tells it from an agent over MCP."""
    parent = os.getppid()
    try:
        name = Path(f"/proc/{parent}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        name = "unknown"
    return f"{role} over the command line, uid {os.getuid()}, parent {parent} ({name[:40]})"


def _serve(options: argparse.Namespace) -> int:
    # Claude Code names the project to the servers of a plugin; where it launches them is not always the project.
    return serving.serve(options, workspace(options, os.environ.get("CLAUDE_PROJECT_DIR")), version())


def _ui(options: argparse.Namespace) -> int:
    return ui.serve(options, of_record(options), version())


def _top(options: argparse.Namespace) -> int:
    return top.show(of_record(options))


def _hook(options: argparse.Namespace) -> int:
    if options.event == "stop":
        return hooks.stop(options.workspace)
    if options.event != "session-start":
        print(f"watchkeeper: hook takes {' or '.join(hooks.EVENTS)}.", file=sys.stderr)
        return 1
    try:
        answer = hooks.opening(_opening_brief(options))
    except (WatchkeeperError, OSError, ValueError) as error:
        print(f"watchkeeper: no brief for the new session: {error}", file=sys.stderr)
        return 0
    if answer:
        print(answer)
    return 0


def _opening_brief(options: argparse.Namespace) -> str:
    folder = hooks.folder_on_record(options.workspace)
    if folder is None:
        return ""
    desk = open_desk(Workspace(folder), Role.OBSERVER, who=_who(Role.OBSERVER))
    with closing(desk.ledger):
        return resources.brief(anyio.run(serving.brief, desk))


def _status(options: argparse.Namespace) -> int:
    with _desk(options, Role.OBSERVER) as desk:
        return status.show(desk, as_json=options.json, follow=options.follow)


def _init(options: argparse.Namespace) -> int:
    from . import init  # noqa: PLC0415 (heavy: the other commands do without)

    print(init.initialise(workspace(options), sys.executable, force=options.force, profile=options.profile))
    return 0


def _policy(options: argparse.Namespace) -> int:
    from . import policy_text  # noqa: PLC0415 (the same)

    print(policy_text.whole(workspace(options), options.profile), end="")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from . import doctor, moving, rebuild  # noqa: PLC0415 (the same)

    found = workspace(options)
    moved = [moving.move(found)] if options.move_ledger else []
    rebuilt = [rebuild.rebuild(found)] if options.rebuild_ledger else []
    checks = [*moved, *rebuilt, *doctor.examine(found)]
    if options.json:
        print(json.dumps(masked([one.to_json() for one in checks]), ensure_ascii=False))
    else:
        print(mask_secrets(doctor.report(checks)))
    return 0 if all(one.fine for one in checks) else 1


def _complain(error: WatchkeeperError, options: argparse.Namespace) -> int:
    role = Role(options.role) if getattr(options, "role", None) else None
    what, do_next = (as_command(text, TOOLS, role, options.workspace or "") for text in (error.what, error.do_next))
    if getattr(options, "json", False):
        print(json.dumps(masked({"error": what, "do_next": do_next}), ensure_ascii=False), file=sys.stderr)
    else:
        print(mask_secrets(f"watchkeeper: {what} {do_next}".rstrip()), file=sys.stderr)
    return 2 if isinstance(error, InvalidArgument) else 1
