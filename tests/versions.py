"""The suite under every Python that `requires-python` allows and this machine has, each in an environment of its own.

    make versions                                        # all tests, room by room; ends with 1 unless all held
    make versions PYTHONS="3.13 3.14" ROOMS="acts/start" # these again; the others' results are kept
    make versions QUICK=1                                # without the tests that train

For each: `.venv-3.X` with what the lock names, the wheel in it, pytest for each room (a folder of tests/, those of
tests/acts apart). What pytest said is kept in `.venv-3.X/rooms/`. Interpreters are looked for on the PATH, among
pyenv's and among those that uv manages. Printed last: a table of all that is kept, for docs/howto/releasing.md.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
UV = str(ROOT / ".venv" / "bin" / "uv")
ITSELF = "themselves"
"""The room of the files that lie in tests/ itself."""
PASSED, FAILED, NONE_LEFT = 0, 1, 5
"""Exit statuses of pytest that had its say: NONE_LEFT where every test of a room trains."""


def allowed(pyproject: str) -> list[str]:
    """Return the versions that a pyproject.toml allows, such as 3.11, of those that could exist."""
    asked = SpecifierSet(tomllib.loads(pyproject)["project"]["requires-python"])
    return [f"3.{minor}" for minor in range(8, 30) if asked.contains(f"3.{minor}.1")]


def candidates(version: str, path: str, home: Path) -> Iterator[str]:
    """Yield where an interpreter of this version may be, the most wanted first."""
    for folder in path.split(os.pathsep):
        yield from filter(None, [shutil.which(f"python{version}", path=folder)])
    kept = sorted(
        (home / "versions").glob(f"{version}.*"), key=lambda one: [int(n) for n in re.findall(r"\d+", one.name)]
    )
    yield from (str(one / "bin" / f"python{version}") for one in reversed(kept))
    managed = subprocess.run(
        [UV, "python", "find", "--offline", "--no-project", "--managed-python", version],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    yield from filter(None, [managed.stdout.strip()])


def found(version: str) -> tuple[str, str] | None:
    """Return an interpreter that runs and the version that it tells of itself: a shim of pyenv may be of none."""
    home = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for one in candidates(version, os.environ.get("PATH", ""), home):
        try:
            told = subprocess.run(
                [one, "-c", "import platform, venv; print(platform.python_version())"],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
        except OSError:
            continue
        if told.returncode == 0 and told.stdout.startswith(version + "."):
            return one, told.stdout.strip()
    return None


def rooms() -> dict[str, list[str]]:
    """Return what pytest is given for each room."""
    folders = [one for one in TESTS.iterdir() if any(one.rglob("test_*.py"))]
    split = [one for one in (TESTS / "acts").iterdir() if any(one.rglob("test_*.py"))]
    named = {str(one.relative_to(TESTS)): [str(one)] for one in [*folders, *split] if one.is_dir()}
    named["acts"] = [str(one) for one in sorted((TESTS / "acts").glob("test_*.py"))]
    named[ITSELF] = [str(one) for one in sorted(TESTS.glob("test_*.py"))]
    return dict(sorted(named.items()))


@dataclass(frozen=True, slots=True)
class Room:
    """What became of one room.

    :ivar quick: whether the tests that train were left out.
    :ivar wheel: the begin of the sha256 of the wheel that was installed.
    """

    passed: int
    failed: int
    skipped: int
    took_s: float
    day: str
    quick: bool
    wheel: str


def read(report: Path) -> Room:
    """Read what pytest wrote (JUnit's XML, its suite named after room and wheel)."""
    suite = next(ET.parse(report).getroot().iter("testsuite"))
    failed, skipped = int(suite.get("failures", "0")) + int(suite.get("errors", "0")), int(suite.get("skipped", "0"))
    return Room(
        passed=int(suite.get("tests", "0")) - failed - skipped, failed=failed, skipped=skipped,
        took_s=float(suite.get("time", "0")), day=suite.get("timestamp", "")[:10],
        quick=" quick " in suite.get("name", ""), wheel=suite.get("name", "").split()[-1],
    )  # fmt: skip


class Version:
    """One Python and its environment."""

    def __init__(self, version: str) -> None:
        self.folder = ROOT / f".venv-{version}"
        self.reports = self.folder / "rooms"

    def prepare(self, interpreter: str, wheel: Path) -> None:
        """Bring the environment to the lock and put the wheel in.

        :raises subprocess.CalledProcessError: uv could not; it said why.
        """
        environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(self.folder)}
        sync = [UV, "sync", "--quiet", "--frozen", "--no-install-project", "--all-extras", "--group", "dev"]
        subprocess.run([*sync, "--python", interpreter], cwd=ROOT, env=environment, check=True)
        python = str(self.folder / "bin" / "python")
        install = [UV, "pip", "install", "--quiet", "--no-deps", "--reinstall", "--python", python, str(wheel)]
        subprocess.run(install, cwd=ROOT, check=True)
        self.reports.mkdir(exist_ok=True)

    def play(self, room: str, tests: Sequence[str], wheel: str, options: Sequence[str]) -> Room | None:
        """Run a room; None where pytest did not come to its end: what it reports then is a part."""
        name = room.replace("/", "-")
        report, printed = self.reports / f"{name}.xml", self.reports / f"{name}.txt"
        report.unlink(missing_ok=True)
        command = [str(self.folder / "bin" / "python"), "-P", "-m", "pytest", "--quiet", "--tb=short", *options]
        quick = " quick" if "-m" in options else ""
        named = ["-o", f"junit_suite_name={room}{quick} {wheel}", f"--junit-xml={report}"]
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
        environment = {**os.environ, "PATH": path, "VIRTUAL_ENV": str(self.folder)}
        with printed.open("wb") as out:
            ended = subprocess.run(
                [*command, *named, *tests], cwd=ROOT, env=environment, stdout=out, stderr=out, check=False
            )
        if ended.returncode not in (PASSED, FAILED, *([NONE_LEFT] if quick else [])):
            report.unlink(missing_ok=True)
        return read(report) if report.exists() else None

    def kept(self) -> dict[str, Room]:
        """Return what is known of each room."""
        return {one.stem: read(one) for one in sorted(self.reports.glob("*.xml"))}


