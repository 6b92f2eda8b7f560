"""Projects of strangers, from `pip install` of the wheel to the first finding told; no line of them is changed.

    make strangers                                  # builds the wheel, installs the strangers' libraries (gigabytes)
    python -P benchmarks/strangers/play.py WHEEL --libraries VENV [--only PROJECT …]

Each project is copied to a scratch folder, where a stranger's commands are given by a fresh environment that the wheel
alone was installed into: `init`, a run with a slip in it, the same run without, its verdict. What is printed last is
the table of docs/strangers.md. Exit status 1 where a finding was not told, no verdict approved, or a file changed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import load, until_unkept

HERE = Path(__file__).resolve().parent / "projects"
LIMIT_S = 1200.0
APPROVED = "APPROVE"
_FINDING = re.compile(r"^\d\d:\d\d:\d\dZ (?P<run>\S+) failure (?P<told>.*)", re.MULTILINE)
_VERDICT = re.compile(r"^verdict: (?P<word>\w+)(?:\n(?:met|reason_code): .*)*\nwhy: (?P<why>.*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Project:
    """One project. :ivar slip: the command as its stranger mistypes it; `right`: as it was meant."""

    folder: str
    about: str
    slip: str
    right: str
    prepare: str = ""


PROJECTS = (
    Project(
        "gpt", "nanoGPT-like: one script, settings as `key=value`",
        "python train.py max_iters=40 learning_rate=1e9 grad_clip=0", "python train.py max_iters=60",
        "python prepare.py",
    ),
    Project(
        "lightning", "Lightning with Hydra: CSV logger, `outputs/DATE/TIME/`",
        "python train.py trainer.max_epochs=6 model.lr=10", "python train.py trainer.max_epochs=6",
    ),
    Project(
        "notebook", "scikit-learn notebook run by papermill",
        "papermill houses.ipynb run-houses.ipynb -p trees 0", "papermill houses.ipynb run-houses.ipynb",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """A command that was given: how long it took, until when it told a failure, what it printed."""

    command: str
    took_s: float
    told_s: float | None
    status: int
    printed: str

    @property
    def finding(self) -> str:
        """The first failure that it told."""
        found = _FINDING.search(self.printed)
        return found["told"] if found else ""

    @property
    def verdict(self) -> str:
        """The word of a verdict, and why it is not the one that is hoped for."""
        found = _VERDICT.search(self.printed)
        if found is None:
            return ""
        return found["word"] if found["word"] == APPROVED else f"{found['word']}: {found['why']}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one project. :ivar first_s: from the begin of `pip install` to the first failure told."""

    project: Project
    steps: tuple[Step, ...]
    first_s: float | None
    changed: tuple[str, ...]

    @property
    def well(self) -> bool:
        """Whether everything was told and nothing changed."""
        return self.first_s is not None and self.steps[-1].verdict == APPROVED and not self.changed


