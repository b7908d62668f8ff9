"""A labelled table nobody has seen -> the study that could be made of it, to be shown and corrected; nothing is kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from flora_core.access import UseCase
from flora_core.errors import Issue
from flora_core.model import Bools, Floats, Ints, TrainingPlants, TrainingTable, state_columns
from flora_core.ontology import ontology_term
from flora_core.study import Measurement, Species, Study
from flora_core.tables.columns.matching import Assigned, Assignment, column_index
from flora_core.tables.columns.measurements import describe, header_label, header_unit, slips, slug, unique_names
from flora_core.tables.columns.roles import NumberColumn, is_own, number_columns, other_labels, range_columns
from flora_core.tables.columns.state_columns import StateChoices, is_counted, state_character
from flora_core.tables.files.reading import checksum, long_table_refused, read_layout, read_whole
from flora_core.tables.layout import RowChunk
from flora_core.tables.names.labels import alike, gather_names
from flora_core.tables.rows.checking import CheckedPart, Rules, check_part
from flora_core.tables.rows.summary_rows import plants_only, rows_at
from flora_core.tables.values.cells import MISSING, codes_like_missing
from flora_core.units import parse_unit
from flora_core.wording import listed
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.studies.choices import Choices, Proposal
from flora_core.workflows.studies.column_roles import Roles, find_roles, labels_of, which_label
from flora_core.workflows.studies.data_warnings import left_out_notes, warnings_of_table
from flora_core.workflows.studies.seen_states import find_states, said_of_states
from flora_core.workflows.studies.species_names import (
    UNLEARNABLE,
    choose_names,
    refused_names,
    refused_species,
    said_of_checklist,
    said_of_names,
    synonyms,
    without_rare,
)

#: More plants than this don't teach a model anything that so many don't.
MAX_PLANTS: Final = 200_000
_LIMITS: Final = "Plausible limits: taken from the training plants."
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")
#: What is measured, by the organ that measurements are called after.
_ORGANISMS: Final = {
    "sepal": "flower",
    "petal": "flower",
    "tepal": "flower",
    "flower": "flower",
    "corolla": "flower",
    "calyx": "flower",
    "kernel": "kernel",
    "grain": "grain",
    "seed": "seed",
    "leaf": "leaf",
    "blade": "leaf",
    "lamina": "leaf",
    "petiole": "leaf",
    "fruit": "fruit",
    "cone": "cone",
    "bean": "bean",
    "stem": "plant",
    "plant": "plant",
    "root": "plant",
    "style": "flower",
}
_DIMENSIONS: Final = frozenset({"length", "width", "height", "diameter", "thickness", "breadth", "area", "perimeter"})


@use_case(UseCase.MAKE_STUDY)
def propose(context: AppContext, stream: BinaryIO, name: str, choices: Choices | None = None) -> Proposal:
    """The study that could be made of a labelled table. Reads only.

    Parameters
    ----------
    stream : binary file
        Can be sought.
    name : str
        The file's own name.
    choices : Choices, optional
        What a person said; the rest is guessed.

    Raises
    ------
    BadTable, TooLarge
        It is no table that can be read; the message names the cause.
    Unknown
        A column, unit or name was spoken of that is not there.
    """
    choices = choices or Choices()
    layout = read_layout(
        stream,
        name,
        sheet=choices.sheet,
        decimal=choices.decimal,
        separator=choices.separator,
        arrangement=choices.arrangement,
    )
    part = read_whole(stream, layout, MAX_PLANTS)
    choices = replace(choices, study=choices.study.strip() or slug(PurePath(name).stem) or "study")
    refusals = [text for text in (layout.question, _refused_study(context, choices.study)) if text]
    draft = Proposal(
        choices=choices,
        file=PurePath(name.replace("\\", "/")).name,
        sha256=checksum(stream),
        layout=layout,
        label="",
        id_column="",
        group="",
        columns=(),
        measured=(),
        names=(),
        alike=(),
        study=None,
        plants=None,
        issues=(),
        left_out={},
        notes=layout.notes,
        warnings=(),
        refusals=tuple(refusals),
    )
    long = long_table_refused(layout, part, name)
    if long is not None:
        return replace(draft, refusals=(*refusals, long.message), arrangement_offered="spread")
    roles = find_roles(layout, part, choices)
    if roles is None:
        return replace(draft, refusals=(*refusals, which_label(layout)))
    beside = {j for j in (roles.label, roles.id_column, roles.group, roles.genus) if isinstance(j, int)}
    part, sums = plants_only(part, layout.header, layout.decimal, beside)
    draft = replace(
        draft,
        issues=sums,
        left_out={"a summary of other rows": len(sums)} if sums else {},
        refusals=(*draft.refusals, *second_header_refused(draft.file, part)),
    )
    return _named(draft, part, roles)


def second_header_refused(file: str, part: RowChunk) -> list[str]:
    """Why a table with a second header can't be learned from; nothing where there is none."""
    if part.below is None:
        return []
    rows = int((part.below > 0).sum())
    header = next(iter(part.second_headers))
    return [
        f"Row {header} of {file} is a second header with other columns, order or unit than the first: "
        f"{part.second_headers[header]}. What stands below it ({rows:,} rows) would be read by the wrong header; put the "
        "two tables into files of their own, and add the second to the study then (studies add)."
    ]


