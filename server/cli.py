"""The composition root and the command line: every tool as a command on the same state, and the commands for people."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

import anyio

from ..tools import TOOLS
from . import doctor, initialise, offline, status
from .desk import Desk, open_desk
from .errors import InvalidArgument, WatchkeeperError
from .runs import Role, RunState
from .toolbox import Parameter, Shape, Tool, facts, rendered
from .translate import as_command
from .workspace import Workspace

_POSITIONAL = frozenset({"model", "phase", "run", "report", "action", "what_happened"})
_IN_VAIN = 3
"""Exit status of `poll --until` when the time was over before anything happened."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 refused or failed, 2 called wrongly, 3 waited in vain."""
    options = parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except WatchkeeperError as error:
        return _complain(error, as_json=bool(getattr(options, "json", False)))
    except KeyboardInterrupt:
        print("watchkeeper: interrupted; runs go on, nothing that was acknowledged is lost.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output left; say nothing more
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1


def version() -> str:
    """Return the installed version."""
    return metadata.version("watchkeeper")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="watchkeeper",
        description="Train models for hours under watch: every tool of the MCP server as a command, one record.",
        epilog="First: `watchkeeper init`. A whole day in small: `make demo` in the source folder.",
    )
    top.add_argument("--version", action="version", version=f"watchkeeper {version()}")
    top.add_argument("--workspace", metavar="DIR", help="project folder (default: $WATCHKEEPER_WORKSPACE, else here)")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for tool in TOOLS:
        _add_tool(commands, tool)
    _add_people(commands)
    offline.add_commands(commands)
    return top


def _add_tool(commands: Any, tool: Tool) -> None:  # noqa: ANN401 (argparse's type is private)
    short = tool.description.split("\n", 1)[0]
    command = commands.add_parser(tool.command, help=short, description=f"{tool.description}\n\nTool: {tool.usage()}")
    command.formatter_class = argparse.RawDescriptionHelpFormatter
    for one in tool.parameters:
        _add_parameter(command, one, tool)
    if tool.command == "poll":
        command.add_argument("--until", choices=["event", "end"], help="wait for the next news, or for the run's end")
    roles = [role.value for role in Role if role in tool.roles]
    command.add_argument(
        "--role", choices=roles, default=roles[0], help="who acts, for the record (default %(default)s)"
    )
    command.add_argument("--json", action="store_true", help="print the result as JSON")
    command.set_defaults(command=partial(_run_tool, tool))


def _add_parameter(command: argparse.ArgumentParser, one: Parameter, tool: Tool) -> None:
    if one.name in _POSITIONAL and (one.required or tool.command == "poll"):
        command.add_argument(one.name, nargs=None if one.required else "?", help=one.about or None)
        return
    flag = "--wait" if one.name == "wait_s" else f"--{one.name.replace('_', '-')}"
    kind: dict[str, Any] = {"action": "append"} if one.shape is Shape.TEXTS else {}
    if one.shape is Shape.TRUTH:
        kind = {"action": argparse.BooleanOptionalAction}
    about = f"{one.about}; may be given several times" if one.shape is Shape.TEXTS else one.about
    command.add_argument(flag, dest=one.name, required=one.required, help=about or None, **kind)


def _run_tool(tool: Tool, options: argparse.Namespace) -> int:
    given = {one.name: getattr(options, one.name) for one in tool.parameters}
    arguments = tool.take(given)
    desk = _desk(options, Role(options.role))
    until = getattr(options, "until", None)
    content: dict[str, Any] = anyio.run(_call, tool, desk, arguments, until)
    if "next" in content:
        content["next"] = as_command(content["next"], TOOLS)
    print(json.dumps(content, ensure_ascii=False) if options.json else rendered(content))
    return _IN_VAIN if until and not _happened(content, until) else 0


