"""Let pyright check the files that it may judge otherwise than last time.

    python -P tests/typed.py COMMAND...            # all files, and keep which had no complaint
    python -P tests/typed.py --changed COMMAND...  # without those whose last answer still holds

COMMAND is pyright with its options. What it says of a file depends on that file, on all that this one imports, directly
or by way of others, on pyproject.toml and on the installed libraries: while all of these are what they were when it
had no complaint, it has none. A file with a complaint is always checked again.
"""

from __future__ import annotations

import fnmatch
import functools
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import cast

KEPT = ".venv/typed.json"
PACKAGE = "watchkeeper"
"""How the folders at the top are imported: `watchkeeper.server` is `server`."""
FROM = re.compile(r"^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)", re.MULTILINE)
IMPORT = re.compile(r"^[ \t]*import[ \t]+([^\n]*)", re.MULTILINE)
"""Import statements as `ruff format` leaves them, one to a line. One that stands in a text is taken for one, too."""


@dataclass(frozen=True, slots=True)
class Project:
    """Where the files lie, and which of them are checked."""

    root: Path
    include: tuple[str, ...]
    exclude: tuple[str, ...]

    @classmethod
    def at(cls, root: Path) -> Project:
        asked = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pyright"]
        return cls(root, tuple(asked["include"]), tuple(asked.get("exclude", ())))

    def files(self) -> dict[str, str]:
        """Return the text of every file that is checked, by its path from the root."""
        paths = [path for folder in self.include for path in (self.root / folder).rglob("*.py*")]
        names = {path.relative_to(self.root).as_posix(): path for path in paths if path.suffix in {".py", ".pyi"}}
        return {name: path.read_text(encoding="utf-8") for name, path in names.items() if not self._excluded(name)}

    def _excluded(self, name: str) -> bool:
        return any(fnmatch.fnmatch(name, one) or fnmatch.fnmatch(name, f"{one}/*") for one in self.exclude)

    def surroundings(self) -> str:
        """Return a digest of what every answer depends on: the settings, the lock, what is installed beside us.

        Our own wheel is installed anew while pyright runs, and pyright reads the folders at the top.
        """
        settled = [(self.root / name).read_bytes() for name in ("pyproject.toml", "uv.lock")]
        installed = sorted(path.name for path in self.root.glob(".venv/lib/python*/site-packages/*"))
        others = [name for name in installed if PACKAGE not in name and name != "__pycache__"]
        return _digest([*settled, *(name.encode() for name in others)])


def _digest(parts: Iterable[bytes]) -> str:
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def named(name: str, text: str) -> set[str]:
    """Return the modules that a file may import, as paths without a suffix: pyright looks in every folder above it."""
    folder = PurePosixPath(name).parent
    folders = [folder, *folder.parents]
    found: set[str] = set()
    for dots, module, names in FROM.findall(text):
        base = module.replace(".", "/")
        for one in folders[len(dots) - 1 : len(dots)] if dots else folders:
            found |= {str(one / base), *(str(one / base / word) for word in re.findall(r"\w+", names))}
    for modules in IMPORT.findall(text):
        for module in re.findall(r"[\w.]+", modules):
            found |= {str(one / module.replace(".", "/")) for one in folders}
    return {one.removeprefix(f"{PACKAGE}/") for one in found}


def imported(name: str, text: str, files: Mapping[str, str]) -> set[str]:
    """Return the files of ours that a file imports, with the `__init__.py` of every folder on the way."""
    modules = named(name, text)
    ways = {str(above) for module in modules for above in PurePosixPath(module).parents} | modules
    return {path for way in ways for path in _files_of(way) if path in files}


@functools.cache
def _files_of(module: str) -> tuple[str, ...]:
    return tuple(f"{module}{end}" for end in (".py", ".pyi", "/__init__.py", "/__init__.pyi"))


def reached(arrows: Mapping[str, set[str]], start: str) -> set[str]:
    """Return a file and all that it imports, directly or by way of others."""
    seen, waiting = {start}, [start]
    while waiting:
        new = arrows[waiting.pop()] - seen
        seen |= new
        waiting.extend(new)
    return seen


def digests(files: Mapping[str, str], surroundings: str) -> dict[str, str]:
    """Return for each file a digest of all that its types depend on."""
    arrows = {name: imported(name, text, files) for name, text in files.items()}
    own = {name: _digest([name.encode(), text.encode()]).encode() for name, text in files.items()}
    return {
        name: _digest([surroundings.encode(), *(own[one] for one in sorted(reached(arrows, name)))]) for name in files
    }


def clean_before(root: Path) -> dict[str, str]:
    """Return the digests of the files that had no complaint, none where nothing was kept that can be read."""
    try:
        return cast("dict[str, str]", json.loads((root / KEPT).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def complained(root: Path, asked: Iterable[str], status: int, said: str) -> set[str]:
    """Return the files that pyright complains of: of all that it was asked for, where it says nothing of any."""
    if not status:
        return set()
    return {name for name in asked if f"{root / name}:" in said} or {*asked}


def check(root: Path, command: Sequence[str], changed: bool, run: Callable[[Sequence[str]], tuple[int, str]]) -> int:
    """Have the files checked and keep which had no complaint; return pyright's exit status."""
    project = Project.at(root)
    now = digests(project.files(), project.surroundings())
    before = clean_before(root) if changed else {}
    asked = sorted(name for name, digest in now.items() if before.get(name) != digest)
    if not asked:
        print(f"types: none of {len(now)} files, nor what they import, has changed since they had no complaint")
        return 0
    if len(asked) < len(now):
        print(f"types: {len(asked)} of {len(now)} files, which have changed or import what has", flush=True)
    status, said = run(command if len(asked) == len(now) else [*command, *asked])
    print(said, end="")
    wrong = complained(root, asked, status, said)
    clean = {name: digest for name, digest in now.items() if name not in wrong}
    if (root / KEPT).parent.is_dir():  # an environment may stand elsewhere
        (root / KEPT).write_text(json.dumps(clean), encoding="utf-8")
    return status


def run(command: Sequence[str]) -> tuple[int, str]:
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False)
    return done.returncode, done.stdout


def main(arguments: Sequence[str]) -> int:
    changed = arguments[:1] == ["--changed"]
    return check(Path(__file__).resolve().parents[1], arguments[changed:], changed, run)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
