"""A person's own command that keeps what it is told, a line of JSON each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def command(folder: Path, body: str = "") -> tuple[str, ...]:
    """Return a command that appends its standard input to the file `told` of a folder, after something else."""
    program = folder / "tell.sh"
    program.write_text(f'#!/bin/sh\n{body}\ncat >> "$1"; echo >> "$1"\n')
    program.chmod(0o700)
    return (str(program), str(folder / "told"))


def told(folder: Path) -> list[dict[str, Any]]:
    """Return what it was told, in order; a line that is being written counts when it is whole."""
    path = folder / "told"
    lines = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
    return [json.loads(one) for one in lines if one.endswith("\n") and one.strip()]


def table(words: tuple[str, ...], further: str = "") -> str:
    """Return the table of the policy that names a command."""
    return f"[notify]\ncommand = {json.dumps(list(words))}\n{further}\n"
