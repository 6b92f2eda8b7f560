"""An agent's day with watchkeeper, in three minutes: two real MCP clients, a scripted trainer and a scripted director.

Each has its own server process over stdio; they share nothing but the workspace. Every line below a call comes from
the tool's answer. Run it with `make demo`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import psutil
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import get_default_environment
from mcp.shared.exceptions import MCPError
from mcp_types import Implementation

ME = Implementation(name="eight-schools", version="1")
HERE = Path(__file__).resolve().parent
SCRIPT = "output/implementation/code/model_1.py"
BEGUN = time.monotonic()
GOING_ON = ("starting", "queued", "running", "running_unattended")
MENDED = HERE / "model_noncentred.py"
SERVERS_ENVIRONMENT: dict[str, str] = {}
"""What a server needs besides what every client gives it."""
COLOURS = {"trainer": "\033[36m", "director": "\033[35m", "story": "\033[1m"} if sys.stdout.isatty() else {}
OFF = "\033[0m" if COLOURS else ""


def tell(text: str) -> None:
    """Print a line of the story."""
    print(f"\n{COLOURS.get('story', '')}== {text}{OFF}", flush=True)


class Agent:
    """One scripted agent: calls tools and prints what comes back."""

    def __init__(self, role: str, client: Client) -> None:
        self.role = role
        self._client = client

    async def call(self, tool: str, *, loud: bool = True, **arguments: Any) -> dict[str, Any]:
        """Call a tool, print call and answer, and return the structured answer; an error ends the demo."""
        result = await self._client.call_tool(tool, arguments)
        text = "\n".join(getattr(block, "text", "") for block in result.content)
        if loud or result.is_error:
            self.show(tool, arguments, text)
        if result.is_error or result.structured_content is None:
            raise SystemExit(f"{tool} failed: {text}")
        return result.structured_content

    def show(self, tool: str, arguments: dict[str, Any], text: str) -> None:
        colour = COLOURS.get(self.role, "")
        shown = ", ".join(f"{name}={_short(value)}" for name, value in arguments.items())
        clock = f"{time.monotonic() - BEGUN:6.1f} s"
        print(f"{colour}{clock}  {self.role} > {tool}({shown}){OFF}")
        for line in text.splitlines():
            print(f"{colour}          | {OFF}{line}")
        sys.stdout.flush()

    async def watch(self, run: str, cursor: str = "") -> dict[str, Any]:
        """Poll until a failure, an answer or the end; print one line a poll in between."""
        while True:
            arguments = {"run": run, "wait_s": 5, **({"cursor": cursor} if cursor else {})}
            seen = await self.call("poll_training", loud=False, **arguments)
            cursor = seen["cursor"]
            failed = any(one["level"] == "failure" for one in seen["findings"])
            if failed or seen.get("answer") or seen["state"] not in GOING_ON:
                self.show("poll_training", arguments, _text(seen))
                return seen
            metrics = " ".join(f"{name}={value}" for name, value in seen.get("metrics", {}).items())
            flags = " ".join(f"[{one['level']}] {one['untrusted']['message']}" for one in seen["findings"])
            line = f"{seen['run']} {seen['state']} {seen['elapsed_s']} s  {metrics} {flags}"
            print(f"{time.monotonic() - BEGUN:6.1f} s  {self.role}   watches: {line}", flush=True)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 70 else text[:67] + "…'"


def _text(content: dict[str, Any], indent: str = "") -> str:
    lines: list[str] = []
    for name, value in content.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name}:", _text(value, indent + "  ")]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            lines += [f"{indent}{name}:", *(_text(one, indent + "  ") for one in value)]
        else:
            lines += [f"{indent}{line}" for line in f"{name}: {value}".split("\n")]
    return "\n".join(lines)


def server(workspace: Path, role: str) -> StdioServerParameters:
    """Return how a client launches a server of a role."""
    arguments = ["-P", "-m", "watchkeeper.server", "--workspace", str(workspace), "serve", "--role", role]
    environment = {**get_default_environment(), **SERVERS_ENVIRONMENT}
    return StdioServerParameters(command=sys.executable, args=arguments, env=environment)


def kill_server(role: str) -> int:
    """Kill the server process of a role with SIGKILL and return its pid."""
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it has ended by now; an engine's processes come and go
            if child.cmdline()[-3:] == ["serve", "--role", role]:
                child.kill()
                return child.pid
    raise SystemExit(f"no server of the {role} is running")


async def trainer_until_killed(workspace: Path) -> str:
    """Start the quick run, watch it begin, and lose the server in the middle of a poll."""
    run = ""
    try:
        async with Client(server(workspace, "trainer"), client_info=ME) as client:
            trainer = Agent("trainer", client)
            run = (await trainer.call("start_training", model="1", phase="quick"))["run"]
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_kill_soon)
                await trainer.watch(run)
    except* (MCPError, anyio.BrokenResourceError, anyio.ClosedResourceError) as gone:
        print(f"{time.monotonic() - BEGUN:6.1f} s  trainer: connection lost ({_innermost(gone)})", flush=True)
    return run


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _kill_soon() -> None:
    await anyio.sleep(4)
    tell(f"SIGKILL for the trainer's server, pid {kill_server('trainer')}, in the middle of its poll")


async def trainer_goes_on(workspace: Path, run: str) -> str:
    """Come back with a new server, find out where things stand, see the failure, report it, wait for the answer."""
    async with Client(server(workspace, "trainer"), client_info=ME) as client:
        trainer = Agent("trainer", client)
        await trainer.call("poll_training", wait_s=0)
        seen = await trainer.watch(run)
        failure = next(one for one in seen["findings"] if one["level"] == "failure")
        reported = await trainer.call(
            "report_error",
            run=run,
            finding=failure["id"],
            what_happened="The centred model diverges while sampling; the share is above what the policy allows.",
            hypothesis="tau goes towards 0 and the geometry becomes a funnel that one step size cannot follow.",
            recommended_action="Non-centred parameterisation; draws and chains stay as they are.",
        )
        cursor = seen["cursor"]
        while not seen.get("answer"):
            seen = await trainer.watch(run, cursor)
            cursor = seen["cursor"]
        if seen["state"] in GOING_ON:
            await trainer.call("stop_training", run=run, reason=f"answer to {reported['report']}")
        return str(reported["report"])


async def trainer_mends(workspace: Path, run: str, report: str, mended: Path) -> None:
    """Carry the answer out: the fix, a new quick run, the diary, the full run, the verdict."""
    async with Client(server(workspace, "trainer"), client_info=ME) as client:
        trainer = Agent("trainer", client)
        tell("The trainer puts the non-centred model in place (theta = mu + tau * eta) and starts the next attempt")
        shutil.copyfile(mended, workspace / SCRIPT)
        second = await trainer.call("start_training", model="1", phase="quick", follows=run)
        await trainer.watch(second["run"], second["cursor"])
        await trainer.call(
            "write_diary_entry",
            model="1",
            report=report,
            struggle="1.7 % of the draws diverged in the centred eight-schools model: its R-hat looked harmless.",
            investigation=[
                "Watched the count of divergences during sampling: it grew steadily, so no unlucky start. ❌",
                "Non-centred parameterisation, same draws, same seed, same target_accept: hardly any divergence. ✅",
            ],
            fix="Before: theta ~ Normal(mu, tau). After: eta ~ Normal(0, 1), theta = mu + tau * eta.",
            why="Eight schools with errors of 9 to 18 points say little about how much schools differ, so tau may be "
            "close to 0. There all theta are squeezed onto mu: a funnel whose neck needs smaller steps than its mouth. "
            "eta keeps its width whatever tau is, so one step size fits everywhere.",
            next_steps=["Say in the paper that the spread between schools is hardly identified by eight of them."],
        )
        tell("Full run. The demo's policy asks for 36 seconds where a real one asks for 2 hours")
        full = await trainer.call("start_training", model="1", phase="full")
        await trainer.watch(full["run"], full["cursor"])
        verdict = await trainer.call("verify_compute", run=full["run"])
        if not verdict["met"]:
            raise SystemExit(f"the verdict is {verdict['verdict']}: {verdict['why']}")


async def director(workspace: Path, done: anyio.Event) -> None:
    """Watch everything and answer the first report; then go on watching until the trainer is done."""
    async with Client(server(workspace, "director"), client_info=ME) as client:
        agent = Agent("director", client)
        cursor = ""
        while not done.is_set():
            arguments = {"cursor": cursor} if cursor else {}
            seen = await agent.call("poll_training", loud=False, wait_s=5, **arguments)
            cursor = seen["cursor"]
            for report in seen.get("reports", []):
                if report["status"] == "open":
                    agent.show("poll_training", arguments, _text(seen))
                    await agent.call(
                        "answer_report",
                        report=report["report"],
                        action="RESTART",
                        instructions="Non-centred parameterisation. Do not touch draws, tune, chains or target_accept.",
                        next_steps="Quick run, diary entry, then the full run.",
                    )


async def story(workspace: Path, mended: Path = MENDED) -> None:
    """Play the day.

    :param mended: the script that the trainer puts in place of the centred one.
    """
    tell(f"Workspace {workspace}: eight schools in PyMC, centred; a trainer and a director, each with its own server")
    done = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(director, workspace, done)
        run = await trainer_until_killed(workspace)
        tell("The trainer comes back in a new session with a new server. The run did not notice")
        report = await trainer_goes_on(workspace, run)
        await trainer_mends(workspace, run, report, mended)
        done.set()


def prepare(folder: Path, more: str = "") -> None:
    """Lay out a workspace: the policy of the demo, with more tables, and the model's first version."""
    (folder / SCRIPT).parent.mkdir(parents=True)
    shutil.copyfile(HERE / "model_centred.py", folder / SCRIPT)
    policy = (HERE / "watchkeeper.toml").read_text(encoding="utf-8")
    (folder / "watchkeeper.toml").write_text(
        f'[python]\ninterpreter = "{sys.executable}"\n\n{policy}{more}', encoding="utf-8"
    )


def main() -> None:
    """Play the story in a new folder and list what it left behind."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--workspace", type=Path, help="an empty folder to play in (default: a new temporary one)")
    workspace: Path = options.parse_args().workspace or Path(tempfile.mkdtemp(prefix="watchkeeper-demo-"))
    workspace = workspace.resolve()
    prepare(workspace)
    anyio.run(story, workspace)
    left_behind(workspace)


def left_behind(workspace: Path) -> None:
    """List what the story left."""
    tell("Left behind")
    files = sorted(one for one in workspace.rglob("*") if one.is_file())
    for path in files:
        print(f"  {path.stat().st_size:>10}  {path.relative_to(workspace)}")
    print(
        f"\nThese {sum(path.stat().st_size for path in files) >> 20} MiB stay in {workspace}; remove them as you like."
    )
    print(f"Look around: {sys.executable} -m watchkeeper.server --workspace {workspace} status")


if __name__ == "__main__":
    main()