def table(seen: dict[str, dict[str, Room]], wanted: int) -> str:
    """Return a row for each Python: sums over its rooms."""
    lines = ["| Python | rooms | passed | failed | skipped | seconds | seen |", "|---|---|---|---|---|---|---|"]
    for told, of in seen.items():
        sums = (sum(getattr(one, word) for one in of.values()) for word in ("passed", "failed", "skipped", "took_s"))
        days = " to ".join(sorted({one.day for one in of.values()})) or "-"
        quick = sum(one.quick for one in of.values())
        rooms_seen = f"{len(of)} of {wanted}{f', {quick} without training' if quick else ''}"
        lines.append(f"| {told} | {rooms_seen} | {' | '.join(f'{one:,.0f}' for one in sums)} | {days} |")
    wheels = sorted({one.wheel for of in seen.values() for one in of.values()})
    if len(wheels) > 1:
        lines.append(f"\nSeen with {len(wheels)} wheels: {', '.join(wheels)}")
    return "\n".join(lines)


def main() -> int:
    """Play the rooms and print the table."""
    every, versions = rooms(), allowed((ROOT / "pyproject.toml").read_text("utf-8"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--pythons", nargs="*", choices=versions, metavar="3.X", help="%(choices)s; default: all")
    parser.add_argument("--rooms", nargs="*", choices=every, metavar="ROOM", help="%(choices)s; default: all")
    parser.add_argument("--workers", default="2", help="tests side by side")
    parser.add_argument("--quick", action="store_true", help="without the tests that train")
    options = parser.parse_args()
    asked = ["--numprocesses", options.workers, "--dist", "loadgroup"]
    asked += ["-m", "not training"] if options.quick else []
    digest = hashlib.sha256(options.wheel.read_bytes()).hexdigest()[:8]
    seen: dict[str, dict[str, Room]] = {}
    broken = False
    for version in options.pythons or versions:
        there = found(version)
        if there is None:
            print(f"{version}: no interpreter found (PATH, pyenv, uv); not tried", flush=True)
            broken |= bool(options.pythons)  # who names one wants it tried
            continue
        interpreter, told = there
        one = Version(version)
        one.prepare(interpreter, options.wheel)
        print(f"{told}: {interpreter}", flush=True)
        for room in options.rooms or every:
            became = one.play(room, every[room], digest, asked)
            broken |= became is None or bool(became.failed)
            print(f"  {room:<20} {shown(became, one, room)}", flush=True)
        seen[told] = one.kept()
    print(f"\n{table(seen, len(every))}")
    return int(broken or not seen)


def shown(became: Room | None, version: Version, room: str) -> str:
    """Return a room's outcome in words."""
    said = f"see {(version.reports / room.replace('/', '-')).relative_to(ROOT)}.txt"
    if became is None:
        return f"not played to its end: {said}"
    counts = f"{became.passed} passed, {became.failed} failed, {became.skipped} skipped in {became.took_s:.0f} s"
    return f"{counts}{': ' + said if became.failed else ''}"


if __name__ == "__main__":
    sys.exit(main())
