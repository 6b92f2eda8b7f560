"""What a notebook runs: the code of its cells, however it is cut into them. Pure."""

from __future__ import annotations

import ast
import json
from typing import Any


def code_of(notebook: dict[str, Any]) -> str:
    """Return the code of a notebook, with its kernel and the tags of cells, by which tools find where to put values.

    :raises TypeError, AttributeError: if it is no notebook.
    """
    cells = [one for one in notebook["cells"] if one.get("cell_type") == "code"] if "cells" in notebook else None
    if cells is None:
        raise TypeError("It has no cells.")
    tagged = [(one["metadata"]["tags"], _source(one)) for one in cells if one.get("metadata", {}).get("tags")]
    kernel = notebook.get("metadata", {}).get("kernelspec", {}).get("name", "")
    return json.dumps([kernel, tagged, _parsed("\n".join(map(_source, cells)))])


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _parsed(code: str) -> str:
    """Return code without its comments and blank lines; what is no Python (`%time`, `!pip`) by its lines."""
    try:
        return ast.dump(ast.parse(code))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "\n".join(line.rstrip() for line in code.splitlines() if line.strip())
