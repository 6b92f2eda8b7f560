"""The policy: defaults, what a file may say, and complaints that name the line, the key and what was meant."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st
from watchkeeper.server.storage.files.workspace import Workspace
from watchkeeper.server.storage.policy.policy import (
    Names,
    Policy,
    load_policy,
    policy_sha256,
    policy_text,
    read_policy,
)
from watchkeeper.server.storage.policy.toml_text import Described, key_lines, line_of
from watchkeeper.server.vocabulary.errors import PathRefused, PolicyInvalid

from ...limits import examples


def complaints(text: str) -> list[str]:
    with pytest.raises(PolicyInvalid) as caught:
        load_policy(text)
    return caught.value.what.split("\n")


def tables() -> dict[str, type[Described]]:
    return {name: type(value) for name, value in Policy() if isinstance(value, Described)}


# Defaults


def test_the_defaults_are_those_of_the_requirement_document() -> None:
    policy = Policy()
    assert (policy.quick.max_minutes, policy.quick.data_fraction, policy.quick.label) == (30.0, 0.2, "5A")
    assert (policy.full.min_hours, policy.full.max_hours, policy.full.label) == (2.0, 6.0, "5B")
    assert (policy.watch.wait_s, policy.watch.max_wait_s, policy.watch.status_minutes) == (45.0, 50.0, 30.0)
    assert (policy.mcmc.rhat_failure, policy.mcmc.rhat_emergency, policy.mcmc.min_ess) == (1.1, 1.3, 400)


def test_an_empty_file_is_the_defaults() -> None:
    assert load_policy("") == load_policy("# nothing\n") == Policy()


def test_every_table_and_key_says_what_it_means() -> None:
    assert Policy.model_fields["environment"].description
    for table in tables().values():
        assert table.__doc__
        assert all(table.texts().values()), table


def test_a_policy_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Policy().quick.max_minutes = 1.0  # pyright: ignore[reportAttributeAccessIssue] (that is what is tested)


# What a file may say


def test_a_file_changes_what_it_names_and_nothing_else() -> None:
    text = """
        environment.OMP_NUM_THREADS = 4
        environment.SHARE = 0.5
        [quick]
        max_minutes = 20
        [names]
        design = "design_{i}.md"
        features = ["a_{i}.parquet", "b_{i}.csv"]
        [python]
        pass_through = ["PATH"]
        interpreter = "/usr/bin/python3"
    """
    policy = load_policy(text)
    expected = Policy().model_dump()
    expected["quick"]["max_minutes"] = 20.0
    expected["names"] |= {"design": ("design_{i}.md",), "features": ("a_{i}.parquet", "b_{i}.csv")}
    expected["python"] |= {"pass_through": ("PATH",), "interpreter": "/usr/bin/python3"}
    expected["environment"] = {"OMP_NUM_THREADS": "4", "SHARE": "0.5"}
    assert policy.model_dump() == expected
    assert isinstance(policy.quick.max_minutes, float)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[quick]\nmax_minute = 3", "2: [quick] max_minute: there is no such key; did you mean max_minutes?"),
        ("\nmax_minutes = 3", "2: max_minutes: there is no such key; did you mean max_minutes in [quick]?"),
        ("[quik]\nlabel = 'x'", "1: quik: there is no such key; did you mean quick?"),
        ("[quick]\nmax_minutes = '30'", "2: [quick] max_minutes: expected a valid number, got '30'."),
        ("[quick]\nmax_minutes = true", "2: [quick] max_minutes: expected a valid number, got True."),
        ("[quick]\nmax_minutes = nan", "2: [quick] max_minutes: expected a finite number, got nan."),
        ("[quick]\nmax_minutes = inf", "2: [quick] max_minutes: expected a finite number, got inf."),
        ("[quick]\nmax_minutes = 0", "2: [quick] max_minutes: expected greater than 0, got 0."),
        ("[quick]\ndata_fraction = 1.5", "2: [quick] data_fraction: expected less than or equal to 1, got 1.5."),
        ("[mcmc]\nmin_ess = 400.5", "2: [mcmc] min_ess: expected a valid integer, got 400.5."),
        ("[mcmc]\nmin_ess = true", "2: [mcmc] min_ess: expected a valid integer, got True."),
        ("[full]\nmin_hours = 7", "1: [full]: min_hours (7) must not be above max_hours (6)."),
        ("[watch]\nwait_s = 60", "1: [watch]: wait_s (60) must not be above max_wait_s (50)."),
        ("[watch]\nmax_wait_s = 3601", "2: [watch] max_wait_s: expected less than or equal to 3600, got 3601."),
        ("[mcmc]\nrhat_flag = 1.2", "1: [mcmc]: rhat_flag (1.2) must not be above rhat_failure (1.1)."),
        ("profile = 'free'", "1: profile: expected 'contest', 'research' or 'plain', got 'free'."),
        ("profile = 3", "1: profile: expected 'contest', 'research' or 'plain', got 3."),
        ("profil = 'plain'", "1: profil: there is no such key; did you mean profile?"),
        ("profile = 'plain'\nquick = 3", "2: [quick]: expected a table, got 3."),
        ("quick = 3", "1: [quick]: expected a table, got 3."),
        ("environment = 3", "1: [environment]: expected a table, got 3."),
        ("[environment]\nA = true", "2: [environment] A: expected a valid string, got True."),
        ("[environment]\nA = nan", "2: [environment] A: expected a string or a finite number, got nan."),
        ('[environment]\nA = "\\u0000"', "2: [environment] A: expected a string without a NUL character, got '\\x00'."),
        ("[names]\nlog_full = 3", "2: [names] log_full: expected a valid string, got 3."),
        ("[names]\ndesign = []", "2: [names] design: "),
    ],
)
def test_a_mistake_is_named_with_its_line_its_key_and_what_was_expected(text: str, complaint: str) -> None:
    (found,) = complaints(text)
    assert found.startswith(f"watchkeeper.toml:{complaint}")


@pytest.mark.parametrize("name", ["A-B", "1A", "", "A B", "WATCHKEEPER_PHASE", "É"])
def test_only_names_that_an_environment_may_have_and_that_are_not_ours_are_taken(name: str) -> None:
    (found,) = complaints(tomli_w.dumps({"environment": {name: "x"}}))
    assert found.startswith("watchkeeper.toml:2: [environment] ")
    (found,) = complaints(tomli_w.dumps({"python": {"pass_through": [name]}}))
    assert found.startswith("watchkeeper.toml:2: [python] pass_through: ")


@pytest.mark.parametrize(
    "template",
    [
        *("", "/abs", "../x", "a/../b", "./a", "a//b", "a/", "x\0", ".watchkeeper/ledger.sqlite3", "watchkeeper.toml"),
        *("{model}", "{i", "{i!r}", "{{i}}", "{}", "a}"),
    ],
)
def test_a_name_that_leads_elsewhere_or_has_other_braces_is_refused(template: str) -> None:
    (found,) = complaints(tomli_w.dumps({"names": {"script": template}}))
    assert found.startswith("watchkeeper.toml:2: [names] script: ")


def test_two_kinds_cannot_share_a_file() -> None:
    (found,) = complaints('[names]\nresults_quick = "output/implementation/data/results_{i}.csv"')
    assert "results_quick and results_full name the same file" in found


def test_all_mistakes_come_in_one_message_in_the_order_of_the_file() -> None:
    text = "\n".join(
        [
            "[mcmc]",
            "min_es = 3",
            "[quick]",
            "label = 5",
            "max_minutes = -1 # no",
            "[full]",
            "max_hours = 1",
        ]
    )
    starts = ["2: [mcmc] min_es:", "4: [quick] label:", "5: [quick] max_minutes:", "6: [full]:"]
    found = complaints(text)
    assert len(found) == len(starts)
    for line, start in zip(found, starts, strict=True):
        assert line.startswith(f"watchkeeper.toml:{start}")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = ", 1),
        ("[quick]\n\nlabel = 5A", 3),
        ("[quick]\nlabel = '''\n", 3),
        ("[quick]\nlabel = 'a'\nlabel = 'b'", 3),
        ("a = " + "[" * 5000, 1),
        ("a = " + "9" * 5000, 1),
    ],
)
def test_what_is_no_toml_is_named_with_its_line(text: str, line: int) -> None:
    (found,) = complaints(text)
    assert found.startswith(f"watchkeeper.toml:{line}: ")


def test_a_value_in_a_complaint_is_short_and_plain() -> None:
    (found,) = complaints(tomli_w.dumps({"quick": {"max_minutes": "\x1b[31m\u202e" + "x" * 1000}}))
    assert found.isascii()
    assert len(found) < 200


_anything = st.recursive(st.none() | st.booleans() | st.text(), lambda inner: st.dictionaries(st.text(), inner))


@settings(max_examples=examples(200))
@given(st.sampled_from(sorted(Policy.model_fields)), _anything)
def test_any_toml_gives_a_policy_or_a_complaint_never_another_error(name: str, value: Any) -> None:
    text = tomli_w.dumps(_without_none({name: value}))
    with suppress(PolicyInvalid):
        assert load_policy(text) == load_policy(policy_text(load_policy(text)))


def _without_none(table: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _without_none(value) if isinstance(value, dict) else value  # pyright: ignore[reportUnknownArgumentType] (any shape)
        for key, value in table.items()
        if value is not None
    }


# The text of a policy


_environment = st.dictionaries(
    st.from_regex(r"[A-V][A-Z0-9_]{0,10}", fullmatch=True),
    st.text(st.characters(exclude_characters="\0", codec="utf-8")),
)


@settings(deadline=None)
@given(environment=_environment, minutes=st.floats(0.001, 500_000), interpreter=st.none() | st.just("bin/python"))
def test_the_text_of_a_policy_reads_back_as_that_policy(
    environment: dict[str, str], minutes: float, interpreter: str | None
) -> None:
    policy = Policy.model_validate(
        {"quick": {"max_minutes": minutes}, "environment": environment, "python": {"interpreter": interpreter}}
    )
    assert load_policy(policy_text(policy)) == policy


def test_the_sha256_of_a_policy_follows_its_values_and_not_the_files_spelling() -> None:
    assert policy_sha256(load_policy("# words\n[quick]\nmax_minutes = 30")) == policy_sha256(Policy())
    assert policy_sha256(load_policy("[quick]\nmax_minutes = 31")) != policy_sha256(Policy())


# Lines


def test_keys_are_found_however_they_are_written() -> None:
    text = '''# [no]
top.dotted = 1          # top.not = 2
"quoted key" . 'second' = """
[not.a.table]
x = 1
"""
[ table . "sub.table" ]
list = [
  "a", # ] = {
  { in_list = { deep = 1 } },
]
inline = { a.b = 2, "c=d" = [ { e = 3 } ] }
after = \'\'\'
y = 1\'\'\'
[[many]]
name = -1_000.5e+3
when = 1979-05-27T07:32:00Z
'''
    assert key_lines(text) == {
        ("top", "dotted"): 2,
        ("quoted key", "second"): 3,
        ("table", "sub.table"): 7,
        ("table", "sub.table", "list"): 8,
        ("table", "sub.table", "list", "in_list"): 10,
        ("table", "sub.table", "list", "in_list", "deep"): 10,
        ("table", "sub.table", "inline"): 12,
        ("table", "sub.table", "inline", "a", "b"): 12,
        ("table", "sub.table", "inline", "c=d"): 12,
        ("table", "sub.table", "inline", "c=d", "e"): 12,
        ("table", "sub.table", "after"): 13,
        ("many",): 15,
        ("many", "name"): 16,
        ("many", "when"): 17,
    }


def test_a_key_that_has_no_line_of_its_own_takes_that_of_the_table_around_it() -> None:
    lines = key_lines("\n[quick]\nlabel = 'x'\n")
    assert line_of(lines, ("quick", "label")) == 3
    assert line_of(lines, ("quick", "missing", "deep")) == 2
    assert line_of(lines, ("full",)) == 1


_values = st.recursive(
    st.integers(-9, 9) | st.floats(allow_nan=False) | st.booleans() | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(st.characters(codec="utf-8")), _values), st.booleans())
def test_every_key_of_any_toml_is_found_and_on_no_line_before_its_tables(document: dict[str, Any], long: bool) -> None:
    lines = key_lines(tomli_w.dumps(document, multiline_strings=long))
    leaves = set(_leaves(document, ()))
    assert leaves <= lines.keys()
    for key in leaves:
        assert lines[key] >= line_of(lines, key[:-1])


def _leaves(value: Any, key: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the keys of everything in `value` that is neither a table nor a list."""
    if isinstance(value, dict):
        return [leaf for name, inner in value.items() for leaf in _leaves(inner, (*key, str(name)))]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] (any shape)
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _leaves(inner, key) if leaf != key]  # pyright: ignore[reportUnknownVariableType] (any shape)
    return [key]


