"""A command as people type it, `python train.py --epochs 20`, made into a start: its program, its script, its model.

No shell takes part: the words are those of the command, and quoting was done by the shell that called us.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...storage.files.workspace import STATE_DIR
from ...vocabulary.errors import InvalidArgument, PathRefused, Refused
from ...vocabulary.runs import Phase
from ...vocabulary.sanitize import one_line
from .. import launch
from ..desk import Desk

COMMANDS = f"{STATE_DIR}/commands"
"""Where a command is kept as a file of its own that names no script of the workspace."""
_BARE_PYTHON = re.compile(r"python(3(\.\d+)?)?")
_ANY_PYTHON = re.compile(r"(.*/)?python(\d+(\.\d+)?)?")
_SCRIPTS = (".py", ".ipynb", ".sh", ".bash", ".R", ".r", ".jl", ".pl", ".lua", ".m", ".stan")
_TAKES_A_WORD = "--check-hash-based-pycs"
_CLUSTER = re.compile(r"-(?P<plain>[bBdEhiIOPqsSuvVx?R]*)(?:(?P<takes>[cmWX])(?P<value>.*))?", re.DOTALL)
"""Options of Python, several in one word: `-um fish`, `-Wignore`."""
_RUNS_A_FILE = ("sh", "bash", "dash", "zsh", "ksh", "Rscript", "julia", "perl", "ipython")
"""Programs whose first word that is no option is a script that they run; of others it may be what they write."""
_LONGEST_MODEL = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is to be run.

    :ivar argv: the program by its absolute path, then the words as they were typed.
    :ivar script: path in the workspace of what the run is made from; `args` are the words behind it.
    :ivar cwd: absolute working folder.
    :ivar model: what the model is called, if nobody names it.
    """

    argv: tuple[str, ...]
    script: str
    args: tuple[str, ...]
    cwd: str
    model: str


