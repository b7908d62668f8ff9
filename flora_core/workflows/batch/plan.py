"""What a file is and which column is which, before any plant in it is named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np

from flora_core.access import UseCase
from flora_core.errors import BadTable, Refused, TooLarge, Unknown
from flora_core.identification.mix_ups import Change, Offer, change_in_words, offers
from flora_core.identification.naming import predict_plants
from flora_core.model import Ints, Model
from flora_core.study import Study
from flora_core.tables.columns.header_words import header_similarity
from flora_core.tables.columns.matching import (
    Assigned,
    Assignment,
    are_catalogue_numbers,
    correct_columns,
    guess_columns,
    header_checksum,
    unit_by_values,
)
from flora_core.tables.columns.provenance import Provenance, provenance_columns
from flora_core.tables.files.reading import (
    Decimal,
    Layout,
    RowChunk,
    checksum,
    long_table_refused,
    read_layout,
    read_parts,
)
from flora_core.tables.layout import Arrangement
from flora_core.tables.names.checklist import Checklist
from flora_core.tables.rows.checking import CheckedPart, DuplicatePolicy, Rules, check_part
from flora_core.units import factor
from flora_core.wording import listed
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.batch.corrections import MixUpCorrector
from flora_core.workflows.context import AppContext

if TYPE_CHECKING:
    from flora_core.learning.validation.missing_measurements import RemainingAccuracy


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What a person said of a file.

    Attributes
    ----------
    study, name : str
        The plant group; the file's own name.
    sheet, decimal, separator : str
        "" to find out.
    columns : mapping of str to str
        {column: measurement}; an empty measurement takes a column out.
    units : mapping of str to str
        {column or measurement: unit}.
    id_column : str or None
        The column of catalogue numbers; "" for none; None to guess.
    middle_of_ranges : bool
    arrangement : {"", "join-headers", "spread"}
    duplicates : DuplicatePolicy
    changes : tuple of str
        Offers that a person agreed to, in their words: "petal length divided by 10". Each is undone in the rows that fit no
        species as they stand, and fit one then.
    declined : tuple of str
        Keys of questions that a person answered with "leave it as it is".
    version : int
        The model's version that names the rows; 0 for the champion.
    """

    study: str
    name: str
    sheet: str = ""
    decimal: Decimal = ""
    separator: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    id_column: str | None = None
    middle_of_ranges: bool = False
    arrangement: Arrangement = ""
    duplicates: DuplicatePolicy = DuplicatePolicy.FLAG
    changes: tuple[str, ...] = ()
    declined: tuple[str, ...] = ()
    version: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class BatchPlan:
    """What was understood of a file, before any plant in it is named.

    Attributes
    ----------
    assignment : Assignment
    remembered : bool
        Whether the columns were matched by a person in an earlier file with the same header.
    first : CheckedPart
        The first rows as they were read.
    first_rows : (n,) int
        Their row numbers.
    changes : tuple of Change
        Those that a person agreed to.
    offers : tuple of Offer
        Changes that would mend many of the first rows.
    provenance : Provenance
        The columns of collectors and sites.
    without : RemainingAccuracy or None
        What accuracy remains without the measurements that no column holds; None where all are there.
    checklist : Checklist or None
        Of the study: archives tie names to it.
    notes, questions : tuple of str
        What was guessed or passed over; what must be asked.
    sha256 : str
        Of the file.
    """

    request: BatchRequest
    model: Model
    layout: Layout
    assignment: Assignment
    remembered: bool
    first: CheckedPart
    first_rows: Ints
    changes: tuple[Change, ...]
    offers: tuple[Offer, ...]
    provenance: Provenance
    without: RemainingAccuracy | None
    checklist: Checklist | None
    notes: tuple[str, ...]
    questions: tuple[str, ...]
    sha256: str

    @property
    def rules(self) -> Rules:
        """How the cells become numbers."""
        return Rules(self.assignment, self.layout.decimal, self.request.middle_of_ranges)

    @property
    def id_name(self) -> str:
        """The column of catalogue numbers, or ""."""
        place = self.assignment.id_column
        return "" if place is None else self.layout.header[place]

    @property
    def mapping(self) -> dict[str, str]:
        """{column: measurement}, for people and programs."""
        return {self.layout.header[a.column]: a.measurement for a in self.assignment.assigned}

    def mender(self) -> MixUpCorrector:
        """What looks for mix-ups in the file's rows."""
        return MixUpCorrector(self.model, _columns(self.layout, self.assignment), self.changes)

    @property
    def recipe(self) -> str:
        """SHA-256 of all that decides, besides file and model, what the identifications are."""
        said = [
            [[a.column, a.measurement, a.unit] for a in self.assignment.assigned],
            self.assignment.id_column,
            self.layout.decimal,
            self.layout.sheet,
            self.request.middle_of_ranges,
            self.request.duplicates.value,
            [change.words for change in self.changes],
        ]
        # Recordings of tables that were read as they stand keep the recipe that they have always had.
        said += [self.request.arrangement] if self.request.arrangement else []
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


