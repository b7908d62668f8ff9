"""Where the parts of a table go: the table with our columns beside its own, and a Darwin Core archive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa

from flora_core.identification.naming import Answer, answer
from flora_core.identification.sentences import percent
from flora_core.study import genus_of, is_binomial
from flora_core.tables.darwin_core import DarwinCoreArchive, date_of
from flora_core.tables.writing import row_writer
from flora_core.workflows.batch.naming import ADDED, NamedPart, own_columns
from flora_core.workflows.batch.understanding import Understanding

ISSUE_COLUMNS: Final = ("row", "column", "value", "problem", "suggestion")


class TableSink:
    """The table: its own columns to the letter, ours beside them.

    Parameters
    ----------
    stream : binary file
    kind : {"csv", "tsv", "xlsx"}
    """

    def __init__(self, stream: BinaryIO, kind: str, understood: Understanding) -> None:
        self._own = own_columns(understood.layout)
        header = [understood.layout.header[j] for j in self._own]
        self._writer = row_writer(stream, kind, [*header, *ADDED])

    def write(self, found: NamedPart) -> None:
        """Write some rows."""
        self._writer.write([*(found.part.columns[j] for j in self._own), *found.added])

    def close(self) -> None:
        """Write what is held back."""
        self._writer.close()


class IssuesSink:
    """The issues: row, column, value, what is wrong, what would be right."""

    def __init__(self, stream: BinaryIO, kind: str = "csv") -> None:
        self._writer = row_writer(stream, kind, ISSUE_COLUMNS)

    def write(self, found: NamedPart) -> None:
        """Write the issues of some rows."""
        issues = [issue for _, issue in found.checked.issues]
        cells = [["" if i.row is None else str(i.row), i.column, i.value, i.problem, i.suggestion] for i in issues]
        if cells:
            self._writer.write([pa.array(column, pa.string()) for column in zip(*cells, strict=True)])

    def close(self) -> None:
        """Write what is held back."""
        self._writer.close()


class DarwinCoreSink:
    """An archive with an occurrence for each row, its measurements, and its identification where there is one."""

    def __init__(self, stream: BinaryIO, understood: Understanding) -> None:
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

    def write(self, found: NamedPart) -> None:
        """Write some rows."""
        answers = dict(zip(found.named_rows.tolist(), self._answers(found), strict=True))
        identifiers = [self._identifier(found, i) for i in range(len(found.part))]
        terms = [self._identification(found, i, answers.get(i)) for i in range(len(found.part))]
        self._archive.occurrences(
            (identifiers[i], {"occurrenceID": identifiers[i], **self._occurrence(found, i), **terms[i]})
            for i in range(len(found.part))
        )
        self._archive.measurements(self._measurements(found, identifiers))
        self._archive.identifications(
            (identifiers[i], {"identificationID": f"{identifiers[i]}#flora", **terms[i]}) for i in answers
        )

    def close(self) -> None:
        """Write the archive."""
        self._archive.close()

    def _answers(self, found: NamedPart) -> Iterator[Answer]:
        named = found.named
        for place in range(len(found.named_rows)):
            yield answer(
                self._model.study,
                named.probabilities[place],
                int(named.best[place]),
                bool(named.fits[place]),
                named.in_set[place],
            )

    def _identifier(self, found: NamedPart, i: int) -> str:
        recorded = str(found.identifiers[i].as_py())
        return recorded or f"{self._understood.sha256[:12]}-{found.part.rows[i]}"

    def _occurrence(self, found: NamedPart, i: int) -> dict[str, str]:
        return {"basisOfRecord": self._basis, "catalogNumber": found.catalogue_numbers[i].as_py()}

    def _identification(self, found: NamedPart, i: int, given: Answer | None) -> dict[str, str]:
        issues = str(found.added[ADDED.index("flora_issues")][i].as_py())
        if given is None:
            return {"identificationRemarks": issues}
        place = int(np.searchsorted(found.named_rows, i))
        remarks = f"Still possible: {' | '.join(given.prediction_set)}." if len(given.prediction_set) > 1 else ""
        if given.prediction_set:
            remarks = f"Probability {percent(float(found.named.probabilities[place].max()))}. {remarks}".strip()
        rank = "species" if is_binomial(given.scientific_name) else "genus" if given.qualifier else ""
        rank = rank if given.scientific_name else ""
        return {
            "scientificName": given.scientific_name,
            "taxonRank": rank,
            "genus": genus_of(given.scientific_name) or (given.scientific_name if rank == "genus" else ""),
            "identificationQualifier": given.qualifier if given.prediction_set else "",
            "identifiedBy": self._model.card.identified_by,
            "dateIdentified": self._today,
            "identificationVerificationStatus": "0",
            "identificationRemarks": f"{remarks} {issues}".strip(),
            "verbatimIdentification": given.name,
        }

    def _measurements(self, found: NamedPart, identifiers: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
        for j, m in enumerate(self._model.study.measurements):
            typed = found.checked.as_typed[j]
            if typed is None:
                continue
            for i in np.flatnonzero(~np.isnan(found.checked.values[:, j])):
                text = str(typed[int(i)].as_py()).strip()
                value = f"{found.checked.values[i, j]:.12g}"
                yield (
                    identifiers[i],
                    {
                        "measurementID": f"{identifiers[i]}#{m.name}",
                        "measurementType": m.label,
                        "measurementValue": value,
                        "measurementUnit": m.unit,
                        "measurementRemarks": "" if text == value else f"as typed: {text}",
                    },
                )
