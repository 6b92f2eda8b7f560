from __future__ import annotations

import bz2
import gzip
import lzma
import math
import zipfile
from collections import Counter
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper.server.analysis.artefacts import tables
from watchkeeper.server.analysis.artefacts.facts import ColumnFacts, JsonFacts, Placeholder, TableFacts, UnknownFacts
from watchkeeper.server.analysis.artefacts.placeholders import is_placeholder
from watchkeeper.server.analysis.artefacts.tables import LARGEST, Table

from .helpers import made_here, not_inspected


def table(path: Path) -> TableFacts:
    found = made_here(path)
    assert isinstance(found, TableFacts), found
    return found


def test_a_table_is_counted_column_by_column(tmp_path: Path) -> None:
    text = "epoch,loss,note,loss\n1,0.5,ok,7\n2,nan,TODO,7\n3,inf,,7\n3,inf,,7\n4,0.25\n"
    (tmp_path / "h.csv").write_text(text)
    assert table(tmp_path / "h.csv") == TableFacts(
        format="csv",
        size_bytes=len(text),
        rows=5,
        rows_looked_at=5,
        columns=(
            ColumnFacts(
                name="epoch",
                numbers=5,
                minimum=1,
                maximum=4,
                distinct=4,
                values=(1, 2, 3, 3, 4),
                mean=2.6,
                sd=1.019803902718557,
                counts=(1, 1, 1, 2),
            ),
            ColumnFacts(name="loss", missing=1, infinite=2, numbers=2, minimum=0.25, maximum=0.5, distinct=3),
            ColumnFacts(name="note", missing=2, texts=2, distinct=2),
            ColumnFacts(name="loss", numbers=4, minimum=7, maximum=7, distinct=1),
        ),
        column_count=4,
        duplicate_headers=("loss",),
        ragged_rows=(5,),
        ragged_count=1,
        repeated_rows=1,
        placeholders=(Placeholder(text="TODO", where="note", row=2),),
        placeholder_count=1,
    )


def test_constant_columns_and_columns_with_nan_are_named(tmp_path: Path) -> None:
    (tmp_path / "h.tsv").write_text("a\tb\tc\n1\t2\tnan\n1\t3\t1\n")
    found = table(tmp_path / "h.tsv")
    assert (found.format, found.constant_columns, found.nan_columns) == ("tsv", ("a",), ("c",))


def test_a_semicolon_separates_where_the_header_uses_it(tmp_path: Path) -> None:
    (tmp_path / "h.csv").write_text('\ufeffa;b\n1;"x; y"\n', encoding="utf-8")
    assert [one.name for one in table(tmp_path / "h.csv").columns] == ["a", "b"]


def test_an_empty_table_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / "h.csv").write_text("")
    assert table(tmp_path / "h.csv") == TableFacts(format="csv", size_bytes=0, rows=0, notes=("The file is empty.",))


def test_a_table_that_is_binary_is_not_inspected(tmp_path: Path) -> None:
    (tmp_path / "h.csv").write_bytes(bytes(range(256)) * 10)
    assert not_inspected(tmp_path / "h.csv").reason == "It is no text, so it is no CSV."


def test_a_quote_that_never_ends_is_not_inspected(tmp_path: Path) -> None:
    (tmp_path / "h.csv").write_text('a,b\n1,"' + "x\n" * 600_000)
    assert "after row 0" in not_inspected(tmp_path / "h.csv").reason


def test_a_table_with_too_many_cells_is_read_in_part_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MOST_CELLS", 20_000)
    (tmp_path / "h.csv").write_text("a\n" + "1\n" * 11_000)
    found = table(tmp_path / "h.csv")
    assert (found.rows, found.rows_looked_at, found.complete) == (11_000, 10_000, False)


def test_parquet_is_counted_as_a_table(tmp_path: Path) -> None:
    arrow: Any = pytest.importorskip("pyarrow")
    columns = arrow.table({"loss": [0.5, math.nan, None], "note": ["ok", "pending", "ok"]})
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(columns, tmp_path / "h.parquet")
    found = table(tmp_path / "h.parquet")
    assert (found.format, found.rows, found.nan_columns) == ("parquet", 3, ("loss",))
    assert found.placeholders == (Placeholder(text="pending", where="note", row=2),)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