def understand(desk: Desk, words: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> Command:
    """Return a command as it will be run.

    :param cwd: the folder in which it was typed; outside of the workspace the workspace counts.
    :raises InvalidArgument: there is no command.
    :raises Refused: there is no such program, or no such script.
    """
    if not words or not words[0] or (len(words) == 1 and _ANY_PYTHON.fullmatch(words[0])):
        what = "There is no command." if not words or not words[0] else f"There is nothing that {words[0]} shall run."
        raise InvalidArgument(what, "For example: watchkeeper run -- python train.py --epochs 20")
    root = desk.workspace.root
    folder = cwd if cwd.resolve().is_relative_to(root) else root
    argv = (_program(desk, words[0], folder, environ), *words[1:])
    script, args = script_in(desk, argv, folder)
    model = model_of(script or words[0])
    if not script:
        _refuse_a_missing_script(argv, folder)
        script, args = kept(desk, words), tuple(words)
    return Command(argv=argv, script=script, args=args, cwd=str(folder), model=model)


def unusual(desk: Desk, model: str, phase: Phase, typed: Command) -> tuple[str, ...]:
    """Return folder and words up to the script of a command that runs it in another way than `start_training` does.

    Empty where it is just that: the Python that trains, the script, the arguments, in the usual folder. Whatever else
    stands before a script's name may make anything of it, or nothing.
    """
    program, *rest = typed.argv
    with suppress(PathRefused):
        usual = (launch.interpreter(desk), *launch.arguments(desk, model, phase), *typed.args)
        place = os.path.realpath(launch.working_folder(desk, model, typed.script))
        same = bool(rest) and _inside(desk, Path(typed.cwd), rest[0]) == typed.script
        if same and (program, *rest[1:]) == usual and os.path.realpath(typed.cwd) == place:
            return ()
    folder = os.path.relpath(typed.cwd, desk.workspace.root)
    return folder, program, *rest[: max(0, len(rest) - len(typed.args))]


def _program(desk: Desk, word: str, folder: Path, environ: Mapping[str, str]) -> str:
    """Return the program by its absolute path: bare `python` is the Python that trains, where the project has one."""
    trains = launch.named_interpreter(desk.policy, desk.workspace) or ""
    if trains and _BARE_PYTHON.fullmatch(word):
        return trains
    if "/" in word:
        found = str(folder / word) if os.access(folder / word, os.X_OK) else None
    else:
        beside = os.path.dirname(trains) + os.pathsep if trains else ""
        found = shutil.which(word, path=beside + environ.get("PATH", os.defpath))
    if found is None and _BARE_PYTHON.fullmatch(word):
        return launch.interpreter(desk)
    if found is None:
        what = f"There is no program {one_line(word, 100)!r} that can be run from {folder}."
        if word.endswith(".py") and (folder / word).is_file():
            raise Refused(what, f"Python runs it: watchkeeper run -- python {shlex.quote(one_line(word, 100))}")
        raise Refused(what, "Name one on your PATH, one of the project's environment, or a file by its path.")
    return _by_one_name(os.path.abspath(found), launch.interpreter(desk))


def _by_one_name(program: str, trains: str) -> str:
    """Return the Python that trains where this is another name of it in its folder, as `python` is of `python3.12`."""
    beside = os.path.dirname(program) == os.path.dirname(trains)
    with suppress(OSError):
        if beside and _ANY_PYTHON.fullmatch(program) and os.path.samefile(program, trains):
            return trains
    return program


def script_in(desk: Desk, argv: Sequence[str], folder: Path) -> tuple[str, tuple[str, ...]]:
    """Return the script in the workspace that a command starts, and the words behind it; ("", ()) for none."""
    places = _of_python(argv) if _ANY_PYTHON.fullmatch(argv[0]) else _named(argv)
    for place, names in places:
        for name in names:
            if path := _inside(desk, folder, name):
                return path, tuple(argv[place + 1 :])
    return "", ()


def _of_python(argv: Sequence[str]) -> list[tuple[int, list[str]]]:
    """Return what Python starts: the first word that is no option, or the file of the module behind -m."""
    place = 1
    while place < len(argv) and argv[place].startswith("-"):
        found = _CLUSTER.fullmatch(argv[place])
        takes, value = (found["takes"], found["value"]) if found else (None, "")
        if argv[place] == "-" or takes == "c":
            return []  # what is typed or stands in the command
        place += 2 if argv[place] == _TAKES_A_WORD or (takes and not value) else 1
        if takes == "m":
            module = value or (argv[place - 1] if place <= len(argv) else "")
            return [(place - 1, _files_of(module))] if module else []
    return [(place, [argv[place]])] if place < len(argv) else []


def _files_of(module: str) -> list[str]:
    stem = module.replace(".", "/")
    return [f"{stem}.py", f"{stem}/__main__.py", f"src/{stem}.py", f"src/{stem}/__main__.py"]


def _named(argv: Sequence[str]) -> list[tuple[int, list[str]]]:
    return [(place, [word]) for place, word in enumerate(argv) if word.endswith(_SCRIPTS)]


def _inside(desk: Desk, folder: Path, name: str) -> str:
    """Return a file by its path in the workspace; empty where it is none, or lies elsewhere."""
    with suppress(PathRefused, ValueError):
        path = desk.workspace.relative(str(folder / name))
        return path if desk.workspace.exists(path) and not path.startswith(STATE_DIR) else ""
    return ""


def _refuse_a_missing_script(argv: Sequence[str], folder: Path) -> None:
    """Refuse a command whose program would only say that there is no such file: nothing of it is worth a record."""
    program = os.path.basename(argv[0])
    if _ANY_PYTHON.fullmatch(program):
        named = [names[0] for place, names in _of_python(argv) if argv[place] == names[0]]
    elif program in _RUNS_A_FILE:
        named = _first_word(argv)
    else:
        named = []
    if not named or os.path.lexists(folder / named[0]):
        return
    beside = sorted(one.name for one in folder.iterdir() if one.name.endswith(_SCRIPTS))
    near = difflib.get_close_matches(os.path.basename(named[0]), beside, n=1) or beside[:3]
    there = f" There is {', '.join(one_line(one, 60) for one in near)}." if near else ""
    raise Refused(
        f"There is no script {one_line(named[0], 100)!r} in {folder}; nothing was started.{there}",
        "Name a script by its path from the folder in which you type.",
    )


def _first_word(argv: Sequence[str]) -> list[str]:
    """Return the first word that is no option where it is called as a script is; options may hold the code itself."""
    place = next((place for place, word in enumerate(argv) if place and not word.startswith(("-", "+"))), 0)
    plain = all(word.startswith("--") or not set("ceEmn") & set(word[1:]) for word in argv[1:place])
    code = any(word.startswith(("--eval", "--print", "--command")) for word in argv[1:place])
    return [argv[place]] if place and plain and not code and argv[place].endswith(_SCRIPTS) else []


def kept(desk: Desk, words: Sequence[str]) -> str:
    """Keep a command that names no script of the workspace as a file, so that there is something to compare."""
    text = json.dumps(list(words), ensure_ascii=True) + "\n"
    desk.workspace.ensure_state()
    digest = desk.workspace.store_snapshot(text.encode())
    path = f"{COMMANDS}/{digest[:16]}.json"
    desk.workspace.make_folder(COMMANDS)
    desk.workspace.create_exclusive(path, text)
    return path


def model_of(name: str) -> str:
    """Return a model's id made of a script's or a program's name."""
    stem = os.path.basename(name).partition(".")[0] or "run"
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")
    return plain[:_LONGEST_MODEL] or "run"
