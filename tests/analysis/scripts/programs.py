"""Programs to read, as texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import dedent

from watchkeeper.server.analysis.scripts import Change, Program, read_program


def program(
    script: str,
    files: Mapping[str, str | bytes] | None = None,
    args: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    phase: str | None = "full",
    cpus: int | None = None,
) -> Program:
    """Return what a script at code/model.py does, beside other files of the workspace."""
    contents = {"code/model.py": script, **(files or {})}

    def read(path: str) -> bytes | None:
        text = contents.get(path)
        return dedent(text).encode("utf-8", "surrogatepass") if isinstance(text, str) else text

    return read_program("code/model.py", read, args=args, env=env, phase=phase, cpus=cpus)


def said(found: Sequence[Change]) -> list[tuple[str, str, str, str, bool]]:
    """Return what needs approval, as tuples."""
    return [(one.kind, one.name, one.before, one.after, one.lowered) for one in found if one.needs_approval]
