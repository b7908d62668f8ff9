import io
import struct
import zipfile

import pytest

from flora_core.errors import BadTable, TooLarge
from flora_core.tables.files import xlsx_inspection
from tests.builders import FLOWERS, HEADER, read_table, workbook

SHEET = "xl/worksheets/sheet1.xml"


def repacked(change, content=None, **options):
    """A workbook whose sheet was changed."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content or workbook(("flowers", [HEADER, *FLOWERS])))) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == SHEET else old.read(name))
    return stream.getvalue()


def test_a_few_kilobytes_that_unpack_to_gigabytes_are_refused_with_the_limit(monkeypatch):
    monkeypatch.setattr(xlsx_inspection, "MAX_UNPACKED", 5_000_000)
    bomb = repacked(lambda sheet: sheet.replace(b"<sheetData>", b"<sheetData>" + b" " * 6_000_000))
    assert len(bomb) < 50_000
    with pytest.raises(TooLarge, match=r"bomb.xlsx unpacks to more than 5 MB; save the table that is needed as .csv."):
        xlsx_inspection.inspect_workbook(io.BytesIO(bomb), "bomb.xlsx")


def test_an_archive_that_lies_about_its_size_is_refused(monkeypatch):
    monkeypatch.setattr(xlsx_inspection, "MAX_UNPACKED", 5_000_000)
    bomb = bytearray(repacked(lambda sheet: sheet + b" " * 6_000_000))
    entry = bomb.rfind(SHEET.encode()) - 46
    assert bomb[entry : entry + 4] == b"PK\x01\x02"
    bomb[entry + 24 : entry + 28] = struct.pack("<I", 1000)
    with pytest.raises((TooLarge, BadTable)):
        xlsx_inspection.inspect_workbook(io.BytesIO(bytes(bomb)), "bomb.xlsx")


def test_cells_far_out_that_are_only_coloured_do_no_harm():
    coloured = repacked(
        lambda sheet: sheet.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>')
    )
    assert len(read_table(coloured, "t.xlsx").rows) == 4


def test_what_is_counted_is_counted_once_across_the_blocks_in_which_a_sheet_is_read(monkeypatch):
    cells = b"".join(b'<c r="A%d" t="e"><f>1/0</f></c>' % i for i in range(2, 42))
    content = repacked(lambda sheet: sheet.replace(b"</sheetData>", b"<row>" + cells + b"</row></sheetData>"))
    for size in (50, 77, 1 << 20):
        monkeypatch.setattr(xlsx_inspection, "_BLOCK", size)
        seen = xlsx_inspection.inspect_workbook(io.BytesIO(content), "t.xlsx")
        assert (seen.errors, seen.not_computed) == (40, 40)


def test_a_wide_sheet_within_the_limit_is_read():
    rows = [[f"c{i}" for i in range(60)], *([[1] * 60] * 20)]
    assert len(read_table(workbook(("wide", rows)), "wide.xlsx").rows) == 20


def test_an_archive_of_many_parts_is_refused():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for i in range(5001):
            file.writestr(f"p{i}", "")
    with pytest.raises(TooLarge, match=r"t.xlsx has 5,001 parts; the limit is 5,000."):
        read_table(stream.getvalue(), "t.xlsx")


def test_a_workbook_that_breaks_off_is_damaged():
    content = workbook(("flowers", [HEADER, *FLOWERS]))
    with pytest.raises(BadTable, match=r"t.xlsx is damaged and can't be opened .* Save it again."):
        read_table(content[: len(content) // 2], "t.xlsx")


@pytest.mark.parametrize("step", [397])
def test_a_workbook_with_changed_bytes_is_read_or_refused(step):
    content = workbook(("flowers", [HEADER, *FLOWERS]))
    messages = set()
    for place in range(0, len(content), step):
        changed = bytearray(content)
        changed[place] ^= 0xFF
        try:
            read_table(bytes(changed), "t.xlsx")
        except (BadTable, TooLarge) as refused:
            messages.add(refused.message[-1])
    assert messages == {"."}
