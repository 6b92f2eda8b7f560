"""On the command line an object may be given as `@FILE`: the text of a file beneath the workspace takes its place."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from ...acts.toolbox import Shape, Tool
from ...storage.files.workspace import Workspace
from ...vocabulary.errors import InvalidArgument
from ...vocabulary.json_values import LONGEST_JSON


def opened(tool: Tool, given: Mapping[str, object], workspace: Callable[[], Workspace]) -> dict[str, object]:
    """Return a tool's arguments with the text of each named file in its place.

    :param workspace: gives the workspace; asked only if a file is named. Names are relative to the current folder.
    :raises PathRefused: if a file lies outside the workspace, or is larger than any argument may be.
    :raises InvalidArgument: if a file is not UTF-8.
    """
    objects = {one.name for one in tool.parameters if one.shape in (Shape.OBJECT, Shape.OBJECTS)}
    return {name: _text(name, value, workspace) if name in objects else value for name, value in given.items()}


def _text(name: str, value: object, workspace: Callable[[], Workspace]) -> object:
    if not isinstance(value, str) or not value.startswith("@"):
        return value
    try:
        return workspace().read_bytes(os.path.abspath(value[1:]), 4 * LONGEST_JSON).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidArgument(f"{name}: {value[1:60]} is not UTF-8.", "Save it as UTF-8 and call again.") from None
