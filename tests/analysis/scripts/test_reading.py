"""Reading files: whatever stands in them, nothing breaks, and what cannot be read is named."""

# A program reads best on one line, however long.
# ruff: noqa: E501

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper.server.analysis.scripts import Program, changes, read_program

from ...limits import examples
from .programs import program

BASE = "import pymc as pm\n\ndef run(n):\n    with model:\n        return pm.sample(n, chains=4)\n\nrun(2000)\n"


def read(source: bytes, others: dict[str, bytes] | None = None) -> Program:
    files = {"model.py": source, **(others or {})}
    return read_program("model.py", files.get)


@given(st.binary(max_size=300))
def test_any_bytes_are_read(source: bytes) -> None:
    found = read(source)
    assert [one.sha256 for one in found.files] == [hashlib.sha256(source).hexdigest()]
    assert changes(found, found) == ()


_words = st.sampled_from(
    [
        *("pm.sample(", "draws=", "2000", ")", "\n", "    ", "for e in range(", "):", "if ", "else:", "def f(a, b=1):"),
        *(
            "return ",
            "x = ",
            "import pymc as pm",
            "from . import a",
            "*",
            "**",
            "[",
            "]",
            "{",
            "}",
            ":",
            ",",
            "lambda: ",
        ),
        *(
            "f(",
            "x",
            "x.y",
            "class A(",
            "try:",
            "except E:",
            "with a as b:",
            "global x",
            "yield ",
            "await ",
            "del x",
            "5",
        ),
        *(
            "'a'",
            "f'{x}'",
            "1e999",
            "10**10**10",
            "'a'*9**9",
            "while x:",
            "break",
            "continue",
            "match x:",
            "case 1:",
            "_",
        ),
        *(
            "range(10**30)",
            "@f",
            "~",
            " and ",
            " if ",
            " is None",
            "not ",
            "-",
            "%",
            "x[0]",
            "x[:5]",
            "x += 1",
            "...",
            "globals()['x'] = 2",
        ),
        *(
            "exec('x')",
            "getattr(x, 'y')",
            "from os import *",
            "int('9'*5000)",
            "setattr(x, 'y', 1)",
            "x, *y = z",
            "super().f()",
        ),
    ]
)


@settings(max_examples=examples(300))
@given(st.lists(_words, max_size=25).map("".join), st.lists(_words, max_size=25).map("".join))
def test_any_text_is_read_and_compared(first: str, second: str) -> None:
    one, other = read(first.encode()), read(second.encode())
    assert isinstance(one.describe(), str)
    assert changes(one, one) == ()
    if one.form_sha256 == other.form_sha256:
        assert changes(one, other) == ()
    for change in changes(one, other):
        assert change.line >= 1


_statements = st.lists(
    st.sampled_from(
        [
            *(
                "x = 1",
                "x += 1",
                "def f(a, b=2):\n    return a * b",
                "y = f(x)",
                "f = f(f)",
                "x = [x, x]",
                "d = {'a': x}",
            ),
            *(
                "d['a'] = d",
                "for i in range(x):\n    x = i\n    f(i)",
                "while x:\n    x -= 1\n    if x > 3: break",
                "import a",
            ),
            *(
                "class A:\n    n = 1\n    def __init__(self): self.a = self\n    def go(self): return self.go()",
                "A().go()",
            ),
            *(
                "x = A().a.a.n",
                "try:\n    x = 1 / 0\nexcept Exception:\n    x = 2\nelse:\n    x = 3",
                "x = f if x else A",
                "x(1, *d, **d)",
            ),
            *(
                "global x",
                "x = lambda *a, **k: x(a, k)",
                "x = [f(i) for i in x if i]",
                "x = {k: v for k, v in d.items()}",
                "del x",
            ),
            *(
                "match x:\n    case [a, *b]: x = a\n    case {'k': v, **r}: x = v\n    case A(n=1) | 5: pass",
                "x.y.z = x",
                "x[0][1] = f",
            ),
            *(
                "with A() as x, f(1) as (y, z): pass",
                "async def g():\n    await g()",
                "x = yield_ = (y := x)",
                "assert x, f(1)",
            ),
            *(
                "import pymc as pm; pm.sample = x",
                "from a import *",
                "x = vars(pm)['sample'](**d)",
                "x = super().z",
                "raise x",
                "x = x @ x",
            ),
        ]
    ),
    max_size=12,
).map("\n".join)