def _named(draft: Proposal, part: RowChunk, roles: Roles) -> Proposal:
    """The proposal with its names; it goes on to measurements where these are names."""
    header, choices = draft.layout.header, draft.choices
    written = labels_of(part, roles)
    texts = dict(Counter(written))
    gathered, name_of = gather_names(texts, roles.genus if isinstance(roles.genus, str) else "")
    names = choose_names(gathered, choices)
    draft = replace(
        draft,
        label=header[roles.label],
        id_column="" if roles.id_column is None else header[roles.id_column],
        group="" if roles.group is None else header[roles.group],
        names=names,
        notes=(*draft.notes, *_said_of_genus(header, roles), *_said_of_codes(header, part, roles)),
        warnings=_said_of_other_labels(header, part, roles, choices),
    )
    refused = _own_answers(draft.label, choices) or refused_names(draft.label, names, texts, choices)
    if refused:
        return replace(draft, refusals=(*draft.refusals, refused))
    becomes = {n.gathered.name: n.becomes for n in names}
    species = [becomes.get(name_of[text], "") for text in written]
    return _measured(draft, part, roles, np.array(species, dtype=object))


def _measured(draft: Proposal, part: RowChunk, roles: Roles, species: npt.NDArray[np.object_]) -> Proposal:
    """The proposal with its measurements, checked row by row."""
    header, choices = draft.layout.header, draft.choices
    codes = np.unique(species, return_inverse=True)
    indices = np.where(species == "", -1, codes[1]).astype(np.int64)
    taken = {j for j in (roles.label, roles.id_column, roles.group, roles.genus) if isinstance(j, int)}
    columns = number_columns(
        header, part, draft.layout.decimal, indices, taken, middle_of_ranges=choices.middle_of_ranges
    )
    seen = find_states(header, part, indices, taken, choices)
    # A column that gives the names away does so as states too; a person may say otherwise.
    spoiling = {c.column for c in columns if c.fault and c.fault != "text"}
    spoiling |= {header.index(name) for name in other_labels(header, part, roles.label)}
    said = {*choices.states, *choices.measurements}
    seen = tuple(s for s in seen if s.column not in spoiling or header[s.column] in said)
    # What is read as states is no column of numbers: 0 and 1, or a code that a person says to be one.
    columns = tuple(c for c in columns if c.fault or c.column not in {s.column for s in seen})
    draft = replace(draft, state_columns=seen)
    places = _chosen(draft, part, columns, roles)
    draft = replace(
        draft,
        columns=columns,
        measured=tuple(header[j] for j in places),
        notes=(*draft.notes, *_left_columns(draft, part, columns, places, taken)),
    )
    refused = refused_species(draft.names)
    if not places or refused:
        return replace(
            draft, refusals=(*draft.refusals, *filter(None, [refused, "" if places else _no_numbers(draft)]))
        )
    return _checked(draft, part, roles, indices, places, columns)