async def _call(tool: Tool, desk: Desk, arguments: dict[str, Any], until: str | None) -> dict[str, Any]:
    run: Callable[..., Awaitable[Any]] = tool.run
    if tool.command == "poll":
        desk = desk.patient(arguments.get("wait_s"))
    deadline = anyio.current_time() + float(arguments.get("wait_s", desk.policy.watch.wait_s))
    while True:
        content = facts(await run(desk, **arguments))
        left = deadline - anyio.current_time()
        if until != "end" or _happened(content, until) or left <= 0:
            return content
        arguments = {**arguments, "cursor": content["cursor"], "wait_s": left}


def _happened(content: dict[str, Any], until: str) -> bool:
    ended = content.get("state") in {one.value for one in RunState if one.final}
    if until == "end":
        return ended
    return ended or bool(content.get("findings") or content.get("answer") or content.get("reports"))


def _add_people(commands: Any) -> None:  # noqa: ANN401 (argparse's type is private)
    serve = commands.add_parser("serve", help="serve MCP over standard input and output (what a client launches)")
    serve.add_argument("--role", choices=[role.value for role in Role], default=Role.TRAINER.value)
    serve.set_defaults(command=_serve)
    table = commands.add_parser("status", help="a table of runs and open reports, for people")
    table.add_argument("--json", action="store_true", help="print it as JSON")
    table.set_defaults(command=_status)
    begin = commands.add_parser("init", help="write a commented watchkeeper.toml and show how to wire up each client")
    begin.add_argument("--force", action="store_true", help="overwrite an existing watchkeeper.toml")
    begin.set_defaults(command=_init)
    check = commands.add_parser("doctor", help="check environment, permissions, policy, ledger, interpreter")
    check.add_argument("--json", action="store_true", help="print the checks as JSON")
    check.add_argument(
        "--rebuild-ledger",
        action="store_true",
        help="record runs that only their directories know; a damaged ledger is kept aside",
    )
    check.set_defaults(command=_doctor)


def workspace(options: argparse.Namespace) -> Workspace:
    """Return the workspace: the option, else the client's environment, else the current folder."""
    return Workspace(Path(options.workspace or os.environ.get("WATCHKEEPER_WORKSPACE") or os.curdir))


def _desk(options: argparse.Namespace, role: Role) -> Desk:
    return open_desk(workspace(options), role, who=_who(role))


def _who(role: Role) -> str:
    """Name who acts through the command line, so that the record tells it from an agent over MCP."""
    parent = os.getppid()
    try:
        name = Path(f"/proc/{parent}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        name = "unknown"
    return f"{role} over the command line, uid {os.getuid()}, parent {parent} ({name[:40]})"


def _serve(options: argparse.Namespace) -> NoReturn:
    # Nothing that an import makes is garbage; not looking for any while the SDK is imported takes an eighth off the start.
    gc.disable()
    from ..prompts import load  # noqa: PLC0415 (the server's imports are heavy; other commands do without)
    from .app import build  # noqa: PLC0415 (the same)
    from .transport import serve  # noqa: PLC0415 (the same)

    role = Role(options.role)
    desk = open_desk(workspace(options), role, who=f"{role} over MCP, pid {os.getpid()}")
    gc.freeze()
    gc.enable()
    serve(build(desk, TOOLS, load(), version()))


def _status(options: argparse.Namespace) -> int:
    rows = status.rows(_desk(options, Role.OBSERVER))
    print(json.dumps(rows, ensure_ascii=False) if options.json else status.table(rows))
    return 0


def _init(options: argparse.Namespace) -> int:
    print(initialise.initialise(workspace(options), sys.executable, force=options.force))
    return 0


def _doctor(options: argparse.Namespace) -> int:
    found = workspace(options)
    if options.rebuild_ledger:
        print(doctor.rebuild(found))
    checks = doctor.examine(found)
    if options.json:
        print(json.dumps([one.to_json() for one in checks], ensure_ascii=False))
    else:
        print(doctor.report(checks))
    return 0 if all(one.fine for one in checks) else 1


def _complain(error: WatchkeeperError, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"error": error.what, "do_next": error.do_next}, ensure_ascii=False))
    else:
        print(f"watchkeeper: {error}", file=sys.stderr)
    return 2 if isinstance(error, InvalidArgument) else 1