@settings(max_examples=examples(300), deadline=None)
@given(_statements, _statements)
def test_any_program_is_read_and_compared(first: str, second: str) -> None:
    others = {"a.py": b"import model\nfrom model import *\nx = model.x\ndef g(): return g()\n"}
    one, other = read(first.encode(), others), read(second.encode(), others)
    changes(one, other)
    assert changes(one, one) == changes(other, other) == ()


@given(
    st.lists(
        st.tuples(st.integers(0, 7), st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=20)),
        max_size=6,
    )
)
def test_comments_and_blank_lines_are_no_change(notes: list[tuple[int, str]]) -> None:
    lines: list[str] = [*BASE.splitlines()]
    for place, note in notes:
        lines.insert(place, f"# {note}")
        lines.insert(place, "")
    before, after = program(BASE), program("\n".join(lines))
    assert before.form_sha256 == after.form_sha256
    assert changes(before, after) == ()


@given(st.integers(0, 10**6).filter(lambda one: one != 2000))
def test_any_other_number_is_a_change_of_form_that_needs_approval(number: int) -> None:
    before, after = program(BASE), program(BASE.replace("2000", str(number)))
    assert before.form_sha256 != after.form_sha256
    (one,) = [one for one in changes(before, after) if one.kind == "parameter" and one.name == "draws"]
    assert (one.after, one.lowered, one.needs_approval) == (str(number), number < 2000, True)


def test_docstrings_are_no_change_unless_the_file_asks_for_them() -> None:
    assert (
        program('"""One."""\nx = 1').form_sha256
        == program('"""Two."""\nx = 1').form_sha256
        == program("x = 1").form_sha256
    )
    assert program('"""One."""\nx = __doc__').form_sha256 != program('"""Two."""\nx = __doc__').form_sha256


def test_a_change_in_an_imported_module_is_a_change_of_form() -> None:
    script = "from helpers import f\nf()"
    one = program(script, {"code/helpers.py": "def f(): return 1"})
    other = program(script, {"code/helpers.py": "def f(): return 2"})
    assert one.form_sha256 != other.form_sha256


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("x = (", "does not parse: "),
        ("x = 1\x00", "does not parse: "),
        ("# -*- coding: nonsense -*-", "does not parse: "),
        ("x = " + "(" * 300 + ")" * 300, "does not parse: "),
        ("x = 1 #" + "a" * 4_000_000, "larger than 1000000 bytes, not parsed"),
    ],
)
def test_what_does_not_parse_is_named(source: str, what: str) -> None:
    found = program(source)
    assert len(found.unresolved) == 1
    assert found.unresolved[0].what.startswith(what)
    assert found.kind == "Unknown"
    assert found.form_sha256 != program(source + " ").form_sha256


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "-" * 500 + "1",
        "x = " + "+".join(["1"] * 900),
        "x = " + "[" * 90 + "]" * 90,
        "x" + ".a" * 500,
        "x = f" + "(1)" * 300,
        "\n".join(f"{' ' * depth}if x{depth}:" for depth in range(95)) + "\n" + " " * 95 + "pass",
        "\n".join(f"def f{place}(): f{place + 1}(); f{place + 1}()" for place in range(200)) + "\nf0()",
        "\n".join(f"def f{place}(g): g(g); return f{place}" for place in range(20)) + "\nf0(f1)",
        "f = lambda g: g(g)\nf(f)",
        "x = 1\n" + "x = [x, x]\n" * 300,
        "x = {}\n" + "x['a'] = x\n" * 300,
        "x = 0\n" + "if y: x = x + 1\n" * 500,
    ],
)
def test_deep_and_tangled_code_is_read_with_bounded_work(source: str) -> None:
    with counted_calls() as count:
        changes(program(source), program("pass"))
    assert count[0] < 5_000_000


def test_modules_that_import_one_another_are_each_read_once() -> None:
    reads: list[str] = []
    files = {
        "a.py": b"import b\nimport pymc as pm\npm.sample(b.N, chains=4)",
        "b.py": b"import c\nN = c.N",
        "c.py": b"import a, b\nN = 5",
    }

    def get(path: str) -> bytes | None:
        reads.append(path)
        return files.get(path)

    found = read_program("a.py", get)
    assert [one.draws for one in found.samplers] == [5]
    assert [path for path, _ in found.files] == ["a.py", "b.py", "c.py"]
    assert len(reads) == len(set(reads))


def test_no_path_outside_the_workspace_is_asked_for() -> None:
    reads: list[str] = []
    source = b"from .... import a\nfrom ...b import c\nimport importlib\nimportlib.import_module('../x')\nimportlib.import_module('/etc/x')"

    def get(path: str) -> bytes | None:
        reads.append(path)
        return source if path == "code/deep/model.py" else None

    read_program("code/deep/model.py", get)
    assert [path for path in reads if ".." in path.split("/") or path.startswith("/")] == []


