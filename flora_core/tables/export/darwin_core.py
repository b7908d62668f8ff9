"""A Darwin Core archive: occurrences, their measurements and identifications, zipped with the meta.xml that describes them.

References
----------
Darwin Core text guide, https://dwc.tdwg.org/text/; terms, https://dwc.tdwg.org/terms/.
Identifiers of types and values: the extended MeasurementOrFact extension, http://rs.gbif.org/extension/obis/.
"""

from __future__ import annotations

import datetime
import tempfile
import weakref
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO, Final, Literal
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa
import pyarrow.compute as pc

from flora_core.tables.export.formula_escaping import Column, escape_formulas, harmless_text
from flora_core.tables.export.table_writer import block_of_lines, packed_entry

_DWC: Final = "http://rs.tdwg.org/dwc/terms/"
#: What ties a name to the checklist of its study.
_TAXON: Final = ("taxonID", "acceptedNameUsage", "acceptedNameUsageID")
_OCCURRENCE: Final = (
    "occurrenceID",
    "basisOfRecord",
    "catalogNumber",
    "recordedBy",
    "locality",
    "scientificName",
    "taxonRank",
    "genus",
    "identificationQualifier",
    "identifiedBy",
    "dateIdentified",
    "identificationVerificationStatus",
    "identificationRemarks",
    "verbatimIdentification",
    "previousIdentifications",
    *_TAXON,
)
_MEASUREMENT: Final = (
    "measurementID",
    "measurementType",
    "measurementValue",
    "measurementUnit",
    "measurementRemarks",
    "measurementTypeID",
    "measurementValueID",
)
#: Terms that Darwin Core itself lacks; of the extended extension for measurements.
_OBIS: Final = dict.fromkeys(("measurementTypeID", "measurementValueID"), "http://rs.iobis.org/obis/terms/")
_IDENTIFICATION: Final = (
    "identificationID",
    "scientificName",
    "taxonRank",
    "identificationQualifier",
    "verbatimIdentification",
    "identifiedBy",
    "dateIdentified",
    "identificationVerificationStatus",
    "identificationRemarks",
    *_TAXON,
)
_FILES: Final = (
    ("occurrence.txt", "Occurrence", _OCCURRENCE),
    ("measurement.txt", "MeasurementOrFact", _MEASUREMENT),
    ("identification.txt", "Identification", _IDENTIFICATION),
)
#: Cells that hold one of these are looked at more closely: archives are opened in spreadsheet programs too.
_FORMULA_SIGNS: Final = frozenset("=+-@＝＋－＠")

Row = Sequence[str]
File = Literal["occurrence", "measurement", "identification"]


