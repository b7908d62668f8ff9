"""Columns that say, row by row, who gathered a plant and where."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from flora_core.tables.columns.header_words import letters_of
from flora_core.tables.values.text import word_set

#: Headers, letters only, without accents; those of Darwin Core first.
_COLLECTORS: Final = word_set(
    "recordedby collector collectors collectedby collectorname collectornames gatheredby leg legit collecteur recolteur "
    "recolector recolectores colector colectores coletor coletores raccoglitore sammler sammlerin gesammeltvon verzamelaar "
    "sberatel zbieral samlare"
)
_SITES: Final = word_set(
    "locality verbatimlocality site sitename location localityname localite localidad localidade localita lieu station "
    "stazione fundort fundstelle standort vindplaats lokalita lokalitet lokal stanowisko"
)
#: Longer texts are notes, and no names.
_LONGEST: Final = 200


class Provenance(NamedTuple):
    """The columns of collectors and sites; None where there is none."""

    collector: int | None = None
    site: int | None = None


def provenance_columns(header: Sequence[str], taken: Collection[int | None]) -> Provenance:
    """The first column of each kind that is not read for something else."""

    def first(names: frozenset[str]) -> int | None:
        return next((j for j, name in enumerate(header) if j not in taken and letters_of(name) in names), None)

    return Provenance(first(_COLLECTORS), first(_SITES))


def provenance_texts(column: pa.Array) -> pa.StringArray:
    """A column's cells as names: trimmed, cut where they are too long, null where there is nothing."""
    trimmed = pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(column.cast(pa.string())), 0, _LONGEST)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)
