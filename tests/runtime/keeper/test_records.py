"""Records are complete or absent, also with two writers and a full disk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.runtime.keeper import records

from ...growth import assert_grows_with_its_input

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text().filter(lambda key: key != "version"), json_values, max_size=5))
def test_a_record_reads_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, record: dict[str, object]) -> None:
    path = tmp_path_factory.mktemp("records", numbered=True) / "record.json"
    records.write(path, record)
    assert records.read(path) == {"version": 1, **record}
    assert [one.name for one in path.parent.iterdir()] == ["record.json"]


def test_a_text_that_is_no_unicode_survives(tmp_path: Path) -> None:
    records.write(tmp_path / "r", {"argv": [b"\xff.py".decode("utf-8", "surrogateescape")]})
    assert records.read(tmp_path / "r") == {"version": 1, "argv": ["\udcff.py"]}


def test_an_absent_record_is_none(tmp_path: Path) -> None:
    assert records.read(tmp_path / "r") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version":2}', b"{}", b"\xff", b"7"])
def test_a_damaged_record_is_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "exit.json").write_bytes(content)
    with pytest.raises(records.DamagedRecord, match=r"exit\.json"):
        records.read(tmp_path / "exit.json")


def test_a_record_that_a_training_made_long_is_given_up_after_one_look_at_each_byte(tmp_path: Path) -> None:
    def made(size: int) -> Path:
        path = tmp_path / str(size) / records.SPEC
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(size))
        return path

    def read(path: Path) -> None:
        with pytest.raises(records.DamagedRecord):
            records.read(path)

    assert_grows_with_its_input(read, made, 2 << 20)


@pytest.mark.parametrize("behind", [b"", b"\n", b"\n" + bytes(1 << 18), b"\n{}\n"])
def test_what_stands_behind_the_line_of_a_record_is_padding(tmp_path: Path, behind: bytes) -> None:
    line = records.encode({"argv": ["x" * (1 << 18)]}).rstrip()
    (tmp_path / records.SPEC).write_bytes(line + behind)
    assert records.read(tmp_path / records.SPEC) == {"version": 1, "argv": ["x" * (1 << 18)]}


def test_of_many_who_create_a_record_one_does(tmp_path: Path) -> None:
    path = tmp_path / records.STOP
    drafts: list[dict[str, object]] = [{"who": who} for who in range(40)]
    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(records.create, [path] * 40, drafts))
    [winner] = [draft for draft, first in zip(drafts, created, strict=True) if first]
    assert records.read(path) == {"version": 1, **winner}
    assert [one.name for one in tmp_path.iterdir()] == [records.STOP]


def test_a_record_that_cannot_be_put_in_place_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    with pytest.raises(OSError, match="r"):
        records.write(tmp_path / "r", {})
    assert [one.name for one in tmp_path.iterdir()] == ["r"]


@given(json_values, json_values)
def test_a_field_is_of_its_kind_or_none(value: object, other: object) -> None:
    record: dict[str, object] = {"a": value, "b": other}
    assert records.number(record, "a") in (value, None)
    assert records.text(record, "a") in (value, "")
    assert records.part(record, "b") in (other, None)
    assert not isinstance(records.whole(record, "a"), bool)
    assert records.number(None, "a") is records.part(None, "a") is None