def test_a_script_that_is_not_there_is_named() -> None:
    assert read_program("model.py", lambda _: None).unresolved == (("model.py", 1, "there is no such file"),)


def test_the_work_of_reading_and_comparing_grows_with_the_size() -> None:
    line = "with pm.Model() as m{0}:\n    a{0} = pm.Normal('a{0}', 0, {0})\n    if x{0} > 3:\n        b{0} = f(a{0})\n"

    def calls(blocks: int) -> int:
        source = "import pymc as pm\n" + "".join(line.format(place) for place in range(blocks))
        other = source.replace(f"'a{blocks // 2}', 0, ", f"'a{blocks // 2}', 1, ")
        with counted_calls() as count:
            found = changes(program(source), program(other))
        assert len(found) == 1
        return count[0]

    assert calls(200) < 4 * 1.5 * calls(50)


@contextmanager
def counted_calls() -> Generator[list[int]]:
    """Count the calls of Python functions: how much is done, whatever else the machine does meanwhile."""
    count = [0]

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        count[0] += event == "call"

    sys.setprofile(note)
    try:
        yield count
    finally:
        sys.setprofile(None)


CONFIGURED = """
import json, tomllib
import pymc as pm
with open("code/settings.json") as file:
    settings = json.load(file)
widths = tomllib.load(open("widths.toml", "rb"))
pm.Normal("a", 0, widths["prior"]["a"])
pm.sample(settings["mcmc"]["draws"], chains=settings["mcmc"].get("chains", 4))
"""


def test_settings_in_json_and_toml_are_read_along() -> None:
    found = program(CONFIGURED, {"code/settings.json": '{"mcmc": {"draws": 2000}}', "widths.toml": "prior.a = 5"})
    assert [(one.draws, one.chains) for one in found.samplers] == [(2000, 4)]
    assert [path for path, _ in found.configs] == ["code/settings.json", "widths.toml"]
    assert found.unresolved == ()


def test_changed_settings_are_changes_though_the_script_is_the_same() -> None:
    files = {"code/settings.json": '{"mcmc": {"draws": 2000}}', "widths.toml": "prior.a = 5"}
    before = program(CONFIGURED, files)
    after = program(CONFIGURED, {"code/settings.json": '{"mcmc": {"draws": 10}}', "widths.toml": "prior.a = 1"})
    assert before.form_sha256 == after.form_sha256
    found = [(one.name, one.needs_approval) for one in changes(before, after)]
    assert found == [("draws", True), ("code/settings.json", True), ("widths.toml", True)]


def test_settings_that_are_only_written_in_another_way_are_no_change() -> None:
    before = program(
        CONFIGURED, {"code/settings.json": '{"mcmc": {"draws": 9, "chains": 2}}', "widths.toml": "prior.a = 5"}
    )
    other = {"code/settings.json": '{"mcmc":\n{"chains": 2, "draws": 9}}', "widths.toml": "# wide\n[prior]\na = 5\n"}
    assert changes(before, program(CONFIGURED, other)) == ()


def test_a_file_that_the_script_writes_itself_is_no_setting() -> None:
    script = "import json\nstate = json.load(open('state.json'))\njson.dump(state, open('state.json', 'w'))"
    assert program(script, {"state.json": "{}"}).configs == ()


@given(
    st.text(max_size=40)
    | st.recursive(st.integers() | st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)).map(
        json.dumps
    )
)
def test_any_settings_are_read(text: str) -> None:
    program(CONFIGURED, {"code/settings.json": text, "widths.toml": text})


@pytest.mark.parametrize("where", ["sys.path.insert(0, 'lib')", "sys.path.append(os.path.join('code', '..', 'lib'))"])
def test_folders_that_a_script_adds_are_looked_into(where: str) -> None:
    script = f"import os, sys\n{where}\nimport helper\nhelper.go()"
    found = program(script, {"lib/helper.py": "import pymc as pm\ndef go():\n    pm.sample(5, chains=4)"})
    assert [one.file for one in found.samplers] == ["lib/helper.py"]


@pytest.mark.parametrize("where", ["sys.path.insert(0, '/opt/lib')", "sys.path.append(input())"])
def test_folders_outside_or_unknown_are_named(where: str) -> None:
    found = program(f"import sys\n{where}\nimport helper")
    assert [one.what for one in found.unresolved] == ["imports from a folder that is outside or made at run time"]
