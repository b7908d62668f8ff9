"""Tables as text (.csv, .tsv, .txt): what was understood of one before its rows are read."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO, Final

from flora_core.errors import BadTable
from flora_core.tables.files.dialect import (
    SEPARATOR_NAMES,
    cells_of,
    check_separator,
    column_name,
    find_decimal,
    find_separator,
    has_row_names,
    header_place,
    passed_over,
    separator_line,
)
from flora_core.tables.files.encodings import KEEP_BYTES, find_encoding
from flora_core.tables.layout import Decimal, Layout

#: Rows looked at to find header and decimal sign.
_LOOKED_AT: Final = 220
#: What a line may hold and be blank all the same: a program that saved empty cells put signs between them.
_BLANK: Final = " \t\r\n,;|"
#: Bytes looked at for them at most.
_SAMPLE: Final = 4 << 20


def layout(stream: BinaryIO, shown: str, decimal: Decimal, separator: str) -> Layout:
    """What a text file is; see `flora_core.tables.files.reading.read_layout`."""
    encoding, notes = find_encoding(stream, shown)
    sample = _sample(stream, encoding)
    if not sample.strip("\ufeff" + _BLANK):
        if _goes_on(stream):
            raise BadTable(
                f"{shown} begins with {sample.count(chr(10)):,} blank lines or more. "
                "Delete what stands above the columns' names."
            )
        raise BadTable(f"{shown} is empty.")
    if "\n" not in sample and len(sample) >= _SAMPLE:
        raise BadTable(
            f"The first line of {shown} is longer than {_SAMPLE:,} characters. Is this a table, with a row on each line?"
        )
    _refuse_other_texts(sample, shown)
    named = separator_line(sample)
    if named:
        sample = sample.partition("\n")[2]
    part = check_separator(separator or named or find_separator(sample))
    records = cells_of(sample, part)[:_LOOKED_AT]
    start = header_place(records)
    header = tuple(map(column_name, records[start])) if records else ()
    below = [tuple(r) for r in records[start + 1 :]]
    rows = [r for r in below if any(cell.strip() for cell in r)] or [r for r in below if len(r) > 1]
    if not rows and _goes_on(stream):
        raise BadTable(
            f"The line after the columns' names of {shown} is longer than {_SAMPLE - len(sample):,} characters, or that many "
            "characters of blank lines stand there. Is this a table, with a row on each line?"
        )
    if start:
        notes.append(passed_over(start))
    if part != ",":
        notes.append(f"Columns are separated by {SEPARATOR_NAMES[part]}.")
    if has_row_names(header, rows):
        header = ("", *header)
        notes.append("The header names one column less than there are: the first column holds the rows' names.")
    sign, question = (decimal, "") if decimal else find_decimal(rows, part)
    if sign == ",":
        notes.append("The decimal sign is the comma.")
    nameless = [i + 1 for i, name in enumerate(header) if not name]
    if nameless:
        which = "Column" if len(nameless) == 1 else "Columns"
        notes.append(f"{which} {', '.join(map(str, nameless))} without a name: kept, not read.")
    return Layout(
        kind="text",
        header=header,
        header_row=start + 1,
        encoding=encoding,
        separator=part,
        separator_line=bool(named),
        decimal=sign,
        above=tuple(tuple(r) for r in records[:start]),
        preview=tuple(rows[:20]),
        notes=tuple(notes),
        question=question,
    )


def _goes_on(stream: BinaryIO) -> bool:
    """Whether anything but blanks follows behind what was looked at."""
    while block := stream.read(1 << 20):
        if block.strip(_BLANK.encode() + b"\0"):
            return True
    return False


def _sample(stream: BinaryIO, encoding: str) -> str:
    """The first rows as text with plain line ends."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)(errors=KEEP_BYTES)
    text, block = "", b""
    while len(text) < _SAMPLE:
        block = stream.read(65_536)
        text += decoder.decode(block, final=not block)
        if not block or text.count("\n") + text.count("\r") > 2 * _LOOKED_AT:
            break
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # The last line may have been cut in the middle.
    return text[: text.rfind("\n") + 1] if block and "\n" in text else text


def _refuse_other_texts(sample: str, shown: str) -> None:
    """Refuse what is text and no table."""
    beginning = sample[:1000].lstrip("\ufeff \t\n").lower()
    if re.match(r"<(?:!doctype html|html|table|body|head|meta)\b", beginning):
        raise BadTable(f"{shown} is a web page, not a table. Save the table itself as .csv or .xlsx.")
    if beginning.startswith("<?xml"):
        raise BadTable(f"{shown} is XML, not a table. Save the table itself as .csv or .xlsx.")
    if beginning.startswith("@relation"):
        raise BadTable(f"{shown} is an ARFF file. Save its rows as .csv, with the attributes' names in the first row.")
    if re.match(r"[{\[]\s*[\"{\[]", beginning) or re.match(r"\[\s*-?\d", beginning):
        raise BadTable(f"{shown} is JSON; save the table as .csv.")
