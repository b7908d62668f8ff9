"""Files that are no tables, known by how they begin, and what to do with each."""

from __future__ import annotations

import zipfile
from typing import BinaryIO, Final

_BEGINNINGS: Final = (
    (b"%PDF", "is a PDF; save the table itself as .csv or .xlsx"),
    (b"\x1f\x8b", "is compressed (gzip); unpack it first"),
    (b"BZh", "is compressed (bzip2); unpack it first"),
    (b"\xfd7zXZ", "is compressed (xz); unpack it first"),
    (b"\x28\xb5\x2f\xfd", "is compressed (zstd); unpack it first"),
    (b"7z\xbc\xaf", "is compressed (7z); unpack it first"),
    (b"Rar!", "is compressed (rar); unpack it first"),
    (b"\x89PNG", "is a picture; a table is needed"),
    (b"\xff\xd8\xff", "is a picture; a table is needed"),
    (b"GIF8", "is a picture; a table is needed"),
    (b"PARE", "is an encrypted Parquet file; write it without encryption"),
    (b"FEA1", "is a Feather file of the first version; write it as .parquet or .csv"),
    (b"\x89HDF", "is an HDF5 file; save the table itself as .csv"),
    (b"$FL2", "is an SPSS file; save it as .csv"),
    (b"<stata_d", "is a Stata file; save it as .csv"),
    (b"RDX", "is an R workspace; save the table with write.csv"),
    (b"SQLite f", "is a database; save the table itself as .csv"),
    (b"{\\rtf", "is a text document (rtf); save the table itself as .csv"),
)
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_MARK: Final = "EncryptedPackage".encode("utf-16-le")


def no_table(stream: BinaryIO) -> str:
    """Why the file is no table, as the end of a sentence that begins with its name; "" where it may be one."""
    stream.seek(0)
    head = stream.read(8)
    stream.seek(0)
    if head.startswith(_OLD_EXCEL):
        # A workbook with a password is wrapped in the old format.
        if _MARK in stream.read(1 << 20):
            return "is protected by a password; save it without one"
        return "is in the old Excel format (.xls), which hides dates and loses digits; save it as .xlsx or .csv"
    return next((reason for beginning, reason in _BEGINNINGS if head.startswith(beginning)), "")


def no_workbook(archive: zipfile.ZipFile) -> str:
    """Why a zip archive is no Excel workbook (.xlsx), likewise; "" where it is one."""
    names = set(archive.namelist())
    if "xl/workbook.xml" in names:
        return ""
    if "xl/workbook.bin" in names:
        return "is a binary Excel workbook (.xlsb); save it as .xlsx or .csv"
    if "word/document.xml" in names:
        return "is a text document (.docx); save the table itself as .xlsx or .csv"
    if "Index/Document.iwa" in names:
        return "is a Numbers document; export it as .xlsx or .csv"
    if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
        kind = archive.read("mimetype").decode(errors="replace")
        if "opendocument.spreadsheet" in kind:
            return "is an OpenDocument spreadsheet (.ods); save it as .xlsx or .csv"
        if "opendocument" in kind:
            return "is an OpenDocument text; save the table itself as .xlsx or .csv"
    tables = [name for name in names if name.lower().endswith((".csv", ".tsv", ".txt", ".xlsx"))]
    inside = f"; it holds {sorted(tables)[0][:80]}" if tables else ""
    return f"is a zip archive, not an Excel workbook{inside}. Unpack it, or save the table as .xlsx or .csv"
