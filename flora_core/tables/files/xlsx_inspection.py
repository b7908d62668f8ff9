"""What a workbook (.xlsx) holds before anything in it is read: how much it unpacks to, and how far its cells lie apart.

A few kilobytes can unpack to gigabytes, and two cells at the far corners of a sheet make a reader ask for half a terabyte,
which ends the whole process. Both are found here, in one pass over the archive that keeps nothing.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO, Final

from flora_core.errors import BadTable, TooLarge
from flora_core.tables.files.file_types import no_workbook

#: Bytes that a workbook may hold once it is unpacked.
MAX_UNPACKED: Final = 400_000_000
#: Cells between the first and the last filled one of a sheet, empty ones included.
MAX_CELLS: Final = 30_000_000
_MAX_ENTRIES: Final = 5000
_BLOCK: Final = 1 << 20
#: The end of a block is looked at again with the next one: a cell may begin there.
_OVERLAP: Final = 2000

_SHEET: Final = re.compile(r"xl/worksheets/[^/]+\.xml$", re.IGNORECASE)
_WIDE: Final = re.compile(rb'r="[A-Z]{2}')
_FILLED: Final = re.compile(rb'<(?:\w+:)?c\b[^<>]*?\br="([A-Z]{1,3})(\d{1,7})"[^<>]*>\s*<(?:\w+:)?(?:v|is|f)\b')
_ERROR: Final = re.compile(rb'\bt="e"')
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
    """

    errors: int = 0
    not_computed: int = 0


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
        extent = _Extent()
        is_sheet = _SHEET.search(entry.filename) is not None
        unpacked = 0
        with archive.open(entry) as content:
            kept = b""
            while block := content.read(_BLOCK):
                unpacked += len(block)
                if unpacked > left:
                    break
                if is_sheet:
                    kept = _look(kept, block, extent, seen)
        # More compressed bytes than the stated size needs would be unpacked by others: they count a thousandfold.
        stated = 1000 * entry.compress_size if entry.compress_size > entry.file_size + 1024 else entry.file_size
        left -= max(unpacked, stated)
        if left < 0:
            raise TooLarge(
                f"{shown} unpacks to more than {MAX_UNPACKED // 1_000_000} MB; save the table that is needed as .csv."
            )
        if extent.cells > MAX_CELLS:
            raise TooLarge(
                f"{shown} has cells spread over {extent.rows:,} rows and {extent.columns:,} columns; the limit is "
                f"{MAX_CELLS:,} cells. Delete what stands far from the table, or save the table as .csv."
            )
    return seen


@dataclass(slots=True)
class _Extent:
    """How far the filled cells of a sheet lie apart."""

    top: int = 1 << 30
    bottom: int = 0
    left: int = 1 << 30
    right: int = 0

    @property
    def rows(self) -> int:
        return max(0, self.bottom - self.top + 1)

    @property
    def columns(self) -> int:
        return max(0, self.right - self.left + 1)

    @property
    def cells(self) -> int:
        return self.rows * self.columns

    def take(self, row: int, column: int) -> None:
        self.top, self.bottom = min(self.top, row), max(self.bottom, row)
        self.left, self.right = min(self.left, column), max(self.right, column)


def _look(kept: bytes, block: bytes, extent: _Extent, seen: Contents) -> bytes:
    """Look at a block of a sheet; gives back its end, which belongs to the next block too."""
    text = kept + block
    seen.errors += len(_ERROR.findall(block))
    seen.not_computed += len(_NOT_COMPUTED.findall(block))
    # Up to column Z no sheet is too large; few go further, and only they are looked at cell by cell.
    if extent.right or _WIDE.search(text):
        for letters, digits in set(_FILLED.findall(text)):
            extent.take(int(digits), _column(letters))
    return text[-_OVERLAP:]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number
