"""What a workbook (.xlsx) holds before anything in it is read: whether it is one, and how much it unpacks to.

A few kilobytes can unpack to gigabytes; that is found here, in one pass over the archive that keeps nothing. What its parser
then asks for is for the limits of the process to find (`flora_core.tables.files.reader_process`): only the parser itself knows
what it makes of a cell's address.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from flora_core.errors import BadTable, TooLarge
from flora_core.tables.files.file_types import no_workbook

#: Bytes that a workbook may hold once it is unpacked.
MAX_UNPACKED: Final = 400_000_000
_MAX_ENTRIES: Final = 5000
_BLOCK: Final = 1 << 20
#: So much of a cell that is cut in two by the end of a block is looked at with the next one.
_OVERLAP: Final = 2000

_SHEET: Final = re.compile(r"xl/worksheets/[^/]+\.xml$", re.IGNORECASE)
_ERROR: Final = re.compile(rb'\bt="e"')
_HIDDEN_ROW: Final = re.compile(rb"<(?:\w+:)?row\b[^<>]{0,500}?\bhidden=[\"'](?:1|true)[^<>]{0,500}>")
_HIDDEN_COLUMN: Final = re.compile(rb"<(?:\w+:)?col\b[^<>]{0,500}?\bhidden=[\"'](?:1|true)[^<>]{0,500}>")
_SPAN: Final = re.compile(rb"\b(min|max)=[\"'](\d{1,5})[\"']")
_ROW_NUMBER: Final = re.compile(rb"\br=[\"'](\d{1,7})[\"']")
_NOT_COMPUTED: Final = re.compile(rb"</(?:\w+:)?f>\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>|</(?:\w+:)?c>)")


@dataclass(slots=True)
class Contents:
    """What was seen in passing.

    Attributes
    ----------
    errors : int
        Cells that hold an error, like #DIV/0!.
    not_computed : int
        Formulas without a result.
    hidden : dict of str to list of int
        {entry of a sheet: numbers of its rows that are hidden, by hand or by a filter}.
    hidden_columns : dict of str to list of (int, int)
        {entry of a sheet: the first and the last of columns side by side that are hidden, counted from 1}.
    """

    errors: int = 0
    not_computed: int = 0
    hidden: dict[str, list[int]] = field(default_factory=dict)
    hidden_columns: dict[str, list[tuple[int, int]]] = field(default_factory=dict)


def inspect_workbook(stream: BinaryIO, shown: str) -> Contents:
    """Unpack every entry without keeping it, and stop at the limits: what an archive says of its own sizes may be a lie.

    Raises
    ------
    BadTable
        It is no workbook, or a damaged one.
    TooLarge
        Beyond a limit, which the message names.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            if len(entries) > _MAX_ENTRIES:
                raise TooLarge(f"{shown} has {len(entries):,} parts; the limit is {_MAX_ENTRIES:,}.")
            reason = no_workbook(archive)
            if reason:
                raise BadTable(f"{shown} {reason}.")
            return _inspected(archive, entries, shown)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OSError) as error:
        raise BadTable(f"{shown} is damaged and can't be opened ({error}). Save it again.") from None
    finally:
        stream.seek(0)


def _inspected(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], shown: str) -> Contents:
    seen, left = Contents(), MAX_UNPACKED
    for entry in entries:
        if entry.flag_bits & 1:
            raise BadTable(f"{shown} is protected by a password; save it without one.")
        is_sheet = _SHEET.search(entry.filename) is not None
        unpacked = 0
        with archive.open(entry) as content:
            kept = b""
            while block := content.read(_BLOCK):
                unpacked += len(block)
                if unpacked > left:
                    break
                if is_sheet:
                    kept = _look(kept, block, seen, entry.filename)
        # More compressed bytes than the stated size needs would be unpacked by others: they count a thousandfold.
        stated = 1000 * entry.compress_size if entry.compress_size > entry.file_size + 1024 else entry.file_size
        left -= max(unpacked, stated)
        if left < 0:
            raise TooLarge(
                f"{shown} unpacks to more than {MAX_UNPACKED // 1_000_000} MB; save the table that is needed as .csv."
            )
    return seen


def _look(kept: bytes, block: bytes, seen: Contents, sheet: str) -> bytes:
    """Count in what is there of a sheet up to the end of its last whole cell; gives back the rest."""
    text = kept + block
    end = max(text.rfind(b"</c>"), text.rfind(b":c>")) + 4
    if end < 4:
        end = max(0, len(text) - _OVERLAP)
    seen.errors += len(_ERROR.findall(text, 0, end))
    seen.not_computed += len(_NOT_COMPUTED.findall(text, 0, end))
    for row in _HIDDEN_ROW.findall(text, 0, end):
        number = _ROW_NUMBER.search(row)
        if number:
            seen.hidden.setdefault(sheet, []).append(int(number[1]))
    # They stand before all cells, so in the first block.
    if not kept:
        for column in _HIDDEN_COLUMN.findall(text):
            span = {name: int(number) for name, number in _SPAN.findall(column)}
            if len(span) == 2:
                seen.hidden_columns.setdefault(sheet, []).append((span[b"min"], span[b"max"]))
    return text[end:][-_OVERLAP:]