@use_case(UseCase.UPLOAD_TABLE)
def plan_batch(context: AppContext, stream: BinaryIO, request: BatchRequest) -> BatchPlan:
    """What the file is and which column is which; names no plant, records nothing.

    Raises
    ------
    BadTable, TooLarge
        It is no table that can be read; the message names the cause.
    Unknown
        A column, measurement, unit or study that is not there.
    """
    return understand(context, stream, request)


def understand(context: AppContext, stream: BinaryIO, request: BatchRequest, sha256: str = "") -> BatchPlan:
    """What `plan_batch` gives, for who may already do that; of a file whose checksum is known, that is not made again."""
    version = request.version
    model = context.model(request.study, version) if version else context.champion(request.study)
    study = model.study.name
    return plan_with(
        model,
        stream,
        request,
        lambda header: context.column_mappings.find(study, header),
        context.checklists.of(study),
        sha256,
    )


def plan_with(
    model: Model,
    stream: BinaryIO,
    request: BatchRequest,
    find_mapping: Callable[[str], str | None],
    checklist: Checklist | None,
    sha256: str = "",
) -> BatchPlan:
    """As `plan_batch`, with a model, what finds the remembered columns of a header by its checksum, and the accepted names: no
    database is asked.
    """
    study = model.study
    layout = read_layout(
        stream,
        request.name,
        sheet=request.sheet,
        decimal=request.decimal,
        separator=request.separator,
        arrangement=request.arrangement,
    )
    guessed = guess_columns(study, layout.header, layout.preview, layout.decimal)
    remembered = find_mapping(header_checksum(study, layout.header))
    if remembered is not None:
        guessed = _recalled(study, layout, remembered)
    assignment = correct_columns(
        study, layout.header, guessed, columns=request.columns, units=request.units, id_column=request.id_column
    )
    first_part = next(iter(read_parts(stream, layout, rows=1000)), None)
    if first_part is None:
        raise BadTable("The file has a header and no rows below it.")
    if len(assignment.assigned) < 2 and (long := long_table_refused(layout, first_part, request.name)) is not None:
        raise long
    if not assignment.assigned:
        _must_be_upright(study, layout)
        names = ", ".join(name for name in layout.header if name)
        raise BadTable(
            f"No column of this file was recognised as a measurement of {study.name} ({', '.join(study.names)}). Say which "
            f"is which, for example --map '{layout.header[0] or 'COLUMN'}={study.names[0]}'. The columns are: {names[:600]}."
        )
    if remembered is None and request.id_column is None:
        assignment = _without_repeating_id(layout, assignment, first_part)
    rules = Rules(assignment, layout.decimal, request.middle_of_ranges)
    changes = tuple(change_in_words(study, words) for words in request.changes)
    mender = MixUpCorrector(model, _columns(layout, assignment), changes)
    first = mender.undo(first_part, check_part(study, layout.header, rules, first_part))
    found = _first_offers(mender, first)
    notes = [*layout.notes, *_unit_notes(study, layout, assignment)]
    notes += assignment.remarks
    provenance = provenance_columns(layout.header, {assignment.id_column, *(a.column for a in assignment.assigned)})
    notes += _provenance_note(layout, provenance)
    notes += _missing_notes(study, assignment)
    without = _remaining(model, assignment, first)
    notes += [without.sentence] if without is not None else []
    questions = [layout.question] if layout.question else []
    questions += _unit_questions(study, layout, assignment, first)
    questions += _range_question(first)
    return BatchPlan(
        request=request,
        model=model,
        layout=layout,
        assignment=assignment,
        remembered=remembered is not None,
        first=first,
        first_rows=first_part.rows,
        changes=changes,
        offers=tuple(found),
        provenance=provenance,
        without=without,
        checklist=checklist,
        notes=tuple(notes),
        questions=tuple(questions),
        sha256=sha256 or checksum(stream),
    )


@use_case(UseCase.UPLOAD_TABLE, signs="by")
def remember_columns(context: AppContext, understood: BatchPlan, by: str) -> None:
    """Keep which column is which for the next file with the same header."""
    study = understood.model.study
    document = {
        "columns": {
            understood.layout.header[a.column]: [a.measurement, a.unit] for a in understood.assignment.assigned
        },
        "id_column": understood.id_name,
    }
    context.column_mappings.save(
        study.name, header_checksum(study, understood.layout.header), json.dumps(document, ensure_ascii=False), by
    )


def check_size(size: int, most_mb: int) -> None:
    """Refuse a file beyond the limit.

    Raises
    ------
    TooLarge
    """
    if size > most_mb * 1_000_000:
        raise TooLarge(
            f"The file has {size / 1_000_000:.0f} MB; the limit is {most_mb} MB (FLORA_MAX_UPLOAD_MB). The command takes any "
            "size: python -m flora_core batch FILE"
        )


