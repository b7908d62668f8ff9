"""Where the parts of a table go: the table with our columns beside its own, and a Darwin Core archive."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flora_core.identification.naming import answer
from flora_core.identification.sentences import UNUSUAL, probability_text
from flora_core.model import Ints
from flora_core.ontology import term_address
from flora_core.study import genus_of, is_binomial
from flora_core.tables.export.darwin_core import DarwinCoreArchive, date_of
from flora_core.tables.export.table_writer import row_writer
from flora_core.workflows.batch.plan import BatchPlan
from flora_core.workflows.batch.row_naming import ADDED, IdentifiedChunk, distinct_sets, own_columns

ISSUE_COLUMNS: Final = ("row", "column", "value", "problem", "suggestion")


class TableSink:
    """The table: its own columns to the letter, ours beside them.

    Parameters
    ----------
    stream : binary file
    kind : {"csv", "tsv", "xlsx", "parquet", "arrow"}
        Parquet and Arrow keep the types of such a file's own columns, and our probability is a number there.
    """

    def __init__(self, stream: BinaryIO, kind: str, understood: BatchPlan) -> None:
        self._own = own_columns(understood.layout)
        layout = understood.layout
        header = [layout.header[j] for j in self._own]
        types = dict(zip(layout.header, layout.types, strict=True)) if layout.types else {}
        self._writer = row_writer(stream, kind, [*header, *ADDED], types | {"flora_probability": "double"})

    def write(self, found: IdentifiedChunk) -> None:
        """Write some rows."""
        self._writer.write([*(found.part.columns[j] for j in self._own), *found.added])

    def close(self) -> None:
        """Write what is held back."""
        self._writer.close()


class IssuesSink:
    """The issues: row, column, value, what is wrong, what would be right."""

    def __init__(self, stream: BinaryIO, kind: str = "csv") -> None:
        self._writer = row_writer(stream, kind, ISSUE_COLUMNS)

    def write(self, found: IdentifiedChunk) -> None:
        """Write the issues of some rows."""
        issues = [issue for _, issue in found.checked.issues]
        cells = [["" if i.row is None else str(i.row), i.column, i.value, i.problem, i.suggestion] for i in issues]
        if cells:
            self._writer.write([pa.array(column, pa.string()) for column in zip(*cells, strict=True)])

    def close(self) -> None:
        """Write what is held back."""
        self._writer.close()


_OF_AN_ANSWER: Final = (
    *("scientificName", "taxonRank", "genus", "identificationQualifier", "verbatimIdentification", "possible"),
    *("taxonID", "acceptedNameUsage", "acceptedNameUsageID"),
)
_NO_TAXON: Final = {"taxonID": "", "acceptedNameUsage": "", "acceptedNameUsageID": ""}
#: Every probability there is with three digits, in words: a million of them take long to write one by one.
_PROBABILITIES: Final = tuple(f"Probability {probability_text(i / 1000)}." for i in range(1001))


class DarwinCoreSink:
    """An archive with an occurrence for each row, its measurements, and its identification where there is one."""

    def __init__(self, stream: BinaryIO, understood: BatchPlan) -> None:
        self._understood = understood
        self._model = understood.model
        study = self._model.study
        self._archive = DarwinCoreArchive(
            stream,
            f"{study.title}: {understood.request.name}",
            f"Identified by {self._model.card.identified_by}. {study.caveat}",
        )
        self._today = date_of(datetime.now(UTC))
        self._basis = {"pressed": "PreservedSpecimen"}.get(study.condition, "HumanObservation")

    def write(self, found: IdentifiedChunk) -> None:
        """Write some rows."""
        identifiers = self._identifiers(found)
        terms = self._identification(found)
        occurrence = {
            "occurrenceID": identifiers,
            "basisOfRecord": self._basis,
            "catalogNumber": found.catalogue_numbers,
            **terms,
        }
        for term, said in (("recordedBy", found.collectors), ("locality", found.sites)):
            if said is not None:
                occurrence[term] = pc.fill_null(said, "")
        self._archive.add("occurrence", identifiers, occurrence)
        for j in range(len(self._model.study.measurements)):
            self._measurement(found, identifiers, j)
        rows = pa.array(found.named_rows)
        named = identifiers.take(rows)
        identification = {term: column.take(rows) for term, column in terms.items()}
        identification["identificationID"] = pc.binary_join_element_wise(named, "flora", "#")
        self._archive.add("identification", named, identification)

    def close(self) -> None:
        """Write the archive."""
        self._archive.close()

    def _identifiers(self, found: IdentifiedChunk) -> pa.StringArray:
        """Those of the records; of a row without one, the file's and the row's."""
        rows = pa.array(found.part.rows).cast(pa.string())
        of_file = pc.binary_join_element_wise(self._understood.sha256[:12], rows, "-")
        return pc.if_else(pc.equal(found.identifiers, ""), of_file, found.identifiers)

    def _identification(self, found: IdentifiedChunk) -> dict[str, pa.StringArray]:
        """The terms of an identification for every row; of a row that could not be named, why not."""
        n, rows, named = len(found.part), found.named_rows, found.named
        sets, codes = distinct_sets(named)
        # Few different answers stand in many rows: each is put into words once.
        _, first = np.unique(codes, return_index=True)
        words: dict[int, dict[str, str]] = {int(codes[i]): self._words(found, int(i)) for i in first}
        terms = {
            term: _spread([words[c][term] if c in words else "" for c in range(len(sets))], codes, rows, n)
            for term in _OF_AN_ANSWER
        }
        nothing = np.zeros(len(rows), np.int64)
        terms["identifiedBy"] = _spread([self._model.card.identified_by], nothing, rows, n)
        terms["dateIdentified"] = _spread([self._today], nothing, rows, n)
        terms["identificationVerificationStatus"] = _spread(["0"], nothing, rows, n)
        digits = np.round(named.probabilities.max(axis=1) * 1000).astype(np.int64)
        probability = _spread([*_PROBABILITIES, ""], np.where(named.fits, digits, len(_PROBABILITIES)), rows, n)
        issues = found.added[ADDED.index("flora_issues")]
        issues = issues.dictionary.take(issues.indices) if isinstance(issues, pa.DictionaryArray) else issues
        doubt = _spread(["", UNUSUAL], named.unusual.astype(np.int64), rows, n)
        remarks = pc.binary_join_element_wise(probability, terms.pop("possible"), doubt, issues, " ")
        terms["identificationRemarks"] = pc.utf8_trim_whitespace(pc.replace_substring_regex(remarks, " +", " "))
        return terms

    def _words(self, found: IdentifiedChunk, place: int) -> dict[str, str]:
        """An answer in Darwin Core's terms."""
        named = found.named
        given = answer(
            self._model.study,
            named.probabilities[place],
            int(named.best[place]),
            bool(named.fits[place]),
            named.in_set[place],
        )
        rank = "species" if is_binomial(given.scientific_name) else "genus" if given.qualifier else ""
        rank = rank if given.scientific_name else ""
        several = len(given.prediction_set) > 1
        return {
            "scientificName": given.scientific_name,
            "taxonRank": rank,
            "genus": genus_of(given.scientific_name) or (given.scientific_name if rank == "genus" else ""),
            "identificationQualifier": given.qualifier if given.prediction_set else "",
            "verbatimIdentification": given.name,
            "possible": f"Still possible: {' | '.join(given.prediction_set)}." if several else "",
            **(self._understood.checklist.terms(given.scientific_name) if self._understood.checklist else _NO_TAXON),
        }

    def _measurement(self, found: IdentifiedChunk, identifiers: pa.StringArray, j: int) -> None:
        """The rows of one measurement, where it was measured; a number that can't be one is none."""
        m, typed, values = self._model.study.measurements[j], found.checked.as_typed[j], found.checked.values[:, j]
        if typed is None:
            return
        unbelievable = found.checked.impossible & ((values < m.low) | (values > m.high))
        rows = np.flatnonzero(~np.isnan(values) & ~unbelievable)
        owners, texts = identifiers.take(pa.array(rows)), pc.utf8_trim_whitespace(typed.take(pa.array(rows)))
        used = (
            pa.array([m.written(code) for code in values[rows].tolist()], pa.string())
            if m.has_states
            else pa.array(values[rows]).cast(pa.string())
        )
        as_typed = pc.binary_join_element_wise("as typed", texts, ": ")
        terms = {
            "measurementID": pc.binary_join_element_wise(owners, m.name, "#"),
            "measurementType": m.label,
            "measurementValue": used,
            "measurementUnit": m.unit,
            "measurementTypeID": term_address(m.term),
            "measurementValueID": pa.array(
                [term_address(m.state_term(code)) for code in values[rows].tolist()], pa.string()
            )
            if any(state.term for state in m.states)
            else "",
            "measurementRemarks": pc.if_else(pc.equal(texts, used), "", as_typed),
        }
        self._archive.add("measurement", owners, terms)


def _spread(texts: list[str], codes: Ints, rows: Ints, n: int) -> pa.StringArray:
    """A column of n rows: the texts of the codes in the named rows, "" between them."""
    places = np.full(n, len(texts), dtype=np.int64)
    places[rows] = codes
    return pa.array([*texts, ""], pa.string()).take(pa.array(places))