def _checked(
    draft: Proposal, part: RowChunk, roles: Roles, species: Ints, places: Sequence[int], columns: Sequence[NumberColumn]
) -> Proposal:
    """The proposal with its study and plants: rows that can't be used are left out, and said."""
    kept = np.flatnonzero(species >= 0)
    nameless = len(part) - len(kept)
    rows, kinds = rows_at(part, kept), species[kept]
    slipped = _slips(draft, rows, kinds, places, {c.column: c.numbers.values[kept] for c in columns})
    if slipped:
        good = np.setdiff1d(np.arange(len(kept)), list(slipped))
        kept, kinds, rows = kept[good], kinds[good], rows_at(rows, good)
        draft = replace(
            draft,
            issues=(*draft.issues, *slipped.values()),
            left_out=draft.left_out | {"a value that can't be its column's": len(slipped)},
        )
    measurements = _describe(draft, rows, kinds, places, columns, kept)
    left_out = draft.left_out | ({"no species that is kept": nameless} if nameless else {})
    names = sorted({n.becomes for n in draft.names if n.becomes})
    study = _study(draft, measurements, names)
    assigned = tuple(Assigned(j, m.name, m.unit, "", 1.0) for j, m in zip(places, measurements, strict=True))
    rules = Rules(Assignment(assigned, roles.id_column), draft.layout.decimal, draft.choices.middle_of_ranges)
    checked = check_part(study, draft.layout.header, rules, rows)
    order = np.unique(kinds, return_inverse=True)[1]
    usable = {
        name: int(n) for name, n in zip(names, np.bincount(order[checked.usable], minlength=len(names)), strict=True)
    }
    chosen = without_rare(draft.names, usable)
    bad = int((~checked.usable).sum())
    draft = replace(
        draft,
        names=chosen,
        issues=_by_row((*draft.issues, *(issue for _, issue in checked.issues))),
        left_out=left_out | ({"a cell that can't be used, or nothing measured": bad} if bad else {}),
    )
    refused = refused_species(chosen)
    if refused:
        return replace(draft, refusals=(*draft.refusals, refused), notes=(*draft.notes, *said_of_names(chosen)))
    return _made(draft, rows, roles, study, order, checked)


def _made(draft: Proposal, rows: RowChunk, roles: Roles, study: Study, kinds: Ints, checked: CheckedPart) -> Proposal:
    """The finished proposal."""
    left = sorted({n.becomes for n in draft.names if n.becomes})
    place = np.array([left.index(name) if name in left else -1 for name in study.species_names], dtype=np.int64)
    use: Bools = checked.usable & (place[kinds] >= 0)
    study = study.model_copy(update={"species": tuple(s for s in study.species if s.name in left)})
    species = place[kinds][use]
    counts = np.bincount(species, minlength=len(left))
    values = checked.values[use]
    plants = TrainingPlants(
        values=values,
        species=species,
        groups=_groups(rows, roles.group, use),
        table=TrainingTable(
            source=draft.file,
            sha256=draft.sha256,
            rows=len(species),
            plants={name: int(n) for name, n in zip(left, counts, strict=True)},
            missing_cells=int(np.isnan(values).sum()),
        ),
        ids=_texts(rows, roles.id_column, use),
        states=state_columns(study),
    )
    names_gone = int((checked.usable & ~use).sum())
    pairs = synonyms(draft.names, draft.choices.checklist)
    named = {pair.rarer for pair in pairs}
    # A name of one plant was left out as too few: that it is a slip of the pen is the likelier reason.
    asked = [n.gathered for n in draft.names if n.becomes == n.gathered.name or n.because in UNLEARNABLE]
    left_out = {n.gathered.name for n in draft.names if not n.becomes}
    pairs += tuple(p for p in alike(asked) if p.rarer not in named and p.commoner not in left_out)
    draft = replace(draft, alike=pairs)
    unknown = said_of_checklist(draft.names, draft.choices.checklist)
    return replace(
        draft,
        study=study,
        plants=plants,
        left_out=draft.left_out | ({"a species with too few plants": names_gone} if names_gone else {}),
        notes=(*draft.notes, *said_of_names(draft.names), *unknown, *_read_past(checked)),
        warnings=(*draft.warnings, *warnings_of_table(draft, study, plants, rows.rows[use])),
    )


def _slips(
    draft: Proposal, rows: RowChunk, species: Ints, places: Sequence[int], values: Mapping[int, Floats]
) -> dict[int, Issue]:
    """{place: issue} of the rows in which a value is a slip for certain: left out, because limits are taken from the rest."""
    found: dict[int, Issue] = {}
    for j in (j for j in places if j in values):
        for place, looks in slips(values[j], species).items():
            header, text = draft.layout.header[j], (rows.columns[j][place].as_py() or "").strip()
            suggestion = "Mend the cell, or leave it empty; the row is left out until then."
            found.setdefault(
                place, Issue(int(rows.rows[place]), header, text, f"{header} is {text}: {looks}", suggestion)
            )
    return found