class DarwinCoreArchive:
    """Takes rows as they come and writes the archive when it is closed.

    Parameters
    ----------
    stream : binary file
        Where the archive goes; can be sought.
    title, description : str
        For the data set's own description (eml.xml).
    """

    def __init__(self, stream: BinaryIO, title: str, description: str) -> None:
        self._stream, self._title, self._description = stream, title, description
        # An entry of an archive must be written in one go, so the three wait in temporary files.
        self._parts = [tempfile.SpooledTemporaryFile(max_size=1 << 20) for _ in _FILES]  # noqa: SIM115  closed by close()
        self._left = weakref.finalize(self, _close_all, self._parts)
        for part, (_, _, terms) in zip(self._parts, _FILES, strict=True):
            part.write(_line(["id", *terms]))

    def occurrences(self, rows: Iterable[tuple[str, dict[str, str]]]) -> None:
        """Write occurrences: (identifier, {term: value})."""
        self._write(0, _OCCURRENCE, rows)

    def measurements(self, rows: Iterable[tuple[str, dict[str, str]]]) -> None:
        """Write measurements: (identifier of the occurrence, {term: value})."""
        self._write(1, _MEASUREMENT, rows)

    def identifications(self, rows: Iterable[tuple[str, dict[str, str]]]) -> None:
        """Write identifications: (identifier of the occurrence, {term: value})."""
        self._write(2, _IDENTIFICATION, rows)

    def add(self, file: File, identifiers: pa.StringArray, terms: Mapping[str, Column | str]) -> None:
        """Write many rows at once: a column a term.

        Parameters
        ----------
        file : {"occurrence", "measurement", "identification"}
        identifiers : pyarrow.StringArray
            Of the occurrences.
        terms : mapping of str to pyarrow.StringArray, DictionaryArray or str
            A text stands for a column of it.
        """
        if not len(identifiers):
            return
        place = next(i for i, (name, _, _) in enumerate(_FILES) if name == f"{file}.txt")
        given = [terms.get(term, "") for term in _FILES[place][2]]
        columns = [_one_line(column) if isinstance(column, str) else _tidy(column) for column in given]
        lines = pc.binary_join_element_wise(identifiers, *columns, "\t")
        self._parts[place].write(block_of_lines(lines))
        self._parts[place].write(b"\n")

    def close(self) -> None:
        """Write the archive; the stream stays open."""
        with zipfile.ZipFile(self._stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for part, (name, _, _) in zip(self._parts, _FILES, strict=True):
                part.seek(0)
                with part, archive.open(packed_entry(name), "w", force_zip64=True) as entry:
                    while block := part.read(1 << 20):
                        entry.write(block)
            for name, text in (("meta.xml", _meta()), ("eml.xml", _eml(self._title, self._description))):
                archive.writestr(packed_entry(name), text)
        self._stream.flush()

    def _write(self, which: int, terms: Sequence[str], rows: Iterable[tuple[str, dict[str, str]]]) -> None:
        for identifier, values in rows:
            self._parts[which].write(_line([identifier, *(values.get(term, "") for term in terms)]))


def _close_all(parts: list[Any]) -> None:
    """An archive that is given up half-way leaves no file open."""
    for part in parts:
        part.close()


def _tidy(column: Column) -> Column:
    """A column as `_one_line` makes each of its cells."""
    if isinstance(column, pa.DictionaryArray):
        return _tidy(column.dictionary).take(column.indices)
    return escape_formulas(pc.utf8_trim_whitespace(pc.replace_substring_regex(column, _BREAKING, " ")))


#: What ends a line, for one program or another.
_BREAKS: Final = frozenset("\t\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")
_BREAKING: Final = r"\s*[\t\r\n\v\f\x1c-\x1e\x{85}\x{2028}\x{2029}]+\s*"


def _line(cells: Row) -> bytes:
    """Tab-separated, as meta.xml says: what would break a line becomes a space."""
    return ("\t".join(map(_one_line, cells)) + "\n").encode()


def _one_line(cell: str) -> str:
    if not _BREAKS.isdisjoint(cell):
        cell = " ".join(cell.split())
    return cell if _FORMULA_SIGNS.isdisjoint(cell) else harmless_text(cell)


def _meta() -> str:
    parts = []
    for i, (name, kind, terms) in enumerate(_FILES):
        tag = "core" if i == 0 else "extension"
        key = "id" if i == 0 else "coreid"
        fields = "".join(
            f'<field index="{j}" term="{_OBIS.get(term, _DWC)}{term}"/>' for j, term in enumerate(terms, start=1)
        )
        parts.append(
            f'<{tag} encoding="UTF-8" fieldsTerminatedBy="\\t" linesTerminatedBy="\\n" fieldsEnclosedBy="" '
            f'ignoreHeaderLines="1" rowType="{_DWC}{kind}"><files><location>{name}</location></files>'
            f'<{key} index="0"/>{fields}</{tag}>'
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<archive xmlns="http://rs.tdwg.org/dwc/text/" metadata="eml.xml" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:schemaLocation="http://rs.tdwg.org/dwc/text/ http://rs.tdwg.org/dwc/text/tdwg_dwc_text.xsd">'
        f"{''.join(parts)}</archive>\n"
    )


def _eml(title: str, description: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<eml:eml xmlns:eml="https://eml.ecoinformatics.org/eml-2.2.0" packageId="flora-classification" '
        f"system={quoteattr('Flora Classification')}><dataset><title>{escape(title)}</title>"
        "<creator><organizationName>Flora Classification</organizationName></creator>"
        f"<abstract><para>{escape(description)}</para></abstract>"
        "<contact><organizationName>Flora Classification</organizationName></contact></dataset></eml:eml>\n"
    )


def date_of(moment: datetime.datetime) -> str:
    """ISO 8601 day, as `dateIdentified` wants it."""
    return moment.date().isoformat()
