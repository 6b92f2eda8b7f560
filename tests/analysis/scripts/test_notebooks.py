"""A notebook is compared by the code that it runs, not by its words, its outputs or where its cells are cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from watchkeeper.server.analysis.scripts.configs import settings_sha256

CODE = "import numpy as np\nTREES = 60\nfit(TREES)\n"


def notebook(*cells: str, tags: tuple[str, ...] = (), words: str = "", kernel: str = "python3") -> bytes:
    written: list[dict[str, Any]] = [
        {"cell_type": "code", "source": one.splitlines(keepends=True), "outputs": [words], "execution_count": 1,
         "metadata": {"tags": list(tags)} if tags else {}}
        for one in cells
    ]  # fmt: skip
    said: list[dict[str, Any]] = [{"cell_type": "markdown", "source": words, "metadata": {}}] if words else []
    return json.dumps({"cells": [*said, *written], "metadata": {"kernelspec": {"name": kernel}}}).encode()


def digest(source: bytes) -> str:
    return settings_sha256("notebooks/model.ipynb", source)


@pytest.mark.parametrize(
    "other",
    [
        notebook(*CODE.splitlines()),
        notebook(CODE, words="A heading"),
        notebook(CODE.replace("60\n", "60  # as before\n\n")),
    ],
    ids=["cut into cells", "words and outputs", "comments and blank lines"],
)
def test_the_same_code_is_the_same_notebook(other: bytes) -> None:
    assert digest(other) == digest(notebook(CODE))


@pytest.mark.parametrize(
    "other",
    [
        notebook(CODE.replace("60", "20")),
        notebook(CODE, tags=("parameters",)),
        notebook(CODE, kernel="ir"),
        notebook(CODE + "%run other.py\n"),
        b'{"no": "notebook"}',
        b"not json",
    ],
    ids=["another figure", "a tag for parameters", "another kernel", "a magic line", "no cells", "no JSON"],
)
def test_other_code_is_another_notebook(other: bytes) -> None:
    assert digest(other) != digest(notebook(CODE))
    assert digest(other) == digest(other)
