"""The Python that trains: where it comes from, and whether it has the modules that a script imports first thing."""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ...analysis.scripts.sources import parsed
from ...storage.files.workspace import Workspace
from ...storage.policy.policy import Policy

PATIENCE_S = 20.0
_CODE = """\
import importlib.util, sys
sys.path.insert(0, sys.argv[1])
print(*(name for name in sys.argv[2:] if importlib.util.find_spec(name) is None))
"""


def source(policy: Policy, workspace: Workspace) -> str:
    """Return why this Python trains and no other."""
    if policy.python.interpreter:
        return "[python] interpreter of watchkeeper.toml"
    if workspace.interpreter():
        return "the project's environment"
    return "watchkeeper's own: the project has no environment; name yours in [python] interpreter of watchkeeper.toml"


def sha256(python: str) -> str:
    """Return the digest of the program that a Python's name leads to; empty where it cannot be read.

    It may lie outside of the workspace: it is the program that will be executed.
    """
    found = shutil.which(python) or python
    try:
        descriptor = os.open(found, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    with open(descriptor, "rb") as file:
        plain = stat.S_ISREG(os.fstat(descriptor).st_mode)
        return hashlib.file_digest(file, "sha256").hexdigest() if plain else ""


def wanted(script: bytes) -> list[str]:
    """Return the modules, not Python's own, that a script imports first thing and without a way around. Pure.

    None where its source is of a size that is not parsed.
    """
    tree, _ = parsed(script)
    body = tree.body if tree else []
    named = [one.name for node in body if isinstance(node, ast.Import) for one in node.names]
    named += [node.module for node in body if isinstance(node, ast.ImportFrom) and node.module and not node.level]
    return sorted({name.partition(".")[0] for name in named} - sys.stdlib_module_names)


def missing(python: str, folder: Path, modules: Sequence[str], env: Mapping[str, str] | None = None) -> list[str]:
    """Return which modules a Python does not find; none is imported. Nothing is missing where it cannot be asked.

    :param folder: where the script lies, whose neighbours it may import.
    :param env: the training's environment; None for our own.
    """
    if not modules:
        return []
    command = [python, "-c", _CODE, str(folder), *modules]
    try:
        done = subprocess.run(  # noqa: S603 (an argument list; the Python is the user's own)
            command, capture_output=True, text=True, timeout=PATIENCE_S, check=False, env=env, cwd=folder
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [name for name in done.stdout.split() if name in modules] if done.returncode == 0 else []


def lacks(python: str, names: Iterable[str]) -> str:
    """Return what to say of modules that are missing; empty when none is. Pure."""
    found = ", ".join(names)
    if not found:
        return ""
    return f"{python} does not find {found}: install it there, or name another Python in [python] interpreter"