def test_the_range_of_a_column_is_that_of_its_numbers(values: list[float]) -> None:
    counted = Table(["x"])
    for value in values:
        counted.add([repr(value)])
    (column,) = (one.facts() for one in counted.columns)
    wanted = ColumnFacts(
        name="x",
        numbers=len(values),
        minimum=min(values),
        maximum=max(values),
        distinct=len(set(values)),
        values=tuple(values) if max(map(abs, values)) <= LARGEST else (),
        mean=column.mean,  # none where squares overflow
        sd=column.sd,
        counts=tuple(sorted(Counter(values).values())),
    )
    assert column == wanted
    assert column.mean is None or column.mean == pytest.approx(fmean(values))


def test_placeholders_are_told_from_words() -> None:
    stand_ins = ["TODO", " pending ", "N/A so far", "placeholder", "dummy", "to be determined", "???", "<value>", "..."]
    words = ["", "0.5", "todos los días", "pending orders", "dummy variables", "model 3", "n/a", "A < B", "methodology"]
    assert [text for text in stand_ins if not is_placeholder(text)] == []
    assert [text for text in words if is_placeholder(text)] == []


def test_a_text_tells_its_lines_and_what_is_not_written_yet(tmp_path: Path) -> None:
    (tmp_path / "summary.md").write_text("# Results\n\nRMSE: TBD\n")
    assert made_here(tmp_path / "summary.md") == UnknownFacts(
        size_bytes=21,
        magic=b"# Results\n\nRMSE:".hex(),
        text=True,
        lines=3,
        placeholders=(Placeholder(text="RMSE: TBD", row=3),),
        placeholder_count=1,
    )


def test_a_json_document_tells_keys_numbers_and_what_is_missing(tmp_path: Path) -> None:
    text = '{"rmse": 0.5, "folds": [1, NaN, {"r2": null}], "note": "pending", "n": 3, "n": 4, "ok": true}'
    (tmp_path / "r.json").write_text(text)
    assert made_here(tmp_path / "r.json") == JsonFacts(
        format="json",
        size_bytes=len(text),
        keys=("rmse", "folds", "note", "n", "ok"),
        nodes=10,
        non_finite=("folds[1]",),
        non_finite_count=1,
        nulls=("folds[2].r2",),
        null_count=1,
        numbers=(("rmse", 0.5), ("folds[0]", 1.0), ("n", 4.0)),
        duplicate_keys=("n",),
        placeholders=(Placeholder(text="pending", where="note"),),
        placeholder_count=1,
    )


def test_json_lines_are_counted_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text('{"loss": 1}\n\n{"loss": 2}\n')
    found = made_here(tmp_path / "r.jsonl")
    assert isinstance(found, JsonFacts)
    assert (found.documents, found.numbers) == (2, (("[0].loss", 1.0), ("[1].loss", 2.0)))
    (tmp_path / "r.jsonl").write_text('{"loss": 1}\n{"loss": \n')
    assert "in line 2" in not_inspected(tmp_path / "r.jsonl").reason


