"""The rows of a part named, and what is added to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flora_core.errors import Issue
from flora_core.identification.naming import NONE_OF_THESE, PredictedPlants, predict_plants
from flora_core.model import Bools, Floats, Ints, Model
from flora_core.study import epithet
from flora_core.tables.columns.provenance import provenance_texts
from flora_core.tables.export.formula_escaping import Column
from flora_core.tables.files.reading import Layout, RowChunk
from flora_core.tables.rows.checking import CheckedPart
from flora_core.workflows.batch.corrections import MixUpCorrector
from flora_core.workflows.batch.duplicates import DuplicateRows
from flora_core.workflows.batch.plan import BatchPlan

#: The columns that a batch adds, in this order.
ADDED: Final = (
    "flora_id",
    "flora_species",
    "flora_probability",
    "flora_qualifier",
    "flora_prediction_set",
    "flora_fits",
    "flora_issues",
    "flora_model",
)
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class IdentifiedChunk:
    """Some rows of a table with what was found for them; what a sink is handed.

    Attributes
    ----------
    part : Part
        The rows as they stand in the file.
    checked : CheckedPart
    named_rows : (m,) int
        Places in the part of the rows that were named.
    named : PredictedPlants
        The answers for those rows.
    values : (n, p) float
        As used: pooled where rows are replicates of one plant.
    catalogue_numbers : pyarrow.StringArray
        "" where there is no such column or cell.
    collectors, sites : pyarrow.StringArray or None
        Who gathered each plant and where, null where a row does not say; None where no column says it.
    identifiers : pyarrow.StringArray
        Of the records; "" where none was made.
    added : list of pyarrow.StringArray or DictionaryArray
        The columns of `ADDED`.
    """

    part: RowChunk
    checked: CheckedPart
    named_rows: Ints
    named: PredictedPlants
    values: Floats
    catalogue_numbers: pa.StringArray
    collectors: pa.StringArray | None
    sites: pa.StringArray | None
    identifiers: pa.StringArray
    added: list[Column]


def identify_chunk(
    understood: BatchPlan,
    part: RowChunk,
    checked: CheckedPart,
    doubles: DuplicateRows,
    mender: MixUpCorrector,
    token: str,
) -> IdentifiedChunk:
    model = understood.model
    numbers = doubles.numbers(part)
    values, usable = doubles.settle(part, numbers, checked)
    rows = np.flatnonzero(usable)
    named = predict_plants(model, values[rows])
    issues = checked.issues
    strangers = rows[~named.fits]
    for place, suggestion in mender.search(values, strangers).items():
        problem = f"the {model.study.organism} fits no species here"
        columns = mender.columns_of(suggestion.changed)
        issues.append((place, Issue(int(part.rows[place]), columns, "", problem, suggestion.question)))
    # A row that can't be identified may still be one change away: a whole flower in millimetres.
    for place, suggestion in mender.search(values, np.flatnonzero(checked.impossible)).items():
        first = next(i for i, one in enumerate(issues) if one[0] == place)
        issue = issues[first][1]
        issues[first] = (place, replace(issue, suggestion=f"{issue.suggestion} {suggestion.question}"))
    issues.sort(key=lambda one: one[0])
    identifiers = _identifiers(part, usable, token)
    added = _added(model, part, rows, named, issues, identifiers)
    collectors, sites = (
        None if column is None else provenance_texts(part.columns[column]) for column in understood.provenance
    )
    return IdentifiedChunk(part, checked, rows, named, values, numbers, collectors, sites, identifiers, added)


def own_columns(layout: Layout) -> list[int]:
    """The file's columns that are not of an earlier run of ours."""
    return [j for j, name in enumerate(layout.header) if name not in ADDED]


def _identifiers(part: RowChunk, usable: Bools, token: str) -> pa.StringArray:
    if not token:
        return pa.repeat(pa.scalar("", pa.string()), len(part))
    written = pc.binary_join_element_wise(token, pa.array(part.rows).cast(pa.string()), "-")
    return pc.if_else(pa.array(usable), written, "")