def _describe(
    draft: Proposal, rows: RowChunk, species: Ints, places: Sequence[int], columns: Sequence[NumberColumn], kept: Ints
) -> tuple[Measurement, ...]:
    header, choices = draft.layout.header, draft.choices
    numbers = {c.column: c.numbers.values[kept] for c in columns}
    headers = [header[j] for j in places]
    said = {**choices.measurements, **choices.units}
    names = unique_names(headers)
    seen = {s.column: s for s in draft.state_columns}

    def described(name: str, head: str, j: int) -> Measurement:
        if j in seen:
            return state_character(seen[j], name, header_label(head), choices.states.get(head), head)
        unit = parse_unit(said[head]) if said.get(head) else header_unit(head)
        found = describe(name, header_label(head), unit, numbers[j], species, rows.columns[j])
        said_of = choices.states.get(head, StateChoices())
        kind = said_of.kind
        counted = kind == "counted" or (kind is None and is_counted(head, unit, numbers[j]))
        term = said_of.terms.get("", "") or ontology_term(head)
        return found.model_copy(update={"header": head, "term": term, **({"kind": "counted"} if counted else {})})

    return tuple(described(name, head, j) for name, head, j in zip(names, headers, places, strict=True))


def _chosen(draft: Proposal, part: RowChunk, columns: Sequence[NumberColumn], roles: Roles) -> list[int]:
    """The places of the measurement columns: those that were said, else all columns of numbers without a fault."""
    header = draft.layout.header
    numeric = {c.column: c for c in columns}
    seen = {s.column: s for s in draft.state_columns}
    if not draft.choices.measurements:
        return sorted([j for j, c in numeric.items() if not c.fault] + [j for j, s in seen.items() if not s.fault])
    return [
        j
        for column in draft.choices.measurements
        if (j := column_index(header, column)) in seen or (j in numeric and numeric[j].fault != "own")
    ]


def _left_columns(
    draft: Proposal, part: RowChunk, columns: Sequence[NumberColumn], places: Sequence[int], taken: set[int]
) -> list[str]:
    header, choices = draft.layout.header, draft.choices
    notes = []
    if not choices.measurements:
        # What would have spoilt the model is a warning; what was never meant as a measurement is a note.
        harmless = [
            c for c in columns if c.fault in ("number", "place or time", "text", "own") and c.column not in places
        ]
        notes = left_out_notes(header, harmless)
        notes += said_of_states(header, draft.state_columns, places)
        ranges = [
            name
            for name in range_columns(header, part, draft.layout.decimal, taken)
            if header.index(name) not in places
        ]
        if ranges:
            some = ", ".join(f"'{name}'" for name in ranges[:6]) + (" ..." if len(ranges) > 6 else "")
            notes.append(f"Left out: {some} hold ranges like 2.0-2.5; ask for their middle to use them.")
    else:
        asked = {column_index(header, column) for column in choices.measurements}
        notes = [
            f"'{header[j]}' holds hardly any numbers, so it is no measurement." for j in sorted(asked - set(places))
        ] + said_of_states(header, draft.state_columns, places)
    return notes


def _study(draft: Proposal, measurements: tuple[Measurement, ...], names: Sequence[str]) -> Study:
    choices = draft.choices
    authors = {name: one.author for name in names if choices.checklist and (one := choices.checklist.find(name))}
    authors |= {n.becomes: n.gathered.author for n in draft.names if n.becomes == n.gathered.name and n.gathered.author}
    valid = _NAME.fullmatch(choices.study) is not None
    return Study(
        name=choices.study if valid else "study",
        title=choices.title.strip() or choices.study.replace("_", " ").strip().capitalize(),
        organism=choices.organism.strip() or _organism(measurements),
        measurements=measurements,
        species=tuple(Species(name=name, author=authors.get(name, "")) for name in names),
        condition=choices.condition,
        region=choices.region.strip(),
        caveat=choices.caveat.strip(),
        licence=choices.licence.strip(),
        sources=(
            choices.source.strip() or f"Training table {draft.file}.",
            "Plausible limits: taken from the training plants.",
        ),
    )


