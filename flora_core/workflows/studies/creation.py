"""Keeping a study that was proposed, and letting one grow: more plants of its species, or of new ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from flora_core.access import UseCase
from flora_core.errors import BadTable, Issue, Refused
from flora_core.model import Bools, Floats, Ints, TrainingPlants, TrainingTable, state_columns
from flora_core.study import Measurement, Species, Study
from flora_core.tables.columns.matching import Assignment, correct_columns, guess_columns
from flora_core.tables.columns.measurements import describe
from flora_core.tables.files.reading import checksum, long_table_refused, read_layout, read_whole
from flora_core.tables.layout import Layout, RowChunk
from flora_core.tables.names.labels import Alike, GatheredName, alike, gather_names
from flora_core.tables.rows.checking import CheckedPart, Rules, check_part
from flora_core.tables.rows.summary_rows import plants_only
from flora_core.tables.values.cells import MISSING
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.studies.choices import Choices, NameChoice, Proposal
from flora_core.workflows.studies.column_roles import Roles, find_roles, labels_of, which_label
from flora_core.workflows.studies.data_warnings import warned_of_pairs
from flora_core.workflows.studies.listing import StudyView, show_study
from flora_core.workflows.studies.proposal import MAX_PLANTS, second_header_refused
from flora_core.workflows.studies.species_names import LEAST, choose_names, refused_names, said_of_names, synonyms


@use_case(UseCase.MAKE_STUDY, signs="by")
def create(context: AppContext, proposal: Proposal, by: str) -> StudyView:
    """Keep the study with its first training table; one transaction.

    Raises
    ------
    Refused
        Something has to be mended first, or nobody is named.
    Conflict
        A study of that name was made in the meantime.
    """
    if proposal.refusals:
        raise Refused(proposal.refusals[0])
    if proposal.study is None or proposal.plants is None:
        raise Refused(f"Nothing in {proposal.file} can become a study.")
    person = _person(by)
    context.studies.add(proposal.study, proposal.plants, person, source_sha256=proposal.sha256)
    if proposal.choices.checklist is not None:
        context.checklists.add(proposal.study.name, proposal.choices.checklist, person)
    return show_study(context, proposal.study.name)


@dataclass(frozen=True, slots=True, eq=False)
class Addition:
    """Plants as they would be added to a study. Nothing is kept yet.

    Attributes
    ----------
    before : Study
    after : int
        The number of the training table they would be added to.
    study : Study
        As it would be.
    plants : TrainingPlants or None
        All plants, those there are and the new ones; None where none can be added.
    added : dict of str to int
        New plants of each species.
    new_species : tuple of str
    label : str
        The header of the column of names.
    mapping : dict of str to str
        {header: measurement}.
    names, alike, issues, notes, warnings, refusals, sha256, layout
        As in a Proposal.
    """

    before: Study
    after: int
    study: Study
    plants: TrainingPlants | None
    added: dict[str, int]
    new_species: tuple[str, ...]
    label: str
    mapping: dict[str, str]
    names: tuple[NameChoice, ...]
    alike: tuple[Alike, ...]
    issues: tuple[Issue, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    refusals: tuple[str, ...]
    sha256: str
    layout: Layout


@use_case(UseCase.EXTEND_STUDY)
def propose_addition(
    context: AppContext, stream: BinaryIO, name: str, choices: Choices, columns: Mapping[str, str] | None = None
) -> Addition:
    """The plants of a labelled table as they would be added to a study. Reads only.

    Parameters
    ----------
    choices : Choices
        `study` names the study; the units of `units` hold for headers or measurements.
    columns : mapping of str to str, optional
        {header: measurement}, as for a batch.

    Raises
    ------
    BadTable, TooLarge, Unknown
    """
    study = context.studies.get(choices.study)
    kept = context.studies.tables(study.name)
    layout = read_layout(
        stream,
        name,
        sheet=choices.sheet,
        decimal=choices.decimal,
        separator=choices.separator,
        arrangement=choices.arrangement,
    )
    part = read_whole(stream, layout, MAX_PLANTS)
    long = long_table_refused(layout, part, name)
    if long is not None:
        raise long
    sha256 = checksum(stream)
    assignment = _assignment(study, layout, choices, columns or {})
    draft = Addition(
        before=study,
        after=kept[-1].number,
        study=study,
        plants=None,
        added={},
        new_species=(),
        label="",
        mapping={layout.header[a.column]: a.measurement for a in assignment.assigned},
        names=(),
        alike=(),
        issues=(),
        notes=layout.notes,
        warnings=(),
        refusals=(layout.question,) if layout.question else (),
        sha256=sha256,
        layout=layout,
    )
    again = next((t for t in kept if t.source_sha256 == sha256), None)
    if again is not None:
        when = f"table {again.number}, added {again.added_at:%Y-%m-%d}"
        said = f"These very plants are in {study.name} already: {again.source} was {when}."
        draft = replace(draft, refusals=(*draft.refusals, said))
    choices = replace(choices, checklist=choices.checklist or context.checklists.of(study.name))
    taken = replace(choices, measurements={layout.header[a.column]: "" for a in assignment.assigned})
    roles = find_roles(layout, part, taken)
    if roles is None:
        return replace(draft, refusals=(*draft.refusals, which_label(layout)))
    beside = {j for j in (roles.label, roles.id_column, roles.group, roles.genus) if isinstance(j, int)}
    part, sums = plants_only(part, layout.header, layout.decimal, beside)
    file = PurePath(name.replace("\\", "/")).name
    draft = replace(draft, issues=sums, refusals=(*draft.refusals, *second_header_refused(file, part)))
    return _named(context, draft, part, roles, assignment, choices, file)


@use_case(UseCase.EXTEND_STUDY, signs="by")
def add_plants(context: AppContext, addition: Addition, by: str) -> StudyView:
    """Keep the plants as the study's next training table; one transaction. Earlier tables and models stay as they are.

    Raises
    ------
    Refused
        Something has to be mended first, or nobody is named.
    Conflict
        Somebody else added plants in the meantime.
    """
    if addition.refusals:
        raise Refused(addition.refusals[0])
    if addition.plants is None:
        raise Refused(f"No plant of this table can be added to {addition.before.name}.")
    context.studies.add_table(
        addition.study, addition.plants, _person(by), after=addition.after, source_sha256=addition.sha256
    )
    return show_study(context, addition.study.name)


def _person(by: str) -> str:
    if not by.strip():
        raise Refused("Who makes this? Give a name; a training table without a person can't be asked about later.")
    return by.strip()


def _assignment(study: Study, layout: Layout, choices: Choices, columns: Mapping[str, str]) -> Assignment:
    guessed = guess_columns(study, layout.header, layout.preview, layout.decimal)
    found = correct_columns(study, layout.header, guessed, columns=columns, units=choices.units)
    if not found.assigned:
        raise BadTable(
            f"No column of this file was recognised as a measurement of {study.name} ({', '.join(study.names)}). Say which is "
            f"which (--map COLUMN=NAME)."
        )
    return found


def _named(
    context: AppContext,
    draft: Addition,
    part: RowChunk,
    roles: Roles,
    assignment: Assignment,
    choices: Choices,
    file: str,
) -> Addition:
    study, label = draft.before, draft.layout.header[roles.label]
    written = labels_of(part, roles)
    texts = dict(Counter(written))
    # The study's own names are gathered with those of the file, so that "I. setosa" is the setosa of the study.
    known = dict.fromkeys(study.species_names, 0) | texts
    gathered, name_of = gather_names(known, roles.genus if isinstance(roles.genus, str) else study.genus)
    ours = {name_of[name]: name for name in study.species_names}
    gathered = tuple(replace(g, name=ours.get(g.name, g.name)) for g in gathered)
    name_of = {text: ours.get(name, name) for text, name in name_of.items()}
    names = _chosen(study, gathered, choices)
    draft = replace(draft, label=label, names=names)
    refused = refused_names(label, names, texts, choices)
    if refused:
        return replace(draft, refusals=(*draft.refusals, refused))
    becomes = {n.gathered.name: n.becomes for n in names}
    species = np.array([becomes.get(name_of[text], "") for text in written], dtype=object)
    rules = Rules(assignment, draft.layout.decimal, choices.middle_of_ranges)
    checked = check_part(study, draft.layout.header, rules, part)
    issues = (*draft.issues, *(issue for place, issue in checked.issues if species[place]))
    pairs = (*synonyms(names, choices.checklist, study.species_names), *_alike(study, gathered, context))
    draft = replace(draft, issues=issues, alike=pairs)
    return _grown(context, draft, part, roles, species, checked, file)


def _chosen(study: Study, gathered: Sequence[GatheredName], choices: Choices) -> tuple[NameChoice, ...]:
    chosen = choose_names(gathered, choices)
    own, checklist = set(study.species_names), choices.checklist
    if checklist is not None and checklist.gathers:
        # Of two names of one taxon, the one by which the study knows it.
        chosen = tuple(
            replace(n, becomes=checklist.counts_as(n.gathered.name, study.species_names, n.gathered.author))
            if n.becomes and n.gathered.name not in choices.names and not n.gathered.doubt
            else n
            for n in chosen
        )
    found = [
        replace(n, becomes=n.gathered.name, because="")
        if n.gathered.name in own and not n.becomes and n.gathered.name not in choices.names
        else n
        for n in chosen
    ]
    return tuple(n for n in found if n.gathered.plants)


def _alike(study: Study, gathered: Sequence[GatheredName], context: AppContext) -> tuple[Alike, ...]:
    """Names of the file that may be one with another; names of the study among themselves are settled."""
    own = set(study.species_names)
    there = context.studies.tables(study.name)[-1].counts
    counted = [replace(g, plants=g.plants + there.get(g.name, 0)) for g in gathered]
    return tuple(one for one in alike(counted) if one.rarer not in own)


def _grown(
    context: AppContext,
    draft: Addition,
    part: RowChunk,
    roles: Roles,
    species: npt.NDArray[np.object_],
    checked: CheckedPart,
    file: str,
) -> Addition:
    study = draft.before
    usable = checked.usable & (species != "")
    counts = Counter(species[usable].tolist())
    too_few = {name for name, n in counts.items() if name not in study.species_names and n < LEAST}
    use = usable & ~np.isin(species, list(too_few))
    added = {name: n for name, n in sorted(counts.items()) if name not in too_few}
    notes = [*draft.notes, *said_of_names(draft.names)]
    notes += [f"Left out: {name}, one plant is too few to learn a new species from." for name in sorted(too_few)]
    left = int((~use).sum())
    notes += [f"{left:,} of {len(part):,} rows are not added; why is said above or row by row."] if left else []
    draft = replace(draft, notes=tuple(notes), added=added)
    if not use.any():
        return replace(draft, refusals=(*draft.refusals, f"No plant of {file} can be added to {study.name}."))
    new = tuple(name for name in added if name not in study.species_names)
    authors = {n.becomes: n.gathered.author for n in draft.names if n.becomes == n.gathered.name and n.gathered.author}
    checklist = context.checklists.of(study.name)
    authors = {name: one.author for name in new if checklist and (one := checklist.find(name))} | authors
    all_species = sorted(
        (*study.species, *(Species(name=n, author=authors.get(n, "")) for n in new)), key=lambda s: s.name
    )
    old = context.studies.plants(study)
    names = [s.name for s in all_species]
    shifted = np.array([names.index(name) for name in study.species_names], dtype=np.int64)[old.species]
    fresh = np.array([names.index(name) for name in species[use]], dtype=np.int64)
    values, kinds = np.concatenate([old.values, checked.values[use]]), np.concatenate([shifted, fresh])
    measurements = tuple(
        _widened(m, values[:, i], checked.values[use][:, i], kinds) for i, m in enumerate(study.measurements)
    )
    grown = study.model_copy(update={"species": tuple(all_species), "measurements": measurements})
    number = draft.after + 1
    plants = TrainingPlants(
        values=values,
        species=kinds,
        groups=_joined(old.groups, old, _texts(part, roles.group, use), part.rows[use], number, fill=True),
        table=TrainingTable(source=file, sha256=draft.sha256, rows=len(kinds), plants=_counted(names, kinds)),
        ids=_joined(old.ids, old, _texts(part, roles.id_column, use), part.rows[use], number, fill=False),
        states=state_columns(grown),
    )
    return replace(
        draft,
        study=grown,
        plants=plants,
        new_species=new,
        warnings=_warnings(draft, old, part, roles, use, grown, plants),
    )


def _warnings(
    draft: Addition, old: TrainingPlants, part: RowChunk, roles: Roles, use: Bools, grown: Study, plants: TrainingPlants
) -> tuple[str, ...]:
    found = warned_of_pairs(draft.alike)
    ids = _texts(part, roles.id_column, use)
    if ids is not None and old.ids is not None:
        there = set(old.ids.tolist()) - {""}
        again = sorted({text for text in ids.tolist() if text in there and text.lower() not in MISSING})
        if again:
            found.append(
                f"{len(again):,} catalogue numbers are in {grown.name} already ({', '.join(again[:5])}); were these plants "
                "added before? They are added again as they stand."
            )
    few = [f"{name} ({n})" for name, n in plants.table.plants.items() if n < 10]
    found += [f"Fewer than 10 plants: {', '.join(few[:8])}."] if few else []
    without = [m.label for m in grown.measurements if m.name not in draft.mapping.values()]
    found += [f"The new plants have no {', '.join(without[:8])}."] if without else []
    return tuple(found)


def _widened(m: Measurement, values: Floats, new: Floats, species: Ints) -> Measurement:
    """The measurement with limits that hold the new plants too, by the rule for all plants together."""
    known = new[np.isfinite(new)]
    if m.has_states or not ((known < m.low) | (known > m.high)).any():
        return m
    wide = describe(m.name, m.label, m.unit, values, species)
    low = min(m.low, wide.low) if (known < m.low).any() else m.low
    high = max(m.high, wide.high) if (known > m.high).any() else m.high
    return m.model_copy(update={"low": low, "high": high})


def _texts(part: RowChunk, place: int | None, use: Bools) -> npt.NDArray[np.str_] | None:
    if place is None:
        return None
    cells = part.columns[place].fill_null("").to_pylist()
    return np.array([" ".join(cell.split()) for cell, used in zip(cells, use, strict=True) if used], dtype=str)


def _joined(
    before: npt.NDArray[np.str_] | None,
    old: TrainingPlants,
    new: npt.NDArray[np.str_] | None,
    rows: Ints,
    number: int,
    *,
    fill: bool,
) -> npt.NDArray[np.str_] | None:
    """Old and new groups (or catalogue numbers) in one column; a plant without a group is a group of its own."""
    if before is None and new is None:
        return None
    first = (
        before.tolist() if before is not None else [f"plant {i + 1}" if fill else "" for i in range(len(old.species))]
    )
    last = new.tolist() if new is not None else [""] * len(rows)
    if fill:
        last = [
            text if text.lower() not in MISSING else f"table {number}, row {row}"
            for text, row in zip(last, rows, strict=True)
        ]
    return np.array([*first, *last], dtype=str)


def _counted(names: Sequence[str], species: Ints) -> dict[str, int]:
    counts = np.bincount(species, minlength=len(names))
    return {name: int(n) for name, n in zip(names, counts, strict=True)}
