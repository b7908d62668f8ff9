import io
import zipfile

import pytest

from flora_core.errors import BadTable
from tests.builders import read_table


def archive(**entries):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return stream.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4000


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (OLE, "is in the old Excel format (.xls), which hides dates and loses digits; save it as .xlsx or .csv."),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "is protected by a password; save it without one."),
        (b"%PDF-1.7", "is a PDF"),
        (b"\x1f\x8b\x08", "is compressed (gzip); unpack it first."),
        (b"BZh91AY", "is compressed (bzip2)"),
        (b"\xfd7zXZ\0", "is compressed (xz)"),
        (b"Rar!\x1a", "is compressed (rar)"),
        (b"\x89PNG\r\n", "is a picture; a table is needed."),
        (b"\xff\xd8\xff\xe0", "is a picture"),
        (b"FEA1", "is a Feather file of the first version; write it as .parquet or .csv."),
        (b"SQLite format 3\0", "is a database"),
        (b"{\\rtf1", "is a text document (rtf)"),
        (b"RDX3\n", "is an R workspace; save the table with write.csv."),
        (b'{"rows": []}', "is JSON; save the table as .csv."),
        (b'[\n {"a": 1}]', "is JSON"),
        (b"[1, 2]", "is JSON"),
        (b"<!DOCTYPE html><p>", "is a web page, not a table. Save the table itself as .csv or .xlsx."),
        (b"  <table><tr>", "is a web page"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "is XML, not a table."),
        (b"@RELATION iris\n@ATTRIBUTE a REAL\n@DATA\n1\n", "is an ARFF file."),
        (
            archive(mimetype="application/vnd.oasis.opendocument.spreadsheet"),
            "is an OpenDocument spreadsheet (.ods); save it as .xlsx or .csv.",
        ),
        (archive(mimetype="application/vnd.oasis.opendocument.text"), "is an OpenDocument text;"),
        (archive(**{"word/document.xml": ""}), "is a text document (.docx)"),
        (archive(**{"xl/workbook.bin": ""}), "is a binary Excel workbook (.xlsb); save it as .xlsx or .csv."),
        (archive(**{"Index/Document.iwa": ""}), "is a Numbers document; export it as .xlsx or .csv."),
        (
            archive(**{"flowers.csv": "a"}),
            "is a zip archive, not an Excel workbook; it holds flowers.csv. Unpack it, or save the table as .xlsx or .csv.",
        ),
        (archive(**{"photo.jpg": "a"}), "is a zip archive, not an Excel workbook. Unpack it,"),
        (b"", "is empty."),
        (b" \n\t\r\n", "is empty."),
        (b"\xef\xbb\xbf", "is empty."),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_what_it_is(content, reason):
    with pytest.raises(BadTable) as refused:
        read_table(content, "folder/flowers\u200b.xls")
    assert refused.value.message.startswith("flowers.xls ")
    assert reason in refused.value.message


def test_a_header_may_begin_with_a_bracket():
    assert read_table("[id],SL\n1,5.1\n").layout.header == ("[id]", "SL")
