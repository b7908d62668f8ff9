"""Workbooks that were made to stop whoever opens them: each becomes a sentence, and the process that asked goes on."""

import io
import itertools
import resource
import zipfile
from pathlib import Path

import pytest

from flora_core.errors import BadTable, TooLarge
from flora_core.tables.files.reading import read_layout, read_parts
from tests.builders import FLOWERS, HEADER, read_table, workbook
from tests.tables.files.test_xlsx_inspection import SHEET, repacked

#: Megabytes by which the process that asks may grow.
MOST_GROWTH = 100


@pytest.fixture
def stays_small():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_GROWTH * 1024


def with_cell(cell: bytes) -> bytes:
    return repacked(lambda sheet: sheet.replace(b"</sheetData>", b"<row>" + cell + b"</row></sheetData>"))


def with_strings(one: bytes, times: int) -> bytes:
    """A workbook with more shared strings, never whole in memory."""
    stream = io.BytesIO()
    old, new = (
        zipfile.ZipFile(io.BytesIO(workbook_of_shared(FLOWERS))),
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED),
    )
    with old, new:
        for name in old.namelist():
            with new.open(name, "w") as entry:
                begin, end, rest = old.read(name).partition(b"</sst>")
                entry.write(begin)
                for _ in range(times if end else 0):
                    entry.write(one)
                entry.write(end + rest)
    return stream.getvalue()


FAR = [
    b'<c r="XFD1048576"><v>1</v></c>',
    b"<c r='XFD1048576'><v>1</v></c>",
    b'<c r = "XFD1048576" ><v>1</v></c>',
    b'<c r="xfd1048576"><v>1</v></c>',
    b'<c r="A200000000"><v>1</v></c>',
    b'<c r="A4294967295"><v>1</v></c>',
    b'<c\nr="AAAAAA1048576"><v>1</v></c>',
    b'<c r="A99999999999999999999"><v>1</v></c>',
    b'<c r="&#88;FD1048576"><v>1</v></c>',
    b'<c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c>',
    b"<c><v>1</v></c>" * 20_000,
    b'<c r="$XFD$1048576"><v>1</v></c>',
    b'<c r=" A5"><v>1</v></c>',
    b'<c r="A1:B2"><v>1</v></c>',
    b'<c r="A-1"><v>1</v></c>',
    b'<c r=""><v>1</v></c>',
    b'<c r="R1C1"><v>1</v></c>',
    "<c r='\u0410\uff11'><v>1</v></c>".encode(),
    b'</row><row r="4294967295"><c><v>1</v></c>',
    b'</row><row r="1e9"><c><v>1</v></c>',
    b'<c t="s"><v>4294967295</v></c>',
    b'<c t="b"><v>perhaps</v></c>',
    b'<c t="d"><v>9999999-99-99T99</v></c>',
    b'<c s="4294967295"><v>1</v></c>',
    b'<c t="inlineStr"><is><t>&e;</t></is></c>',
    b'</row></sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells><sheetData><row>',
    b'</row></sheetData><mergeCells><mergeCell ref=""/><mergeCell/></mergeCells><sheetData><row>',
    b"<row>" * 100_000,
]


@pytest.mark.parametrize("cell", FAR, ids=lambda cell: cell[:30].decode())
def test_a_cell_far_from_all_others_is_read_past_or_refused_with_a_sentence(stays_small, cell):
    said = outcome(with_cell(cell))
    assert said in ("4 rows", "5 rows") or (said.endswith(".") and any(w in said for w in ("far.xlsx", "workbook")))


def outcome(content: bytes) -> str:
    try:
        return f"{len(read_table(content, 'far.xlsx').rows)} rows"
    except (BadTable, TooLarge) as refused:
        return refused.message


def test_a_header_may_be_longer_than_a_process_may_be_given_on_its_line():
    names = [f"a column whose name is longer than most are, and says so at some length, {i:05}" for i in range(2000)]
    wide = workbook(("S", [names, ["1"] * len(names)]))
    read = read_layout(io.BytesIO(wide), "wide.xlsx")
    (part,) = read_parts(io.BytesIO(wide), read)
    assert list(read.header) == names
    assert len(part.columns) == len(names)


def test_what_is_too_far_is_said_with_what_to_do():
    with pytest.raises(
        TooLarge,
        match=r"far.xlsx needs more memory than a workbook may: its cells lie far apart, .* Delete what stands far from the "
        r"table, or save the table as .csv.",
    ):
        read_table(with_cell(FAR[0]), "far.xlsx")


def test_rows_far_below_the_table_are_read_and_what_lies_between_is_not_made(stays_small):
    read = read_table(with_cell(b'<c r="A1048576"><v>1</v></c><c r="B1048576"><v>5.1</v></c>'), "t.xlsx")
    assert read.numbers == [2, 3, 4, 5, 1_048_576]
    assert read.rows[-1] == ["1", "5.1", "", "", ""]


@pytest.mark.slow
def test_millions_of_empty_shared_strings_do_not_fill_this_process(stays_small):
    million = b"<si/>" * 1_000_000
    with pytest.raises(
        TooLarge, match="needs more memory than a workbook may: its cells lie far apart, or it holds too many"
    ):
        read_table(with_strings(million, 70), "t.xlsx")
    assert len(read_table(with_strings(million, 29), "t.xlsx").rows) == 4


def test_one_long_text_that_many_cells_share_comes_in_small_parts(stays_small):
    text = "x" * 30_000
    rows = [[f"a{i}", *["5.1"] * 3, text] for i in range(6000)]
    content = workbook_of_shared(rows)
    assert len(content) < 400_000
    stream = io.BytesIO(content)
    layout = read_layout(stream, "t.xlsx")
    sizes = [(len(part), sum(column.nbytes for column in part.columns)) for part in read_parts(stream, layout, 65_536)]
    assert sum(rows for rows, _ in sizes) == 6000
    assert max(size for _, size in sizes) < 6_000_000


def workbook_of_shared(rows):
    import xlsxwriter

    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet("flowers")
        for i, row in enumerate([HEADER, *rows]):
            sheet.write_row(i, 0, row)
    return stream.getvalue()


def child_processes() -> set[str]:
    """The processes this one has started, zombies included; another test's worker may be among them."""
    return {pid for children in Path("/proc/self/task").glob("*/children") for pid in children.read_text().split()}


def test_reading_that_is_given_up_leaves_no_process_behind():
    before = child_processes()
    rows = [[f"a{i}", 5.1, 3.5, 1.4, 0.2] for i in range(3000)]
    stream = io.BytesIO(workbook(("flowers", [HEADER, *rows])))
    layout = read_layout(stream, "t.xlsx")
    parts = read_parts(stream, layout, 10)
    assert len(list(itertools.islice(parts, 2))) == 2
    started = child_processes() - before
    parts.close()
    assert started
    assert not started & child_processes()


def test_many_workbooks_are_read_at_the_same_time():
    from concurrent.futures import ThreadPoolExecutor

    content = workbook(("flowers", [HEADER, *FLOWERS]))
    with ThreadPoolExecutor(8) as pool:
        assert [len(read.rows) for read in pool.map(lambda _: read_table(content, "t.xlsx"), range(8))] == [4] * 8


def test_a_sheet_that_is_no_xml_is_refused():
    for broken in (b"\0" * 1000, b"<a>" * 100_000, b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'):
        with pytest.raises((BadTable, TooLarge), match=r"\.$"):
            read_table(repacked(lambda sheet, b=broken: b), "t.xlsx")
    assert SHEET