# Files


def test_the_file_in_the_workspace_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    for mark in (b"", b"\xef\xbb\xbf"):
        (tmp_path / "watchkeeper.toml").write_bytes(mark + b"[quick]\r\nmax_minutes = 5\r\n")
        assert read_policy(Workspace(tmp_path)).quick.max_minutes == 5.0


def test_a_policy_file_that_cannot_be_read_is_an_error_and_not_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "root" / "watchkeeper.toml"
    file.parent.mkdir()
    workspace = Workspace(file.parent)
    file.write_bytes(b"\xff")
    with pytest.raises(PolicyInvalid, match="not UTF-8 at byte 0"):
        read_policy(workspace)
    file.write_bytes(b"#" * 1_000_001)
    with pytest.raises(PathRefused):
        read_policy(workspace)
    file.unlink()
    file.mkdir()
    with pytest.raises(PathRefused):
        read_policy(workspace)
    file.rmdir()
    (tmp_path / "outside.toml").write_text("")
    file.symlink_to("../outside.toml")
    with pytest.raises(PathRefused):
        read_policy(workspace)


def test_reading_a_file_needs_no_more_of_a_workspace_than_a_few_methods() -> None:
    @dataclass
    class Files:
        files: dict[str, bytes] = field(default_factory=dict[str, bytes])

        def exists(self, path: str) -> bool:
            return path in self.files

        def read_bytes(self, path: str, limit_bytes: int) -> bytes:
            return self.files[path][:limit_bytes]

        def has_folder(self, path: str) -> bool:
            return path in self.files

        def list_dir(self, path: str = ".") -> list[str]:
            return [one for one in self.files if one.startswith(path)]

    names = read_policy(Files({"watchkeeper.toml": b'names.log_quick = "q.log"'})).names
    assert names == Names(log_quick="q.log")


@pytest.mark.parametrize(
    "text",
    ["".join(f"k{number} = 1\n" for number in range(15_000)), "a" + ".a" * 60_000 + " = 1\n"],
)
def test_a_policy_that_is_all_wrong_is_refused_in_a_few_lines(text: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        load_policy(text)
    assert len(str(refused.value)) < 20_000