def _recalled(study: Study, layout: Layout, document: str) -> Assignment:
    said = json.loads(document)
    assigned = tuple(
        Assigned(layout.header.index(column), measurement, unit, "so it was said of an earlier file", 1.0)
        for column, (measurement, unit) in said["columns"].items()
        if column in layout.header and measurement in study.names
    )
    place = layout.header.index(said["id_column"]) if said["id_column"] in layout.header else None
    return Assignment(assigned, place)


def _must_be_upright(study: Study, layout: Layout) -> None:
    """Refuse a table with a plant in each column: its first column holds the names of measurements."""
    first = [row[0].strip() for row in layout.preview if row]
    found = [cell for cell in first if any(header_similarity(m, cell)[0] >= 0.75 for m in study.measurements)]
    if len(found) >= 2:
        raise BadTable(
            f"The measurements stand in rows ({listed(found[:4])}), a plant in each column. Turn the table, so that each plant "
            "is a row: copy it, and paste it transposed."
        )


def _columns(layout: Layout, assignment: Assignment) -> dict[str, str]:
    return {a.measurement: layout.header[a.column] for a in assignment.assigned}


def _first_offers(mender: MixUpCorrector, first: CheckedPart) -> list[Offer]:
    usable = np.flatnonzero(first.usable)
    strange = usable[~predict_plants(mender.model, first.values[usable]).fits] if len(usable) else usable
    mender.search(first.values, np.union1d(strange, np.flatnonzero(first.impossible)))
    return offers(mender.suggestions)


def _provenance_note(layout: Layout, provenance: Provenance) -> list[str]:
    read = [
        f"{what} from '{layout.header[column]}'"
        for what, column in (("who gathered each plant", provenance.collector), ("where", provenance.site))
        if column is not None
    ]
    return [f"Read row by row: {listed(read)}."] if read else []


#: "Are in in" says nothing.
_UNIT_WORDS: Final = {"in": "inches"}


def _unit_notes(study: Study, layout: Layout, assignment: Assignment) -> list[str]:
    """What was converted: one note for each pair of units."""
    converted: dict[tuple[str, str], list[str]] = {}
    for a in assignment.assigned:
        unit = study.measurement(a.measurement).unit
        if a.unit != unit:
            converted.setdefault((a.unit, unit), []).append(f"'{layout.header[a.column]}'")
    return [
        f"{listed(columns)} {'is' if len(columns) == 1 else 'are'} in {_UNIT_WORDS.get(given, given)} and "
        f"{'was' if len(columns) == 1 else 'were'} converted to {own} (times {factor(given, own):g})."
        for (given, own), columns in converted.items()
    ]


def _without_repeating_id(layout: Layout, assignment: Assignment, first: RowChunk) -> Assignment:
    """The guessed column of catalogue numbers is given up where more rows than the preview show that it repeats."""
    place = assignment.id_column
    if place is None or are_catalogue_numbers(layout.header[place], first.columns[place].to_pylist()):
        return assignment
    remark = (
        f"'{layout.header[place]}' repeats too often for catalogue numbers and is not read; if it holds them, say so "
        f"(--id '{layout.header[place]}')."
    )
    return replace(assignment, id_column=None, remarks=(*assignment.remarks, remark))


def _missing_notes(study: Study, assignment: Assignment) -> list[str]:
    missing = [study.measurement(name).label for name in study.names if assignment.of(name) is None]
    return [f"No column holds {listed(missing)}; the {study.plural} are named without."] if missing else []


def _remaining(model: Model, assignment: Assignment, first: CheckedPart) -> RemainingAccuracy | None:
    """What accuracy remains without the measurements that no column holds, or whose column is empty in the first rows."""
    names = model.study.names
    values = first.values[first.usable]
    gone = [
        name
        for i, name in enumerate(names)
        if assignment.of(name) is None or (len(values) and np.isnan(values[:, i]).all())
    ]
    if not gone or len(gone) == len(names):
        return None
    # Only a table that lacks something needs what learns.
    from flora_core.learning.validation.missing_measurements import accuracy_without

    try:
        return accuracy_without(model, gone)
    except (Unknown, Refused):
        # A version from elsewhere, of an algorithm that can't learn again here: its plants are named all the same.
        return None


def _range_question(first: CheckedPart) -> list[str]:
    ranges = [issue.value for _, issue in first.issues if issue.problem.endswith("is a range")]
    if not ranges:
        return []
    cells = f"{len(ranges)} cells are ranges" if len(ranges) > 1 else "One cell is a range"
    return [f"{cells} like {ranges[0].strip()}. Shall the middle be used (--middle-of-ranges)?"]


def _unit_questions(study: Study, layout: Layout, assignment: Assignment, first: CheckedPart) -> list[str]:
    questions = []
    for i, m in enumerate(study.measurements):
        a = assignment.of(m.name)
        unit = unit_by_values(m, first.values[:, i]) if a is not None and a.unit == m.unit else ""
        if a is not None and unit:
            column = layout.header[a.column]
            questions.append(
                f"Is '{column}' in {unit}? Read as {m.unit}, its values are not those of {study.title}; as {unit} they would "
                f"be. If so, say --unit '{column}={unit}'."
            )
    return questions