#: Every probability there is with four digits, and "" for a row that was not named.
_PROBABILITIES: Final = pa.array([*(f"{i / 10**_DIGITS:.{_DIGITS}f}" for i in range(10**_DIGITS + 1)), ""])


def probability_texts(shares: Floats) -> pa.StringArray:
    """Probabilities with four digits: looked up, because a million numbers take long to format."""
    return _PROBABILITIES.take(pa.array(_digits(shares)))


def recorded_probabilities(shares: Floats) -> Floats:
    """Probabilities as `probability_texts` writes them."""
    return np.asarray(_digits(shares) / 10**_DIGITS)


def _digits(shares: Floats) -> Ints:
    return np.asarray(shares * 10**_DIGITS + 0.5).astype(np.int64)


def _added(
    model: Model,
    part: RowChunk,
    rows: Ints,
    named: PredictedPlants,
    issues: list[tuple[int, Issue]],
    identifiers: pa.StringArray,
) -> list[Column]:
    """The columns of `ADDED`; those with few different values as codes into them."""
    names = model.study.species_names
    n, k = len(part), len(names)
    best = np.where(named.fits, named.best, k)
    alone = named.in_set.sum(axis=1) == 1
    shares = named.probabilities[np.arange(len(rows)), named.best]
    sets, codes = distinct_sets(named)
    return [
        identifiers,
        _coded([*names, NONE_OF_THESE], best, rows, n),
        pa.DictionaryArray.from_arrays(_codes(_digits(shares), rows, n, len(_PROBABILITIES) - 1), _PROBABILITIES),
        _coded([*(f"cf. {epithet(name)}" for name in names), NONE_OF_THESE, ""], np.where(alone, k + 1, best), rows, n),
        _coded([" | ".join(names[j] for j in one) for one in sets], codes, rows, n),
        _coded(["no", "yes", "unusual"], named.fits.astype(np.int64) + named.unusual, rows, n),
        _issue_texts(issues, n),
        _coded([model.card.label], np.zeros(len(rows), np.int64), rows, n),
    ]


def _coded(texts: list[str], codes: Ints, rows: Ints, n: int) -> pa.DictionaryArray:
    """A column of n rows: the texts of the named rows, and "" in the rows between."""
    return pa.DictionaryArray.from_arrays(_codes(codes, rows, n, len(texts)), pa.array([*texts, ""], pa.string()))


def _codes(codes: Ints, rows: Ints, n: int, blank: int) -> pa.Int32Array:
    spread = np.full(n, blank, dtype=np.int32)
    spread[rows] = codes
    return pa.array(spread)


def distinct_sets(named: PredictedPlants) -> tuple[list[tuple[int, ...]], Ints]:
    """The different prediction sets there are, each likeliest first, and which of them each plant has."""
    k = named.in_set.shape[1]
    sizes = named.in_set.sum(axis=1)
    codes = np.where(sizes == 0, k, named.best).astype(np.int64)
    sets: list[tuple[int, ...]] = [*((j,) for j in range(k)), ()]
    several = np.flatnonzero(sizes > 1)
    if len(several):
        p = np.where(named.in_set[several], named.probabilities[several], -1.0)
        ranked = np.argsort(-p, axis=1, kind="stable")
        ranked[np.arange(k)[None, :] >= sizes[several][:, None]] = -1
        distinct, inverse = np.unique(ranked, axis=0, return_inverse=True)
        codes[several] = len(sets) + inverse.ravel()
        sets += [tuple(int(j) for j in row if j >= 0) for row in distinct]
    return sets, codes


def _issue_texts(issues: list[tuple[int, Issue]], n: int) -> Column:
    if not issues:
        return _coded([], np.zeros(0, np.int64), np.zeros(0, np.int64), n)
    texts = [""] * n
    for place, issue in issues:
        said = replace(issue, row=None).sentence()
        texts[place] = f"{texts[place]} {said}" if texts[place] else said
    return pa.array(texts, pa.string())
