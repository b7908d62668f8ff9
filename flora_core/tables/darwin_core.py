"""A Darwin Core archive: occurrences, their measurements and identifications, zipped with the meta.xml that describes them.

References
----------
Darwin Core text guide, https://dwc.tdwg.org/text/; terms, https://dwc.tdwg.org/terms/.
"""

from __future__ import annotations

import datetime
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from typing import BinaryIO, Final
from xml.sax.saxutils import escape, quoteattr

from flora_core.tables.writing import harmless_text

_DWC: Final = "http://rs.tdwg.org/dwc/terms/"
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
)
_MEASUREMENT: Final = (
    "measurementID",
    "measurementType",
    "measurementValue",
    "measurementUnit",
    "measurementRemarks",
)
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
)
_FILES: Final = (
    ("occurrence.txt", "Occurrence", _OCCURRENCE),
    ("measurement.txt", "MeasurementOrFact", _MEASUREMENT),
    ("identification.txt", "Identification", _IDENTIFICATION),
)
#: The same archive for the same input, byte for byte.
_STAMP: Final = (1980, 1, 1, 0, 0, 0)

#: Cells that begin so are looked at more closely: archives are opened in spreadsheet programs too.
_FORMULA_SIGNS: Final = frozenset("=+-@＝＋－＠")

Row = Sequence[str]


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

    def close(self) -> None:
        """Write the archive; the stream stays open."""
        with zipfile.ZipFile(self._stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for part, (name, _, _) in zip(self._parts, _FILES, strict=True):
                part.seek(0)
                with archive.open(zipfile.ZipInfo(name, _STAMP), "w", force_zip64=True) as entry:
                    while block := part.read(1 << 20):
                        entry.write(block)
                part.close()
            for name, text in (("meta.xml", _meta()), ("eml.xml", _eml(self._title, self._description))):
                archive.writestr(zipfile.ZipInfo(name, _STAMP), text)
        self._stream.flush()

    def _write(self, which: int, terms: Sequence[str], rows: Iterable[tuple[str, dict[str, str]]]) -> None:
        for identifier, values in rows:
            self._parts[which].write(_line([identifier, *(values.get(term, "") for term in terms)]))


#: What ends a line, for one program or another.
_BREAKS: Final = frozenset("\t\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")


def _line(cells: Row) -> bytes:
    """Tab-separated, as meta.xml says: what would break a line becomes a space."""
    return ("\t".join(map(_one_line, cells)) + "\n").encode()


def _one_line(cell: str) -> str:
    if not _BREAKS.isdisjoint(cell):
        cell = " ".join(cell.split())
    return harmless_text(cell) if cell.lstrip()[:1] in _FORMULA_SIGNS else cell


def _meta() -> str:
    parts = []
    for i, (name, kind, terms) in enumerate(_FILES):
        tag = "core" if i == 0 else "extension"
        key = "id" if i == 0 else "coreid"
        fields = "".join(f'<field index="{j}" term="{_DWC}{term}"/>' for j, term in enumerate(terms, start=1))
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
