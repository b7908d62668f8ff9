"""Parquet and Arrow files: the same table as .csv gives the same rows, and none of them stops who reads it."""

import contextlib
import io
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flora_core.errors import BadTable, FloraError
from flora_core.tables.export.parquet_writer import ColumnarWriter
from flora_core.tables.files.reading import read_layout
from tests.builders import read_table

KINDS = ("parquet", "arrow")


def written(table: pa.Table, kind: str) -> bytes:
    stream = io.BytesIO()
    if kind == "parquet":
        pq.write_table(table, stream)
    else:
        with pa.ipc.new_file(stream, table.schema) as writer:
            writer.write_table(table)
    return stream.getvalue()


TABLE = pa.table(
    {
        "nr": pa.array([9007199254740993, 2, None], pa.int64()),
        "petal length (cm)": pa.array([1.4, float("nan"), 4.0], pa.float64()),
        "petal width (cm)": pa.array([0.2, None, 1.3], pa.float32()),
        "species": pa.array(["setosa", None, "é\n"]).dictionary_encode(),
        "day": pa.array([date(2026, 6, 1), None, date(2026, 6, 3)]),
        "at": pa.array([1780317000, 1780358400, None], pa.timestamp("s")),
        "fresh": pa.array([True, False, None]),
        "tags": pa.array([[1, 2], None, []]),
    }
)


@pytest.mark.parametrize("kind", KINDS)
def test_cells_are_the_texts_that_a_csv_file_would_have(kind):
    found = read_table(written(TABLE, kind), f"t.{kind}")
    assert found.layout.header == tuple(TABLE.column_names)
    assert [list(row) for row in found.rows] == [
        ["9007199254740993", "1.4", "0.2", "setosa", "2026-06-01", "2026-06-01 12:30:00", "true", "[1, 2]"],
        ["2", "", "", "", "", "2026-06-02", "false", ""],
        ["", "4", "1.3", "é\n", "2026-06-03", "", "", "[]"],
    ]
    assert found.layout.types[:4] == ("int64", "double", "float", "string")


def test_rows_are_counted_from_one_because_no_header_stands_above():
    from flora_core.tables.files.reading import read_parts

    stream = io.BytesIO(written(TABLE, "parquet"))
    parts = list(read_parts(stream, read_layout(stream, "t.parquet"), rows=2))
    assert [part.rows.tolist() for part in parts] == [[1, 2], [3]]


def test_a_decimal_comma_in_columns_of_text_is_seen():
    texts = pa.table({"length": ["5,1", "4,9"], "width": ["3,5", "3,0"]})
    assert read_layout(io.BytesIO(written(texts, "parquet")), "t.parquet").decimal == ","


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cut", [7, 12, 100, -1, -9])
def test_a_file_that_was_cut_short_is_refused_in_a_sentence(kind, cut):
    with pytest.raises(FloraError, match=r"\.$"):
        read_table(written(TABLE, kind)[:cut], f"t.{kind}")


@settings(max_examples=15)
@given(st.integers(8, 2000), st.binary(min_size=1, max_size=40), st.sampled_from(KINDS))
def test_a_file_that_was_changed_anywhere_is_read_or_refused(at, content, kind):
    whole = bytearray(written(TABLE, kind))
    at %= len(whole) - 8
    whole[8 + at : 8 + at + len(content)] = content
    # Whatever else came out of it would be a fault of ours.
    with contextlib.suppress(FloraError):
        read_table(bytes(whole), "t.parquet")


def test_a_sheet_and_too_many_columns_are_refused():
    with pytest.raises(BadTable, match="has no sheets"):
        read_layout(io.BytesIO(written(TABLE, "parquet")), "t.parquet", sheet="one")
    wide = pa.table({f"c{i}": [1.0] for i in range(2001)})
    with pytest.raises(FloraError, match="2,001 columns; the limit is 2,000"):
        read_layout(io.BytesIO(written(wide, "parquet")), "t.parquet")


def test_an_encrypted_file_says_what_to_do():
    with pytest.raises(BadTable, match="write it without encryption"):
        read_layout(io.BytesIO(b"PARE" + b"\0" * 50), "t.parquet")


@pytest.mark.parametrize("kind", KINDS)
def test_a_written_table_keeps_its_types_and_escapes_nothing(kind):
    stream = io.BytesIO()
    writer = ColumnarWriter(stream, kind, ["n", "formula", "n", ""], {"n": "int64"})
    writer.write([pa.array(["1", ""]), pa.array(["=1+1", "-"]), pa.array(["3", "4"]), pa.array(["x", ""])])
    writer.close()
    stream.seek(0)
    table = pq.read_table(stream) if kind == "parquet" else pa.ipc.open_file(stream).read_all()
    assert table.to_pydict() == {"n": [1, None], "formula": ["=1+1", "-"], "n#3": [3, 4], "#4": ["x", ""]}
