"""What the statement was doing tells the type: what it asks, of what it asks, and in which function it stands."""

from __future__ import annotations

import io

import pytest
from watchkeeper.server.analysis.logs.error_types import type_or_implementation
from watchkeeper.server.analysis.logs.scan import scan
from watchkeeper.server.vocabulary.runs import Finding

LIBRARY = "/env/lib/python3.11/site-packages/"
EPOCHS = "".join(f"epoch {i} loss {2 - i / 10:.2f}\n" for i in range(3))


def first(text: str, exit_code: int = 1) -> Finding:
    return scan(io.BytesIO((EPOCHS + text).encode()), exit_code=exit_code).findings[0]


@pytest.mark.parametrize(
    ("exception", "message", "place", "kind"),
    [
        # rows of different lengths, and the same words of the model's own concatenation
        (
            "ValueError",
            "setting an array element with a sequence. The requested array has an inhomogeneous shape",
            "/work/load.py in load_folder x = np.array(rows)",
            "data",
        ),
        # an image library that was given other channels
        (
            "ValueError",
            "Input image must have 3 channels",
            f"/work/augment.py in __call__ x = rgb2lab(img) {LIBRARY}skimage/color/colorconv.py in rgb2lab raise",
            "data",
        ),
        # unpacking: of what an image is, and of what a function of the person gives
        (
            "ValueError",
            "not enough values to unpack (expected 3, got 2)",
            "/work/loader.py in __getitem__ h, w, c = image.shape",
            "data",
        ),
        (
            "ValueError",
            "too many values to unpack (expected 2)",
            "/work/train.py in main loss, out = model.step(batch)",
            "implementation",
        ),
        # a bare assertion where something is read, and where a model is built
        ("AssertionError", "", "/work/dataset.py in __getitem__ assert len(boxes) == len(labels)", "data"),
        ("AssertionError", "", "/work/model.py in build_head assert dim % heads == 0", "implementation"),
        # a library asks a table for what only an array has
        (
            "AttributeError",
            "'DataFrame' object has no attribute 'dtype'",
            f"{LIBRARY}pycaret/internal/preprocess.py in fit if data[c].dtype == 'object':",
            "implementation",
        ),
        ("TypeError", "float() argument must be a string or a real number, not 'NAType'", "", "data"),
        # a value outside of what a distribution knows: one that was read, and one that a training came to
        ("ValueError", "value to be within the support (IntegerInterval(0, 9)), but found:\ntensor([11])", "", "data"),
        ("ValueError", "value to be within the support (Real()), but found:\ntensor([nan, nan])", "", "convergence"),
        # what reads like a known message and is none
        ("BoundsError", "attempt to access 3-element Vector{Float64} at index [4]", "", "implementation"),
        ("PermissionError", "unauthorized attempt to access bucket", "", "infrastructure"),
        ("OSError", "Error reading from the remote server", "", "infrastructure"),
    ],
)
def test_the_statement_tells(exception: str, message: str, place: str, kind: str) -> None:
    assert type_or_implementation(exception, message, place) == kind


@pytest.mark.parametrize(
    ("text", "code", "line", "kind"),
    [
        # a step of a workflow that says how the shell ended
        (
            "Error executing process > 'TRAIN (1)'\nCaused by:\n  Process `TRAIN (1)` terminated with an error exit "
            "status (127)\nCommand error:\n  .command.sh: line 2: trainer: command not found\n",
            1,
            4,
            "implementation",
        ),
        # the words of an operating system about memory stand behind a wrapper that knows none
        (
            "subprocess.CalledProcessError: Command 'train' died with <Signals.SIGKILL: 9>.\n"
            "Out of memory: Killed process 4242 (python) total-vm:81234567kB\n",
            1,
            None,
            "resource",
        ),
        # an error that R's own stop only repeats
        (
            "Error in dataset(d) : attempt to access slot on a missing object\nExecution halted\n",
            1,
            4,
            "implementation",
        ),
    ],
)
def test_forms_of_launchers_and_shells(text: str, code: int, line: int | None, kind: str) -> None:
    found = first(text, code)
    assert found.type == kind
    assert line is None or found.line == line