def test_json_that_is_cut_or_nested_too_deeply_is_not_inspected(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text('{"rmse": 0.')
    assert not_inspected(tmp_path / "r.json").cause == "damaged"
    (tmp_path / "r.json").write_text("[" * 500_000)
    assert not_inspected(tmp_path / "r.json").reason == "Its JSON is nested too deeply."


def test_a_compressed_table_is_read_as_the_table_that_it_is(tmp_path: Path) -> None:
    text = b"city,cases\nA,1\nB,TODO\nC,nan\n"
    for suffix, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
        (tmp_path / f"r.csv.{suffix}").write_bytes(pack(text))
        found = table(tmp_path / f"r.csv.{suffix}")
        assert (found.format, found.rows, found.nan_columns) == ("csv", 3, ("cases",))
        assert found.placeholders == (Placeholder(text="TODO", where="cases", row=2),)
    (tmp_path / "r.json.gz").write_bytes(gzip.compress(b'{"rmse": "TODO"}'))
    document = made_here(tmp_path / "r.json.gz")
    assert isinstance(document, JsonFacts)
    assert document.placeholder_count == 1


def test_the_first_sheet_of_a_workbook_is_a_table(tmp_path: Path) -> None:
    shared = "<sst xmlns='x'><si><t>city</t></si><si><r><t>ca</t></r><r><t>ses</t></r></si><si><t>TODO</t></si></sst>"
    rows = (
        "<row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1' t='s'><v>1</v></c></row>"
        "<row r='2'><c r='A2' t='inlineStr'><is><t>A</t></is></c><c r='B2'><v>4.5</v></c></row>"
        "<row r='3'><c r='B3' t='s'><v>2</v></c></row><row r='4'><c r='A4' t='str'><v>C</v></c></row>"
    )
    with zipfile.ZipFile(tmp_path / "r.xlsx", "w") as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/sharedStrings.xml", shared)
        book.writestr("xl/worksheets/sheet1.xml", f"<worksheet xmlns='x'><sheetData>{rows}</sheetData></worksheet>")
    found = table(tmp_path / "r.xlsx")
    assert (found.format, found.rows, [one.name for one in found.columns]) == ("xlsx", 3, ["city", "cases"])
    assert found.placeholders == (Placeholder(text="TODO", where="cases", row=2),)
    assert (found.columns[1].numbers, found.ragged_rows) == (1, (3,))


def test_a_file_that_is_no_workbook_is_called_so(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "r.xlsx", "w") as book:
        book.writestr("xl/worksheets/sheet1.xml", "<worksheet><row>")
    assert not_inspected(tmp_path / "r.xlsx").cause == "damaged"


def test_rows_beyond_those_looked_at_are_counted_and_the_odd_ones_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = 20_000
    monkeypatch.setattr(tables, "MOST_CELLS", cells)
    rows = 2 * cells // 3
    with (tmp_path / "long.csv").open("w") as file:
        file.write("a,b\n" + "1,2\n" * rows + "3,TODO\n" + "4,5\n" * 70 + "6,\n7,8")
    found = table(tmp_path / "long.csv")
    assert (found.rows, found.rows_looked_at, found.complete) == (rows + 73, -(-cells // 3), False)
    assert found.placeholders == (Placeholder(text="TODO", where="b", row=rows + 1),)
    assert found.nan_columns == ("b",)
    assert f"Of {rows + 73} rows" in found.notes[0]


WIDE = [f"p{place}" for place in range(4000)]


def _wide_rows(rows: int) -> list[list[str]]:
    """Return rows of 4,000 columns, of which one in the middle says TODO and the next one is missing."""
    return [["1.5"] * 3000 + ["TODO", "NaN"] + ["2.25"] * 998 for _ in range(rows)]


def _is_found_in(found: TableFacts, rows: int) -> None:
    assert found.column_count == len(WIDE)
    assert found.placeholder_count == rows
    assert found.placeholders[0] == Placeholder(text="TODO", where="p3000", row=1)
    assert found.nan_columns == ("p3001",)


@pytest.mark.parametrize("rows", [3, 900], ids=["looked at whole", "searched in part"])
def test_a_placeholder_in_a_column_far_behind_those_that_are_counted_is_found(tmp_path: Path, rows: int) -> None:
    lines = [",".join(one) for one in (WIDE, *_wide_rows(rows))]
    (tmp_path / "wide.csv").write_text("\n".join(lines) + "\n")
    _is_found_in(table(tmp_path / "wide.csv"), rows)


@pytest.mark.parametrize("ending", ["parquet", "feather"])
def test_a_placeholder_far_behind_is_found_in_a_table_of_columns_too(tmp_path: Path, ending: str) -> None:
    arrow = pytest.importorskip("pyarrow")
    columns = [["TODO"] * 3 if name == "p3000" else [math.nan] * 3 if name == "p3001" else [1.5] * 3 for name in WIDE]
    made = arrow.table(dict(zip(WIDE, columns, strict=True)))
    path = tmp_path / f"wide.{ending}"
    if ending == "parquet":
        pytest.importorskip("pyarrow.parquet").write_table(made, path)
    else:
        pytest.importorskip("pyarrow.feather").write_feather(made, str(path), compression="uncompressed")
    _is_found_in(table(path), 3)


def test_honest_numbers_in_any_number_of_columns_are_no_problem(tmp_path: Path) -> None:
    lines = [",".join(WIDE), *(",".join(["0.25", "-1e-7", "3", "+2.5e10"] * 1000) for _ in range(5))]
    (tmp_path / "wide.csv").write_text("\n".join(lines) + "\n")
    found = table(tmp_path / "wide.csv")
    assert (found.placeholder_count, found.nan_columns, len(found.columns)) == (0, (), 500)


def test_rows_behind_too_many_odd_ones_are_said_not_to_be_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MOST_CELLS", 10)
    monkeypatch.setattr(tables, "_MOST_ODD_LINES", 5)
    monkeypatch.setattr(tables, "_REST_BYTES", 64)
    rows = "".join(f"{number},pending orders\n" for number in range(200))
    (tmp_path / "odd.csv").write_text("n,state\n" + rows)
    found = made_here(tmp_path / "odd.csv")
    assert isinstance(found, TableFacts)
    assert found.rows == 200
    assert any("rows were not searched" in one for one in found.notes)