def _organism(measurements: Sequence[Measurement]) -> str:
    """What is measured, where all the parts that measurements name belong to one thing; else a plant."""
    parts = [re.split(r"[_\d]+", m.name) for m in measurements]
    kinds = {_ORGANISMS.get(words[0], "plant") for words in parts if len(words) > 1 and words[-1] in _DIMENSIONS}
    return kinds.pop() if len(kinds) == 1 else "plant"


def _groups(rows: RowChunk, place: int | None, use: Bools) -> npt.NDArray[np.str_] | None:
    """The group of each plant; a plant without one is a group of its own. None where there are not two."""
    texts = _texts(rows, place, use)
    if texts is None:
        return None
    numbers = rows.rows[use]
    codes = codes_like_missing(texts.tolist())
    found = np.array(
        [t if t.lower() not in MISSING or t in codes else f"row {n}" for t, n in zip(texts, numbers, strict=True)],
        dtype=str,
    )
    return found if len(np.unique(found)) > 1 else None


def _texts(rows: RowChunk, place: int | None, use: Bools) -> npt.NDArray[np.str_] | None:
    if place is None:
        return None
    cells = rows.columns[place].fill_null("").to_pylist()
    return np.array([" ".join(cell.split()) for cell, used in zip(cells, use, strict=True) if used], dtype=str)


def _by_row(issues: Sequence[Issue]) -> tuple[Issue, ...]:
    return tuple(sorted(issues, key=lambda issue: issue.row or 0))


def _read_past(checked: CheckedPart) -> list[str]:
    return [f"{said[:1].upper()}{said[1:]} ({n:,} cells)." for said, n in checked.read_past.items()]


def _said_of_genus(header: Sequence[str], roles: Roles) -> list[str]:
    if not isinstance(roles.genus, int):
        return []
    return [f"'{header[roles.genus]}' and '{header[roles.label]}' were read together as the name."]


def _said_of_codes(header: Sequence[str], part: RowChunk, roles: Roles) -> list[str]:
    """Notes on words for "nothing" that are kept as codes."""
    found = []
    for place in (roles.label, roles.group):
        codes = codes_like_missing(part.columns[place].unique().to_pylist()) if place is not None else frozenset()
        if codes:
            words = listed([f"'{word}'" for word in sorted(codes)])
            found.append(f"{words} in '{header[place or 0]}' was kept as a code: the column holds others like it.")
    return found


def _said_of_other_labels(header: Sequence[str], part: RowChunk, roles: Roles, choices: Choices) -> tuple[str, ...]:
    """A warning where another column could hold the names, and nobody said which does."""
    taken = {header[j] for j in (roles.group, roles.genus, roles.id_column) if isinstance(j, int)}
    others = [name for name in other_labels(header, part, roles.label) if name not in taken]
    if choices.label or not others:
        return ()
    some = listed([f"'{name}'" for name in others[:4]])
    one = "it does" if len(others) == 1 else "one of them does"
    return (
        f"Names are read from '{header[roles.label]}'; {some} could hold them too. If {one}, say so (--label '{others[0]}').",
    )


def _own_answers(label: str, choices: Choices) -> str:
    """Why columns that an earlier batch added are neither names nor measurements; "" where none was asked for."""
    asked = [name for name in (label, *choices.measurements) if is_own(name)]
    if not asked:
        return ""
    return (
        f"'{asked[0]}' holds this program's own answers, and a model can't learn from them. Choose a column that somebody "
        "determined or measured."
    )


def _no_numbers(draft: Proposal) -> str:
    left = [c.because for c in draft.columns if c.fault]
    why = f" {left[0][:1].upper()}{left[0][1:]}." if left else ""
    return (
        f"No column of {draft.file} looks like a measurement.{why} Say which ones are (--measurement COLUMN=UNIT), or add "
        "columns of numbers."
    )


def _refused_study(context: AppContext, name: str) -> str:
    if not _NAME.fullmatch(name):
        better = slug(name)
        hint = f", for example {better}" if better else ""
        return f"'{name[:80]}' can't be a study's name: use up to 64 small letters, digits and underscores{hint}."
    if name in context.studies.names():
        return (
            f"There is a study '{name}' already. Choose another name, or add these plants to it (studies add {name})."
        )
    return ""


def issues_shown(issues: Sequence[Issue], most: int = 20) -> list[str]:
    """The first issues as lines, and how many more there are."""
    lines = [issue.sentence() for issue in issues[:most]]
    return lines + ([f"... and {len(issues) - most:,} more."] if len(issues) > most else [])