def give(command: Sequence[str], folder: Path, path: str, shown: str = "") -> Step:
    """Give a command and print it with what it took.

    :raises subprocess.TimeoutExpired: after `LIMIT_S`.
    """
    begun = time.monotonic()
    environment = {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"}
    environment.pop("VIRTUAL_ENV", None)
    lines: list[str] = []
    told: float | None = None
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        limit = threading.Timer(LIMIT_S, os.killpg, (process.pid, signal.SIGKILL))  # else its output may never end
        limit.start()
        try:
            for line in process.stdout:
                lines.append(line)
                if told is None and _FINDING.match(line):
                    told = time.monotonic() - begun
            status = process.wait()
        finally:
            limit.cancel()
    if time.monotonic() - begun > LIMIT_S:
        raise subprocess.TimeoutExpired(command, LIMIT_S, "".join(lines))
    step = Step(shown or shlex.join(command), time.monotonic() - begun, told, status, "".join(lines))
    print(f"{step.took_s:8.1f} s  {folder.name}$ {step.command}", flush=True)
    for what in filter(None, (step.finding, step.verdict)):
        print(f"{'':12}{what[:140]}", flush=True)
    return step


def play(project: Project, wheel: Path, libraries: Path, scratch: Path) -> Outcome:
    """Let a stranger's project be brought under watch; return what became of it."""
    folder, tools = scratch / project.folder, scratch / f"{project.folder}-tools"
    copied(project, folder)
    (folder / ".venv").symlink_to(libraries)
    theirs = f"{folder / '.venv' / 'bin'}:{os.environ['PATH']}"
    if project.prepare:
        give(shlex.split(project.prepare), folder, theirs)
    before = digests(project, folder)
    steps = list(given(project, wheel, folder, tools))
    until_unkept(folder)
    waited = 0.0
    for step in steps:
        if step.told_s is not None:
            break
        waited += step.took_s
    told = next((one.told_s for one in steps if one.told_s is not None), None)
    after = digests(project, folder)
    changed = tuple(name for name, value in before.items() if after.get(name) != value)
    return Outcome(project, tuple(steps), None if told is None else waited + told, changed)


def given(project: Project, wheel: Path, folder: Path, tools: Path) -> Iterator[Step]:
    """Give the stranger's commands, one after the other."""
    path = f"{tools / 'bin'}:{folder / '.venv' / 'bin'}:/usr/bin:/bin"
    yield give([sys.executable, "-m", "venv", str(tools)], folder, path, "python -m venv tools")
    pip = [str(tools / "bin" / "python"), "-m", "pip", "install", "--quiet", str(wheel)]
    yield give(pip, folder, path, f"tools/bin/pip install {wheel.name}")
    yield give(["watchkeeper", "init"], folder, path)
    yield give(["watchkeeper", "run", "--", *shlex.split(project.slip)], folder, path)
    right = give(["watchkeeper", "run", "--", *shlex.split(project.right)], folder, path)
    yield right
    name = re.search(r"^(\S+) of .* is under watch", right.printed, re.MULTILINE)
    if name:
        yield give(["watchkeeper", "verify", name[1]], folder, path)


def copied(project: Project, folder: Path) -> None:
    """Copy a project's files."""
    for one in (HERE / project.folder).rglob("*"):
        if one.is_file():
            target = folder / one.relative_to(HERE / project.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(one.read_bytes())


def digests(project: Project, folder: Path) -> dict[str, str]:
    """Return the sha256 of each file that the stranger wrote, as it is in the scratch folder, if it is there."""
    names = [str(one.relative_to(HERE / project.folder)) for one in (HERE / project.folder).rglob("*") if one.is_file()]
    there = [one for one in names if (folder / one).is_file()]
    return {one: hashlib.sha256((folder / one).read_bytes()).hexdigest() for one in there}


def table(outcomes: Sequence[Outcome]) -> str:
    """Return the table of docs/strangers.md."""
    head = ("project", "command", "seconds", "told")
    rows = [row for one in outcomes for row in rows_of(one)]
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def rows_of(outcome: Outcome) -> Iterator[tuple[str, str, str, str]]:
    """Yield the rows of one project: its commands, and what became of it."""
    for number, step in enumerate(outcome.steps):
        about = outcome.project.about if not number else ""
        told = f"failure after {step.told_s:.1f} s: {step.finding[:90]}" if step.told_s is not None else step.verdict
        yield about, f"`{step.command}`", f"{step.took_s:.1f}", told.replace("|", "\\|")
    first = "-" if outcome.first_s is None else f"{outcome.first_s:.1f}"
    files = f"changed: {', '.join(outcome.changed)}" if outcome.changed else "no file of theirs changed"
    yield "", "from the first command to the first failure told", first, files


def main() -> int:
    """Play the projects and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--libraries", type=Path, required=True, help="an environment with requirements.txt installed")
    parser.add_argument("--only", nargs="+", choices=[one.folder for one in PROJECTS], default=[])
    options = parser.parse_args()
    chosen = [one for one in PROJECTS if not options.only or one.folder in options.only]
    print(f"Python {platform.python_version()}, {load()}", flush=True)
    with tempfile.TemporaryDirectory(prefix="strangers-") as scratch:
        wheel, libraries = options.wheel.resolve(), options.libraries.resolve()
        outcomes = [play(one, wheel, libraries, Path(scratch)) for one in chosen]
    print(f"\n{table(outcomes)}\n\n{load()}")
    return int(not all(one.well for one in outcomes))


if __name__ == "__main__":
    sys.exit(main())
